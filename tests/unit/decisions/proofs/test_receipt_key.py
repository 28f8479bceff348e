"""Receipt keys and their certificates: made, kept, read back, and refused."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tribune.decisions.proofs.receipt_key import (
    Certificate,
    ReceiptKey,
    certify,
    read_certificate,
    write_certificate,
    write_receipt_key,
)
from tribune.decisions.typed import LogContract, address_of
from tribune.exceptions import ConfigurationError, SignatureError
from tribune.ids import Address, Digest, ModelId, VersionNumber

CONTRACT = LogContract(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
LOGGER = Account.from_key(b"\x11" * 32)
MODEL = ModelId(4)


def _made(folder: Path, *, ends_in_s: float = 60) -> tuple[Path, Path]:
    key, certificate = folder / "receipt-key", folder / "receipt-key.json"
    secret = secrets.token_bytes(32)
    write_receipt_key(key, secret)
    made = certify(LOGGER, CONTRACT, MODEL, address_of(secret), int(time.time() + ends_in_s))
    write_certificate(certificate, made)
    return key, certificate


def test_load__a_key_with_its_certificate__signs(tmp_path: Path) -> None:
    key = ReceiptKey.load(*_made(tmp_path))
    assert key.certificate.certifier() == LOGGER.address
    assert key.sign(VersionNumber(1), Digest(bytes(32))) is not None


def test_write_receipt_key__a_file__is_nobody_elses_to_read(tmp_path: Path) -> None:
    key, _ = _made(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError, match="exists"):
        write_receipt_key(key, bytes(32))


def test_load__key_that_everybody_reads__is_refused(tmp_path: Path) -> None:
    key, certificate = _made(tmp_path)
    key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="Everybody"):
        ReceiptKey.load(key, certificate)


def test_load__certificate_of_another_key__is_refused(tmp_path: Path) -> None:
    key, _ = _made(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = _made(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="another receipt key"):
        ReceiptKey.load(key, other)


def test_load__certificate_that_has_run_out__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="run out"):
        ReceiptKey.load(*_made(tmp_path, ends_in_s=-1))


def test_load__no_key_in_the_file__is_refused(tmp_path: Path) -> None:
    _, certificate = _made(tmp_path)
    wrong = tmp_path / "wrong"
    wrong.write_text("no hex")
    wrong.chmod(0o600)
    with pytest.raises(ConfigurationError, match="64 hex digits"):
        ReceiptKey.load(wrong, certificate)


def test_sign__certificate_ran_out__is_unsigned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ReceiptKey.load(*_made(tmp_path))
    later = time.time() + 3600
    monkeypatch.setattr("tribune.decisions.proofs.receipt_key.time.time", lambda: later)
    assert key.sign(VersionNumber(1), Digest(bytes(32))) is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "tribune/receipt-key/2"},
        {"model": -1},
        {"model": "4"},
        {"not_after": 2**48},
        {"not_after": True},
        {"key": "0x12"},
        {"signature": 5},
        {"surplus": 1},
    ],
)
def test_of__a_changed_document__is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    document = read_certificate(_made(tmp_path)[1]).document()
    with pytest.raises(SignatureError):
        Certificate.of({**document, **change})


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff", "[" * 100])
def test_read_certificate__something_else__is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "certificate"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigurationError):
        read_certificate(path)


def test_document__of_a_certificate__reads_back_the_same(tmp_path: Path) -> None:
    certificate = read_certificate(_made(tmp_path)[1])
    assert Certificate.of(json.loads(json.dumps(certificate.document()))) == certificate
