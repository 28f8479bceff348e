"""Serve a version behind its gate, on loopback, until told to stop.

`python -m examples.acs_employment.serve CARD MODEL_ID VERSION PORT [READY_FILE]`; chain, log folder, evidence
stores and public address come from `TRIBUNE_…` settings. Port 0 takes a free one; the ready file is written,
with the port in it, once requests are taken. Refuses to start with another artifact than the registered one.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError, TribuneError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.listening import listening_on

if TYPE_CHECKING:
    from tribune.gate.middleware import App
    from tribune.settings import Settings

MAX_STALENESS_S = 5.0
"""How old the view of the chain may be: some blocks of one second, with room for a busy machine."""


@asynccontextmanager
async def gated(
    settings: Settings, card: Path, model_id: ModelId, version: VersionNumber
) -> AsyncIterator[App]:
    """Yield the server behind its gate, connected to the chain.

    Args:
        settings: chain, log folder, evidence stores, public address.
        card: of the trained artifact.
        model_id: as registered.
        version: as registered; its artifact digest must be the card's.

    Raises:
        ArtifactMismatchError: for another artifact than the registered one.
        ConfigurationError: when the model has no policy in force, so no frames to record into.
    """
    from examples.acs_employment.app import HEALTH, create_app
    from examples.acs_employment.explain import explainer
    from examples.acs_employment.model import load_model
    from examples.acs_employment.rows import load_spec
    from tribune.chain import Tribune
    from tribune.chain.gate_client import GateClient
    from tribune.decisions.leaf import LogSchema
    from tribune.gate.middleware import ModelGate
    from tribune.gate.recorder import open_recorder
    from tribune.gate.sealing.grids import grid_of
    from tribune.gate.watching.watcher import ChainWatcher

    async with await Tribune.connect(settings) as tribune:
        registered = (await tribune.model_registry.version(model_id, version)).details
        record = await tribune.policy_book.policy_for(model_id, FrameIndex(0))
        if record is None:
            raise ConfigurationError(
                f"Model {model_id} has no policy in force, so there are no frames to record decisions in.",
                mend="Let token holders set one first.",
                model_id=model_id,
            )
        model = await asyncio.to_thread(load_model, card, registered.artifact)
        named = settings.gate.model_copy(update={"model": model_id, "version": version})
        recorder = open_recorder(
            settings.model_copy(update={"gate": named}),
            schema=LogSchema.of(load_spec()),
            grid=grid_of(record),
        )
        client = GateClient(tribune)
        watcher = ChainWatcher(
            client,
            details=explainer(
                settings.evidence_stores,
                registered.profile,
                record,
                name=model.card.name,
                version=version,
            ),
        )
        yield ModelGate(
            create_app(model, recorder, version),
            watcher,
            model=model_id,
            version=version,
            max_staleness_s=MAX_STALENESS_S,
            name=model.card.name,
            site=settings.web.public_url,
            open_paths=(HEALTH,),
        )


async def serve(app: App, port: int, ready: Path | None = None) -> None:
    """Serve an application on loopback until the process is told to stop (SIGTERM, SIGINT)."""
    import uvicorn

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops on the first signal and raises it again when it is done: that one ends here, so that
        # what is open gets closed.
        loop.add_signal_handler(name, lambda: None)
    with listening_on("127.0.0.1", port) as listening:
        if ready is not None:  # the kernel takes requests from here on; they are answered in a moment
            temporary = ready.with_suffix(".tmp")
            temporary.write_text(f"{listening.getsockname()[1]}\n", encoding="utf-8")
            temporary.rename(ready)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        await server.serve(sockets=[listening])


async def _run(arguments: list[str]) -> None:
    from tribune.log import configure
    from tribune.settings import load_settings

    card, model_id, version, port, *ready = arguments
    settings = load_settings()
    configure(json=settings.logging.json_lines, level=settings.logging.level, process="gate")
    async with gated(settings, Path(card), ModelId(int(model_id)), VersionNumber(int(version))) as app:
        await serve(app, int(port), Path(ready[0]) if ready else None)


def main(arguments: list[str]) -> None:
    """Serve until told to stop."""
    if len(arguments) not in (4, 5) or not all(text.isdecimal() for text in arguments[1:4]):
        sys.exit(__doc__)
    try:
        asyncio.run(_run(arguments))
    except TribuneError as fault:
        sys.exit(str(fault))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
