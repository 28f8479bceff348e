"""What there is to choose from, by name: models, cases and proposals, as the index has them.

For the bot's lists and the dashboard. Kept in memory so that a list answers while somebody types. It is the
index's, never more: each look compares itself with the index, takes in what is new, and reads all again where
a reorg took something away. How a model stands is for display; who needs to know it asks the chain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tribune.ballots import watching
from tribune.ballots.watching import Watching
from tribune.chain.enums import CaseKind, Outcome, Oversight, State
from tribune.chain.types import utc, utc_or_none
from tribune.language import _
from tribune.store.happenings import all_since, extent, newest_reports
from tribune.store.queries import checkpoint
from tribune.store.vitals import INDEX

if TYPE_CHECKING:
    from tribune.store.session import Session, Store
    from tribune.store.tables import ChainEvent, Checkpoint

SLOW_LANE = "OversightGovernor"
_TITLE = 200
_OF_PROPOSAL = ("ProposalExtended", "ProposalCanceled", "ProposalQueued", "ProposalExecuted")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as the index knows it."""

    id: int
    name: str
    folded: str
    """The name as it is searched."""
    serves_from: datetime | None = None
    """When its first version took or takes force; no event says so then."""
    versions: tuple[tuple[datetime, int], ...] = ()
    """From when on which version is in force, in the order in which they were chosen."""
    last_state: State = State.INACTIVE
    """As the last event said."""
    until: datetime | None = None
    case_id: int = 0
    """The case of that event, 0 if none."""
    epoch: int = 0
    """Rises with each vote that decided on it, and with its retirement."""
    back_at: datetime | None = None
    """When it was last set free by a vote, or by one's rejection."""

    def served_since(self, at: datetime) -> datetime | None:
        """Return since when it is in service without a break, halts of all models aside; None: it is not."""
        if self.state(at) is not State.ACTIVE:
            return None
        begun = next((since for since, _version in reversed(self.versions) if since <= at), None)
        times = [one for one in (begun, self.until, self.back_at) if one is not None]
        return max(times, default=None)

    def version(self, at: datetime) -> int:
        """Return the version in force at a time of the chain, 0 where there is none."""
        return next((number for since, number in reversed(self.versions) if since <= at), 0)

    def state(self, at: datetime) -> State:
        """Return where it stands at a time of the chain: some changes come by time alone."""
        changes = {State.INACTIVE: self.serves_from, State.SUSPENDED: self.until}.get(self.last_state)
        return State.ACTIVE if changes is not None and changes <= at else self.last_state


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case as the index knows it."""

    id: int
    model_id: int
    version: int
    kind: CaseKind
    epoch: int
    """The model's when it was opened."""
    opened_at: datetime
    open_until: datetime | None = None
    """Until when its vote can be opened."""
    vote: int = 0
    """Id of its vote's proposal, 0 before it was opened."""
    vote_ends: datetime | None = None
    """When its vote ends at the latest."""
    outcome: Outcome = Outcome.OPEN


@dataclass(frozen=True, slots=True)
class ListedProposal:
    """A proposal of the slow lane."""

    number: int
    """Its place among all of them, from 1."""
    id: int
    title: str
    """First line of its description, as its proposer wrote it."""
    starts: datetime
    ends: datetime
    """When voting begins and ends."""
    calls: tuple[tuple[str, str], ...] = ()
    """What would run: address and 0x-hex of each call."""
    settled: str = ""
    """The event after its vote: `ProposalCanceled`, `ProposalQueued` or `ProposalExecuted`."""

    def is_open(self, at: datetime) -> bool:
        """Return whether it is voted on at a time of the chain, or will be."""
        return not self.settled and at <= self.ends


