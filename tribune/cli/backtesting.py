"""The command that replays rules over past decisions: what would have happened, and how often by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tribune.cli.data import cores, free, progress, source_of, workplace, write
from tribune.cli.options import Data, Force, Json, Output, Profile, Since, Source, Step, Until
from tribune.cli.running import plain_errors


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(backtest)


def backtest(
    data: Data,
    policy: Annotated[Path, typer.Option(metavar="FILE", help="The rules to replay.", show_default=False)],
    profile: Profile = Path("profile.json"),
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A proposed policy, shown beside it.", show_default=False),
    ] = None,
    step: Step = "",
    frame_rows: Annotated[
        int | None,
        typer.Option(min=1, help="Cut frames of so many rows, in order of time.", show_default=False),
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Frames to draw without drift.")] = 500,
    windows: Annotated[int, typer.Option(min=1, help="Stretches to put each fault into.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the dice.")] = 0,
    json: Json = False,
    output: Output = None,
    source: Source = None,
    since: Since = "",
    until: Until = "",
    force: Force = False,
) -> None:
    """Replay a policy over past decisions: when each rule would have warned, opened a vote or stopped.

    Also how often by chance alone, on frames drawn from the reference, and what it would have seen of faults
    put into the past. With --against the same for a proposed policy, side by side. With --json the document
    that a proposal can carry.
    """
    with plain_errors(), workplace(None) as folder, progress(json) as say:
        from shutil import get_terminal_size

        from tribune import metrics
        from tribune.metrics.policies.terms import FrameTerms, seconds_of
        from tribune.reports.canonical import canonical_bytes
        from tribune_monitors.backtest.document import document
        from tribune_monitors.backtest.history import Cut, cut_history
        from tribune_monitors.backtest.run import Effort, replay_policies
        from tribune_monitors.backtest.table import table
        from tribune_monitors.engines.duckdb_engine import DuckDBEngine
        from tribune_monitors.sources.export import read_source
        from tribune_monitors.sources.opening import connect

        free(output, force)
        by = metrics.Profile.load(profile)
        policies = [metrics.Policy.load(file) for file in (policy, against) if file is not None]
        step_s = seconds_of(step) if step else FrameTerms.load(policy).step_s
        cut = Cut(rows=frame_rows) if frame_rows else Cut(step_us=step_s * 1_000_000)
        say("Reading the history")
        cursor = connect(folder, cores())
        found = read_source(
            cursor,
            by.spec,
            source_of(data, source, since, until, profile=profile),
            folder,
            timed=not frame_rows,
        )
        frames, told = cut_history(cursor, by.spec, found, cut, folder / "frames", say)
        effort = Effort(resamples, windows, seed)
        engine = DuckDBEngine(cores())
        made = replay_policies(cursor, engine, by, policies, frames, step_s, folder, effort, say)
        if json:
            result = canonical_bytes(document(made))
        else:
            width = max(80, min(get_terminal_size((110, 24)).columns, 120))
            result = table(made, findings=[*found.findings, *told], width=width).encode()
    if output is None:
        typer.echo(result, nl=False)
    else:
        with plain_errors():
            write(output, result, force)
