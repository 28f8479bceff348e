"""What is kept of many decisions at once, byte for byte against the slow way of one after another."""

from __future__ import annotations

import hashlib
import json
import zlib
from enum import Enum

import numpy as np
import pytest
import rfc8785
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.records import Row, row_of, salted
from tribune.decisions.waiting.wal import encode
from tribune.exceptions import DataError
from tribune.ids import ModelId, VersionNumber

SCHEMA = LogSchema({"é%s": "numeric", "\U00010000": "category", "\ufb33": "category", "b": "numeric"})
_slow_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class _Sex(str, Enum):  # noqa: UP042 - the kind whose `str()` is not its text
    FEMALE = "2"


_TEXT = st.text() | st.sampled_from([_Sex.FEMALE, np.str_("1"), '"\\\n\t\x00\x7f\u2028', "%s %%"])
_NUMBER = st.floats() | st.integers(-(2**60), 2**60) | st.booleans() | st.just(np.float32(0.1))
_DECISION = st.builds(
    Decision,
    st.text(min_size=1, max_size=20),
    st.integers(0, 2**63 - 1),
    st.fixed_dictionaries(
        {
            "é%s": st.none() | _NUMBER,
            "\U00010000": st.none() | _TEXT,
            "\ufb33": st.none() | _TEXT,
            "b": st.none() | _NUMBER,
        }
    ),
    st.none() | _TEXT,
    st.none() | st.floats(),
    st.none(),
)


def _slow_value(kind: str, value: object) -> str | None:
    if value is None:
        return None
    return str(value) if kind == "category" else float(value).hex()  # type: ignore[arg-type]


def _slow_body(decision: Decision) -> bytes:
    names = sorted(SCHEMA.features, key=lambda name: name.encode("utf-16-be"))
    return _slow_json(
        {
            "features": {n: _slow_value(SCHEMA.features[n], decision.features[n]) for n in names},
            "prediction": _slow_value("category", decision.prediction),
            "score": _slow_value("numeric", decision.score),
        }
    ).encode("utf-8")


@given(st.lists(_DECISION, min_size=1, max_size=5))
def test_salted__any_decisions__have_the_bytes_and_leaves_of_the_slow_way(decisions: list[Decision]) -> None:
    records, digests = salted(ModelId(7), VersionNumber(3), [row_of(SCHEMA, each) for each in decisions])
    for record, found, decision in zip(records, digests, decisions, strict=True):
        body = _slow_body(decision)
        digest = hashlib.sha256(record.salt + body).digest()
        assert found == digest
        fields = abi_encode(
            ["uint256", "uint256", "bytes32", "uint256", "bytes32"],
            [7, 3, keccak(decision.id.encode()), decision.time, digest],
        )
        assert record.leaf == keccak(keccak(fields))
        head = json.dumps(
            [decision.id, decision.time, record.salt.hex(), record.leaf.hex()], ensure_ascii=False
        )
        payload = head.encode() + b"\t" + body
        assert encode(record) == b"%08x %s\n" % (zlib.crc32(payload), payload)


def test_salted__many__have_a_salt_of_their_own_each() -> None:
    rows = [Row("a", 0, b"{}")] * 1000
    salts = {record.salt for record in salted(ModelId(1), VersionNumber(1), rows)[0]}
    assert len(salts) == 1000
    assert {len(salt) for salt in salts} == {16}


def test_salted__none__is_none() -> None:
    assert salted(ModelId(1), VersionNumber(1), []) == ([], [])


def test_salted__with_an_input__commits_to_its_salted_digest_and_nothing_else_of_it() -> None:
    given = bytes(range(256)) * 400  # no UTF-8, and larger than any body
    schema = LogSchema({"a": "numeric"})
    row = row_of(schema, Decision("x", 1, {"a": 1.0}, "1", None, given))
    (record,), (digest,) = salted(ModelId(1), VersionNumber(1), [row])
    expected = hashlib.sha256(record.salt + given).hexdigest()
    assert json.loads(record.body)["input"] == expected
    assert record.body == rfc8785.dumps(json.loads(record.body))
    assert digest == hashlib.sha256(record.salt + record.body).digest()


def test_row_of__equal_inputs__have_unlike_digests() -> None:
    schema = LogSchema({})
    bodies = {row_of(schema, Decision("x", 1, {}, "1", None, b"the same")).body for _ in range(10)}
    assert len(bodies) == 10


def test_row_of__input_that_is_text__is_refused() -> None:
    with pytest.raises(DataError, match="bytes"):
        row_of(LogSchema({}), Decision("x", 1, {}, "1", None, "text"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "fits"), [(100, True), (101, False)])
def test_row_of__a_body_at_its_bound__fits_and_one_byte_more_does_not(length: int, fits: bool) -> None:
    schema = LogSchema({"a": "category"})
    frame = len(schema.body(Decision("x", 1, {"a": ""}, "1")))
    decision = Decision("x", 1, {"a": "y" * (length - frame)}, "1")
    if fits:
        assert len(row_of(schema, decision, max_body=100).body) == 100
    else:
        with pytest.raises(DataError, match="101 bytes"):
            row_of(schema, decision, max_body=100)
