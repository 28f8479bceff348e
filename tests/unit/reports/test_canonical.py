"""Canonical bytes against the RFC's own example and an independent JSON writer; CIDs against a known one."""

from __future__ import annotations

import enum
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.exceptions import EvidenceError
from tribune.reports.canonical import canonical_bytes, cid, cid_digest, digest, parse_canonical
from tribune.untrusted import SAFE_INTEGER

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
