"""What lets a machine start Tribune by itself, made from the settings: a systemd unit.

Text only: nothing is installed. No secret is written, only where each comes from.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.operations.parts import parts_of
from tribune.operations.stores import sqlite_file
from tribune.operations.supervisor import Patience

if TYPE_CHECKING:
    from tribune.settings import KeySource, Settings

STATE = "/var/lib/tribune"
RUNTIME = Path("/run")
CONFIG = "/etc/tribune/tribune.toml"
STOP_S = int(Patience().stop_all_s) + 20
"""More than `tribune up` takes to stop its parts."""
WATCHDOG_S = 120
"""For how long `tribune up` may be silent: long, since a restart mends nothing on a busy machine."""


@dataclass(frozen=True)
class Credential:
    """A file with a secret that a process is handed by its service manager.

    Args:
        setting: which setting names it, as `keys.monitor.secret_file`.
        file: where it is on this machine.
    """

    setting: str
    file: Path

    @property
    def name(self) -> str:
        """What the service manager calls it."""
        return self.setting.replace(".", "-")

    @property
    def variable(self) -> str:
        """The variable that says where it is, in place of the settings file."""
        return "TRIBUNE_" + self.setting.replace(".", "__").upper()


def credentials(settings: Settings) -> list[Credential]:
    """Return the files with secrets that the settings name."""
    found = [one for role, source in settings.keys.items() for one in _of(f"keys.{role}", source)]
    for name, monitor in settings.monitors.items():
        if monitor.key is not None:
            found += _of(f"monitors.{name}.key", monitor.key)
    if settings.discord.token_file is not None:
        found.append(Credential("discord.token_file", settings.discord.token_file))
    found += [
        Credential(f"web.webhooks.{name}.secret_file", hook.secret_file)
        for name, hook in settings.web.webhooks.items()
    ]
    if settings.gate.hooks.webhook_secret_file is not None:
        found.append(Credential("gate.hooks.webhook_secret_file", settings.gate.hooks.webhook_secret_file))
    return found


def _of(place: str, source: KeySource) -> Iterator[Credential]:
    for field in ("keystore", "secret_file"):
        if (file := getattr(source, field)) is not None:
            yield Credential(f"{place}.{field}", file)


def systemd_unit(settings: Settings, *, program: str = "", user: str = "") -> str:
    """Return a unit that runs `tribune up` and may do nothing else.

    Args:
        settings: say what it runs and which secrets it needs.
        program: the command `tribune`; by default that of this installation.
        user: who runs it; empty for a user that exists only while it runs.

    Raises:
        ConfigurationError: the settings name nothing to run, or a place that the service could not reach.
    """
    something_runs(settings)
    command = program or str(Path(sys.executable).with_name("tribune"))
    for needed in (Path(command), Path(command).with_name("python").resolve()):  # an environment's is a link
        if any(needed.is_relative_to(home) for home in ("/home", "/root")):
            raise ConfigurationError(
                f"{needed} is in somebody's home, which a service cannot see.",
                mend="Install it elsewhere, on the system's own Python: `/usr/bin/python3 -m venv "
                "/opt/tribune`, and name it by --program.",
            )
    socket_folder = _socket_folder(settings)
    if socket_folder is not None and not user:
        raise ConfigurationError(
            f"Nobody could use {settings.gate.serve.socket}: it is for its user and group, and the group "
            "of a user that exists only while it runs has no other members.",
            mend="Name a user by --user, and let the servers be in the group of that name.",
        )
    runtime = socket_folder is not None and socket_folder.is_relative_to(RUNTIME) and socket_folder != RUNTIME
    outside = sorted(written_outside(settings) - ({socket_folder} if runtime else set()))
    if outside and not user:
        raise ConfigurationError(
            f"A user that exists only while it runs cannot write {', '.join(map(str, outside))}.",
            mend=f"Put it below {STATE}, or name a user who may by --user.",
        )
    lines = [
        *_installing(settings),
        "[Unit]",
        "Description=Tribune: " + ", ".join(part.name for part in parts_of(settings)),
        "Wants=network-online.target",
        "After=network-online.target time-sync.target",
        "",
        "[Service]",
        "Type=notify",
        f"WatchdogSec={WATCHDOG_S}",
        f"ExecStart={_quoted(command)} up --settings {CONFIG}",
        f"WorkingDirectory={STATE}",
        f"Environment=HOME={STATE}",  # where libraries write, and .pgpass is looked for
        "StateDirectory=tribune",
        "StateDirectoryMode=0700",
        *([f"RuntimeDirectory={socket_folder.relative_to(RUNTIME)}"] if socket_folder and runtime else ()),
        f"User={user}" if user else "DynamicUser=yes",
        *(f"ReadWritePaths={path}" for path in outside),
        "UMask=0077",
        "Restart=on-failure",
        "RestartSec=10",
        f"RestartPreventExitStatus={ConfigurationError.exit_code}",  # only a person can mend a setting
        f"TimeoutStopSec={STOP_S}",
        "KillMode=mixed",
        *_handed(settings),
        *(f"# Needs the variable {name}: put it in a file of mode 0600 and name that as EnvironmentFile=."
          for name in sorted(variables(settings))),
        *_HARDENED,
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _installing(settings: Settings) -> Iterator[str]:
    """Return the commands that put everything where the unit looks for it."""
    yield "# Made by `tribune service systemd`. Install as root, in the folder of tribune.toml:"
    yield f"#   install -D -m 0644 tribune.toml {CONFIG}"
    for file in dict.fromkeys(one.file for one in credentials(settings) if not one.file.is_absolute()):
        there = Path(CONFIG).parent / file
        yield f"#   install -D -m 0400 {shlex.quote(str(file))} {shlex.quote(str(there))}"
    if not settings.deployments.is_absolute():
        folder = shlex.quote(str(settings.deployments))
        yield f"#   install -D -m 0644 -t {STATE}/{folder} {folder}/*.json"
    yield "#   install -m 0644 tribune.service /etc/systemd/system/ && systemctl daemon-reload"
    yield "#   systemctl enable --now tribune && journalctl -fu tribune"
    yield f"# Paths in the settings are below {STATE}, where the service may write, or absolute."


def _handed(settings: Settings) -> Iterator[str]:
    for one in credentials(settings):
        source = one.file if one.file.is_absolute() else Path(CONFIG).parent / one.file
        yield f"LoadCredential={one.name}:{source}"
        yield f"Environment={one.variable}=%d/{one.name}"


_HARDENED = (
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectProc=invisible",
    "NoNewPrivileges=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "LockPersonality=yes",
    "CapabilityBoundingSet=",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
)


def written_outside(settings: Settings) -> set[Path]:
    """Return the folders that are written and are not the service's own."""
    every = settings.each
    written = {Path(url) for one in every for url in one.evidence_urls if "://" not in url}
    written |= {one.tally_folder for one in every}
    written |= {file.parent for one in every if (file := sqlite_file(one.store_url)) is not None}
    written |= {settings.log_folder} if settings.seal else set()
    if settings.gate.models:
        written |= {settings.gate.hooks.state, _socket_folder(settings) or Path()}
    return {path for path in written if path.is_absolute() and not path.is_relative_to(STATE)}


def _socket_folder(settings: Settings) -> Path | None:
    """Return the folder of the sidecar's unix socket, if it has one."""
    gate = settings.gate
    return gate.serve.socket.parent if gate.models and gate.serve.socket is not None else None


def something_runs(settings: Settings) -> None:
    """Refuse settings that name nothing to run, with a ConfigurationError."""
    if not parts_of(settings):
        raise ConfigurationError(
            "The settings name nothing to run.", mend="Write tribune.toml first; see docs/operating.md."
        )


def variables(settings: Settings) -> set[str]:
    """Return the variables with secrets that the parts need."""
    return {name for part in parts_of(settings) for name in part.secrets} - (
        {settings.discord.token_env} if settings.discord.token_file is not None else set()
    )


def _quoted(command: str) -> str:
    return shlex.quote(command).replace("%", "%%")
