"""The commands about rules, run as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tribune.cli import app
from tribune.metrics import Policy
from tribune.metrics.policies.terms import FrameTerms
from unit.metrics.samples import profile_of, rows


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile.json"
    path.write_bytes(profile_of(rows(2000, 1, unfair=0.02)).canonical)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


def test_policy_init__to_a_file__writes_what_can_be_voted_on(profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    ran = run("init", "--profile", profile, "--step", "15m", "--warns", "0.5", "-o", out)
    assert ran.exit_code == 0, ran.output
    assert FrameTerms.load(out).step_s == 900
    assert len(Policy.load(out).rules) == 6


def test_policy_init__without_a_file__shows_it(profile: Path, tmp_path: Path) -> None:
    ran = run("init", "--profile", profile, "--frames-a-year", "365")
    shown = tmp_path / "shown.toml"
    shown.write_text(ran.output, encoding="utf-8")
    assert FrameTerms.load(shown).step_s == 86_400


def test_policy_init__json__tells_its_rules_and_what_was_left_out(profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    told = json.loads(run("init", "--profile", profile, "-o", out, "--json").output)
    assert told["file"] == str(out)
    assert [rule["metric"] for rule in told["rules"]] == [rule.metric for rule in Policy.load(out).rules]
    assert set(told) == {"file", "rules", "left_out", "notes"}


def test_policy_init__file_exists__is_refused(profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    out.write_text("mine")
    ran = run("init", "--profile", profile, "-o", out)
    assert ran.exit_code == 2
    assert "--force" in ran.output
    assert out.read_text() == "mine"


def test_policy_init__file_exists_and_force__is_written_over(profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    out.write_text("mine")
    assert run("init", "--profile", profile, "--output", out, "--force").exit_code == 0
    assert Policy.load(out).rules


def test_policy_init__no_such_folder__is_refused_with_a_sentence(profile: Path, tmp_path: Path) -> None:
    ran = run("init", "--profile", profile, "-o", tmp_path / "none" / "policy.toml")
    assert ran.exit_code == 2
    assert "There is no folder" in ran.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--step", "soon"], "no stretch of time"),
        (["--step", "1h", "--frames-a-year", "10"], "the same thing"),
        (["--trips", "0"], "above 0"),
    ],
)
def test_policy_init__odd_request__is_refused(profile: Path, arguments: list[str], words: str) -> None:
    ran = run("init", "--profile", profile, *arguments)
    assert ran.exit_code != 0
    assert words in ran.output


def test_policy_explain__a_written_policy__says_rules_and_chances(profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    run("init", "--profile", profile, "-o", out)
    ran = run("explain", out, "--profile", profile)
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("By chance at most") == 6
    assert "In a year, by chance, at most" in ran.output


def test_policy_explain__without_a_profile__says_rules(profile: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    run("init", "--profile", profile, "-o", out)
    ran = run("explain", out)
    assert ran.exit_code == 0, ran.output
    assert "6. Tell Discord when" in ran.output
