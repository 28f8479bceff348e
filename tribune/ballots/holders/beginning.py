"""Begin a call: read what it is about, write its document, try what it would do, and store it.

First everything is shown to who asks; only their second word stores the call. Between the two the document
alone is kept, under its name: a restart loses nothing, and what is confirmed is what was shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tribune.ballots.holders.documents import (
    About,
    CallDocument,
    Conclusion,
    Harm,
    make_document,
    read_document,
)
from tribune.ballots.holders.progress import COLLECTING_TIME
from tribune.ballots.holders.refusals import CallNotPossibleError
from tribune.ballots.holders.simulation import Simulation, simulate
from tribune.chain.codec import snake
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId, Cid, ModelId, VersionNumber
from tribune.language import _
from tribune.reports.canonical import cid
from tribune.reports.evidence_store import write_everywhere
from tribune.store import calls

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.store.session import Session, Store
    from tribune.store.tables import HolderCall

MOST_AT_ONCE = 3
"""Calls of one person that may collect signatures at the same time: each is a message to everybody."""


@dataclass(frozen=True)
class CallPlan:
    """A call before it is stored."""

    document: CallDocument
    simulation: Simulation
    threshold: int
    """Share of all votes whose holders must sign, in millionths."""

    @property
    def cid(self) -> Cid:
        """Name of the document."""
        return cid(self.document.digest)


async def plan_call(
    contracts: VoteContracts,
    stores: Sequence[str | Path],
    kind: CaseKind,
    model_id: ModelId,
    said: Harm | Conclusion,
) -> CallPlan:
    """Make a call's document, try what it would do, and keep the document under its name.

    Args:
        contracts: the chain.
        stores: evidence stores; at least one must take it.
        kind: HOLDER_PAUSE or HOLDER_RESUME.
        model_id: a registered model.
        said: the harm, or the conclusion.

    Raises:
        CallInvalidError: texts or links cannot be taken.
        CallNotPossibleError: the contracts would not open this vote now.
        ChainUnreachableError: the chain cannot be read.
        EvidenceError: no store took the document.
    """
    plan = await _planned(contracts, kind, model_id, said)
    copies = await asyncio.to_thread(write_everywhere, stores, plan.document.content)
    if not copies.written:
        raise next(iter(copies.failed.values()))
    return plan


async def begin_call(
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    name: Cid,
    discord_user_id: int = 0,
) -> HolderCall:
    """Store the call of a document; done twice, it is one call.

    Raises:
        EvidenceError, CallMismatchError: there is no such document, or it is no call's.
        CallNotPossibleError: something has changed since, or this person has too many calls.
        ChainUnreachableError: the chain cannot be read.
        StoreError: it could not be stored.
    """
    document = read_document(await documents.read(name))
    known = await store.read(calls.call_citing, "0x" + document.digest.hex())
    if known is not None:
        return known
    about = document.about
    plan = await _planned(contracts, about.kind, about.model_id, document.said)
    if plan.document != document:
        raise CallNotPossibleError(
            _("Something has changed on the chain since this was written."),
            mend=_("Begin again: it takes the new version and the votes since into account."),
        )
    head = await contracts.chain.head()
    return await store.run(_add, document, name, head.time + COLLECTING_TIME, discord_user_id)


async def _planned(
    contracts: VoteContracts, kind: CaseKind, model_id: ModelId, said: Harm | Conclusion
) -> CallPlan:
    head = await contracts.chain.head()
    name, status, round_, threshold = await contracts.read(
        ("ModelRegistry", "nameOf", (model_id,)),
        ("KillSwitch", "statusOf", (model_id,)),
        ("PauseGovernor", "roundOf", (model_id, kind.number)),
        ("PauseGovernor", "callThreshold", ()),
        block=head.number,
    )
    version = VersionNumber(status["version"])
    if isinstance(said, Conclusion) and not said.case_id:
        said = replace(said, case_id=CaseId(status["case_id"]))  # the one that stopped it
    about = About(contracts.chain.chain_id, kind, model_id, name, version, status["epoch"], round_)
    document = make_document(about, said)
    return CallPlan(document, await simulate(contracts, about, document.digest, head.number), threshold)


def _add(
    session: Session, document: CallDocument, name: Cid, deadline: datetime, discord_user_id: int
) -> HolderCall:
    from tribune.store.tables import HolderCall

    about = document.about
    if discord_user_id and calls.calls_begun_by(session, discord_user_id) >= MOST_AT_ONCE:
        raise CallNotPossibleError(
            _("{most} calls of yours are collecting signatures already.").format(most=MOST_AT_ONCE),
            mend=_("Wait until one of them has opened its vote or is over."),
        )
    return calls.add_call(
        session,
        HolderCall(
            kind=snake(about.kind),
            model_id=about.model_id,
            version=about.version,
            epoch=about.epoch,
            round=about.round,
            evidence="0x" + document.digest.hex(),
            cid=name,
            deadline=deadline,
            discord_user_id=discord_user_id,
        ),
    )
