"""Packed tallies: what was packed comes back, whatever numbers it has; damaged bytes are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tribune.exceptions import DataError
from tribune.metrics import Tally
from tribune.untrusted import SAFE_INTEGER
from tribune_monitors.engines.packing import pack, unpack
from unit.metrics.samples import SCHEME, count, rows


def test_unpack__what_was_packed__is_the_same_tally() -> None:
    for counted in (count(rows(200, 1)), Tally.zero(SCHEME)):
        assert unpack(pack(counted), SCHEME) == counted


@pytest.mark.parametrize("far", [SAFE_INTEGER, SAFE_INTEGER + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**40])
def test_unpack__sums_of_far_tails__come_back_whole(far: int) -> None:
    counted = count(rows(50, 2))
    size = SCHEME.grid("age").size
    cells = list(counted.columns["age"])
    cells[size + 2] = far
    counted = replace(counted, columns={**counted.columns, "age": tuple(cells)})
    assert unpack(pack(counted), SCHEME) == counted


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: b"",
        lambda whole: whole[:5],
        lambda whole: whole[:-8],
        lambda whole: whole[:-3],
        lambda whole: whole[:8] + b"[" + whole[9:],
        lambda whole: b"\xff" * 8 + whole[8:],
        lambda whole: (2).to_bytes(8, "big") + b"{}" + whole,
        lambda whole: (2).to_bytes(8, "big") + b"[]",
        lambda whole: whole.replace(b'"rows":40', b'"rows":41'),
        lambda whole: whole.replace(b'"columns":[', b'"columns":[0.5,'),
        lambda whole: whole.replace(b'"columns":[', b'"columns":[null,'),
    ],
)
def test_unpack__damaged__is_refused(harm: Callable[[bytes], bytes]) -> None:
    whole = pack(count(rows(40, 3)))
    damaged = harm(whole)
    assert damaged != whole
    with pytest.raises((ValueError, DataError)):
        unpack(damaged, SCHEME)