@dataclass
class Listing:
    """What there is, each by its number, and the time of the newest block that was taken in."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    models: dict[int, ListedModel] = field(default_factory=dict)
    cases: dict[int, ListedCase] = field(default_factory=dict)
    proposals: dict[int, ListedProposal] = field(default_factory=dict)
    indexed: int | None = None
    """Newest block of the index; None where it has none."""
    indexed_hash: str = ""
    """Its hash; empty where there is none."""
    indexed_at: datetime | None = None
    """When the index took that block in, by the clock of the machine that did."""
    halt_ends: int = 0
    """When the last halt of all models ends or ended, Unix time; 0: there was none."""
    watching: Watching = field(default_factory=Watching)
    _cases_of: dict[int, list[int]] = field(default_factory=dict)
    """Model → its cases, oldest first."""

    @property
    def halted(self) -> bool:
        """Whether all models are halted."""
        return self.at.timestamp() < self.halt_ends

    def name_of(self, model_id: int) -> str:
        """Return what to call a model in a sentence: its name, or its number where it has none."""
        model = self.models.get(model_id)
        return (model.name if model is not None else "") or _("model {id}").format(id=model_id)

    def cases_of(self, model_id: int) -> list[ListedCase]:
        """Return a model's cases, newest first."""
        return [self.cases[one] for one in reversed(self._cases_of.get(model_id, ()))]

    def is_overtaken(self, case: ListedCase) -> bool:
        """Return whether another vote on its model came first: no event says that it can decide nothing."""
        model = self.models.get(case.model_id)
        return case.outcome is Outcome.OPEN and model is not None and model.epoch != case.epoch

    def is_open(self, case: ListedCase) -> bool:
        """Return whether something can still come of it, its time aside."""
        return case.outcome is Outcome.OPEN and not self.is_overtaken(case)

    def is_live(self, case: ListedCase) -> bool:
        """Return whether a vote on it can still decide, or be opened; mirrors `KillSwitch._isLive`."""
        end = case.vote_ends if case.vote else case.open_until
        return self.is_open(case) and (end is None or self.at <= end)

    def oversight(self, model: ListedModel) -> Oversight:
        """Return how well a model is watched; mirrors `KillSwitch._oversight`."""
        told = {CaseKind.BREACH: Oversight.BREACHED, CaseKind.STALE: Oversight.STALE}
        if model.state(self.at) in (State.SUSPENDED, State.PAUSED):
            about = self.cases.get(model.case_id)
        else:
            live = [one for one in self.cases_of(model.id) if self.is_live(one)]
            calls = (CaseKind.HOLDER_PAUSE, CaseKind.HOLDER_RESUME)
            about = next((one for one in live if one.kind not in calls), None)
        if about is not None and about.kind in told:
            return told[about.kind]
        since = model.served_since(self.at)
        if since is not None and self.halt_ends:
            since = None if self.halted else max(since, utc(self.halt_ends))
        return self.watching.oversight(model.id, self.at, since)

    def take_in(self, event: ChainEvent) -> None:
        """Take in an event, in their order."""
        args = event.args
        self.watching.take_in(event)
        match event.name:
            case "ModelRegistered":
                number, name = int(args["model_id"]), str(args["name"])
                self.models[number] = ListedModel(number, name, name.casefold())
            case "VersionActivated" if args["model_id"] in self.models:
                model = self.models[args["model_id"]]
                serves_from = model.serves_from or utc(args["from"])
                chosen = (utc(args["from"]), int(args["version"]))
                self.models[model.id] = replace(
                    model, serves_from=serves_from, versions=(*model.versions, chosen)
                )
            case "StateChanged" if args["model_id"] in self.models:
                model, state = self.models[args["model_id"]], State.of(args["current"])
                self.models[model.id] = replace(
                    model,
                    last_state=state,
                    until=utc_or_none(args["until"]) or (model.until if state is State.ACTIVE else None),
                    case_id=int(args["case_id"]),
                    epoch=int(args["epoch"]),
                    back_at=event.block_time if state is State.ACTIVE else model.back_at,
                )
            case "CaseOpened":
                number, details = int(args["case_id"]), args["details"]
                self._cases_of.setdefault(args["model_id"], []).append(number)
                self.cases[number] = ListedCase(
                    number,
                    args["model_id"],
                    details["version"],
                    CaseKind.of(args["kind"]),
                    details.get("epoch", 0),
                    event.block_time,
                    utc_or_none(details.get("open_until", 0)),
                )
            case "CaseVoteOpened" if args["case_id"] in self.cases:
                self.cases[args["case_id"]] = replace(
                    self.cases[args["case_id"]],
                    vote=int(args["proposal_id"]),
                    vote_ends=utc_or_none(args["vote_ends"]),
                )
            case "CaseClosed" if args["case_id"] in self.cases:
                self.cases[args["case_id"]] = replace(
                    self.cases[args["case_id"]], outcome=Outcome.of(args["outcome"])
                )
            case "HaltChanged":
                self.halt_ends = int(args["current"])
            case "ProposalCreated" if event.contract == SLOW_LANE:
                number = len(self.proposals) + 1
                title = (str(args["description"]).strip().splitlines() or [""])[0][:_TITLE]
                span = utc(args["vote_start"]), utc(args["vote_end"])
                calls = tuple(zip(args.get("targets", ()), args.get("calldatas", ()), strict=True))
                self.proposals[number] = ListedProposal(number, int(args["proposal_id"]), title, *span, calls)
            case name if name in _OF_PROPOSAL and event.contract == SLOW_LANE:
                known = next((p for p in self.proposals.values() if p.id == int(args["proposal_id"])), None)
                if known is not None:
                    moved = replace(known, settled=name)
                    if name == "ProposalExtended":
                        moved = replace(known, ends=utc(args["extended_deadline"]))
                    self.proposals[known.number] = moved

    def search(self, typed: str, states: Iterable[State] | None = None) -> list[ListedModel]:
        """Return the models whose name contains this or whose number it is, the best first, then the newest.

        Args:
            typed: what somebody typed; nothing finds all.
            states: only models that stand so.
        """
        sought = typed.strip().casefold()
        number = sought.removeprefix("#")
        wanted = None if states is None else set(states)
        found = [
            (_rank(model, sought, number), -model.id, model)
            for model in self.models.values()
            if (sought in model.folded or str(model.id) == number)
            and (wanted is None or model.state(self.at) in wanted)
        ]
        return [one[-1] for one in sorted(found, key=lambda one: one[:2])]


