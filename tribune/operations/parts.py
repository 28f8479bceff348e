"""Which parts of Tribune a settings file asks for, and the command that runs each.

A part is the same command that an operator would type. Refuses nothing: what is wrong with a part is said by
the part itself.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tribune.settings import KeySource, Settings


@dataclass(frozen=True)
class Part:
    """A process to run.

    Args:
        name: what its log lines and errors call it.
        command: arguments of `tribune`.
        secrets: environment variables with its own secrets.
        telemetry_port: where it shows how it is; 0: nowhere.
    """

    name: str
    command: tuple[str, ...]
    secrets: frozenset[str] = frozenset()
    telemetry_port: int = 0


def parts_of(settings: Settings) -> list[Part]:
    """Return the parts that the settings ask for, in the order in which they start."""
    parts = []
    for version in settings.seal:
        model, _, number = version.partition("/")
        parts.append(
            Part(
                f"log-{model}-{number}",
                ("log", "seal", "--model", model, "--version", number),
                _named(settings.keys.get("logger")),
            )
        )
    if settings.gate.models:
        parts.append(Part("gate", ("gate", "serve")))
    for name in settings.monitors:
        source = settings.of_monitor(name).keys.get("monitor")
        parts.append(Part(f"monitor-{name}", ("monitor", "run", "--name", name), _named(source)))
    if not settings.monitors and "monitor" in settings.keys:
        parts.append(Part("monitor", ("monitor", "run"), _named(settings.keys["monitor"])))
    discord = settings.discord
    if discord.guild_id is not None or discord.channel_id is not None:
        secrets = {discord.token_env, *_named(settings.keys.get("relayer"))}
        parts.append(Part("bot", ("bot", "run"), frozenset(secrets)))
    if "web" in settings.model_fields_set:
        parts.append(Part("web", ("web",)))
    return _with_ports(parts, settings.telemetry.port)


def _with_ports(parts: Iterable[Part], first: int) -> list[Part]:
    """Give each part a port of its own on which it shows how it is; none where the first is 0."""
    ports = itertools.count(first) if first else itertools.repeat(0)
    return [replace(part, telemetry_port=port) for part, port in zip(parts, ports, strict=False)]


def hidden_from(part: Part, secrets: Iterable[str]) -> frozenset[str]:
    """Return the variables with others' secrets, which a part must not see."""
    return frozenset(secrets) - part.secrets


def _named(source: KeySource | None) -> frozenset[str]:
    return frozenset() if source is None or source.env is None else frozenset({source.env})
