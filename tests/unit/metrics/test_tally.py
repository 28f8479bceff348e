"""Tallies add up, in any split and order, and survive being written."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tribune.exceptions import DataError
from tribune.metrics import Tally
from tribune.metrics.canonical import canonical_json, json_integer, read_integer

from .samples import SCHEME, Row, count, rows

ODD = Row(None, "new", None, "7", float("nan"), "maybe")
FAR = Row(1e300, None, "2", None, float("inf"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=4), st.integers(0, 9))
def test_add__rows_split_and_shuffled__gives_the_same_digest(cuts: list[int], seed: int) -> None:
    sample = [*rows(300, 1), ODD, FAR]
    shuffled = random.Random(seed).sample(sample, len(sample))  # noqa: S311 - no secret
    edges = [0, *sorted(cuts), len(shuffled)]
    parts = [count(shuffled[a:b]) for a, b in pairwise(edges)]
    assert sum(parts, Tally.zero(SCHEME)).digest() == count(sample).digest()


def test_total__many__is_what_adding_one_by_one_gives() -> None:
    parts = [count([*rows(40, seed), ODD, FAR]) for seed in range(5)]
    assert Tally.total(parts) == sum(parts[1:], parts[0])


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=300, deadline=None)
@given(documents)
def test_canonical_json__any_document__is_rfc_8785(document: object) -> None:
    assert canonical_json(document) == rfc8785.dumps(document)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [2**53, -(2**60), float("nan"), float("inf")])
def test_canonical_json__a_number_beyond_its_domain__is_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"domain|JCS|JSON"):
        canonical_json({"a": number})


def test_from_json__what_to_json_wrote__is_equal() -> None:
    tally = count([*rows(50), ODD, FAR])
    assert Tally.from_json(tally.to_json(), SCHEME) == tally


def test_add__another_scheme__is_refused() -> None:
    with pytest.raises(DataError, match="different profiles"):
        count(rows(3)) + Tally(1, {"age": (1,)})


@pytest.mark.parametrize("change", ["rows", "cell", "outcomes", "length", "float", "order"])
def test_from_json__tampered__is_refused(change: str) -> None:
    document = count(rows(20)).to_json()
    match change:
        case "rows":
            document["rows"] += 1
        case "cell":
            document["columns"][1][0] += 1
        case "outcomes":
            document["outcomes"][1] += 1
        case "length":
            document["columns"][0].append(0)
        case "float":
            document["columns"][0][0] = 0.0
        case "order":
            flat = document["outcomes"]
            document["outcomes"] = [*flat[2:4], *flat[:2], *flat[4:]]
    with pytest.raises(DataError):
        Tally.from_json(document, SCHEME)


@given(st.integers(-(10**400), 10**400))
def test_read_integer__what_json_integer_wrote__is_equal(value: int) -> None:
    assert read_integer(json_integer(value)) == value


@pytest.mark.parametrize("value", [1.0, True, "12", "x", None, "9" * 5000])
def test_read_integer__anything_else__is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - int() words it
        read_integer(value)
