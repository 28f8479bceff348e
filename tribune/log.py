"""Structured logs on stderr, as JSON lines or plain text, with every secret taken out.

Redacts before anything is rendered: registered secret values, values under secret-looking names, and
what is recognisably a secret inside any text (private keys, Discord tokens, credentials in addresses),
tracebacks included. It does not log to files, and it never decides what is worth logging.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(private_?key|secret|passw(or)?d|passphrase|mnemonic|seed_?phrase|api_?key|authorization|cookie"
    r"|keystore_json|(^|_)token$)",
    re.IGNORECASE,
)
_KEY_NAME = re.compile(r"key", re.IGNORECASE)
_HEX_KEY = re.compile(r"^(0x)?[0-9a-fA-F]{64}$")
_ADDRESS = re.compile(r"^0x[0-9a-fA-F]{40}$")

# Each pattern keeps its named group `keep` and drops the rest. A bare 32-byte hex word is not a secret
# by itself: digests and transaction hashes look the same. It is one after a word that says "key".
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<keep>\b(?:[a-z0-9]*_)?(?:private[ _-]?key|key|secret|mnemonic)\W{1,8}(?:b['\"])?)"
        r"(?:0x)?[0-9a-f]{64}\b",
        r"(?P<keep>\b(?:[a-z0-9]*_)?(?:passw(?:or)?d|passphrase|secret|api[_-]?key|token)['\"]?\s*[=:]\s*['\"]?)"
        r"(?!0x[0-9a-f]{40}\b)(?!SecretStr|None\b|\*\*)[^\s'\",;&)}\]]{4,}",
        r"(?P<keep>)\b[\w-]{23,28}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])",
        r"(?P<keep>\b(?:bot|bearer)\s+)[\w.~+/-]{16,}=*",
        r"(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/@]+@",
        r"(?P<keep>/(?:webhooks|interactions)/\d+/)[\w-]{20,}",
        r"(?P<keep>\b(?:https?|wss?)://[^\s/]+(?:/[\w.-]+)*?/v[23]/)[\w-]{20,}",
        r"(?P<keep>/link/)[\w-]{16,}",
    )
)


class Redactor:
    """A structlog processor that takes secrets out of an event.

    Args:
        secrets: values that must never appear, whatever the field; short ones (under 6 characters)
            are ignored, since they would blank ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Register values; a 32-byte hex key is caught with and without its 0x, in either case."""
        for secret in secrets:
            if len(secret) < 6:
                continue
            self._secrets.add(secret)
            if _HEX_KEY.match(secret):
                bare = secret.removeprefix("0x")
                self._secrets.update({bare, bare.lower(), bare.upper()})

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            if secret in text:
                text = text.replace(secret, REDACTED)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda match: match.group("keep") + REDACTED, text)
        return text

    def value(self, name: str, value: Any) -> Any:
        """Return a field's value without secrets; mappings and sequences are walked."""
        if isinstance(value, Mapping):
            return {str(k): self.value(str(k), v) for k, v in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(name, item) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        shown = f"0x{value.hex()}" if isinstance(value, (bytes, bytearray)) else str(value)
        if _SECRET_NAME.search(name) and not _ADDRESS.match(shown):
            return REDACTED
        if _KEY_NAME.search(name) and _HEX_KEY.match(shown):
            return REDACTED
        return self.text(shown)

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Redact a whole event in place of structlog's processor chain."""
        for name in list(event):
            if name.startswith("_"):  # structlog's own bookkeeping of foreign records, never rendered
                continue
            event[name] = self.value(name, event[name])
        return event


def configure(
    *,
    json: bool = True,
    level: str = "INFO",
    stream: IO[str] | None = None,
    secrets: Iterable[str] = (),
    process: str = "",
) -> Redactor:
    """Send structlog's and the standard library's logs through one redacting chain to stderr.

    Args:
        json: one JSON object a line; else plain text for people.
        level: the lowest level shown.
        stream: where to write; stderr by default.
        secrets: values to redact wherever they appear; more by `register_secret`.
        process: name of this process, put on every line.

    Returns:
        The redactor in force.
    """
    import structlog

    redactor = Redactor(secrets)
    target = stream if stream is not None else sys.stderr

    def name_process(_l: Any, _m: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if process:
            event.setdefault("process", process)
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # before redaction: a traceback is text like any other
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_without_extra(shared), redactor, _to_standard()],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.stdlib.PositionalArgumentsFormatter(),
                redactor,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for chatty in (
        "web3",
        "websockets",
        "asyncio",
        "urllib3",
        "aiohttp",
        "discord",
        "apscheduler",
        "alembic",
    ):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    return redactor


def _without_extra(processors: list[Any]) -> list[Any]:
    """Drop the step that only foreign log records need."""
    from structlog.stdlib import ExtraAdder

    return [p for p in processors if not isinstance(p, ExtraAdder)]


def _to_standard() -> Any:
    from structlog.stdlib import ProcessorFormatter

    return ProcessorFormatter.wrap_for_formatter


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger; fields are given as keywords: `log.info("frame reported", frame=3)`."""
    import structlog

    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def secrets_in(*addresses: str) -> set[str]:
    """Return what of addresses may be a credential: password, long parts of a path, values of a query.

    Nodes of providers are reached by a key in the path or query, stores by a password before the host. A part
    of a path is taken for a plain word if it has under 16 characters or no digit.
    """
    found: set[str] = set()
    for address in addresses:
        try:
            parts = urlsplit(address)
        except ValueError:
            found.add(address)
            continue
        given = [parts.password, *(value for _, value in parse_qsl(parts.query))]
        if parts.scheme in ("http", "https", "ws", "wss"):
            given += [part for part in parts.path.split("/") if _looks_random(part)]
        found |= {text for part in given if part for text in (part, unquote(part))}
    return found


def _looks_random(part: str) -> bool:
    return len(part) >= 16 and any(letter.isdigit() for letter in part)


def register_secret(*secrets: str) -> None:
    """Keep these values out of everything that is logged from now on; no effect before `configure`."""
    import structlog

    for processor in structlog.get_config()["processors"]:
        if isinstance(processor, Redactor):
            processor.add(*secrets)
