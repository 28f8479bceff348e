"""Attestation documents: round trip, names, and what strangers may put in their place."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tribune.exceptions import EvidenceError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.attestation import (
    MAX_BYTES,
    AttestationDocument,
    parse_attestation,
    read_attestation,
    write_attestation,
)
from tribune.reports.canonical import canonical_bytes
from tribune.reports.signing import HubDomain, Report, sign_attestation

MONITOR = Account.from_key("0x" + "11" * 32)
OTHER = Account.from_key("0x" + "22" * 32)
DOMAIN = HubDomain(31337, Address("0x" + "Ab" * 20))
WITNESS = Digest(b"\5" * 32)
REPORT = Report(
    ModelId(3),
    VersionNumber(2),
    FrameIndex(7),
    Digest(b"\1" * 32),
    Digest(b"\2" * 32),
    Digest(b"\3" * 32),
    (0, -(2**63), 1_000_000),
)


def signed(
    report: Report = REPORT, domain: HubDomain = DOMAIN, account: Any = MONITOR
) -> AttestationDocument:
    signature = sign_attestation(account, domain, report, WITNESS)
    return AttestationDocument(domain, report, WITNESS, Address(account.address), signature)


NAME = signed().name


def test_name__follows_from_what_it_is_about() -> None:
    folder = f"attestations/31337/0x{'ab' * 20}/3/2/7/{'01' * 32}"
    assert f"{folder}/0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a.json" == NAME


def test_parse_attestation__own_bytes__the_same() -> None:
    found = parse_attestation(signed().data, NAME)
    assert (found.report, found.witness, found.monitor) == (REPORT, WITNESS, MONITOR.address)
    assert found.signature == signed().signature


def test_write_attestation__then_read__the_same(tmp_path: Path) -> None:
    write_attestation(tmp_path, signed())
    found = read_attestation(tmp_path, NAME)
    assert found is not None
    assert found.data == signed().data


def test_read_attestation__nothing_there__none(tmp_path: Path) -> None:
    assert read_attestation(tmp_path, NAME) is None


@pytest.mark.parametrize(
    "document",
    [
        signed(replace(REPORT, frame=FrameIndex(6))),
        signed(replace(REPORT, model_id=ModelId(4))),
        signed(replace(REPORT, version=VersionNumber(1))),
        signed(replace(REPORT, policy=Digest(b"\4" * 32))),
        signed(domain=HubDomain(1, DOMAIN.hub)),
        signed(domain=HubDomain(31337, Address("0x" + "cd" * 20))),
        signed(account=OTHER),
    ],
    ids=["frame", "model", "version", "policy", "chain", "hub", "signer"],
)
def test_parse_attestation__of_something_else_under_this_name__refused(document: AttestationDocument) -> None:
    with pytest.raises(EvidenceError, match="not what the monitor in its name signed"):
        parse_attestation(document.data, NAME)


def changed(**fields: Any) -> bytes:
    return canonical_bytes({**signed().fields, **fields})


HALF_N = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def high_s(signature: bytes) -> str:
    s = 2 * HALF_N + 1 - int.from_bytes(signature[32:64], "big")
    return "0x" + (signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])).hex()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 60_000,
        b"\xff\xfe",
        json.dumps(signed().fields, indent=1).encode(),
        json.dumps(signed().fields, sort_keys=True).encode(),
        signed().data + b"\n",
        changed(more="x"),
        changed(schema="tribune/attestation/2"),
        changed(monitor=OTHER.address.lower()),
        changed(monitor=MONITOR.address),
        changed(hub=None),
        changed(hub="0x"),
        changed(chain="-31337"),
        changed(chain="031337"),
        changed(chain=31337),
        changed(chain="9" * 5000),
        changed(chain="٣١٣٣٧"),
        changed(report=None),
        changed(report=[]),
        changed(report={**signed().fields["report"], "values": "012"}),
        changed(report={**signed().fields["report"], "values": [str(2**63)]}),
        changed(report={**signed().fields["report"], "values": [None]}),
        changed(report={**signed().fields["report"], "model": str(2**300)}),
        changed(report={**signed().fields["report"], "policy": "0x01"}),
        changed(witness="0x" + "05 " * 32),
        changed(witness="0x" + "06" * 32),
        changed(signature="0x" + "00" * 65),
        changed(signature="0x"),
        changed(signature=high_s(signed().signature)),
    ],
)
def test_parse_attestation__garbage__refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_attestation(data, NAME)


def test_parse_attestation__a_value_changed__another_signer() -> None:
    report = {**signed().fields["report"], "values": ["1", "2", "3"]}
    with pytest.raises(EvidenceError, match="not what the monitor"):
        parse_attestation(changed(report=report), NAME)


def test_read_attestation__too_large__refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(EvidenceError, match="larger"):
        read_attestation(tmp_path, NAME)


def test_read_attestation__endless__refused_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/zero")
    with pytest.raises(EvidenceError):
        read_attestation(tmp_path, NAME, timeout_s=5)


def test_read_attestation__link_to_a_file_elsewhere__refused_and_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("keystore password")
    path = tmp_path / "store" / NAME
    path.parent.mkdir(parents=True)
    path.symlink_to(secret)
    with pytest.raises(EvidenceError) as caught:
        read_attestation(tmp_path / "store", NAME)
    assert "password" not in str(caught.value)


def test_read_attestation__pipe_that_never_answers__refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(EvidenceError):
        read_attestation(tmp_path, NAME)


def test_read_attestation__among_thousands_of_files__as_fast_as_alone(tmp_path: Path) -> None:
    write_attestation(tmp_path, signed())
    folder = (tmp_path / NAME).parent
    for i in range(5000):
        (folder / f"0x{i:040x}.json").touch()
    found = read_attestation(tmp_path, NAME, timeout_s=0.5)
    assert found is not None
