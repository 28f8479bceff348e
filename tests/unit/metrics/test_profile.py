"""Profiles: written, read, named, and refused where their parts do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy.stats import chi2_contingency

from tribune.exceptions import ConfigurationError, DataError, TribuneError
from tribune.metrics import Profile, make_profile

from .samples import BINNINGS, SPEC, count, profile_of, rows

SAMPLE = sorted(rows(600, 1), key=lambda row: row.job or "")  # blocks that differ in job, not in age


def test_from_bytes__canonical__is_equal_and_has_the_same_digest() -> None:
    profile = profile_of(SAMPLE, blocks=3)
    again = Profile.from_bytes(profile.canonical)
    assert (again, again.digest) == (profile, profile.digest)


def test_make_profile__sorted_blocks__overdispersion_is_mean_chi_squared_per_df() -> None:
    jobs = [row.job for row in SAMPLE]
    ratios = []
    for block in range(3):
        part = jobs[block * 200 : block * 200 + 200]
        rest = jobs[: block * 200] + jobs[block * 200 + 200 :]
        table = [[sample.count(job) for job in "abc"] for sample in (part, rest)]
        ratios.append(chi2_contingency(table, correction=False).statistic / 2)
    assert profile_of(SAMPLE, blocks=3).overdispersion["job"] == round(sum(ratios) / 3 * 1e6)


def test_make_profile__no_blocks__overdispersion_is_one() -> None:
    assert set(profile_of(SAMPLE).overdispersion.values()) == {1_000_000}


def test_make_profile__no_rows__is_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        make_profile(SPEC, count([]), BINNINGS)


def test_make_profile__blocks_of_other_rows__are_refused() -> None:
    with pytest.raises(DataError, match="do not add up"):
        make_profile(SPEC, count(SAMPLE), BINNINGS, [count(SAMPLE[:10])])


@pytest.mark.parametrize("change", ["not json", "schema", "spec", "binnings", "overdispersion", "reference"])
def test_from_bytes__broken__is_refused_without_a_traceback(change: str) -> None:
    document = json.loads(profile_of(SAMPLE).canonical)
    match change:
        case "schema":
            document["schema"] = "x"
        case "spec":
            document["spec"]["columns"][0].pop("name")
        case "binnings":
            document["binnings"].pop()
        case "overdispersion":
            document["overdispersion"][0] = 3
        case "reference":
            document["reference"]["rows"] = 7
    data = b"{" if change == "not json" else json.dumps(document).encode()
    with pytest.raises(TribuneError):
        Profile.from_bytes(data)


def test_load__no_such_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Profile.load(tmp_path / "none.json")
