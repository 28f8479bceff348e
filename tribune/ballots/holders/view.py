"""A call as people need to see it: what is asked and why, what would run, who has signed, until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.ballots.cases.calls import DecodedCall
from tribune.ballots.holders.documents import CallDocument, Conclusion, read_document
from tribune.ballots.holders.progress import CallProgress, kind_of, read_progress, share_words, signed_form
from tribune.ballots.holders.refusals import CallMismatchError, UnknownCallError
from tribune.ballots.holders.simulation import Simulation, simulate
from tribune.ballots.typed_data import call_typed_data
from tribune.chain.enums import CaseKind
from tribune.ids import Address, Cid
from tribune.language import _, number
from tribune.store import calls

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.chain.pause_governor import HolderCall
    from tribune.store.session import Session, Store
    from tribune.store.tables import HolderCall as StoredCall

MOST = 20
"""Calls in a list."""


@dataclass(frozen=True)
class CallView:
    """A call, read at one block."""

    id: int
    call: HolderCall
    name: str
    """The model's."""
    cid: Cid
    """Name of the document."""
    document: CallDocument | None
    """None where no store gives one that belongs to this call: then nobody should sign."""
    progress: CallProgress
    decoded: DecodedCall
    """What a passed vote carries out."""
    chain_id: int
    governor: Address
    decimals: int
    signers: tuple[Address, ...]
    held_up: str
    """Why its vote is not open although enough have signed; empty otherwise."""

    @property
    def resuming(self) -> bool:
        """Whether it asks that the model may answer again."""
        return self.call.kind is CaseKind.HOLDER_RESUME

    @property
    def deadline(self) -> datetime:
        """Until when it can be signed and opened."""
        return self.call.deadline

    @property
    def question(self) -> str:
        """What is asked."""
        return question_of(self.call.kind).format(model=self.model)

    @property
    def model(self) -> str:
        """The model and its version, as people read it."""
        return f"{self.name} v{self.call.version}"

    @property
    def typed_data(self) -> dict[str, Any]:
        """What a holder signs."""
        return call_typed_data(self.chain_id, self.governor, self.call)

    def power_words(self, power: int) -> str:
        """Votes as people count them: "1,200 votes (0.12 %)"."""
        return _("{votes} votes ({share} %)").format(
            votes=number(power / 10**self.decimals), share=share_words(self.progress.percent(power))
        )


@dataclass(frozen=True)
class ListedCall:
    """A call in a list."""

    id: int
    question: str
    deadline: datetime


def question_of(kind: CaseKind) -> str:
    """Return what a call asks, with a place for the model."""
    if kind is CaseKind.HOLDER_RESUME:
        return _("Shall holders vote on letting {model} answer again?")
    return _("Shall holders vote on stopping {model}?")


async def list_calls(store: Store, contracts: VoteContracts) -> tuple[ListedCall, ...]:
    """Return the newest calls that collect signatures, as far as we know.

    Raises:
        ChainUnreachableError: the chain cannot be read.
        StoreError: the store cannot be read.
    """
    rows = await store.read(calls.newest_collecting, MOST)
    names = await contracts.read(*(("ModelRegistry", "nameOf", (row.model_id,)) for row in rows))
    return tuple(listed_call(row, name) for row, name in zip(rows, names, strict=True))


def listed_call(row: StoredCall, name: str) -> ListedCall:
    """Return a call as lists show it; `name` is its model's."""
    question = question_of(kind_of(row)).format(model=f"{name} v{row.version}")
    return ListedCall(row.id or 0, question, row.deadline)


async def read_call(store: Store, contracts: VoteContracts, documents: Documents, call_id: int) -> CallView:
    """Read a call as it stands now.

    Raises:
        UnknownCallError: there is none of this number.
        ChainUnreachableError: the chain cannot be read.
        StoreError: the store cannot be read.
    """
    row, signers = await stored_call(store, call_id)
    call = signed_form(row)
    progress = await read_progress(contracts, call, signers)
    [name] = await contracts.read(("ModelRegistry", "nameOf", (call.model_id,)), block=progress.block)
    [decimals] = await contracts.read(("TribuneToken", "decimals", ()))
    document = await find_document(contracts, documents, call)
    return CallView(
        id=call_id,
        call=call,
        name=name,
        cid=Cid(row.cid),
        document=document,
        progress=progress,
        decoded=_decoded(contracts, call, matches=document is not None),
        chain_id=contracts.chain.chain_id,
        governor=contracts.governor,
        decimals=decimals,
        signers=tuple(signers),
        held_up=_(row.error) if row.error and progress.reached else "",
    )


async def stored_call(store: Store, call_id: int) -> tuple[StoredCall, list[Address]]:
    """Return a call's row and who signed.

    Raises:
        UnknownCallError: there is none of this number.
    """
    row, signers = await store.read(_stored, call_id) if 0 < call_id < 2**63 else (None, [])
    if row is None:
        raise UnknownCallError(
            _("There is no call {number}.").format(number=str(call_id)[:20]), mend=_("Check the link.")
        )
    return row, signers


async def find_document(
    contracts: VoteContracts, documents: Documents, call: HolderCall
) -> CallDocument | None:
    """Return a call's document, None where no store gives it or it is about something else."""
    content = await documents.find(call.evidence)
    try:
        document = None if content is None else read_document(content)
    except CallMismatchError:
        return None
    if document is None:
        return None
    about = document.about
    same = (about.kind, about.model_id, about.version, about.epoch, about.round) == (
        call.kind,
        call.model_id,
        call.version,
        call.epoch,
        call.round,
    )
    return document if same and about.chain_id == contracts.chain.chain_id else None


async def try_call(contracts: VoteContracts, view: CallView) -> Simulation:
    """Try what a call would do, on the block that it was read at.

    Raises:
        CallNotPossibleError: the contracts would refuse it now.
        CallMismatchError: its document cannot be read.
        ChainUnreachableError: the chain cannot be asked.
    """
    if view.document is None:
        raise not_readable()
    return await simulate(contracts, view.document.about, view.call.evidence, view.progress.block)


def not_readable() -> CallMismatchError:
    """Return why nobody should sign a call whose document is not there."""
    return CallMismatchError(
        _("The document that this call names cannot be read here, or is about something else."),
        mend=_("Do not sign it: nobody can see what it would say."),
    )


def conclusion_of(view: CallView) -> Conclusion | None:
    """Return what a call for a resume says; None for a call for a stop, or where it cannot be read."""
    said = None if view.document is None else view.document.said
    return said if isinstance(said, Conclusion) else None


def _decoded(contracts: VoteContracts, call: HolderCall, *, matches: bool) -> DecodedCall:
    if call.kind is CaseKind.HOLDER_RESUME:
        function, text = "resume", f"model {call.model_id}, version {call.version}"
        arguments: dict[str, Any] = {"version": call.version}
    else:
        function, text = "pause", f"model {call.model_id}"
        arguments = {"case_id": _("that of this call")}
    arguments = {"model_id": call.model_id, **arguments, "epoch": call.epoch}
    return DecodedCall(
        "KillSwitch", contracts.switch, function, arguments, f"KillSwitch.{function}({text})", matches
    )


def _stored(session: Session, call_id: int) -> tuple[StoredCall | None, list[Address]]:
    row = calls.call_of(session, call_id)
    return row, [Address(one.signer) for one in calls.signatures_of(session, call_id)] if row else []
