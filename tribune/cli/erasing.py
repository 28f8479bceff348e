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

_DAY_US = 86_400_000_000


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

    Proofs go on holding, and nobody can tell the answer from them. Refused while a report may still need the
    frame; afterwards reports over it can no longer be recomputed. Labels, copies of the log and backups are
    not touched.
    """

    async def part(read: Settings) -> None:
        import asyncio

        from tribune.chain import Tribune
        from tribune.decisions.anchor import log_folder, read_manifest
        from tribune.decisions.erasing import erase, erase_late, ids_in
        from tribune.decisions.finding import sealed_frames
        from tribune.decisions.grid import microseconds
        from tribune.exceptions import AbsentError, ConfigurationError
        from tribune.operations.retention import needed_until
        from tribune.wording import counted

        if bool(ids) == (older_than is not None):
            raise ConfigurationError("What is to be erased?", mend="Give ids, or --older-than DAYS.")
        model_id, version_number = ModelId(model), VersionNumber(version)
        folder = log_folder(read.log_folder, model_id, version_number)
        wanted = None if older_than is not None else frozenset(ids or ())
        found: set[str] = set()
        rows = needed = 0
        frames = sealed_frames(folder)
        async with await Tribune.connect(read) as tribune:
            now = microseconds(await tribune.chain.block_time())
            before = None if older_than is None else now - older_than * _DAY_US
            with progress(json) as tell:
                for done, frame in enumerate(frames):
                    tell(f"Looking through frame {frame}", done / len(frames))
                    if before is not None and read_manifest(folder, frame).end > before:
                        continue
                    if wanted is not None:
                        here = wanted & await asyncio.to_thread(ids_in, folder, frame)
                        if not here:
                            continue
                        found |= here
                    until = await needed_until(tribune, model_id, version_number, frame, read.evidence_stores)
                    if before is not None and until > now:
                        needed += 1
                        continue
                    rows += await asyncio.to_thread(
                        erase, folder, frame, wanted, reason=reason, needed_until=until, now=now
                    )
                tell("Looking through what came too late")
                late = await asyncio.to_thread(erase_late, folder, wanted, before=before)
        missing = sorted((wanted or frozenset()) - found)
        if missing and late < len(missing):
            raise AbsentError(
                f"No sealed frame holds {', '.join(missing)}.",
                mend="Check the ids; a decision of a frame that is not sealed yet is erased once it is.",
            )
        words = f"Erased {counted(rows, 'decision')} in sealed frames, {late} that had come too late."
        if needed:
            words += f"\n{counted(needed, 'frame')} can still be reported or looked back on: try again later."
        say(json, {"erased": rows, "erased_late": late, "frames_still_needed": needed}, words)

    run(settings, part)
