from __future__ import annotations

import hashlib
from itertools import islice
from pathlib import Path

import pytest

from examples.acs_employment.data import prepare
from examples.acs_employment.incident import Incident
from examples.acs_employment.rows import FOLDER, TRAFFIC_YEARS, load_spec, read_half, read_year, stream
from examples.acs_employment.terms import load_terms
from tribune.exceptions import ConfigurationError, DataError, PolicyError

SOURCE = FOLDER.parents[2] / "shared" / "data"  # beside the checkout


def test_read_half__both__are_the_reference_year_without_overlap() -> None:
    seen, held_out = (set(read_half(held_out=flag).column("id").to_pylist()) for flag in (False, True))
    assert not seen & held_out
    assert seen | held_out == set(read_year(2015).column("id").to_pylist())


def test_read_year__each__is_in_order_of_the_ids_digests() -> None:
    for year in (2015, *TRAFFIC_YEARS):
        digests = [hashlib.sha256(i.encode()).digest() for i in read_year(year).column("id").to_pylist()]
        assert digests == sorted(digests)


def test_read_year__not_carried__says_how_to_get_it() -> None:
    with pytest.raises(DataError, match="prepare"):
        read_year(1999)


def test_stream__beyond_the_last_row__begins_again_with_other_ids() -> None:
    total = sum(read_year(year).num_rows for year in TRAFFIC_YEARS)
    rows = list(islice(stream(load_spec()), total + 1))
    assert len({row.id for row in rows}) == total + 1
    assert rows[-1].features == rows[0].features


def test_data__all_files__are_small() -> None:
    assert sum(path.stat().st_size for path in (FOLDER / "data").glob("*.parquet")) <= 3 * 2**20


def test_prepare__same_source__gives_the_rows_that_the_project_carries(tmp_path: Path) -> None:
    if not SOURCE.exists():
        pytest.skip(f"the full ACS tables are not at {SOURCE}")
    import pyarrow.parquet as parquet

    for path in prepare.prepare(SOURCE, tmp_path):
        assert parquet.read_table(path).equals(parquet.read_table(FOLDER / "data" / path.name))


@pytest.mark.parametrize("incident", list(Incident))
def test_spoil__missing_age__stays_missing(incident: Incident) -> None:
    assert incident.spoil({"AGEP": None, "SEX": "2"})["AGEP"] is None


def test_spoil__women__leaves_men_alone() -> None:
    assert Incident.WOMEN.spoil({"AGEP": 30.0, "SEX": "1"})["AGEP"] == 30.0
    assert Incident.WOMEN.spoil({"AGEP": 30.0, "SEX": "2"})["AGEP"] == 70.0


def test_named__unknown__says_which_are_known() -> None:
    with pytest.raises(ConfigurationError, match="women"):
        Incident.named("flood")


def test_load_terms__changes__take_the_place_of_the_files() -> None:
    assert load_terms(step_s=9, length_s=9).step_s == 9


@pytest.mark.parametrize(
    "changes", [{"unknown": 1}, {"k": 0}, {"step_s": 0}, {"grace_s": 5, "deadline_s": 5}]
)
def test_load_terms__impossible__is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(PolicyError):
        load_terms(**changes)
