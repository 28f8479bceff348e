"""The conformance file: DuckDB passes it, an engine that cheats does not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tribune.exceptions import TribuneError
from tribune.metrics import Profile, Scheme, Tally
from tribune_monitors.engines.conformance import (
    LABELS,
    assert_conformant,
    expected,
    file_name,
    scheme,
)
from tribune_monitors.engines.conformance_rows import rows
from tribune_monitors.engines.duckdb_engine import SHORT_FROM, DuckDBEngine


@pytest.mark.alone
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("short_from", [SHORT_FROM, 0])
def test_assert_conformant__duckdb__passes_in_time(threads: int, short_from: int) -> None:
    started = time.perf_counter()
    assert_conformant(DuckDBEngine(threads, short_from=short_from))
    assert time.perf_counter() - started < 3  # 0.1 s alone; every worker runs it at its start


def test_expected__itself__adds_up() -> None:
    assert expected().adds_up(scheme())
    assert expected().rows == len(rows()) > 100


class Tampering(DuckDBEngine):
    """An engine that puts NaN into the high tail, as `LEAST` and `GREATEST` in SQL do."""

    name = "tampering"

    def count(
        self,
        decisions: Sequence[Path],
        labels: Sequence[Path],
        profile: Profile | Scheme,
        *,
        inline_labels: bool = False,
    ) -> Tally:
        tally = super().count(decisions, labels, profile, inline_labels=inline_labels)
        wide = list(tally.columns["wide"])
        wide[-7] += wide[-3]
        wide[-3] = 0
        return Tally(tally.rows, {**tally.columns, "wide": tuple(wide)}, tally.outcomes, tally.scores)


def test_assert_conformant__an_engine_that_misplaces_nan__is_refused_by_cell() -> None:
    with pytest.raises(
        TribuneError, match=r"tampering miscounts the file written by pyarrow: wide, high tail"
    ):
        assert_conformant(Tampering())


class Forgetful(DuckDBEngine):
    """An engine that takes any label of an id."""

    name = "forgetful"

    def count(
        self,
        decisions: Sequence[Path],
        labels: Sequence[Path],
        profile: Profile | Scheme,
        *,
        inline_labels: bool = False,
    ) -> Tally:
        return super().count(decisions, [], profile)


def test_assert_conformant__an_engine_without_labels__is_refused() -> None:
    with pytest.raises(TribuneError, match="outcomes"):
        assert_conformant(Forgetful())


def test_write__files_made_anew__count_the_same(tmp_path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as fault:
        pytest.skip(f"pyarrow cannot be imported: {fault}")
    from tribune_monitors.engines import conformance_files

    writers = ("pyarrow", "duckdb")  # `make spark` tests the third
    conformance_files.write(tmp_path, writers)
    decisions = [tmp_path / file_name(writer) for writer in writers]
    found = DuckDBEngine().count(decisions, [tmp_path / LABELS], scheme())
    assert found == expected() + expected()
