"""Sums of outcomes against counts of raw rows, and the memory that keeps them."""

from __future__ import annotations

import gc
from collections import Counter

import pytest

from tribune.metrics import Profile, Tally
from tribune.metrics.statistics import outcomes
from unit.metrics.samples import SCHEME, Row, count, profile_of, rows

SAMPLE = [*rows(400, 3), Row(30, None, "1", "1", 0.5, None), Row(30, "a", "9", "x", None, "maybe")]
LABELS = {None: 3, "0": 0, "1": 1}
SAID = {"0": 0, "1": 1}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(100))


def _answer(row: Row) -> tuple[int, int, int]:
    key = None if row.score is None else row.score * 128
    return LABELS.get(row.label, 2), SAID.get(row.prediction or "", 2), SCHEME.outcomes.scores.cell(key)


def test_by_answer__raw_rows__counts_each(profile: Profile) -> None:
    assert outcomes.by_answer(profile, count(SAMPLE)) == Counter(map(_answer, SAMPLE))


def test_confusion__raw_rows__counts_labels_and_predictions(profile: Profile) -> None:
    assert outcomes.confusion(profile, count(SAMPLE)) == Counter(_answer(row)[:2] for row in SAMPLE)


def test_by_score__raw_rows__counts_labels_and_scores(profile: Profile) -> None:
    expected = Counter((_answer(row)[0], _answer(row)[2]) for row in SAMPLE)
    assert outcomes.by_score(profile, count(SAMPLE)) == expected


def test_by_group__raw_rows__counts_groups(profile: Profile) -> None:
    sexes = SCHEME.categories("sex")
    expected = Counter((sexes.position(row.sex), *_answer(row)[:2]) for row in SAMPLE)
    assert outcomes.by_group(profile, count(SAMPLE), "sex") == expected


def test_sums__tallies_of_parts__add_up(profile: Profile) -> None:
    parts = [count(SAMPLE[:150]), count(SAMPLE[150:])]
    together: Counter[tuple[int, int]] = Counter()
    for part in parts:
        together.update(outcomes.confusion(profile, part))
    assert outcomes.confusion(profile, sum(parts, Tally.zero(SCHEME))) == together


def test_sums__the_same_tally__are_made_once_and_forgotten_with_it(profile: Profile) -> None:
    tally = count(SAMPLE)
    kept = outcomes.sums(profile, tally)
    assert outcomes.sums(profile, tally) is kept
    size = len(outcomes._kept)
    del tally
    gc.collect()
    assert len(outcomes._kept) < size


def test_sums__an_equal_tally_of_other_rows__is_not_confused_with_it(profile: Profile) -> None:
    one, other = count(SAMPLE[:50]), count(SAMPLE[50:100])
    assert outcomes.confusion(profile, one) != outcomes.confusion(profile, other)