def _rank(model: ListedModel, sought: str, number: str) -> int:
    if not sought:
        return 0
    exact = str(model.id) == number or model.folded == sought
    return 0 if exact else 1 if model.folded.startswith(sought) else 2


_NAMES = (
    *("ModelRegistered", "VersionActivated", "StateChanged"),
    *("CaseOpened", "CaseVoteOpened", "CaseClosed", "HaltChanged", "ProposalCreated"),
    *_OF_PROPOSAL,
    *watching.EVENTS,
)


@dataclass(frozen=True)
class _Place:
    """How far the listing has read, to see what changed since."""

    block: str = ""
    events: int = 0
    newest: int = 0


class Directory:
    """The listing of a store's index.

    Args:
        store: where the index is.
        clock: tells the time of the newest block that is known.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._place = _Place()
        self._listing = Listing()
        self._turn = asyncio.Lock()

    async def look(self) -> Listing:
        """Return what the index has now.

        Raises:
            StoreError: it cannot be read.
        """
        async with self._turn:
            at, found = await self._store.read(_news, self._place)
            if found is not None:
                self._place, events, anew = found
                if anew:
                    self._listing = await asyncio.to_thread(_listed, events)
                else:
                    for event in events:
                        self._listing.take_in(event)
            self._listing.indexed = None if at is None else at.block_number
            self._listing.indexed_hash = self._place.block
            self._listing.indexed_at = None if at is None else at.updated_at
            self._listing.at = self._clock()
            return self._listing


def _listed(events: Iterable[ChainEvent]) -> Listing:
    listing = Listing()
    for event in events:
        listing.take_in(event)
    return listing


def _news(
    session: Session, seen: _Place
) -> tuple[Checkpoint | None, tuple[_Place, list[ChainEvent], bool] | None]:
    """Return how far the index is, and the new place, the events to take in, whether they are all there are.

    The latter is None where nothing is new.
    """
    at = checkpoint(session, INDEX)
    block = "" if at is None else at.block_hash
    if block == seen.block:
        return at, None
    names = (*_NAMES, watching.JUDGED)
    count, newest = extent(session, names)
    events = list(all_since(session, seen.newest, names)) if seen.events else []
    lost = count - len(events) != seen.events  # rows are never numbered again: some were taken away
    if lost:
        events = [*all_since(session, 0, _NAMES), *newest_reports(session)]
    return at, (_Place(block, count, max(newest, seen.newest)), events, lost or not seen.events)
