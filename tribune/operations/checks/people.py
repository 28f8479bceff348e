"""Checks of what people see: the pages' address, webhooks, Discord, and what each part shows of itself."""

from __future__ import annotations

import socket
import stat
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tribune.exceptions import ConfigurationError
from tribune.operations.finding import Finding, Patient, not_ok, ok, warning
from tribune.untrusted import load_json

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_S = 10.0


async def pages(patient: Patient) -> list[Finding]:
    """Look whether the public address answers and is https, unless it is this machine's own."""
    if not (patient.runs("web") or patient.runs("bot")):
        return []
    url = patient.settings.web.public_url.rstrip("/")
    parts = urlsplit(url)
    found = []
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        found.append(
            not_ok(
                f"{url} is not https: what people sign there could be changed on its way.",
                "Put a web server with a certificate before the pages, and set web.public_url.",
            )
        )
    why = await _ask(f"{url}/healthz")
    if why:
        mend = "Start `tribune up` and look again; then check the web server before it and web.public_url."
        found.append(warning(f"{url} does not answer: {why}.", mend))
    return found or [ok(f"{url} answers")]


async def webhooks(patient: Patient) -> list[Finding]:
    """Look whether each webhook has a secret to sign with that not everybody can read; nothing is sent."""
    settings = patient.settings
    files = {name: hook.secret_file for name, hook in settings.web.webhooks.items()}
    if settings.gate.hooks.webhook and settings.gate.hooks.webhook_secret_file is not None:
        files["the gate's"] = settings.gate.hooks.webhook_secret_file
    return [_secret(name, file) for name, file in files.items()]


def _secret(name: str, file: Path) -> Finding:
    from tribune.webhooks import read_secrets

    try:
        read_secrets(file)
        mode = file.stat().st_mode
    except ConfigurationError as fault:
        return not_ok(f"{name}: {fault.message}", fault.mend)
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        mend = f"`chmod o= {file}`, and write a new secret: who read it can sign as you."
        return not_ok(f"{name}: everybody on this machine may read or change {file}.", mend)
    return ok(f"{name}: signed with the secret in {file} (nothing was sent)")


async def _ask(url: str) -> str:
    """Return why an address does not answer, empty where it does."""
    from aiohttp import ClientError, ClientSession, ClientTimeout

    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=ANSWER_S)) as session,
            session.get(url) as answer,
        ):
            return "" if answer.status == 200 else f"status {answer.status}"
    except (ClientError, OSError, TimeoutError, ValueError) as fault:
        return str(fault) or type(fault).__name__


async def telemetry(patient: Patient) -> list[Finding]:
    """Look whether each part's port for metrics is free, or answers that the part is well."""
    shown = patient.settings.telemetry
    found = []
    for part in patient.parts:
        if not part.telemetry_port:
            continue
        where = f"{part.name}, port {part.telemetry_port}"
        try:
            socket.create_server((shown.host, part.telemetry_port)).close()
        except OSError:
            late = await _late(f"http://{shown.host}:{part.telemetry_port}/health")
            if late is None:
                mend = "Stop what uses it, or set telemetry.port to another; parts take those after it."
                found.append(not_ok(f"{where} is used by something else.", mend))
            elif late:
                found.append(warning(f"{where}: late are {', '.join(late)}.", "See its log."))
            else:
                found.append(ok(f"{where}: runs and is well"))
        else:
            found.append(ok(f"{where}: free; {part.name} does not run"))
    return found


async def _late(url: str) -> list[str] | None:
    """Return what is late in a part that runs; None where it is none of ours."""
    from aiohttp import ClientError, ClientSession, ClientTimeout

    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=ANSWER_S)) as session,
            session.get(url) as answer,
        ):
            late = load_json(await answer.content.read(2**16))["late"]
            return [str(one) for one in late]
    except (ClientError, OSError, TimeoutError, ValueError, TypeError, KeyError):
        return None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, seen from itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def discord(patient: Patient) -> list[Finding]:
    """Look whether the bot's token is where the settings say; it is not tried."""
    if not patient.runs("bot"):
        return []
    from tribune.keys import discord_token

    discord_token(patient.settings)
    return [ok("the token is there (not tried)")]
