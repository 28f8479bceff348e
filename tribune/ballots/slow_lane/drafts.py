"""Proposals of the slow lane before they are sent: made of what people ask for, tried, and kept to be read.

A draft has no power: it becomes a proposal only by a transaction of a wallet with enough votes (`proposer`).
Its words come from its calls.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tribune.ballots.cases.calls import proposal_id
from tribune.ballots.slow_lane.decided import CallWords, words_of_calls
from tribune.ballots.slow_lane.proposals import backtest_is_of, no_slow_lane
from tribune.ballots.slow_lane.titles import title_of
from tribune.ballots.slow_lane.trying import try_calls
from tribune.chain.governor import ProposedCalls
from tribune.chain.types import ContractCall
from tribune.exceptions import EvidenceError, TribuneError
from tribune.ids import Address, Cid, ModelId
from tribune.language import _, number, plural
from tribune.reports.evidence_store import write_everywhere
from tribune.store import drafts
from tribune.untrusted import load_json

if TYPE_CHECKING:
    from pathlib import Path

    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.chain.policy_book import PolicyInput
    from tribune.store.session import Store
    from tribune.store.tables import ProposalDraft

WHY_LIMIT = 2_000
"""Characters of a proposer's own words: each is paid for in its transaction."""
NAME_LIMIT, URI_LIMIT = 80, 300
MOST_A_DAY = 20
"""Drafts of one person: each is kept."""
BACKTEST_BYTES = 4_000_000
"""The longest backtest that is taken as an attachment."""


class DraftRefusedError(TribuneError):
    """What was asked for cannot be proposed."""


class UnknownDraftError(TribuneError):
    """There is no such draft."""


@dataclass(frozen=True)
class Draft:
    """A draft as people need to see it, read at one block."""

    draft_id: str
    kind: str
    """`policy` or `monitor`."""
    proposal: ProposedCalls
    title: str
    """From its calls."""
    calls: tuple[CallWords, ...]
    failures: tuple[str, ...]
    """Of each call, tried in the timelock's name after those before it: why it would fail, or nothing."""
    backtest: Cid | None
    backtest_fits: bool | None
    """Whether the backtest is of these rules; None where there is none, or it could not be read."""
    created_at: datetime

    @property
    def works(self) -> bool:
        """Whether all calls would work now."""
        return not any(self.failures)

    def by(self, proposer: Address) -> ProposedCalls:
        """Return the proposal as a wallet sends it: only that wallet can (OpenZeppelin's `#proposer=`).

        Else somebody could send the same one first, and withdraw it for good.
        """
        bound = f"{self.proposal.description}\n\n#proposer={proposer.lower()}"
        return replace(self.proposal, description=bound)


async def draft_policy(
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    *,
    model_id: ModelId,
    text: str,
    why: str,
    backtest: Cid | AttachedBacktest | None,
    discord_user_id: int = 0,
) -> Draft:
    """Make a draft that sets a model's policy.

    Args:
        store: where drafts are kept.
        contracts: the chain.
        documents: where the backtest is.
        model_id: a registered model.
        text: the policy's file, TOML or JSON, with its panel.
        why: the proposer's own words.
        backtest: document of `tribune backtest --json`, attached or by its name; needed where the model has a
            policy.
        discord_user_id: who asks.

    Raises:
        PolicyError: the policy cannot be judged.
        DraftRefusedError: there is no such model or monitor, or the backtest is missing or of other rules.
        EvidenceError: the backtest is in no store.
        NoSlowLaneError: the DAO decides elsewhere.
        ChainUnreachableError, StoreError: could not look, could not keep it.
    """
    from tribune.ballots.slow_lane.policy_file import parse_policy, read_policy

    _check_lane(contracts)
    policy = read_policy(parse_policy(text))
    models, name, count, *admitted = await contracts.read(
        ("ModelRegistry", "modelCount", ()),
        ("ModelRegistry", "nameOf", (model_id,)),
        ("PolicyBook", "policyCount", (model_id,)),
        *(("MonitorRegistry", "isAdmitted", (one,)) for one in policy.panel),
    )
    if not 0 < model_id <= models:
        raise DraftRefusedError(_("There is no model {id}.").format(id=model_id))
    strangers = [one for one, known in zip(policy.panel, admitted, strict=True) if not known]
    if strangers:
        raise DraftRefusedError(
            _("Not admitted as monitors: {names}.").format(names=", ".join(strangers)),
            mend=_("Propose their admission first: /propose monitor."),
        )
    await _check_backtest(documents, backtest, policy, needed=count > 0)
    cited = backtest.name if isinstance(backtest, AttachedBacktest) else backtest
    headline = f"Set the policy of {_line(name)} (model {model_id})"
    call = contracts.call("PolicyBook", "setPolicy", model_id, policy.fields)
    return await _keep(
        store,
        contracts,
        documents,
        "policy",
        [call],
        [headline, why, *([f"Backtest: {cited}"] if cited else [])],
        {"backtest": cited} if cited else {},
        discord_user_id,
        backtest if isinstance(backtest, AttachedBacktest) else None,
    )


