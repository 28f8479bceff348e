from __future__ import annotations

from dataclasses import asdict

import pytest

from scripts.deployment.bounds import TABLE, compared, shown
from scripts.deployment.config import DeploymentConfig, load
from support.anvil import ROOT
from unit.scripts.deployment.samples import config


def values(of: DeploymentConfig) -> dict[str, int]:
    return asdict(of.fast_lane) | asdict(of.switch) | asdict(of.registry)


def test_table__every_row__is_a_value_of_the_configuration() -> None:
    assert {row.name for row in TABLE} <= set(values(config()))


def test_compared__example_file__has_the_defaults_and_no_warning() -> None:
    found = values(load(ROOT / "deployments" / "example.toml"))
    assert compared(found)[1] == []
    assert {row.name: row.default for row in TABLE} == {row.name: found[row.name] for row in TABLE}


def test_compared__local_file__warned_of() -> None:
    lines, warnings = compared(values(config()))
    assert "voting period is 15 s: outside 10 min to 7 d" in warnings
    assert any(line.startswith("! voting period") for line in lines)


def test_compared__window_over_the_period__warned_of() -> None:
    assert compared({"open_window_s": 11, "voting_period_s": 10})[1][-1].startswith("window to open a vote")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (86400, "s", "1 d"),
        (5400, "s", "1.5 h"),
        (90, "s", "1.5 min"),
        (59, "s", "59 s"),
        (61, "s", "61 s"),
        (0, "s", "0 s"),
        (5000, "ppm", "0.5 %"),
        (10, "%", "10 %"),
        (3, "", "3"),
        (None, "s", "any"),
    ],
)
def test_shown__a_value__as_people_say_it(value: int | None, unit: str, words: str) -> None:
    assert shown(value, unit) == words
