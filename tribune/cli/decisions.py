"""Commands on what was decided, for who has the log: prove a decision, check the log against the chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tribune.cli.data import free, progress, write
from tribune.cli.erasing import decisions_erase
from tribune.cli.options import (
    Force,
    Json,
    MaybeFrame,
    MaybeModel,
    MaybeVersion,
    Model,
    Output,
    SettingsFile,
)
from tribune.cli.running import plain_errors, run
from tribune.cli.showing import say
from tribune.ids import FrameIndex, ModelId, VersionNumber

if TYPE_CHECKING:
    from tribune.decisions.frames.sequence import Finding, Span
    from tribune.operations.anchored import ModelFrames
    from tribune.settings import Settings

decisions = typer.Typer(no_args_is_help=True, help="What a model decided, and proofs of it.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    decisions.command("erase")(decisions_erase)
    app.add_typer(decisions, name="decisions")


@decisions.command("prove")
def decisions_prove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The decision's id, as its receipt has it.")],
    output: Output = None,
    hide_body: Annotated[
        bool, typer.Option("--hide-body", help="Leave out what was asked and answered: its digest stays.")
    ] = False,
    model: MaybeModel = None,
    version: MaybeVersion = None,
    frame: MaybeFrame = None,
    force: Force = False,
    settings: SettingsFile = None,
) -> None:
    """Prove that a decision is in the sealed log: a document that a stranger can check.

    With the body, the proof shows what was asked and answered; without it, that there was a decision of this
    id at this time. Shown unless --output names a file. --model, --version and --frame say which decision is
    meant where several have this id.
    """
    from tribune.chain.deployments import load_deployment
    from tribune.decisions.proofs.finding import find_decision
    from tribune.decisions.typed import LogContract
    from tribune.settings import load_settings

    with plain_errors():
        read = load_settings(settings)
        free(output, force)
        deployment = load_deployment(read.deployments, read.chain.chain_id)
        found = find_decision(
            read.log_folder,
            id_,
            model_id=None if model is None else ModelId(model),
            version=None if version is None else VersionNumber(version),
            frame=None if frame is None else FrameIndex(frame),
        )
        proof = found.proof(LogContract(deployment.chain_id, deployment.address("DecisionLog")))
        erased = proof.opened is None
        data = (proof.hidden() if hide_body else proof).canonical()
        if output is None:
            typer.echo(data)
        else:
            write(output, data, force)
        if erased:
            typer.echo("The body was erased: the proof has its digest only.", err=True)


@decisions.command("check")
def decisions_check(
    model: Model,
    files: Annotated[
        bool, typer.Option("--files", help="Read every file of the log too, and compare digests and leaves.")
    ] = False,
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Check a model's anchored frames: none missing while it could run, and the log here the anchored one."""

    async def part(read: Settings) -> None:
        from tribune.chain import Tribune
        from tribune.decisions.anchor import log_folder
        from tribune.decisions.frames.sequence import compare_log, ranges, unanchored
        from tribune.operations.anchored import model_frames

        model_id = ModelId(model)
        async with await Tribune.connect(read) as tribune:
            frames = await model_frames(tribune, model_id)
        every = {frame: word for words in frames.anchored.values() for frame, word in words.items()}
        findings, awaited = unanchored(frames.spans, every, frames.time, frames.now)
        seen: list[VersionNumber] = []
        with progress(json) as tell:
            for version, words in sorted(frames.anchored.items()):
                folder = log_folder(read.log_folder, model_id, version)
                if folder.is_dir():
                    seen.append(version)
                    findings += compare_log(folder, version, words, frames.steps, files=files, tell=tell)
        lines = _sequence_words(model_id, frames, seen, findings, awaited)
        document: dict[str, Any] = {
            "model": model_id,
            "anchored": {str(version): ranges(words) for version, words in sorted(frames.anchored.items())},
            "logs_compared": seen,
            "files_read": files,
            "awaited": [span.frame for span in awaited],
            "findings": [finding._asdict() for finding in findings],
        }
        say(json, document, "\n".join(lines))
        if findings:
            raise typer.Exit(1)

    run(settings, part)


def _sequence_words(
    model_id: ModelId,
    frames: ModelFrames,
    seen: Sequence[VersionNumber],
    findings: Sequence[Finding],
    awaited: Sequence[Span],
) -> list[str]:
    from tribune.decisions.frames.sequence import ranges
    from tribune.wording import counted

    lines = []
    for version, words in sorted(frames.anchored.items()):
        where = "compared with the log here" if version in seen else "no log here to compare with"
        name = f"Model {model_id} v{version}"
        lines.append(f"{name}: {counted(len(words), 'frame')} anchored ({ranges(words)}), {where}.")
    if not lines:
        lines.append(f"Model {model_id}: no frame is anchored.")
    for one in findings:
        about = f"frame {one.frame}" if one.version is None else f"v{one.version}, frame {one.frame}"
        lines.append(f"{one.fault.upper()}, {about}: {one.words}")
    if not findings:
        whole = f"Of {counted(len(frames.spans), 'frame')} due, none is missing in which it could run."
        lines.append(" ".join([whole, *map(_awaited_words, awaited)]))
    return lines


def _awaited_words(span: Span) -> str:
    until = datetime.fromtimestamp(span.closed // 1_000_000, UTC)
    return f"Frame {span.frame} is awaited until {until:%Y-%m-%d %H:%M:%S} UTC."
