"""The backtest command, run as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tribune.cli import app
from unit.metrics.samples import profile_of, rows
from unit.monitors.backtest.past import write_rows

RULE = '[[rule]]\nmetric = "quality.missing_rate/age"\nop = ">"\nlimit = 0.02\nseverity = "VOTE"\n'
FRAMES = """
[frames]
step_s = 3600
length_s = 3600
grace_s = 60
deadline_s = 120
suspension_s = 60
k = 2
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profile.json").write_bytes(profile_of(rows(1000, 1)).canonical)
    (tmp_path / "policy.toml").write_text(RULE + FRAMES)
    (tmp_path / "proposed.toml").write_text(RULE.replace("0.02", "0.9"))
    write_rows(tmp_path / "h.parquet", rows(400, 2), [at * 36_000_000 for at in range(400)])
    return tmp_path


def run(*arguments: str) -> Result:
    effort = ["--resamples", "5", "--windows", "1"]
    return CliRunner().invoke(app, ["backtest", "h.parquet", "--policy", "policy.toml", *arguments, *effort])


def test_backtest__step_of_the_policy__cuts_by_time(folder: Path) -> None:
    ran = run()
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("4 frames, 400 rows, 100 in the middle one, 1970-01-01 00:00 to")


def test_backtest__a_proposal__is_shown_beside(folder: Path) -> None:
    ran = run("--against", "proposed.toml", "--frame-rows", "200")
    assert ran.exit_code == 0, ran.output
    assert "the proposed policy" in ran.output


def test_backtest__json__is_the_document(folder: Path) -> None:
    ran = run("--step", "15m", "--json", "-o", "consequences.json")
    assert ran.exit_code == 0, ran.output
    document = json.loads((folder / "consequences.json").read_text())
    assert document["schema"] == "tribune/backtest/1"
    assert (document["step_s"], len(document["frames"])) == (900, 16)


def test_backtest__output_exists__is_refused_before_work(folder: Path) -> None:
    (folder / "mine").write_text("mine")
    ran = run("-o", "mine")
    assert ran.exit_code == 2
    assert (folder / "mine").read_text() == "mine"


def test_backtest__policy_without_frames__asks_for_a_step(folder: Path) -> None:
    (folder / "policy.toml").write_text(RULE)
    ran = run()
    assert ran.exit_code != 0
    assert "[frames]" in ran.output
