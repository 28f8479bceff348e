"""Checks of what people see: the pages' address, Discord."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from tribune.operations.finding import Finding, Patient, not_ok, ok, warning

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
