"""`/models` and `/models/{model}`: what is overseen, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tribune.ballots.histories import lineage, track_record
from tribune.chain.enums import Op, Outcome, Oversight, Severity, Stage, State
from tribune.ids import ModelId
from tribune.store.happenings import events_of_model
from tribune.web.public.cursor import Place
from tribune.web.public.operation import Look, Operation, unknown
from tribune.web.public.paging import located, page_of
from tribune.web.public.shapes import (
    Account,
    Asked,
    Fixed,
    Hex32,
    Indexed,
    Located,
    Moment,
    Number,
    Page,
    Paged,
    Shape,
    fixed,
    hex32,
)

if TYPE_CHECKING:
    from tribune.ballots.directory import ListedModel
    from tribune.store.tables import ChainEvent

EVENTS = tuple({*lineage.EVENTS, *track_record.EVENTS, "PolicySet"})


class ModelItem(Shape):
    """A model."""

    id: int
    """Number of the model (its token in the registry)."""
    name: str
    """The name that its steward gave it."""
    state: State
    """Where it stands at the time of the chain's newest block."""
    suspended_until: Moment | None
    """Latest end of its suspension; null where it is not suspended."""
    oversight: Oversight
    """How well it is watched at that time: `Breached` where it broke a rule, `Stale` where it was not
    measured in time, `Disputed` where its monitors contradict each other, else `Healthy`."""
    version: int
    """The version in force; 0 while there is none."""
    serves_from: Moment | None
    """When its first version took or takes force; null where none was chosen."""


class Version(Shape):
    """A registered version; digests are of documents and files that the registry does not hold."""

    number: int
    """Counted from 1 for each model."""
    registered: Located
    """Where it was registered."""
    parent: int | None
    """The version that it was made from; null where none is named."""
    artifact: Hex32
    """Digest of the model's file or folder."""
    profile: Hex32
    """Digest of the profile that monitors measure against."""
    evaluation_set: Hex32
    """Digest of the rows that it is evaluated on before service."""
    uri: str
    """Where its steward keeps what the digests name."""
    serves_from: Moment | None
    """When it took or takes force for the first time; null where it never was chosen."""


class RuleItem(Shape):
    """A rule of a policy."""

    metric: str
    """Name of the metric, as docs/metrics.md explains it."""
    op: Op
    """On which side of the limit a value is a hit."""
    limit: Fixed
    """In the unit of the metric."""
    severity: Severity
    """What a hit leads to."""
    stage: Stage
    """Where it is judged."""
    m: int
    """A hit needs so many …"""
    w: int
    """… of the last so many frames beyond the limit."""


class PolicyItem(Shape):
    """The rules that governance set last."""

    digest: Hex32
    """Digest of the policy."""
    first_frame: int
    """The first frame that it rules."""
    step_s: int
    """Seconds from a frame's end to the next one's."""
    length_s: int
    """Seconds that a frame covers."""
    quorum: int
    """Monitors that must get the same result."""
    panel: tuple[Account, ...]
    """The monitors that are asked."""
    rules: tuple[RuleItem, ...]
    """In the order in which reports give their values."""
    set: Located
    """Where it was set."""


class Statement(Shape):
    """What an auditor published about a version."""

    auditor: Account
    """Who signed it."""
    version: int
    """Which version it is about."""
    document: Hex32
    """sha-256 of the statement."""
    uri: str
    """Where the auditor keeps it."""
    at: Located
    """Where it was recorded."""


class Record(Shape):
    """What is behind it; a halt of all models is no model's own and is left out."""

    since: Moment | None
    """When its first version took force; null where none has."""
    active_s: int = Field(ge=0)
    """Seconds in service, in all."""
    breaches: int = Field(ge=0)
    """Broken rules that opened a case or joined one."""
    halts: int = Field(ge=0)
    """How often it was stopped while in service."""


class Model(ModelItem):
    """A model, with what governs it and what is behind it."""

    steward: Account
    """Who operates it."""
    registered: Located
    """Where it was registered."""
    versions: tuple[Version, ...]
    """Newest first."""
    policy: PolicyItem | None
    """The newest policy; null where none was set."""
    statements: tuple[Statement, ...]
    """Auditors' statements, newest first; a withdrawn one is in the audit trail alone."""
    open_cases: tuple[int, ...]
    """Numbers of its cases without an outcome, newest first."""
    record: Record
    """What is behind it."""
    index: Indexed
    """Up to where the chain was read."""


