"""Canonical bytes against the RFC's own example and an independent JSON writer; CIDs against a known one."""

from __future__ import annotations

import enum
import hashlib
import json
import time
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.exceptions import EvidenceError
from tribune.reports.canonical import SAFE_INTEGER, canonical_bytes, cid, cid_digest, digest, parse_canonical
from tribune.reports.evidence_store import read_evidence, read_from_any, write_evidence

_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE_INTEGER, SAFE_INTEGER) | st.text('abé€ \n"\\x', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_DOCUMENTS)
def test_canonical_bytes__any_document_with_ascii_keys__equals_sorted_compact_json(document: object) -> None:
    expected = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical_bytes(document) == expected


def test_canonical_bytes__keys_of_rfc_8785_section_3_2_3__come_in_utf16_order() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical_bytes(dict.fromkeys(keys, 0)))) == ordered


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**255])
def test_canonical_bytes__integer_beyond_2_53__is_a_string(value: int) -> None:
    assert canonical_bytes([value]) == f'["{value}"]'.encode()


def test_canonical_bytes__largest_safe_integer__stays_a_number() -> None:
    assert canonical_bytes([SAFE_INTEGER, -SAFE_INTEGER]) == b"[9007199254740991,-9007199254740991]"


def test_canonical_bytes__string_enum_and_tuple__written_as_plain_json() -> None:
    class Kind(enum.StrEnum):
        DRIFT = "drift"

    assert canonical_bytes({"kind": Kind.DRIFT, "cells": (1, 2)}) == b'{"cells":[1,2],"kind":"drift"}'


@pytest.mark.parametrize("value", [1.0, float("nan"), float("inf"), -0.0])
def test_canonical_bytes__float__is_refused_and_names_the_place(value: float) -> None:
    with pytest.raises(EvidenceError, match=r"\$\.a\[1\] is the float"):
        canonical_bytes({"a": [0, value]})


@pytest.mark.parametrize("value", [b"x", {1: 2}, {"a": object()}, "\ud800", {"\ud800": 1}, {1, 2}])
def test_canonical_bytes__what_json_cannot_say__is_refused(value: object) -> None:
    with pytest.raises(EvidenceError):
        canonical_bytes(value)


def test_canonical_bytes__endless_nesting__is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(EvidenceError, match="nested"):
        canonical_bytes(loop)


def test_cid__empty_content__is_the_name_ipfs_gives_it() -> None:
    assert cid(digest(b"")) == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


@given(st.binary(max_size=64))
def test_cid_digest__of_a_cid__gives_the_digest_back(data: bytes) -> None:
    assert cid_digest(cid(digest(data))) == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "b",
        "bafkrei",
        "../../etc/passwd",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
        "b" + "a" * 58,
        "BAFKREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU",
        "bé",
    ],
)
def test_cid_digest__any_other_name__is_refused(name: str) -> None:
    with pytest.raises(EvidenceError):
        cid_digest(name)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":NaN}',
        b"\xff",
        b'{"a":1e2}',
        b'{"a":9007199254740993}',
        b"[" * 100_000,
    ],
)
def test_parse_canonical__not_the_canonical_form__is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_canonical(data)


def test_parse_canonical__canonical_bytes__gives_the_document() -> None:
    document = {"b": [1, None, True], "a": {"ö": "x"}}
    assert parse_canonical(canonical_bytes(document)) == document


def test_write_evidence__to_a_new_folder__reads_back_by_its_name(tmp_path: Path) -> None:
    name = write_evidence(tmp_path / "a" / "b", {"rows": 3})
    assert name == cid(digest(b'{"rows":3}'))
    assert read_evidence(tmp_path / "a" / "b", name) == {"rows": 3}


def test_write_evidence__twice__leaves_one_file(tmp_path: Path) -> None:
    assert write_evidence(tmp_path, {"rows": 3}) == write_evidence(tmp_path, {"rows": 3})
    assert len(list(tmp_path.iterdir())) == 1


def test_write_evidence__to_a_url__reads_back_by_its_name() -> None:
    name = write_evidence("memory://evidence", {"rows": 4})
    assert read_evidence("memory://evidence", name) == {"rows": 4}
    fsspec.filesystem("memory").rm("/evidence", recursive=True)


def test_write_evidence__folder_is_a_file__says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError, match="could not be written"):
        write_evidence(tmp_path / "file", {})


def test_read_evidence__missing__is_an_error_not_an_empty_document(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="could not be read"):
        read_evidence(tmp_path, cid(digest(b"{}")))


def test_read_evidence__changed_on_disk__is_refused(tmp_path: Path) -> None:
    name = write_evidence(tmp_path, {"rows": 3})
    (tmp_path / name).write_bytes(b'{"rows":4}')
    with pytest.raises(EvidenceError, match="sha-256 differs"):
        read_evidence(tmp_path, name)


def test_read_evidence__a_path_for_a_name__is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="not the name"):
        read_evidence(tmp_path, "../secret")


def test_read_evidence__store_hangs__gives_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.reports.canonical._get", lambda *_: time.sleep(5))
    with pytest.raises(EvidenceError, match=r"within 0\.05 s"):
        read_evidence(tmp_path, cid(digest(b"{}")), timeout_s=0.05)


def test_read_from_any__first_store_lacks_or_spoils_it__the_next_serves(tmp_path: Path) -> None:
    name = write_evidence(tmp_path / "good", {"a": 1})
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / name).write_bytes(b"{}")
    stores = [tmp_path / "empty", tmp_path / "spoilt", tmp_path / "good"]
    assert read_from_any(stores, name, EvidenceError("nowhere")) == {"a": 1}


def test_read_from_any__nowhere__raises_what_the_caller_says(tmp_path: Path) -> None:
    name = write_evidence(tmp_path / "good", {"a": 1})
    with pytest.raises(EvidenceError, match="nowhere"):
        read_from_any([tmp_path / "empty"], name, EvidenceError("nowhere"))


def test_read_from_any__spoilt_and_nowhere_else__says_that_it_is_spoilt(tmp_path: Path) -> None:
    name = write_evidence(tmp_path / "spoilt", {"a": 1})
    (tmp_path / "spoilt" / name).write_bytes(b"{}")
    with pytest.raises(EvidenceError, match="not that document"):
        read_from_any([tmp_path / "spoilt", tmp_path / "empty"], name, EvidenceError("nowhere"))
