"""`tribune audit`: who did what, everything that the contracts recorded, newest first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.data import free, write
from tribune.cli.index import opened
from tribune.cli.options import Force, Json, Limit, MaybeModel, Output, SettingsFile, Since, Until
from tribune.cli.running import run
from tribune.cli.showing import harmless, json_text, moment, show_rows

if TYPE_CHECKING:
    from tribune.cli.index import Desk
    from tribune.settings import Settings
    from tribune.store.audit import Wanted
    from tribune.store.tables import ChainEvent
    from tribune.web.dashboard.audit import Deed

_ACCOUNT = re.compile("0x[0-9a-fA-F]{40}")


class Form(StrEnum):
    """How a trail is shown."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(audit)


def audit(
    model: MaybeModel = None,
    kind: Annotated[
        str,
        typer.Option(
            help="states, cases, ballots, versions, statements, rules, proposals, monitors, settings, "
            "measurements or everything. By default everything but measurements.",
            show_default=False,
        ),
    ] = "",
    who: Annotated[
        str,
        typer.Option(
            metavar="ACCOUNT", help="What this account did, or what was done to it.", show_default=False
        ),
    ] = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = 50,
    form: Annotated[Form, typer.Option("--format", help="How to show it.")] = Form.TABLE,
    json: Json = False,
    output: Output = None,
    force: Force = False,
    settings: SettingsFile = None,
) -> None:
    """Show who did what, the newest first: everything that the contracts recorded, with filters."""

    async def part(read: Settings) -> None:
        from tribune.store.audit import trail
        from tribune.web.dashboard.exports import as_csv, record

        free(output, force)
        wanted = _wanted(model, kind, who, since, until)
        async with opened(read) as desk:
            events = await desk.look.store.read(trail, wanted, limit=limit + 1)
            deeds = await _deeds(desk, events[:limit])
        if len(events) > limit:
            typer.echo(f"These are the newest {limit}: --limit shows more.", err=True)
        if json or form is Form.JSON:
            _give(json_text([record(deed) for deed in deeds]), output, force)
        elif form is Form.CSV:
            _give("".join([line async for line in as_csv(_each(deeds))]), output, force)
        else:
            _table(deeds)

    run(settings, part)


def _wanted(model: int | None, kind: str, who: str, since: str, until: str) -> Wanted:
    from datetime import UTC, datetime

    from tribune.ballots.histories.kinds import EVERYTHING, KINDS, names_of
    from tribune.chain.types import checksum
    from tribune.exceptions import ConfigurationError
    from tribune.store.audit import Wanted
    from tribune_monitors.sources.spec import moment_us

    if kind and kind not in (EVERYTHING, *KINDS):
        raise ConfigurationError(
            f"There is no kind {harmless(kind)!r}.", mend=f"Known: {', '.join((*KINDS, EVERYTHING))}."
        )
    if who and not _ACCOUNT.fullmatch(who):
        raise ConfigurationError("--who is no account.", mend="An account is 0x and 40 hexadecimal digits.")

    def time(given: str, name: str) -> datetime | None:
        return datetime.fromtimestamp(moment_us(given, name) / 1e6, UTC) if given else None

    return Wanted(
        names=names_of(kind),
        model_id=model,
        account=checksum(who) if who else None,
        since=time(since, "--since"),
        until=time(until, "--until"),
    )


async def _deeds(desk: Desk, events: Sequence[ChainEvent]) -> list[Deed]:
    """Return each event with what happened in a sentence."""
    from tribune.ballots.histories.deeds import Telling, tell
    from tribune.store.audit import cases_of
    from tribune.store.reports import monitor_names
    from tribune.web.dashboard.audit import deed_of
    from tribune.web.words import moment, short

    store, listing = desk.look.store, desk.look.listing
    decimals = None if desk.chain is None else await desk.chain.token.decimals()
    found = await store.read(cases_of, {event.proposal for event in events if event.proposal})
    names = await store.read(monitor_names)
    numbers = {one.id: one.number for one in listing.proposals.values()}

    def who(account: str) -> str:
        name = names.get(account)
        return f"{name} ({short(account)})" if name else short(account)

    how = Telling(who, moment, found, decimals, numbers)
    return [deed_of(event, listing, tell(event, how)) for event in events]


async def _each(deeds: Sequence[Deed]) -> AsyncIterator[Deed]:
    for deed in deeds:
        yield deed


def _table(deeds: Sequence[Deed]) -> None:
    from tribune.web.words import plain

    show_rows(
        ("Time", "Model", "What happened", "Block", "Transaction"),
        [(moment(one.time), one.model_id, plain(one.text), one.block, f"{one.tx[:10]}…") for one in deeds],
    )


def _give(text: str, output: Path | None, force: bool) -> None:
    if output is None:
        typer.echo(text, nl=False)
    else:
        write(output, text.encode(), force)
