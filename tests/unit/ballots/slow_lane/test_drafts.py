"""Drafts on a real chain: checked as the contract would, tried, told from their calls, sent by a wallet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.slow_lane.drafts import (
    Draft,
    DraftRefusedError,
    UnknownDraftError,
    attached_backtest,
    draft_monitor,
    draft_policy,
    read_draft,
)
from tribune.ballots.slow_lane.policy_file import MOST_BYTES, account_of, parse_policy, read_policy
from tribune.ballots.slow_lane.proposals import NoSlowLaneError, find_proposal, read_proposal
from tribune.ballots.slow_lane.proposer import read_proposer
from tribune.ballots.slow_lane.trying import try_calls
from tribune.chain.deployments import Deployment
from tribune.exceptions import EvidenceError, PolicyError
from tribune.ids import Address, ModelId
from tribune.language import Language, spoken
from tribune.store.session import Store
from tribune.sync.indexer import Indexer

if TYPE_CHECKING:
    from support.proposing import Proposing

ACCOUNT = Address("0x00000000000000000000000000000000DeaDBeef")
RULES = """
[[rule]]
metric = "fairness.demographic_parity_difference.lower/SEX"
op = ">"
limit = 0.2
severity = "TRIP"
z = 3
"""


@dataclass
class Desk:
    """Makes drafts as the bot does."""

    proposing: Proposing
    index: Indexer
    store: Store
    contracts: VoteContracts
    documents: Documents
    folder: Path

    @property
    def text(self) -> str:
        monitors = ", ".join(f'"{one.address}"' for one in self.proposing.chain.monitors)
        frames = "step_s = 10\nlength_s = 10\ngrace_s = 1\ndeadline_s = 8\nsuspension_s = 60\nk = 2"
        return f"[frames]\n{frames}\npanel = [{monitors}]\n{RULES}"

    def backtest(self, limit: int = 200_000) -> bytes:
        metric = "fairness.demographic_parity_difference.lower/SEX"
        rule = {"metric": metric, "op": ">", "limit": limit, "severity": "TRIP", "stage": "always"}
        counts = {"m": 1, "w": 1, "na_budget": 3, "z": 3_000_000}
        policies = [{"rules": [{**rule, **counts}], "faults": []}]
        return json.dumps({"schema": "tribune/backtest/1", "policies": policies}).encode()

    async def policy(self, text: str = "", backtest: bytes | None = b"", why: str = "Fewer alarms") -> Draft:
        data = self.backtest() if backtest == b"" else backtest
        attached = attached_backtest([self.folder], data) if data is not None else None
        return await draft_policy(
            self.store,
            self.contracts,
            self.documents,
            model_id=ModelId(1),
            text=text or self.text,
            why=why,
            backtest=attached,
            discord_user_id=7,
        )

    async def monitor(self, **changes: Any) -> Draft:
        given = {"account": ACCOUNT, "name": "Observatory", "uri": "", "admit": True, "why": "", **changes}
        return await draft_monitor(self.store, self.contracts, self.documents, **given)


@pytest.fixture
def desk(
    proposing: Proposing,
    index: Indexer,
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    tmp_path: Path,
) -> Desk:
    # What is attached goes to the store that pages read.
    folder = documents._stores[0]
    return Desk(proposing, index, store, contracts, documents, Path(folder))


async def test_draft_policy__with_its_backtest__told_tried_and_kept(desk: Desk) -> None:
    made = await desk.policy()
    assert made.title == "New rules for acs-employment (model 1)"
    assert made.works
    assert made.backtest_fits is True
    assert any("above 20 %" in line for line in made.calls[0].lines)
    kept = await read_draft(desk.store, desk.contracts, desk.documents, made.draft_id)
    assert kept.proposal == made.proposal
    assert f"Backtest: {made.backtest}" in made.proposal.description


async def test_draft_policy__as_json__is_the_same_proposal(desk: Desk) -> None:
    table = {
        "frames": {
            **dict(step_s=10, length_s=10, grace_s=1, deadline_s=8, suspension_s=60, k=2),
            "panel": [one.address for one in desk.proposing.chain.monitors],
        },
        "rule": [
            {
                "metric": "fairness.demographic_parity_difference.lower/SEX",
                "limit": 0.2,
                "severity": "TRIP",
                "z": 3,
            }
        ],
    }
    text = json.dumps(table)
    assert (await desk.policy(text)).proposal == (await desk.policy()).proposal


async def test_draft_policy__no_backtest__refused_with_the_command(desk: Desk) -> None:
    with pytest.raises(DraftRefusedError, match="backtest") as told:
        await desk.policy(backtest=None)
    assert "tribune backtest" in told.value.mend


async def test_draft_policy__backtest_of_other_rules__refused(desk: Desk) -> None:
    with pytest.raises(DraftRefusedError, match="other rules"):
        await desk.policy(backtest=desk.backtest(limit=300_000))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"schema": "x"}', b"{" * 9])
def test_attached_backtest__something_else__refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DraftRefusedError):
        attached_backtest([tmp_path], data)


async def test_draft_policy__refused__keeps_no_backtest(desk: Desk) -> None:
    before = sorted(desk.folder.rglob("*"))
    with pytest.raises(DraftRefusedError, match="other rules"):
        await desk.policy(backtest=desk.backtest(limit=300_000))
    with pytest.raises(DraftRefusedError, match="characters"):
        await desk.policy(why="x" * 2_001)
    assert sorted(desk.folder.rglob("*")) == before


async def test_draft_policy__stranger_in_the_panel__refused(desk: Desk) -> None:
    text = desk.text.replace(desk.proposing.chain.monitors[0].address, ACCOUNT)
    with pytest.raises(DraftRefusedError, match=f"Not admitted as monitors: {ACCOUNT}"):
        await desk.policy(text)


async def test_draft_policy__no_such_model__refused(desk: Desk) -> None:
    with pytest.raises(DraftRefusedError, match="no model 9"):
        await draft_policy(
            desk.store,
            desk.contracts,
            desk.documents,
            model_id=ModelId(9),
            text=desk.text,
            why="",
            backtest=None,
        )


async def test_draft_policy__own_words_that_name_another_backtest__are_not_taken_for_ours(desk: Desk) -> None:
    made = await desk.policy(why=f"Good\nBacktest: b{'a' * 58}\nTruly\n#proposer=0x{'1' * 40}")
    assert made.proposal.description.count("Backtest:") == 1
    assert "#proposer" not in made.proposal.description


async def test_draft_monitor__admitted_already__refused(desk: Desk) -> None:
    account = Address(desk.proposing.chain.monitors[0].address)
    with pytest.raises(DraftRefusedError, match="already"):
        await desk.monitor(account=account)


async def test_draft_monitor__dismiss_by_name__told(desk: Desk) -> None:
    account = Address(desk.proposing.chain.monitors[0].address)
    made = await desk.monitor(account=account, admit=False)
    assert made.title == "Dismiss the monitor monitor"
    assert made.works


async def test_draft_monitor__dismiss_a_stranger__refused(desk: Desk) -> None:
    with pytest.raises(DraftRefusedError, match="no admitted monitor"):
        await desk.monitor(admit=False)


@pytest.mark.parametrize("name", ["", " \n ", "x" * 81])
async def test_draft_monitor__name_unfit__refused(desk: Desk, name: str) -> None:
    with pytest.raises(DraftRefusedError, match="name"):
        await desk.monitor(name=name)


async def test_draft_monitor__elsewhere_decided__offers_the_plan(desk: Desk) -> None:
    addresses = {n: a for n, a in desk.contracts.deployment.addresses.items() if n != "OversightGovernor"}
    desk.contracts = VoteContracts(desk.contracts.chain, Deployment(31337, 0, addresses))
    with pytest.raises(NoSlowLaneError) as told:
        await desk.monitor()
    assert "--plan" in told.value.mend


async def test_try_calls__one_that_fails__told_and_the_next_tried(desk: Desk) -> None:
    account = Address(desk.proposing.chain.monitors[0].address)
    contracts = desk.contracts
    calls = [
        contracts.call("MonitorRegistry", "dismiss", ACCOUNT),
        contracts.call("MonitorRegistry", "dismiss", account),
        contracts.call("MonitorRegistry", "dismiss", account),
    ]
    head = await contracts.chain.head()
    first, second, third = await try_calls(contracts, calls, head.number)
    assert "MonitorUnknown" in first
    assert second == ""
    assert "MonitorUnknown" in third  # it builds on the second


async def test_read_draft__unknown__says_so(desk: Desk) -> None:
    with pytest.raises(UnknownDraftError):
        await read_draft(desk.store, desk.contracts, desk.documents, "x" * 5_000)


async def test_read_proposer__few_votes__refusal_says_so(desk: Desk) -> None:
    made = await desk.monitor()
    wallet = Address(desk.proposing.chain.steward.address)
    found = await read_proposer(desk.store, desk.contracts, made, wallet)
    assert found.votes == 0
    assert "too few votes" in found.refusal


async def test_read_proposer__sent_by_its_wallet__found_as_a_proposal(desk: Desk) -> None:
    made, chain = await desk.monitor(), desk.proposing.chain
    chain.warp(1)
    holder = desk.proposing.holders[0]
    found = await read_proposer(desk.store, desk.contracts, made, Address(holder.address))
    assert found.refusal == ""
    sent = chain.web3.eth.send_transaction(
        {"from": holder.address, "to": found.call.to, "data": "0x" + found.call.data.hex()}  # type: ignore[typeddict-item]
    )
    assert chain.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1
    await desk.index.catch_up()
    again = await read_proposer(desk.store, desk.contracts, made, Address(holder.address))
    assert (again.number, again.refusal) == (1, "This was proposed already.")
    proposed = await find_proposal(desk.store, desk.contracts, "1")
    vote = await read_proposal(desk.contracts, desk.documents, proposed)
    assert vote.title == made.title


async def test_read_proposer__somebody_else_sends_the_same__the_governor_refuses(desk: Desk) -> None:
    made, chain = await desk.monitor(), desk.proposing.chain
    chain.warp(1)
    found = await read_proposer(desk.store, desk.contracts, made, Address(desk.proposing.holders[0].address))
    from tribune.exceptions import RevertedError

    with pytest.raises(RevertedError, match="GovernorRestrictedProposer"):
        await desk.contracts.chain.call(found.call, sender=Address(desk.proposing.holders[1].address))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[frames",
        "rule = 3",
        "frames = 3",
        "x" * (MOST_BYTES + 1),
        "a = " + "[" * 5_000,
        "[]",
        '{"frames": []}',
    ],
)
def test_read_policy__no_policy__refused(text: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(parse_policy(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Das Regelwerk ist kein gültiges TOML oder JSON"),
        ("frames = 3", "Das Regelwerk: frames ist keine Tabelle. Schreib die Angaben unter"),
    ],
)
def test_read_policy__no_policy__is_said_in_the_readers_language(text: str, told: str) -> None:
    with spoken(Language.GERMAN), pytest.raises(PolicyError, match=told):
        read_policy(parse_policy(text))


@pytest.mark.parametrize("text", [ACCOUNT.replace("DeaD", "dEAD"), "0x" + "0" * 40, "0x12", "", None, 7])
def test_account_of__mistyped_or_none__is_none(text: Any) -> None:
    assert account_of(text) is None


@pytest.mark.parametrize("text", [ACCOUNT, ACCOUNT.lower()])
def test_account_of__address__with_its_checksum(text: str) -> None:
    assert account_of(text) == ACCOUNT


async def test_keep__no_store_is_set_up__says_so(desk: Desk) -> None:
    with pytest.raises(EvidenceError, match="No evidence store"):
        await attached_backtest([], desk.backtest()).keep()
