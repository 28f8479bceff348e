"""Commands on what was decided: prove a decision from the log, and check a proof of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.checking import verify
from tribune.cli.data import Force, Output, free, write
from tribune.cli.running import SettingsFile, plain_errors, run
from tribune.ids import FrameIndex, ModelId, VersionNumber

if TYPE_CHECKING:
    from tribune.decisions.proof import DecisionProof
    from tribune.settings import Settings

decisions = typer.Typer(no_args_is_help=True, help="What a model decided, and proofs of it.")

Offline = Annotated[bool, typer.Option("--offline", help="Do not ask the chain.")]
AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(decisions, name="decisions")


@decisions.callback()
def about() -> None:
    """Let a command be named, also while it is the only one."""


@decisions.command("prove")
def decisions_prove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The decision's id, as its receipt has it.")],
    output: Output = None,
    hide_body: Annotated[
        bool, typer.Option("--hide-body", help="Leave out what was asked and answered: its digest stays.")
    ] = False,
    model: Annotated[int | None, typer.Option(min=1, help="Where several models have this id.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Where several versions have it.")] = None,
    frame: Annotated[int | None, typer.Option(min=1, help="Look in this frame only.")] = None,
    force: Force = False,
    settings: SettingsFile = None,
) -> None:
    """Prove that a decision is in the sealed log: a document that a stranger can check.

    With the body, the proof shows what was asked and answered; without it, that there was a decision of this
    id at this time. Shown unless --output names a file.
    """
    from tribune.chain.deployments import load_deployment
    from tribune.decisions.finding import find_decision
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


@verify.command("decision")
def verify_decision(
    proof: Annotated[Path, typer.Argument(help="As `tribune decisions prove` wrote it.")],
    offline: Offline = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Check a proof of a decision: by itself, and against what the chain anchors."""
    from tribune.decisions.proof import check_proof, read_proof
    from tribune.exceptions import EvidenceError

    async def part(read: Settings) -> None:
        from tribune.chain import Tribune
        from tribune.operations.proving import check_on_chain

        try:
            given = read_proof(proof)
            check_proof(given)
            if not offline:
                async with await Tribune.connect(read) as tribune:
                    await check_on_chain(tribune, given)
        except EvidenceError as fault:
            _say(as_json, {"proven": False, "why": str(fault)}, f"NOT PROVEN. {fault}")
            raise typer.Exit(1) from None
        words = _words(given, offline)
        _say(as_json, {"proven": True, "checked_on_chain": not offline, **given.document()}, words)

    run(settings, part)


def _words(proof: DecisionProof, offline: bool) -> str:
    """Say what a proof that holds shows."""
    import json

    from tribune.wording import counted

    contract = proof.contract
    lines = [
        f"Decision {proof.id} of model {proof.model_id} v{proof.version}, made {_moment(proof.time)}, is in "
        f"frame {proof.frame}, one of {counted(proof.rows, 'decision')}.",
        "By itself: its leaf leads to the frame's root, and root, manifest and rows make the word",
        f"  0x{proof.word.hex()}.",
    ]
    if offline:
        lines.append("On the chain: not asked. Until it is, anyone could have made this up.")
    else:
        lines.append(
            f"On the chain: {contract.address} on chain {contract.chain_id} anchors this word for the frame."
        )
    if proof.opened is None:
        lines.append("What was asked and answered is not shown; the leaf binds its digest.")
    else:
        lines.append("What was asked and answered, as the leaf binds it (numbers in hexadecimal):")
        lines.append(f"  {json.dumps(proof.opened.content, ensure_ascii=True, sort_keys=True)}")
    return "\n".join(lines)


def _moment(time: int) -> str:
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
    except OverflowError:
        return f"{time} µs after 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def _say(as_json: bool, document: dict[str, object], words: str) -> None:
    import json

    print(json.dumps(document, indent=1, ensure_ascii=True) if as_json else words)
