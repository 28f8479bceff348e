"""Redaction is proved on what reaches the stream, in both renderings, tracebacks included."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tribune import log
from tribune.log import REDACTED, Redactor

KEY = "0x" + "ab12" * 16
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4" + ".GabcDE." + "abcdefghijklmnopqrstuvwxyz0123456789AB"
SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "fields",
    [
        {"private_key": KEY},
        {"key": KEY},
        {"signer_key": KEY.removeprefix("0x")},
        {"key_bytes": bytes.fromhex(KEY[2:])},
        {"nested": {"password": "hunter2hunter2"}},
        {"items": [{"discord_token": DISCORD_TOKEN}]},
        {"note": f"connecting with {DISCORD_TOKEN} now"},
        {"note": f"headers Authorization: Bot {DISCORD_TOKEN}"},
        {"note": f"private key {KEY} was refused"},
        {"note": f"{{'private_key': '{KEY}'}}"},
        {"url": "https://user:hunter2hunter2@node.example/rpc"},
        {"url": "postgresql+psycopg://tribune:hunter2hunter2@db/tribune"},
        {"note": "password=hunter2hunter2 rejected"},
        {"note": f"the value {SECRET} leaked"},
        {"url": "https://mainnet.example/v3/0123456789abcdef0123456789abcdef"},
        {"url": "https://discord.com/api/v10/webhooks/12345/aW50ZXJhY3Rpb246MTIzNDU2/messages"},
    ],
)
def test_configure__secret_in_a_field__never_reaches_the_stream(
    fields: dict[str, object], as_json: bool
) -> None:
    stream = io.StringIO()
    log.configure(json=as_json, stream=stream, secrets=[SECRET])
    log.get_logger("t").info("event", **fields)
    text = stream.getvalue()
    for secret in (KEY[2:], DISCORD_TOKEN, "hunter2hunter2", SECRET, "0123456789abcdef", "aW50ZXJhY3Rpb246"):
        assert secret not in text
    assert REDACTED in text


@pytest.mark.parametrize("as_json", [True, False])
def test_configure__secret_in_an_exception__never_reaches_the_stream(as_json: bool) -> None:
    stream = io.StringIO()
    log.configure(json=as_json, stream=stream, secrets=[SECRET])
    try:
        try:
            raise ValueError(f"private key {KEY} and {SECRET}")
        except ValueError as cause:
            raise RuntimeError(f"token {DISCORD_TOKEN} at wss://u:hunter2hunter2@h/") from cause
    except RuntimeError:
        log.get_logger("t").exception("failed")
        logging.getLogger("library").exception("failed as well")
    text = stream.getvalue()
    assert "RuntimeError" in text
    assert "ValueError" in text
    for secret in (KEY[2:], SECRET, DISCORD_TOKEN, "hunter2hunter2"):
        assert secret not in text


def test_configure__standard_library_arguments__are_redacted() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    logging.getLogger("library").warning("connecting to %s", "https://u:hunter2hunter2@h/")
    assert "hunter2hunter2" not in stream.getvalue()
    assert json.loads(stream.getvalue())["event"].startswith("connecting to https://")


def test_register_secret__after_configure__is_redacted_in_any_form() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)
    log.register_secret(KEY)
    log.get_logger("t").info("event", digest=KEY, upper=KEY[2:].upper())
    assert KEY[2:] not in stream.getvalue()
    assert KEY[2:].upper() not in stream.getvalue()


def test_redactor__digests_and_ids__stay_readable() -> None:
    redactor = Redactor()
    event = {"tx": KEY, "token": "0x" + "11" * 20, "key": "report/1/2", "token_id": 7, "url": "http://h/b/7"}
    assert redactor(None, "info", dict(event)) == event


def test_configure__json__one_object_with_level_time_and_process() -> None:
    stream = io.StringIO()
    log.configure(stream=stream, process="monitor-1")
    log.get_logger("t").info("reported", frame=3)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["frame"], line["level"], line["process"]) == (
        "reported",
        3,
        "info",
        "monitor-1",
    )
    assert line["timestamp"].endswith("Z")


def test_configure__twice__writes_each_line_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    log.configure(stream=first)
    log.configure(stream=second)
    log.get_logger("t").info("once")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("https://node.example/rpc/0123456789abcdef", {"0123456789abcdef"}),
        ("wss://node.example/?apikey=s3cret%2Fx&n=", {"s3cret/x"}),
        ("postgresql://me:p%40ss@db/tribune", {"p%40ss", "p@ss"}),
        ("https://dao.example/evidence", set()),
        ("sqlite:///a-folder-of-2026-with-digits/tribune.db", set()),
        ("http://[broken", {"http://[broken"}),
    ],
)
def test_secrets_in__an_address__its_credentials_only(address: str, secrets: set[str]) -> None:
    assert log.secrets_in(address) == secrets
