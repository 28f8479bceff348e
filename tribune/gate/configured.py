"""`gated(app)`: the gate as the settings have it, in one call.

Reads the chain in this process, or asks a sidecar, so that the serving environment needs nothing of the
chain. Never waits for either: until something is known the gate refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.gate.artifact import ArtifactCheck
from tribune.gate.connections import Scope
from tribune.gate.keeper import GateKeeper
from tribune.gate.middleware import App, ModelGate
from tribune.gate.problem import Subject
from tribune.gate.status import Refusal, StatusSource
from tribune.gate.watching.chain_source import ChainSource
from tribune.ids import ModelId, VersionNumber

if TYPE_CHECKING:
    from tribune.settings import Settings


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
    settings = read(settings)
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


def keeper_of(
    settings: Settings | None, *, shut: Callable[[Refusal], None], under_way: Callable[[], int]
) -> GateKeeper:
    """Return what decides for the model that the settings name; None reads them.

    Args:
        settings: None reads `tribune.toml` and the environment.
        shut: told of a refusal that is enforced when it begins and while it lasts, from any thread.
        under_way: returns how much is under way.

    Raises:
        ConfigurationError: the settings name no model, or cannot be used.
    """
    settings = read(settings)
    gate = settings.gate
    return GateKeeper(
        Subject(ModelId(gate.model), VersionNumber(gate.version), gate.name, site_of(settings).rstrip("/")),
        source_of(settings),
        max_staleness_s=gate.max_staleness_s,
        mode=gate.mode,
        artifact=artifact_of(settings),
        shut=shut,
        under_way=under_way,
    )


def source_of(settings: Settings) -> StatusSource:
    """Return what tells of the model's status: the sidecar that the settings name, or else the chain."""
    if settings.gate.sidecar:
        from tribune.gate.sidecar.client import SidecarSource

        return SidecarSource(settings.gate.sidecar, chain_id=settings.chain.chain_id)
    return ChainSource(settings)


def artifact_of(settings: Settings) -> ArtifactCheck | None:
    """Return what compares the model on disk with the registered one, where the settings name it."""
    gate = settings.gate
    return ArtifactCheck(gate.artifact, gate.artifact_check_s) if gate.artifact is not None else None


def site_of(settings: Settings) -> str:
    """Return the address of the ballot pages; empty where nobody set it, since a guess would lead nowhere."""
    return settings.web.public_url if "public_url" in settings.web.model_fields_set else ""


def read(settings: Settings | None) -> Settings:
    """Return the settings, read where none are given; ConfigurationError where they name no model."""
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
