"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from tribune.wording import counted, too_few


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1000, "1,000 rows")]
)
def test_counted__noun_with_s__agrees_with_its_number(count: int, words: str) -> None:
    assert counted(count, "row") == words


@pytest.mark.parametrize(("count", "words"), [(1, "1 label is odd"), (3, "3 labels are odd")])
def test_counted__with_verb__verb_agrees_too(count: int, words: str) -> None:
    assert counted(count, "label is odd", "labels are odd") == words


@pytest.mark.parametrize(
    ("rows", "needed", "words"),
    [
        (1, 500, "only 1 row with a label, 500 are needed"),
        (0, 1, "only 0 rows with a label, 1 is needed"),
    ],
)
def test_too_few__one_on_either_side__agrees(rows: int, needed: int, words: str) -> None:
    assert too_few(rows, needed, "with a label") == words


def test_too_few__of_any_rows__says_no_more() -> None:
    assert too_few(9, 10) == "only 9 rows, 10 are needed"
