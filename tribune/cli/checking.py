"""Commands that check what others say: `tribune verify report`, and the group of all such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.data import progress
from tribune.cli.options import Json, SettingsFile
from tribune.cli.running import run
from tribune.cli.showing import say
from tribune.exceptions import ConfigurationError, EvidenceError
from tribune.ids import Cid

if TYPE_CHECKING:
    from tribune.settings import Settings

verify = typer.Typer(no_args_is_help=True, help="Check what others say.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(verify, name="verify")


@verify.command("report")
def verify_report(
    cid: Annotated[str, typer.Argument(metavar="CID", help="Name of the report's evidence: bafkrei….")],
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Recompute a report from the sealed log, and name the first cell that differs."""

    async def part(read: Settings) -> None:
        from tribune.reports.canonical import cid_digest
        from tribune_monitors.measurement.recheck import recheck

        try:
            cid_digest(cid)
        except EvidenceError as fault:
            raise ConfigurationError(fault.message, mend=fault.mend) from None
        with progress(json) as tell:
            tell("Recomputing the report")
            outcome = await recheck(read, Cid(cid))
        say(json, {"evidence_cid": cid, "same": outcome.same, "why": outcome.words}, outcome.words)
        if not outcome.same:
            raise typer.Exit(1)

    run(settings, part)
