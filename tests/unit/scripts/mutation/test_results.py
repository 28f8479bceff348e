from __future__ import annotations

from pathlib import Path

import pytest

from scripts.mutation.equivalents import Equivalent, listed, reasons
from scripts.mutation.results import Fate, load, save, score
from tribune.exceptions import ConfigurationError
from unit.scripts.mutation.samples import mutant, result

ENTRY = Equivalent("oversight/Some.sol", "add", "x + 1", "x - 1", "never called")


def test_score__invalid_and_equivalent__count_for_nothing() -> None:
    fates = [Fate.KILLED] * 8 + [Fate.TIMED_OUT, Fate.SURVIVED, Fate.EQUIVALENT, Fate.INVALID]
    row = score("switch", [result(fate) for fate in fates])
    assert (row.mutants, row.killed, row.survived, row.equivalent) == (11, 9, 1, 1)
    assert (row.share, row.met) == (0.9, True)


def test_score__below_the_goal__is_not_met() -> None:
    assert not score("switch", [result(Fate.KILLED)] * 8 + [result(Fate.SURVIVED)]).met


@pytest.mark.parametrize(
    ("fate", "source", "tests", "holds"),
    [
        (Fate.KILLED, "s", "other", True),
        (Fate.KILLED, "other", "t", False),
        (Fate.SURVIVED, "s", "t", True),
        (Fate.SURVIVED, "s", "other", False),
    ],
)
def test_holds__file_or_tests_changed__only_where_it_must(
    fate: Fate, source: str, tests: str, holds: bool
) -> None:
    assert result(fate).holds(source, tests) is holds


def test_load__after_save__the_same(tmp_path: Path) -> None:
    kept = [result(Fate.KILLED), result(Fate.SURVIVED, "x * 1")]
    save(tmp_path / "mutation.json", kept)
    assert load(tmp_path / "mutation.json") == {row.key: row for row in kept}


def test_load__no_file__nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "mutation.json") == {}


def test_reasons__listed_mutant__its_reason() -> None:
    assert reasons([ENTRY], [mutant(), mutant("x * 1")]) == {mutant().key: "never called"}


def test_reasons__entry_without_mutant__is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="No mutant of"):
        reasons([ENTRY], [mutant("x * 1")])


def test_listed__every_entry__has_a_reason() -> None:
    assert all(len(entry.reason) > 20 for entry in listed())
