"""Receipts as an asker checks them, and what an operator or a stranger might hand out instead."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.leaf import Decision
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipt_key import Certificate, ReceiptKey, certify
from tribune.decisions.proofs.receipts import Receipt, SignedBatch, check_receipt, receipt_in
from tribune.decisions.typed import LogContract
from tribune.exceptions import ConfigurationError, DataError, SignatureError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from unit.decisions.rows import GRID, MODEL, SCHEMA, VERSION, decision

CONTRACT = LogContract(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
LOGGER, STRANGER = Account.from_key(b"\x11" * 32), Account.from_key(b"\x66" * 32)
SECRET = b"\x22" * 32
KEY = Address(Account.from_key(SECRET).address)
SOON = int(time.time()) + 3600


def _certificate(
    model: ModelId = MODEL, contract: LogContract = CONTRACT, ends: int = SOON, by: Any = LOGGER
) -> Certificate:
    return certify(by, contract, model, KEY, ends)


def _receipts(
    root: Path, *decisions: Decision, key: ReceiptKey | None = None, model: ModelId = MODEL
) -> list[Receipt]:
    log = DecisionLog(root, SCHEMA, GRID, model_id=model, version=VERSION, receipt_key=key)
    future = log.accept_many(decisions)
    log.close()
    return future.result(5)


def _signed(root: Path, count: int = 5, certificate: Certificate | None = None) -> list[Receipt]:
    key = ReceiptKey(SECRET, certificate or _certificate())
    decisions = [decision(f"d{i}", 500 + i) for i in range(count)]
    return _receipts(root, *decisions, key=key, model=key.certificate.model_id)


def _as_json(receipt: Receipt) -> Any:
    return json.loads(json.dumps(receipt.document()))


@pytest.mark.parametrize("count", [1, 2, 5, 1500])
def test_check_receipt__signed_ones__name_who_certified_the_key(tmp_path: Path, count: int) -> None:
    receipts = _signed(tmp_path, count)
    for receipt in (receipts[0], receipts[-1], receipts[count // 2]):
        assert check_receipt(Receipt.of(_as_json(receipt))) == LOGGER.address


def test_check_receipt__unsigned__is_nobodys(tmp_path: Path) -> None:
    (receipt,) = _receipts(tmp_path, decision("a", 1))
    assert check_receipt(Receipt.of(_as_json(receipt))) is None
    assert _as_json(receipt)["signed"] is None
    assert receipt.header().endswith(";signed=?0")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        {"time": 501},
        {"version": 3},
        {"model": 9},
        {"body": "0x" + "11" * 32},
        {"leaf": "0x" + "11" * 32},
    ],
)
def test_check_receipt__a_field_changed__is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    document = _as_json(_signed(tmp_path)[0])
    with pytest.raises(SignatureError, match="leaf"):
        check_receipt(Receipt.of({**document, **change}))


def test_check_receipt__forged_whole_by_a_stranger__is_refused(tmp_path: Path) -> None:
    forger = ReceiptKey(b"\x33" * 32, certify(STRANGER, CONTRACT, MODEL, _address(b"\x33" * 32), SOON))
    (forged,) = _receipts(tmp_path, decision("a", 1), key=forger)
    assert forged.batch is not None
    borrowed = forged._replace(batch=replace(forged.batch, certificate=_certificate()))
    with pytest.raises(SignatureError, match="not signed by"):
        check_receipt(borrowed)
    assert check_receipt(forged) == STRANGER.address  # which is no logger of the model: the chain says so


def test_check_receipt__signature_of_another_batch__is_refused(tmp_path: Path) -> None:
    one, other = _signed(tmp_path / "1")[0], _signed(tmp_path / "2")[0]
    assert one.batch is not None
    assert other.batch is not None
    mixed = one._replace(batch=replace(one.batch, signature=other.batch.signature))
    with pytest.raises(SignatureError, match="not signed by"):
        check_receipt(mixed)
    with pytest.raises(SignatureError, match="not signed by"):
        check_receipt(one._replace(batch=other.batch))


def test_check_receipt__of_another_model__is_refused(tmp_path: Path) -> None:
    foreign = _signed(tmp_path, certificate=_certificate(ModelId(9)))[0]
    (mine,) = _receipts(tmp_path, decision("a", 1))
    with pytest.raises(SignatureError, match="certified for model 9"):
        check_receipt(mine._replace(batch=foreign.batch))
    assert foreign.batch is not None
    relabelled = replace(foreign.batch, certificate=_certificate())
    with pytest.raises(SignatureError, match="leaf"):
        check_receipt(foreign._replace(model_id=MODEL, batch=relabelled))


@pytest.mark.parametrize("other", [replace(CONTRACT, chain_id=1), replace(CONTRACT, address=KEY)])
def test_check_receipt__of_another_chain_or_contract__is_refused(tmp_path: Path, other: LogContract) -> None:
    receipt = _signed(tmp_path, certificate=_certificate(contract=other))[0]
    assert receipt.batch is not None
    moved = replace(receipt.batch, certificate=_certificate())
    with pytest.raises(SignatureError, match="not signed by"):
        check_receipt(receipt._replace(batch=moved))


def test_check_receipt__certificate_stretched_by_its_holder__is_somebody_elses(tmp_path: Path) -> None:
    receipt = _signed(tmp_path)[0]
    assert receipt.batch is not None
    longer = replace(receipt.batch.certificate, not_after=2**40)
    stretched = receipt._replace(batch=replace(receipt.batch, certificate=longer))
    assert check_receipt(stretched) != LOGGER.address


def test_check_receipt__decided_after_the_certificate_ran_out__is_refused(tmp_path: Path) -> None:
    late = decision("late", (SOON + 1) * 1_000_000)
    (receipt,) = _receipts(tmp_path, late, key=ReceiptKey(SECRET, _certificate()))
    with pytest.raises(SignatureError, match="certified until"):
        check_receipt(receipt)


def test_log__key_certified_for_another_model__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="certified for model 9"):
        _receipts(tmp_path, key=ReceiptKey(SECRET, _certificate(ModelId(9))))


@pytest.mark.parametrize("name", ["plain", 'a"\r\nset-cookie: x', "ü/😀%;:", "\\"])
def test_receipt_in__a_header_as_sent__is_the_receipt(tmp_path: Path, name: str) -> None:
    key = ReceiptKey(SECRET, _certificate())
    decisions = [decision(name, 1), *(decision(f"x{i}", 1) for i in range(6))]
    sent = _receipts(tmp_path, *decisions, key=key)[0]
    header = sent.header()
    assert header.isascii()
    assert header.isprintable()
    found = receipt_in(header, model_id=MODEL, version=VERSION, certificate=key.certificate)
    assert found.document() == sent.document()
    assert check_receipt(found) == LOGGER.address


def test_receipt_in__an_unsigned_header__is_the_receipt(tmp_path: Path) -> None:
    (sent,) = _receipts(tmp_path, decision("late", 10**18))
    assert receipt_in(sent.header(), model_id=MODEL, version=VERSION, certificate=None) == sent


def test_receipt_in__signed_without_a_certificate__says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="certificate"):
        receipt_in(_signed(tmp_path)[0].header(), model_id=MODEL, version=VERSION, certificate=None)


@given(st.text(max_size=30) | st.just('"a";time=1;leaf="0x";body="0x";signed=?0'))
def test_receipt_in__anything_else__is_refused(field: str) -> None:
    with pytest.raises(DataError):
        receipt_in(field, model_id=MODEL, version=VERSION, certificate=None)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "tribune/receipt/2"},
        {"id": ""},
        {"id": 5},
        {"time": -1},
        {"time": True},
        {"frame": "1"},
        {"version": 2**32},
        {"leaf": "0x12"},
        {"body": None},
        {"signed": []},
        {"signed": {"path": ["0x12"], "signature": "0x", "certificate": None}},
        {"surplus": 1},
    ],
)
def test_of__a_document_that_is_none__is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    document = _as_json(_signed(tmp_path)[0])
    with pytest.raises((DataError, SignatureError)):
        Receipt.of({**document, **change})


def test_of__a_path_without_end__is_refused(tmp_path: Path) -> None:
    document = _as_json(_signed(tmp_path)[0])
    document["signed"]["path"] = ["0x" + "00" * 32] * 65
    with pytest.raises(DataError, match="path"):
        Receipt.of(document)


def test_check_receipt__an_inner_node_as_leaf__is_refused(tmp_path: Path) -> None:
    receipt = _signed(tmp_path)[0]
    assert receipt.batch is not None
    path = receipt.batch.path(receipt.place)
    shorter = SignedBatch(receipt.batch.certificate, receipt.batch.signature, lambda _: path[1:])
    with pytest.raises(SignatureError):
        check_receipt(receipt._replace(leaf=Digest(path[0]), batch=shorter))
    assert receipt.frame == FrameIndex(1)
    assert receipt.version == VersionNumber(2)


def _address(secret: bytes) -> Address:
    return Address(Account.from_key(secret).address)


async def test_record__the_key_cannot_sign__keeps_the_decision_and_gives_an_unsigned_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ReceiptKey(SECRET, _certificate())
    monkeypatch.setattr(key, "_sign", _broken)
    log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION, receipt_key=key)
    receipts = [
        await log.record(decision("a", 1)),
        *await log.record_many([decision("b", 2), decision("c", 3)]),
    ]
    log.close()
    assert log.accepted == 3
    assert [receipt.batch for receipt in receipts] == [None, None, None]


def _broken(_: Digest) -> bytes:
    raise RuntimeError("no entropy")