async def draft_monitor(
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    *,
    account: Address,
    name: str,
    uri: str,
    admit: bool,
    why: str,
    discord_user_id: int = 0,
) -> Draft:
    """Make a draft that admits or dismisses a monitor; name and uri are those of one to be admitted.

    Raises:
        DraftRefusedError: it is admitted already, or is not, or has no fit name.
        NoSlowLaneError: the DAO decides elsewhere.
        ChainUnreachableError, StoreError: could not look, could not keep it.
    """
    _check_lane(contracts)
    [known] = await contracts.read(("MonitorRegistry", "monitorOf", (account,)))
    if known["admitted"] == admit:
        raise DraftRefusedError(
            _("{address} is an admitted monitor already.").format(address=account)
            if admit
            else _("{address} is no admitted monitor.").format(address=account)
        )
    if admit:
        name, uri = _line(name), _line(uri)
        if not 0 < len(name) <= NAME_LIMIT or len(uri) > URI_LIMIT:
            raise DraftRefusedError(
                _("A monitor needs a name of at most {n} characters, and an address of at most {m}.").format(
                    n=NAME_LIMIT, m=URI_LIMIT
                ),
                mend=_("Give a shorter one."),
            )
        call = contracts.call("MonitorRegistry", "admit", account, name, uri)
        headline = f"Admit the monitor {name} ({account})"
    else:
        call = contracts.call("MonitorRegistry", "dismiss", account)
        headline = f"Dismiss the monitor {_line(known['name'])} ({account})"
    return await _keep(store, contracts, documents, "monitor", [call], [headline, why], {}, discord_user_id)


@dataclass(frozen=True)
class AttachedBacktest:
    """A backtest that was handed in; it is kept only with the draft that cites it."""

    name: Cid
    document: Mapping[str, Any]
    stores: Sequence[str | Path]

    async def keep(self) -> None:
        """Write it into the stores.

        Raises:
            EvidenceError: no store took it.
        """
        copies = await asyncio.to_thread(write_everywhere, self.stores, self.document)
        if not copies.written:
            nowhere = EvidenceError(_("No evidence store is set up."), mend=_("Tell its operators."))
            raise next(iter(copies.failed.values()), nowhere)


def attached_backtest(stores: Sequence[str | Path], data: bytes) -> AttachedBacktest:
    """Read an attached backtest; nothing is written yet.

    Raises:
        DraftRefusedError: it is none, or too long.
    """
    from tribune.reports.canonical import canonical_bytes, cid, digest

    mend = _("Make it with `tribune backtest … --policy … --json`.")
    if len(data) > BACKTEST_BYTES:
        raise DraftRefusedError(_("The backtest is too long."), mend=mend)
    try:
        document = load_json(data)
        if not isinstance(document, dict) or document.get("schema") != "tribune/backtest/1":
            raise ValueError
        name = cid(digest(canonical_bytes(document)))
    except (ValueError, TribuneError):
        raise DraftRefusedError(_("The attached file is no backtest."), mend=mend) from None
    return AttachedBacktest(name, document, stores)


