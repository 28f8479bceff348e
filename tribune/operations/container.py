"""A Containerfile that runs `tribune up`, made from the settings, with the commands that build and start it.

Text only: nothing is built. No secret is written, only where each comes from. What is written by the parts
lies in a volume; what they only read is mounted from where it lies beside the settings.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tribune.operations.checks.people import is_loopback
from tribune.operations.parts import Part, parts_of
from tribune.operations.service import (
    CONFIG,
    STATE,
    STOP_S,
    credentials,
    something_runs,
    variables,
    written_outside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tribune.settings import Settings

USER = 10001
_EXTRAS = {"web": "web", "bot": "bot", "monitor": "monitors", "log": "chain", "gate": "sidecar"}
_JAVA = """\
RUN apt-get update && apt-get install -y --no-install-recommends default-jre-headless \\
    && rm -rf /var/lib/apt/lists/*
"""


def container_file(settings: Settings) -> str:
    """Return a Containerfile that runs `tribune up` as a user without rights.

    Raises:
        ConfigurationError: the settings name nothing to run.
    """
    something_runs(settings)
    secrets = credentials(settings)
    listening = [] if _needs_this_machine(settings) else list(_listening(settings))
    environment = [f"ENV {one.variable}=/run/secrets/{one.name}" for one in secrets]
    environment += [f"ENV {name}=0.0.0.0" for name in dict.fromkeys(name for name, _, _ in listening)]
    environment += [f"EXPOSE {port}" for _, _, port in listening]
    flags = ["--network host"] if _needs_this_machine(settings) else []
    flags += [f"-p {_published(host)}{port}:{port}" for _, host, port in listening]
    flags += [f"-v {shlex.quote(f'{source}:{target}{way}')}" for source, target, way in _mounts(settings)]
    flags += [f"-v {shlex.quote(f'{one.file.absolute()}:/run/secrets/{one.name}:ro')}" for one in secrets]
    flags += [f"--env {name}" for name in sorted(variables(settings))]
    files = " ".join(shlex.quote(str(one.file.absolute())) for one in secrets)
    owned = f"#   chown {USER} {files} && chmod 0400 {files}\n" if files else ""
    more = "".join(f"#     {flag} \\\n" for flag in flags)
    java = _JAVA if "spark" in (extras := _extras(settings)) else ""
    return f"""\
# Made by `tribune service container`. In the folder of tribune.toml, where SOURCE is a checkout of Tribune:
#   docker build -t tribune -f Containerfile SOURCE
{owned}#   docker run -d --name tribune --init --read-only --cap-drop ALL --security-opt no-new-privileges \\
#     --restart unless-stopped --stop-timeout {STOP_S} --tmpfs /tmp \\
#     -v tribune:{STATE} -v "$PWD"/tribune.toml:{CONFIG}:ro \\
{more}#     tribune
# With podman: the same, and `build --format docker`, without which it drops the health check.
# User {USER} runs it, who must be able to read tribune.toml and what is mounted. The image has no secret.
FROM python:3.11-slim

RUN useradd --uid {USER} --no-create-home --home-dir {STATE} --shell /usr/sbin/nologin tribune \\
    && install -d -o tribune -g tribune -m 0700 {STATE}
{java}COPY pyproject.toml requirements.lock README.md LICENSE /src/
COPY tribune /src/tribune
COPY monitors /src/monitors
COPY bot /src/bot
RUN pip install --no-cache-dir -c /src/requirements.lock "/src[{",".join(extras)}]" && rm -rf /src

{"".join(line + chr(10) for line in environment)}USER {USER}
WORKDIR {STATE}
VOLUME {STATE}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5m --timeout=60s --start-period=120s --retries=3 \\
    CMD ["tribune", "doctor", "--settings", "{CONFIG}"]
ENTRYPOINT ["tribune", "up", "--settings", "{CONFIG}"]
"""


def _extras(settings: Settings) -> list[str]:
    """Return the extras that the parts need."""
    wanted = {_EXTRAS[_kind(part)] for part in parts_of(settings)}
    every = settings.each
    if any(one.store_url.startswith("postgres") for one in every):
        wanted.add("postgres")
    if any(url.startswith("s3://") for one in every for url in one.evidence_stores):
        wanted.add("s3")
    if "monitors" in wanted and any(one.monitor.engine == "spark" for one in every):
        wanted.add("spark")
    if "monitors" in wanted and settings.monitor.replay.commands:
        wanted.add("replay")
    return sorted(wanted)


def _kind(part: Part) -> str:
    return part.name.partition("-")[0]


def _needs_this_machine(settings: Settings) -> bool:
    """Return whether something is reached on loopback, which in a network of its own is the container."""
    return any(is_loopback(urlsplit(url).hostname or "") for url in settings.addresses)


def _listening(settings: Settings) -> Iterator[tuple[str, str, int]]:
    """Return where the parts listen: the variable of the host, the host for whom it is meant, the port."""
    for part in parts_of(settings):
        if _kind(part) == "web" and settings.web.port:
            yield "TRIBUNE_WEB__HOST", settings.web.host, settings.web.port
        if _kind(part) == "gate" and settings.gate.serve.socket is None and settings.gate.serve.port:
            yield "TRIBUNE_GATE__SERVE__HOST", settings.gate.serve.host, settings.gate.serve.port
        if part.telemetry_port:
            yield "TRIBUNE_TELEMETRY__HOST", settings.telemetry.host, part.telemetry_port


def _published(host: str) -> str:
    """Return for whom a port is published: for those whom the settings mean."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared with, not listened on
        return ""
    host = "127.0.0.1" if host == "localhost" else host
    return f"[{host}]:" if ":" in host else f"{host}:"


def _mounts(settings: Settings) -> Iterator[tuple[Path, Path, str]]:
    """Return what of the machine is seen inside: from where, as what, and `:ro` where it is only read."""
    for path in sorted(written_outside(settings)):
        yield path, path, ""
    every = settings.each
    ours = {url for one in every for url in one.evidence_urls}
    read = [settings.deployments]
    if not settings.seal and any(_kind(part) == "monitor" for part in parts_of(settings)):
        read.append(settings.log_folder)
    read += [
        Path(url) for one in every for url in one.evidence_read_urls if "://" not in url and url not in ours
    ]
    if settings.monitor.replay.commands:
        read.append(settings.monitor.replay.artifacts)
    for path in dict.fromkeys(read):
        yield path.absolute(), Path(os.path.normpath(Path(STATE) / path)), ":ro"
