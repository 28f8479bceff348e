"""Commands that look and say what they found: status, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tribune.cli.options import Model, SettingsFile
from tribune.cli.running import run
from tribune.exceptions import AbsentError, ConfigurationError, EvidenceError
from tribune.ids import Cid, FrameIndex, ModelId

if TYPE_CHECKING:
    from tribune.settings import Settings

verify = typer.Typer(no_args_is_help=True, help="Check what others say.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(status)
    app.add_typer(verify, name="verify")


def status(model: Model, settings: SettingsFile = None) -> None:
    """Say where a model stands, read from the chain."""

    async def part(read: Settings) -> None:
        from tribune.chain import Tribune
        from tribune.reports.oversight import independence, watched

        async with await Tribune.connect(read) as tribune:
            model_id = ModelId(model)
            name = await tribune.model_registry.name(model_id)
            if not name:
                raise AbsentError(f"There is no model {model}.", mend="Models are counted from 1.")
            found = await tribune.kill_switch.status(model_id)
            until = f" until {found.until:%Y-%m-%d %H:%M:%S} UTC at the latest" if found.until else ""
            oversight = watched(found.oversight, in_service=found.is_operational)
            print(f"{name} v{found.version}: {found.state}{until}")
            print(f"oversight {found.oversight}: {oversight}")
            if await tribune.policy_book.has_policy(model_id):
                terms = await tribune.policy_book.terms(model_id, FrameIndex(0))
                alone = independence(terms.panel_size)
                print(f"measured by {alone or f'{terms.panel_size} monitors, {terms.k} of which must agree'}")
            if found.halted:
                end = f" until {found.halted_until:%Y-%m-%d %H:%M:%S} UTC" if found.halted_until else ""
                print(f"all models are halted{end}")
            if found.case_id:
                print(f"case {found.case_id}")

    run(settings, part)


@verify.command("report")
def verify_report(cid: str, settings: SettingsFile = None) -> None:
    """Recompute a report from the sealed log, and name the first cell that differs."""

    async def part(read: Settings) -> None:
        from tribune.reports.canonical import cid_digest
        from tribune_monitors.recheck import recheck

        try:
            cid_digest(cid)
        except EvidenceError as fault:
            raise ConfigurationError(fault.message, mend=fault.mend) from None
        outcome = await recheck(read, Cid(cid))
        print(outcome.words)
        if not outcome.same:
            raise typer.Exit(1)

    run(settings, part)
