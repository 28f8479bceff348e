"""Leaves of sealed rows: recomputed as the chain's own formula has them, and every kind of change is seen."""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tribune.decisions.leaf import Decision
from tribune.exceptions import EvidenceError
from tribune.ids import ModelId
from tribune.metrics.families.log_audit import Leaves
from tribune_monitors.audit.rows import check_leaves, rows_at, rows_of
from unit.monitors.audit.logs import (
    MODEL,
    ONE,
    SLIDING,
    TWO,
    VERSION,
    at,
    column,
    decisions,
    sealed,
    tampered,
)


def test_check_leaves__honest_frame__all_proven(tmp_path: Path) -> None:
    odd = Decision("odd", 5, {"age": math.nan, "sex": None}, "1", None)
    more = Decision("é'\t", 6, {"age": -0.0, "sex": 'a"\\ü\u2028'}, "0", math.inf)
    assert check_leaves(sealed(tmp_path, [*decisions(20), odd, more])) == Leaves(22, True, 22)


def test_rows_of__a_row__its_leaf_is_by_the_contracts_formula(tmp_path: Path) -> None:
    """By eth_abi and hashlib alone, from the bytes that the design names."""
    frame = sealed(tmp_path, [Decision("x", 7, {"age": 41.5, "sex": "2"}, "1", 0.25)])
    (salt,) = pa.parquet.read_table(frame.decisions[0]).column("salt").to_pylist()
    assert struct.pack(">d", 41.5) == struct.pack(">d", float.fromhex("0x1.4c00000000000p+5"))
    body = (
        b'{"features":{"age":"0x1.4c00000000000p+5","sex":"2"},"prediction":"1",'
        b'"score":"0x1.0000000000000p-2"}'
    )
    digest = hashlib.sha256(salt + body).digest()
    types = ["uint256", "uint256", "bytes32", "uint256", "bytes32"]
    leaf = keccak(keccak(encode(types, [MODEL, VERSION, keccak(b"x"), 7, digest])))
    (row,) = rows_of(frame)
    assert (row.leaf, row.proven) == (leaf, True)


def test_check_leaves__sliding_frame__covers_the_rows_it_shares(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(5, start=10_000), ONE, SLIDING)
    frame = sealed(tmp_path, decisions(7, start=11_000, seed=2), TWO, SLIDING)
    assert len(frame.decisions) == 2
    assert check_leaves(frame) == Leaves(12, True, 12)


def test_check_leaves__empty_frame__is_rooted_and_has_no_rows(tmp_path: Path) -> None:
    assert check_leaves(sealed(tmp_path, [])) == Leaves(0, True, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", 17.0),
        ("age", None),
        ("sex", "9"),
        ("prediction", "2"),
        ("score", 0.999),
        ("id", "another"),
        ("time", 3),
        ("time", -1),
        ("salt", b"\0" * 16),
    ],
)
def test_check_leaves__one_value_changed__that_row_is_not_proven(
    name: str, value: object, tmp_path: Path
) -> None:
    sealed(tmp_path, decisions(9))
    assert check_leaves(tampered(tmp_path, column(name, at(4, value)))) == Leaves(9, True, 8, 0, (), (4,))


def test_check_leaves__salt_that_borrows_from_the_body__is_not_proven(tmp_path: Path) -> None:
    """Salt and body are hashed one after the other; a longer salt must not pass for another split of them."""
    sealed(tmp_path, decisions(3))
    longer = column("salt", lambda salts: [*salts[:2], bytes(salts[2]) + b"{"])  # type: ignore[call-overload]
    assert check_leaves(tampered(tmp_path, longer)).changed_at == (2,)


def test_check_leaves__leaf_column_changed__row_not_proven_and_another_root(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(9))
    found = check_leaves(tampered(tmp_path, column("leaf", at(4, b"\1" * 32))))
    assert (found.rooted, found.proven, found.changed_at) == (False, 8, (4,))


def test_check_leaves__invented_leaves_under_a_root_of_their_own__nothing_is_proven(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(4))
    invented = column("leaf", lambda leaves: [bytes([n]) * 32 for n in range(len(leaves))])
    found = check_leaves(tampered(tmp_path, invented, own_root=True))
    assert (found.rooted, found.proven) == (True, 0)


def test_check_leaves__leaf_of_another_length_or_none__no_root(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(4))
    assert not check_leaves(tampered(tmp_path, column("leaf", at(1, b"short")))).rooted
    assert not check_leaves(tampered(tmp_path, column("leaf", at(1, None)))).rooted


def test_check_leaves__rows_in_another_order__no_root(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(4))
    found = check_leaves(tampered(tmp_path, lambda table: table.take([2, 1, 0, 3])))
    assert (found.rooted, found.proven) == (False, 4)


def test_check_leaves__erased_rows__are_counted_apart(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(6))

    def erase(table: pa.Table) -> pa.Table:
        for name in ("age", "sex", "prediction", "score", "salt"):
            table = column(name, at(2, None))(table)
        return table

    found = check_leaves(tampered(tmp_path, erase))
    assert found == Leaves(6, True, 5, 1, (2,), ())
    assert found.changed == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop_columns(["salt"]),
        lambda table: table.drop_columns(["leaf"]),
        lambda table: table.append_column("odd", pa.array([1] * table.num_rows)),
        lambda table: table.rename_columns(["id", "time", "x", "x", "prediction", "score", "salt", "leaf"]),
    ],
)
def test_check_leaves__columns_that_no_log_has__none_proven(change: object, tmp_path: Path) -> None:
    sealed(tmp_path, decisions(5))
    assert check_leaves(tampered(tmp_path, change)).proven == 0  # type: ignore[arg-type]


def test_check_leaves__another_models_log__none_proven(tmp_path: Path) -> None:
    frame = sealed(tmp_path, decisions(5))
    other = replace(frame, manifest=replace(frame.manifest, model_id=ModelId(9)))
    assert check_leaves(other).proven == 0


def test_check_leaves__file_cut_off_meanwhile__is_an_error_and_no_verdict(tmp_path: Path) -> None:
    frame = sealed(tmp_path, decisions(5))
    frame.decisions[0].write_bytes(frame.decisions[0].read_bytes()[:-40])
    with pytest.raises(EvidenceError, match="cannot be read"):
        check_leaves(frame)


def test_rows_at__some_places__are_those_rows_across_partitions(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(5, start=10_000), ONE, SLIDING)
    frame = sealed(tmp_path, decisions(7, start=11_000, seed=2), TWO, SLIDING)
    every = list(rows_of(frame))
    places = [11, 0, 4, 5, 6]
    assert rows_at(frame, places) == {place: every[place] for place in places}


def test_rows_at__no_such_row__is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="none at 5"):
        rows_at(sealed(tmp_path, decisions(5)), [1, 5])


def test_check_leaves__rows_with_an_input__are_proven_with_its_digest(tmp_path: Path) -> None:
    rows = [row._replace(input=f"document {n}".encode()) for n, row in enumerate(decisions(4))]
    frame = sealed(tmp_path, [*rows, *decisions(3, start=10, seed=2)])
    assert check_leaves(frame) == Leaves(7, True, 7)
    swapped = tampered(tmp_path, column("input_digest", at(1, b"\5" * 32)))
    assert check_leaves(swapped).changed_at == (1,)
