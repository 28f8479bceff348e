"""Kept tallies: what counting anew gives, each partition counted once, nothing believed that is not whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics import Categories, Profile, Scheme, Tally
from tribune_monitors.engines import kept as module
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.kept import KeptTallies
from unit.metrics.samples import BINNINGS, SCHEME, SPEC, rows

from .files import write_decisions, write_labels


class Counting:
    """The default engine, with a list of what it was asked to count."""

    name = "duckdb"

    def __init__(self) -> None:
        self._engine = DuckDBEngine()
        self.asked: list[list[str]] = []

    def count(
        self,
        decisions: Sequence[Path],
        labels: Sequence[Path],
        profile: Profile | Scheme,
        *,
        inline_labels: bool = False,
    ) -> Tally:
        self.asked.append([path.name for path in decisions])
        return self._engine.count(decisions, labels, profile, inline_labels=inline_labels)


@pytest.fixture
def engine() -> Counting:
    return Counting()


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    return [write_decisions(tmp_path / f"{n}.parquet", rows(30, n), 30 * n) for n in range(4)]


def test_count__a_window_that_slides__counts_its_new_partition(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    kept = KeptTallies(engine, tmp_path / "kept")
    kept.count(parts[:3], [], SCHEME)
    engine.asked.clear()
    slid = kept.count(parts[1:], [], SCHEME)
    assert engine.asked == [["3.parquet"]]
    assert slid.digest() == DuckDBEngine().count(parts[1:], [], SCHEME).digest()


@pytest.mark.parametrize("window", [slice(1, 8), slice(0, 6), slice(2, 8), slice(0, 8), slice(7, 8)])
def test_count__a_window_moved_anyhow__is_what_counting_anew_gives(
    tmp_path: Path, engine: Counting, window: slice
) -> None:
    many = [write_decisions(tmp_path / f"{n}.parquet", rows(20, n), 20 * n) for n in range(8)]
    kept = KeptTallies(engine, tmp_path / "kept")
    kept.count(many[:7], [], SCHEME)
    expected = DuckDBEngine().count(many[window], [], SCHEME)
    assert kept.count(many[window], [], SCHEME).digest() == expected.digest()


def test_count__what_left_the_window_is_kept_no_more__sums_anew(
    tmp_path: Path, engine: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [write_decisions(tmp_path / f"{n}.parquet", rows(20, n), 20 * n) for n in range(6)]
    monkeypatch.setattr(module, "_IN_MEMORY", 1)
    kept = KeptTallies(engine, tmp_path / "kept")
    kept.count(many[:5], [], SCHEME)
    for path in (tmp_path / "kept").iterdir():
        path.unlink()
    expected = DuckDBEngine().count(many[1:], [], SCHEME)
    assert kept.count(many[1:], [], SCHEME) == expected


def test_count__two_partitions_alike__count_twice(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    copy = Path(shutil.copy(parts[0], tmp_path / "copy.parquet"))
    kept = KeptTallies(engine, tmp_path / "kept")
    for window in ([*parts, copy], parts, [*parts, copy]):
        assert kept.count(window, [], SCHEME).rows == 30 * len(window)


def test_count__after_a_restart__counts_nothing_again(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    first = KeptTallies(engine, tmp_path / "kept").count(parts, [], SCHEME)
    engine.asked.clear()
    assert KeptTallies(engine, tmp_path / "kept").count(parts, [], SCHEME) == first
    assert engine.asked == []


def test_count__the_same_bytes_under_another_name__are_known(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    kept = KeptTallies(engine, tmp_path / "kept")
    kept.count(parts[:1], [], SCHEME)
    copy = Path(shutil.copy(parts[0], tmp_path / "copy.parquet"))
    engine.asked.clear()
    kept.count([copy], [], SCHEME)
    assert engine.asked == []


def test_count__other_bytes_under_the_same_name__are_counted(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    kept = KeptTallies(engine, tmp_path / "kept")
    kept.count(parts[:1], [], SCHEME)
    write_decisions(parts[0], rows(31, 9))
    assert kept.count(parts[:1], [], SCHEME).rows == 31


def test_count__by_another_scheme__is_counted(tmp_path: Path, engine: Counting, parts: list[Path]) -> None:
    kept = KeptTallies(engine, tmp_path / "kept")
    kept.count(parts[:1], [], SCHEME)
    other = Scheme(SPEC, {**BINNINGS, "job": Categories(("c", "b", "a"))})
    assert kept.count(parts[:1], [], other) == DuckDBEngine().count(parts[:1], [], other)


def test_count__labels__are_kept_with_all_they_were_joined_with(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    kept = KeptTallies(engine, tmp_path / "kept")
    labels = [write_labels(tmp_path / f"l{n}.parquet", rows(30, n), 30 * n) for n in range(2)]
    assert kept.count(parts[:2], labels, SCHEME) == DuckDBEngine().count(parts[:2], labels, SCHEME)
    engine.asked.clear()
    assert kept.count(parts[1::-1], labels[::-1], SCHEME) == kept.count(parts[:2], labels, SCHEME)
    assert engine.asked == []
    assert kept.count(parts[:2], labels[:1], SCHEME) == DuckDBEngine().count(parts[:2], labels[:1], SCHEME)
    assert engine.asked == [["0.parquet", "1.parquet"]]


@pytest.mark.parametrize("harm", ["shortened", "one count changed", "another's", "not a tally", "empty"])
def test_count__a_kept_file_that_is_not_what_was_kept__is_counted_again(
    tmp_path: Path, engine: Counting, parts: list[Path], harm: str
) -> None:
    folder = tmp_path / "kept"
    right = KeptTallies(engine, folder).count(parts[:1], [], SCHEME)
    (mine,) = folder.iterdir()
    KeptTallies(engine, folder).count(parts[1:2], [], SCHEME)
    (other,) = set(folder.iterdir()) - {mine}
    whole = mine.read_bytes()
    mine.write_bytes(
        {
            "shortened": whole[:-5],
            "one count changed": whole.replace(b'"rows":30', b'"rows":31'),
            "another's": other.read_bytes(),
            "not a tally": b"{}",
            "empty": b"",
        }[harm]
    )
    engine.asked.clear()
    assert KeptTallies(engine, folder).count(parts[:1], [], SCHEME) == right
    assert engine.asked == [["0.parquet"]]


def test_count__more_than_may_be_kept__the_longest_unasked_goes(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    folder = tmp_path / "kept"
    KeptTallies(engine, folder).count(parts[:2], [], SCHEME)
    for age, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (age, age))
    oldest, newer = sorted(folder.iterdir())
    most = 5 * max(path.stat().st_size for path in (oldest, newer)) // 2  # two, and not three
    KeptTallies(engine, folder, most_bytes=most).count(parts[2:3], [], SCHEME)
    assert not oldest.exists()
    assert newer.exists()


def test_count__no_partitions__is_the_tally_of_no_rows(tmp_path: Path, engine: Counting) -> None:
    assert KeptTallies(engine, tmp_path / "kept").count([], [], SCHEME) == Tally.zero(SCHEME)


def test_count__a_partition_listed_twice__is_refused(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    with pytest.raises(DataError, match="listed twice"):
        KeptTallies(engine, tmp_path / "kept").count([parts[0], parts[0]], [], SCHEME)


def test_count__a_partition_that_is_not_there__is_named(tmp_path: Path, engine: Counting) -> None:
    with pytest.raises(DataError, match=r"none\.parquet"):
        KeptTallies(engine, tmp_path / "kept").count([tmp_path / "none.parquet"], [], SCHEME)


def test_count__names_for_people_changed__still_is_the_same_count(
    tmp_path: Path, engine: Counting, parts: list[Path]
) -> None:
    kept = KeptTallies(engine, tmp_path / "kept")
    renamed = Scheme(replace(SPEC, outcome="hired"), BINNINGS)
    assert kept.count(parts[:1], [], renamed) == kept.count(parts[:1], [], SCHEME)


def test_kept_tallies__a_folder_that_cannot_be_made__is_refused(tmp_path: Path, engine: Counting) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        KeptTallies(engine, tmp_path / "file" / "kept")
