"""Run the sidecar as a process: watch the chain, listen where the settings say, until told to stop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.gate.configured import site_of
from tribune.gate.problem import Subject
from tribune.gate.sidecar.app import Sidecar
from tribune.gate.telling.hooks import hooks_of
from tribune.ids import ModelId, VersionNumber
from tribune.listening import listening_on
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.settings import Settings
    from tribune.settings.gating import SidecarSettings
    from tribune.telemetry import Telemetry

LONGEST_QUESTION = 1024
"""Bytes that a client may send at once by websocket."""


async def run(settings: Settings, stop: asyncio.Event, ready: Path | None = None) -> None:
    """Serve until `stop` is set. A chain that cannot be reached is tried again, and told so meanwhile.

    Args:
        settings: chain, deployments, `[gate]`.
        stop: ends it.
        ready: a file that is written once it listens, with the port in it (empty for a unix socket).

    Raises:
        ConfigurationError: no deployment of this chain, or it cannot listen there.
    """
    import uvicorn

    from tribune.chain.deployments import load_deployment
    from tribune.gate.watching.chain_source import ChainSource
    from tribune.telemetry import Telemetry
    from tribune.telemetry.watch import watched

    load_deployment(settings.deployments, settings.chain.chain_id)  # to say at once that there is none
    gate = settings.gate
    source = ChainSource(settings)
    site = site_of(settings)

    def subject(model_id: ModelId, version: VersionNumber) -> Subject:
        return Subject(model_id, version, gate.name if model_id == gate.model else "", site)

    sidecar = Sidecar(
        source,
        chain_id=settings.chain.chain_id,
        max_staleness_s=gate.max_staleness_s,
        models=[ModelId(model) for model in gate.models],
        enforce=gate.mode == "enforce",
        subject=subject,
    )

    hooks = hooks_of(settings, sidecar.watch)

    async def vitals(telemetry: Telemetry) -> None:
        telemetry.show("tribune_gate_models", len(sidecar.views))
        telemetry.show("tribune_gate_blind_models", sidecar.blind)
        telemetry.show("tribune_gate_stopped_models", sidecar.stopped)
        telemetry.show("tribune_gate_sockets", sidecar.sockets)
        telemetry.show("tribune_gate_refusals_total", sidecar.refused)
        telemetry.show("tribune_gate_hooks_owed", 0 if hooks is None else hooks.owed)

    with _listening(gate.serve) as listening:
        config = uvicorn.Config(
            sidecar,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ws_max_size=LONGEST_QUESTION,
        )
        server = uvicorn.Server(config)
        # Signals are for whoever runs this process, which tells us by `stop`.
        server.capture_signals = nullcontext  # type: ignore[assignment,method-assign]
        watching = asyncio.create_task(source.run())
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        stopping = asyncio.create_task(stop.wait())
        telling = asyncio.create_task(stop.wait() if hooks is None else hooks.run())
        where = "" if gate.serve.socket is not None else str(listening.getsockname()[1])
        get_logger(__name__).info("sidecar listens", socket=str(gate.serve.socket or ""), port=where)
        if ready is not None:  # the kernel takes connections from here on; they are answered in a moment
            temporary = ready.with_suffix(".tmp")
            temporary.write_text(f"{where}\n", encoding="utf-8")
            temporary.rename(ready)
        try:
            async with watched(Telemetry(), settings.telemetry, {"gate": vitals}):
                await asyncio.wait(
                    {watching, serving, stopping, telling}, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            stopping.cancel()
            watching.cancel()
            telling.cancel()
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await serving
            for task in (watching, telling):
                with suppress(asyncio.CancelledError):
                    await task


def _listening(where: SidecarSettings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Opened here, since uvicorn ends the process where it cannot.
    """
    try:
        if where.socket is not None:
            return _unix(where.socket)
        return listening_on(where.host, where.port)
    except OSError as fault:
        raise ConfigurationError(
            f"The sidecar cannot listen on {where.socket or f'{where.host}, port {where.port}'} "
            f"({fault.strerror or fault}).",
            mend="Stop what listens there, or choose another place under [gate.serve].",
        ) from None


def _unix(path: Path) -> socket.socket:
    """Return a listening unix socket for owner and group; one that nobody listens on is replaced."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            if other.connect_ex(str(path)) != 0:
                path.unlink()
    listening.bind(str(path))
    path.chmod(0o660)
    listening.listen(2048)
    return listening