class AskedModels(Paged):
    """Filters; all that are given hold at once."""

    state: State | None = None
    """Only models that stand so."""
    name: str | None = Field(default=None, max_length=200)
    """Only models whose name contains this, in any case of letters."""


class AskedModel(Asked):
    """Which model."""

    model: Number
    """Number of the model."""


async def _list(look: Look, asked: AskedModels) -> Page[ModelItem]:
    listing = look.listing
    sought = "" if asked.name is None else asked.name.casefold()
    found = (
        one
        for one in reversed(listing.models.values())
        if sought in one.folded and asked.state in (None, one.state(listing.at))
    )

    async def shown(models: list[ListedModel]) -> Sequence[ModelItem]:
        return [ModelItem(**_facts(look, one)) for one in models]

    return await page_of(look, asked, found, lambda one: Place(one.id), shown)


async def _one(look: Look, asked: AskedModel) -> Model:
    listed = look.listing.models.get(asked.model)
    if listed is None:
        raise unknown(f"/models/{asked.model}")
    newest_first = await look.store.read(events_of_model, ModelId(asked.model), EVENTS)
    events = newest_first[::-1]
    known = lineage.lineage_of(events)
    if known.registered is None or known.steward is None:  # a reorg took it away meanwhile
        raise unknown(f"/models/{asked.model}")
    policy = next((event for event in newest_first if event.name == "PolicySet"), None)
    behind = track_record.track_record(
        [event for event in events if event.name in track_record.EVENTS], look.listing.at
    )
    return Model(
        **_facts(look, listed),
        steward=known.steward,
        registered=located(known.registered),
        versions=tuple(map(_version, reversed(known.versions.values()))),
        policy=None if policy is None else _policy(policy),
        statements=tuple(_statement(one) for one in reversed(known.statements) if one.withdrawn_at is None),
        open_cases=tuple(
            one.id
            for one in reversed(look.listing.cases.values())
            if one.model_id == listed.id and one.outcome is Outcome.OPEN
        ),
        record=Record(
            since=behind.since,
            active_s=int(behind.active.total_seconds()),
            breaches=behind.breaches,
            halts=behind.halts,
        ),
        index=look.index,
    )


def _facts(look: Look, model: ListedModel) -> dict[str, Any]:
    at = look.listing.at
    state = model.state(at)
    return {
        "id": model.id,
        "name": model.name,
        "state": state,
        "suspended_until": model.until if state is State.SUSPENDED else None,
        "oversight": look.listing.oversight(model),
        "version": model.version(at),
        "serves_from": model.serves_from,
    }


def _version(version: lineage.Version) -> Version:
    return Version(
        number=version.number,
        registered=located(version.registered),
        parent=version.parent or None,
        artifact=hex32(version.artifact),
        profile=hex32(version.profile),
        evaluation_set=hex32(version.evaluation_set),
        uri=version.uri,
        serves_from=min(version.in_force, default=None),
    )


def _policy(event: ChainEvent) -> PolicyItem:
    policy = event.args["policy"]
    return PolicyItem(
        digest=event.args["digest"],
        first_frame=event.args["first_frame"],
        step_s=policy["step"],
        length_s=policy["length"],
        quorum=policy["k"],
        panel=tuple(policy["panel"]),
        rules=tuple(rule_of(raw) for raw in policy["rules"]),
        set=located(event),
    )


def rule_of(raw: dict[str, Any]) -> RuleItem:
    """Return a rule as the index has it."""
    return RuleItem(
        metric=raw["metric"],
        op=Op.of(raw["op"]),
        limit=fixed(raw["limit"]),
        severity=Severity.of(raw["severity"]),
        stage=Stage.of(raw["stage"]),
        m=raw["m"],
        w=raw["w"],
    )


def _statement(statement: lineage.Statement) -> Statement:
    return Statement(
        auditor=statement.auditor,
        version=statement.version,
        document=hex32(statement.document),
        uri=statement.uri,
        at=located(statement.recorded),
    )


OPERATIONS = (
    Operation("/models", "listModels", "Models, newest first", AskedModels, Page[ModelItem], _list),
    Operation("/models/{model}", "getModel", "A model with its versions and rules", AskedModel, Model, _one),
)
