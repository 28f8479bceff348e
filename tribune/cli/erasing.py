"""`tribune decisions erase`: blank what was decided about somebody, or what is old, and keep every proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.data import progress
from tribune.cli.options import Json, OfModel, OfVersion, SettingsFile
from tribune.cli.running import run
from tribune.cli.showing import say
from tribune.ids import ModelId, VersionNumber

if TYPE_CHECKING:
    from tribune.settings import Settings


def decisions_erase(
    model: OfModel,
    version: OfVersion,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Of the decisions, as their receipts have it."),
    ] = None,
    older_than: Annotated[
        int | None, typer.Option(min=0, metavar="DAYS", help="Instead of ids: all that is older.")
    ] = None,
    reason: Annotated[str, typer.Option(help="For the record beside the frame.")] = "",
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Erase features, answer, score and salt of decisions in sealed frames; id, time and digests stay.

    Proofs go on holding, and nobody can tell the answer from them. Refused while a report or an open case may
    still need the frame; afterwards reports over it can no longer be recomputed. Labels, copies of the log
    and backups are not touched.
    """

    async def part(read: Settings) -> None:
        import asyncio

        from tribune.chain import Tribune
        from tribune.decisions.anchor import log_folder
        from tribune.decisions.frames.erasing import erase, erase_late, ids_in
        from tribune.decisions.grid import microseconds
        from tribune.decisions.proofs.finding import sealed_frames
        from tribune.exceptions import AbsentError, ConfigurationError
        from tribune.gate.sealing.retention import Erased, Needs, Retention
        from tribune.wording import counted

        if bool(ids) == (older_than is not None):
            raise ConfigurationError("What is to be erased?", mend="Give ids, or --older-than DAYS.")
        model_id, version_number = ModelId(model), VersionNumber(version)
        stores, wanted = read.evidence_stores, frozenset(ids or ())
        async with await Tribune.connect(read) as tribune:
            now = microseconds(await tribune.chain.block_time())
            with progress(json) as tell:
                if older_than is not None:
                    old = Retention(
                        tribune, read.log_folder, model_id, version_number,
                        stores=stores, days=older_than, reason=reason, anchored_only=False,
                    )  # fmt: skip
                    done = await old.erase(now, tell)
                else:
                    folder, done = log_folder(read.log_folder, model_id, version_number), Erased()
                    frames, seen = sealed_frames(folder), frozenset[str]()
                    needs: Needs | None = None
                    for place, frame in enumerate(frames):
                        tell(f"Looking through frame {frame}", place / len(frames))
                        here = wanted & await asyncio.to_thread(ids_in, folder, frame)
                        if not here:
                            continue
                        seen |= here
                        needs = needs or await Needs.read(tribune, model_id, version_number, stores)
                        until = await needs.until(frame)
                        done.rows += await asyncio.to_thread(
                            erase, folder, frame, here, reason=reason, needed_until=until, now=now
                        )
                    tell("Looking through what came too late", 1)
                    done.late = await asyncio.to_thread(erase_late, folder, wanted)
                    missing = sorted(wanted - seen)
                    if done.late < len(missing):
                        raise AbsentError(
                            f"No sealed frame holds {', '.join(missing)}.",
                            mend="Check the ids; one of a frame that is not sealed yet is erased once it is.",
                        )
        words = (
            f"Erased {counted(done.rows, 'decision')} in sealed frames, {done.late} that had come too late."
        )
        if done.needed:
            words += (
                f"\n{counted(done.needed, 'frame')} can still be reported, looked back on or voted about: "
                "try again later."
            )
        counts = {"erased": done.rows, "erased_late": done.late, "frames_still_needed": done.needed}
        say(json, counts, words)
        if done.faults:
            raise done.faults[0]

    run(settings, part)
