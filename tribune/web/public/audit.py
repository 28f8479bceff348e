"""`/audit`: everything that the contracts recorded, newest first, with filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, JsonValue

from tribune.ballots.histories.kinds import EVERYTHING, KINDS, names_of
from tribune.store.audit import Wanted
from tribune.web.public.operation import Look, Operation
from tribune.web.public.paging import located, page_of_events
from tribune.web.public.shapes import AskedAccount, Located, Moment, Number, Page, Paged, Shape

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent


def _known(kind: str) -> str:
    if kind not in _KINDS:
        raise ValueError(f"must be one of {', '.join(_KINDS)}")
    return kind


_KINDS = (EVERYTHING, *KINDS)
Kind = Annotated[str, Field(json_schema_extra={"enum": [*_KINDS]}), AfterValidator(_known)]


class Entry(Shape):
    """An event of a contract."""

    at: Located
    """Where the chain recorded it."""
    contract: str
    """Name of the contract in the deployment."""
    kind: str
    """Name of the event."""
    model: int | None
    """The model that it is about; null where it names none."""
    account: str | None
    """The account that acted, or that it was done to; null where it names none."""
    arguments: dict[str, JsonValue]
    """What the event says, by name; integers are decimal text, as some exceed what programs read exactly."""


class AskedAudit(Paged):
    """Filters; all that are given hold at once."""

    model: Number | None = None
    """Only what is about the model of this number."""
    kind: Kind = EVERYTHING
    """Only events of this kind, as the dashboard's audit trail has them."""
    account: AskedAccount | None = None
    """Only what names this account."""
    since: Moment | None = None
    """Only what is in a block of this time or later."""
    before: Moment | None = None
    """Only what is in a block before this time."""


async def _read(look: Look, asked: AskedAudit) -> Page[Entry]:
    wanted = Wanted(
        names=names_of(asked.kind),
        model_id=asked.model,
        account=asked.account,
        since=asked.since,
        until=asked.before,
    )
    return await page_of_events(look, asked, wanted, _entry)


def _entry(event: ChainEvent) -> Entry:
    return Entry(
        at=located(event),
        contract=event.contract,
        kind=event.name,
        model=event.model_id,
        account=event.account,
        arguments={name: exact(value) for name, value in event.args.items()},
    )


def exact(value: Any) -> JsonValue:
    """Return an event's argument with its integers as decimal text."""
    if isinstance(value, dict):
        return {str(name): exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [exact(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if value is None or isinstance(value, bool) else str(value)


OPERATIONS = (
    Operation("/audit", "listAudit", "What the contracts recorded", AskedAudit, Page[Entry], _read),
)
