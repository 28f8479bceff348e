"""`gated(app)`: the gate as the settings have it, in one call.

Reads the chain in this process, or asks a sidecar, so that the serving environment needs nothing of the
chain. Never waits for either: until something is known the gate refuses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tribune.exceptions import ConfigurationError, TribuneError, WrongChainError
from tribune.gate.artifact import ArtifactCheck
from tribune.gate.connections import Scope
from tribune.gate.middleware import App, ModelGate
from tribune.gate.status import Refusal, StatusSource, StatusView
from tribune.ids import ModelId, VersionNumber

if TYPE_CHECKING:
    from tribune.settings import Settings

RETRY_S = 2.0
"""Pause before a chain that could not be reached at all is tried again."""


def gated(
    app: App,
    settings: Settings | None = None,
    *,
    on_refusal: Callable[[Refusal, Scope], None] | None = None,
) -> ModelGate:
    """Return an ASGI application behind its gate.

    Args:
        app: the model's server.
        settings: None reads `tribune.toml` and the environment.
        on_refusal: told of every refusal, in mode "observe" too.

    Raises:
        ConfigurationError: the settings name no model, or cannot be used.
    """
    settings = _read(settings)
    gate = settings.gate
    return ModelGate(
        app,
        source_of(settings),
        model=ModelId(gate.model),
        version=VersionNumber(gate.version),
        max_staleness_s=gate.max_staleness_s,
        mode=gate.mode,
        on_refusal=on_refusal,
        name=gate.name,
        site=site_of(settings),
        open_paths=gate.open_paths,
        cut_streams=gate.cut_streams,
        artifact=artifact_of(settings),
    )


def source_of(settings: Settings) -> StatusSource:
    """Return what tells of the model's status: the sidecar that the settings name, or else the chain."""
    if settings.gate.sidecar:
        client: Any = import_module("tribune.gate.sidecar_client")
        source: StatusSource = client.SidecarSource(settings.gate.sidecar)
        return source
    return ChainSource(settings)


def artifact_of(settings: Settings) -> ArtifactCheck | None:
    """Return what compares the model on disk with the registered one, where the settings name it."""
    gate = settings.gate
    return ArtifactCheck(gate.artifact, gate.artifact_check_s) if gate.artifact is not None else None


def site_of(settings: Settings) -> str:
    """Return the address of the ballot pages; empty where nobody set it, since a guess would lead nowhere."""
    return settings.web.public_url if "public_url" in settings.web.model_fields_set else ""


class ChainSource:
    """A status source that connects to the chain by itself, and goes on trying while it cannot.

    Args:
        settings: chain and deployments.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self, view: StatusView) -> None:
        """Keep the view current until cancelled."""
        # web3 takes a second to import, in which the server would answer nobody
        await asyncio.to_thread(import_module, "tribune.chain.gate_client")
        from tribune.chain import Tribune
        from tribune.chain.gate_client import GateClient
        from tribune.gate.watcher import ChainWatcher

        while True:
            try:
                async with await Tribune.connect(self._settings) as tribune:
                    client = GateClient(tribune)
                    await ChainWatcher(client).run(view)
            except WrongChainError as fault:
                view.forget(str(fault))
            except (TribuneError, OSError) as fault:
                view.lose(str(fault))
            await asyncio.sleep(RETRY_S)


def _read(settings: Settings | None) -> Settings:
    if settings is None:
        from tribune.settings import load_settings

        settings = load_settings()
    if not settings.gate.model:
        raise ConfigurationError(
            "The settings name no model for this gate.",
            mend="Write model and version under [gate] in tribune.toml, or set TRIBUNE_GATE__MODEL and "
            "TRIBUNE_GATE__VERSION.",
        )
    return settings