async def read_draft(store: Store, contracts: VoteContracts, documents: Documents, draft_id: str) -> Draft:
    """Return a draft, tried at the newest block.

    Raises:
        UnknownDraftError: there is none.
        ChainUnreachableError, StoreError: could not look.
    """
    row = await store.read(drafts.draft_of, draft_id[:64])
    if row is None:
        raise UnknownDraftError(_("There is no such draft."), mend=_("Check the link, or make it anew."))
    _check_lane(contracts)
    return await _tried(contracts, documents, row)


def _check_lane(contracts: VoteContracts) -> None:
    if not contracts.has_slow_lane:
        raise no_slow_lane()


async def _check_backtest(
    documents: Documents, given: Cid | AttachedBacktest | None, policy: PolicyInput, *, needed: bool
) -> None:
    mend = _("Make it with `tribune backtest LOG --policy NEW.toml --json` and attach it.")
    if given is None:
        if needed:
            raise DraftRefusedError(_("A new policy comes with its backtest on past decisions."), mend=mend)
        return
    document = given.document if isinstance(given, AttachedBacktest) else await documents.read(given)
    if not backtest_is_of(document, [rule.on_chain() for rule in policy.rules]):
        raise DraftRefusedError(_("The backtest is of other rules than the policy."), mend=mend)


async def _keep(
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    kind: str,
    calls: list[ContractCall],
    words: Sequence[str],
    cited: Mapping[str, str],
    discord_user_id: int,
    attached: AttachedBacktest | None = None,
) -> Draft:
    from tribune.store.tables import ProposalDraft

    made = await store.read(drafts.drafts_by, discord_user_id, timedelta(days=1))
    if discord_user_id and made >= MOST_A_DAY:
        text = plural("You made {n} draft today.", "You made {n} drafts today.", made)
        raise DraftRefusedError(text.format(n=number(made)), mend=_("Make the next one tomorrow."))
    headline, why, *rest = words
    if len(why) > WHY_LIMIT:
        raise DraftRefusedError(
            _("Your words have {n} characters.").format(n=number(len(why))),
            mend=_("Use at most {n}.").format(n=number(WHY_LIMIT)),
        )
    # A line of the proposer's that names a backtest, or a proposer, would be taken for ours.
    why = "\n".join(line for line in why.splitlines() if not line.startswith(("Backtest:", "#proposer")))
    description = "\n\n".join(part for part in (headline, why.strip(), *rest) if part)
    proposal = ProposedCalls.of(calls, description)
    row = ProposalDraft(
        id=secrets.token_urlsafe(16),
        kind=kind,
        description=description,
        calls=[{"to": one.to, "value": str(one.value), "data": "0x" + one.data.hex()} for one in calls],
        documents=dict(cited),
        discord_user_id=discord_user_id,
        proposal_id=str(proposal_id(proposal)),
    )
    if attached is not None:
        await attached.keep()
    draft = await _tried(contracts, documents, row)
    await store.run(drafts.add_draft, row)
    return draft


async def _tried(contracts: VoteContracts, documents: Documents, row: ProposalDraft) -> Draft:
    stored = ((Address(one["to"]), bytes.fromhex(one["data"][2:]), int(one["value"])) for one in row.calls)
    calls = [ContractCall(*one) for one in stored]
    proposal = ProposedCalls.of(calls, row.description)
    head = await contracts.chain.head()
    words = await words_of_calls(contracts, documents, proposal, head.number)
    name = Cid(row.documents["backtest"]) if "backtest" in row.documents else None
    fits: bool | None = None
    if name is not None:
        try:
            document = await documents.read(name)
        except TribuneError:
            fits = None
        else:
            rules = [tuple(rule.values()) for rule in words[0].arguments["policy"]["rules"]]
            fits = backtest_is_of(document, rules)
    return Draft(
        draft_id=row.id,
        kind=row.kind,
        proposal=proposal,
        title=title_of([one.title for one in words]),
        calls=words,
        failures=await try_calls(contracts, calls, head.number),
        backtest=name,
        backtest_fits=fits,
        created_at=row.created_at,
    )


def _line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())
