"""Whole backtests: two policies side by side, as a document and for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tribune.exceptions import DataError, PolicyError
from tribune.metrics import Column, ColumnKind, ModelSpec, Policy, Profile, Role, Rule, Severity, Task
from tribune.metrics.policies.default_policy import default_policy, default_terms
from tribune.reports.canonical import canonical_bytes
from tribune_monitors.backtest.document import document
from tribune_monitors.backtest.history import Cut
from tribune_monitors.backtest.replay import Hit, RuleHits
from tribune_monitors.backtest.run import Backtest, Effort, replay_policies
from tribune_monitors.backtest.table import table
from unit.metrics.counted import profile_of_rows
from unit.metrics.samples import profile_of, rows

from .past import ENGINE, cut, write_rows

INVALID = Rule("quality.invalid_rate_increase.lower.max", ">", 20_000, Severity.TRIP, z=3_000_000)
DRIFT = Rule("drift.effect.lower/age", ">", 100_000, Severity.WARN, 2, 3, z=3_000_000)
SEES_NOTHING = Rule("quality.missing_rate/job", ">", 900_000, Severity.VOTE)
PRESENT, PROPOSED = Policy((INVALID, DRIFT)), Policy((SEES_NOTHING,))
STEP_S = 3600


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(3000, 1))


def run(folder: Path, profile: Profile, *policies: Policy, older_from: int = 2000) -> Backtest:
    """Replay over 10 frames of 200 rows, people being 20 years older from some row on."""
    sample = [*rows(older_from, 2), *rows(2000 - older_from, 3, older=20)]
    cursor, frames, _ = cut(folder, profile, write_rows(folder / "h.parquet", sample), Cut(rows=200))
    effort = Effort(resamples=40, windows=2)
    return replay_policies(cursor, ENGINE, profile, policies, frames, STEP_S, folder, effort)


@pytest.fixture(scope="module")
def made(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    return run(tmp_path_factory.mktemp("run"), profile, PRESENT, PROPOSED)


def test_replay_policies__no_drift__present_and_chance_are_silent(made: Backtest) -> None:
    present = made.runs[0]
    assert all(not hits.hits for hits in present.rules)
    assert all(not hits.hits for hits in present.chance.rules)
    assert (present.chance.rows, present.chance.frames) == (200, 40)


def test_replay_policies__faults__are_seen_by_the_rule_they_break(made: Backtest) -> None:
    seen = {one.fault.name: one for one in made.runs[0].faults}
    assert seen["none"].seen == (0, 0)
    assert seen["unit/age/100"].seen[0] == seen["unit/age/100"].windows == 2
    assert seen["unit/age/100"].after[0] == 2  # in the first frame of each
    assert seen["shift/age/sex=2"].seen[1] == 2
    assert seen["shift/age/sex=2"].after[1] == 4  # two of three frames: in the second
    assert seen["missing/age/5"].worst[Severity.WARN] == 0


def test_replay_policies__proposal__shows_what_it_would_no_longer_see(made: Backtest) -> None:
    assert all(sum(one.seen) == 0 for one in made.runs[1].faults)


@pytest.fixture(scope="module")
def moved(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    return run(tmp_path_factory.mktemp("moved"), profile, PRESENT, older_from=1000)


def test_replay_policies__drift_in_the_history__is_hit_from_its_second_frame(moved: Backtest) -> None:
    assert [hit.frame for hit in moved.runs[0].rules[1].hits] == [6, 7, 8, 9]
    (alarm,) = moved.runs[0].rules[1].alarms
    assert alarm.frame == 6


def test_replay_policies__frames_too_small__is_refused(profile: Profile, tmp_path: Path) -> None:
    cursor, frames, _ = cut(tmp_path, profile, write_rows(tmp_path / "h.parquet", rows(18, 2)), Cut(rows=9))
    with pytest.raises(DataError, match="No frame has 10 rows"):
        replay_policies(cursor, ENGINE, profile, [PRESENT], frames, STEP_S, tmp_path)


def test_replay_policies__rule_of_another_model__is_refused_before_counting(
    profile: Profile, tmp_path: Path
) -> None:
    cursor, frames, _ = cut(tmp_path, profile, write_rows(tmp_path / "h.parquet", rows(50, 2)), Cut(rows=50))
    odd = Policy((Rule("drift.psi/shoe", ">", 1, Severity.WARN),))
    with pytest.raises(PolicyError, match="shoe"):
        replay_policies(cursor, ENGINE, profile, [odd], frames, STEP_S, tmp_path)


def numbers(part: Any) -> Iterator[Any]:
    if isinstance(part, dict | list | tuple):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from numbers(inner)
    else:
        yield part


def test_document__a_backtest__is_canonical_and_holds_no_float(made: Backtest) -> None:
    found = document(made)
    assert not [part for part in numbers(found) if isinstance(part, float)]
    assert canonical_bytes(found) == canonical_bytes(document(made))
    assert [policy["rules"][0]["metric"] for policy in found["policies"]] == [
        INVALID.metric,
        SEES_NOTHING.metric,
    ]


def test_document__by_chance__has_a_rate_a_bound_and_what_z_promises(made: Backtest) -> None:
    invalid, drift = (rule["by_chance"] for rule in document(made)["policies"][0]["rules"])
    assert (invalid["alarms"], invalid["a_year"]) == (0, 0)
    assert invalid["a_year_below"] == pytest.approx(2.9957 * 8760 / 40 * 1e6, rel=1e-3)
    assert drift["a_year_by_z"] == pytest.approx(8760 * 0.0013499 * 1e6, rel=1e-3)
    assert document(made)["policies"][1]["rules"][0]["by_chance"]["a_year_by_z"] is None


def test_table__two_policies__stand_side_by_side(made: Backtest) -> None:
    lines = table(made, findings=["A row is odd."]).splitlines()
    assert lines[0] == "10 frames, 2,000 rows, 200 in the middle one"
    assert "  ! A row is odd." in lines
    (shift,) = (line.split() for line in lines if "too large for women" in line)
    assert shift[-3:] == ["2", "not", "seen"]
    assert any(line.startswith("Rules of the proposed policy") for line in lines)


def test_table__one_policy_with_hits__names_the_frame(moved: Backtest) -> None:
    text = table(moved)
    assert "Hit in 4 frames, from frame 7 (1." in text
    assert "proposed" not in text
    assert max(len(line) for line in text.splitlines()) <= 110


def test_table__hit_of_the_worst_column__names_the_column(moved: Backtest) -> None:
    (ran,) = moved.runs
    hits = RuleHits((Hit(6, 50_000, "age"),), 0)
    text = table(replace(moved, runs=(replace(ran, rules=(hits, ran.rules[1])),)))
    assert "Hit in 1 frame, from frame 7 (5 %, age)." in text


def test_table__rules_never_measured__are_nowhere_said_to_be_well(moved: Backtest) -> None:
    (ran,) = moved.runs
    blind = RuleHits((), len(moved.frames), "no labels yet")
    drawn = replace(ran.chance, rules=(RuleHits((), ran.chance.frames, "no labels yet"),) * 2)
    text = table(replace(moved, runs=(replace(ran, rules=(blind, blind), chance=drawn),)))
    assert "Not measured in 10 of 10 frames: no labels yet." in text
    happened, by_chance = (text.split(title)[1].split("\n\n")[0] for title in ("happened", "By chance"))
    assert "none" not in happened.lower()
    assert "not measured" in happened
    assert "not measured" in by_chance
    assert "Never hit" not in text


def test_table__rule_measured_in_some_frames__says_in_how_many(moved: Backtest) -> None:
    (ran,) = moved.runs
    some = RuleHits((), 4, "no labels yet")
    text = table(replace(moved, runs=(replace(ran, rules=(some, ran.rules[1])),)))
    assert "Never hit in 6 frames. Not measured in 4 of 10 frames: no labels yet." in text


def columns(task: Task) -> pd.DataFrame:
    """Rows of a model of each kind: a group, a feature and, where there are any, answers and labels."""
    dice = np.random.default_rng(1)
    rows: dict[str, Any] = {
        "sex": dice.choice(["m", "f"], 900).tolist(),
        "size": dice.normal(10, 2, 900),
    }
    if task is Task.REGRESSION:
        rows["label"] = dice.normal(100, 20, 900)
        rows["prediction"] = rows["label"] + dice.normal(0, 5, 900)
    if task is Task.MULTICLASS:
        rows["label"] = dice.choice(["cat", "dog", "owl"], 900).tolist()
        rows["prediction"] = [said if dice.random() < 0.9 else "cat" for said in rows["label"]]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.MULTICLASS, Task.GENERIC])
def test_replay_policies__other_kinds_of_model__are_replayed_with_their_default_policy(
    task: Task, tmp_path: Path
) -> None:
    kind = ColumnKind.NUMERIC if task is Task.REGRESSION else ColumnKind.CATEGORY
    answers = [Column("prediction", kind, Role.PREDICTION), Column("label", kind, Role.LABEL)]
    spec = ModelSpec(
        (
            Column("sex", ColumnKind.CATEGORY, Role.GROUP),
            Column("size", ColumnKind.NUMERIC, Role.FEATURE),
            *(answers if task is not Task.GENERIC else []),
        ),
        task,
        min_rows=100,
        min_group=20,
        classes=("cat", "dog", "owl") if task is Task.MULTICLASS else (),
    )
    profile = profile_of_rows(tmp_path, spec, columns(task))
    policy = default_policy(profile, default_terms(STEP_S)).policy
    cursor, frames, _ = cut(tmp_path, profile, tmp_path / "reference.parquet", Cut(rows=300))
    made = replay_policies(
        cursor, ENGINE, profile, [policy], frames, STEP_S, tmp_path, Effort(resamples=5, windows=1)
    )
    assert all(hits.missing < 3 and not hits.hits for hits in made.runs[0].rules)
    assert all(hits.missing < 3 and not hits.hits for hits in made.runs[0].chance.rules)
    units = next(one for one in made.runs[0].faults if one.fault.name == "unit/size/100")
    assert units.worst[Severity.TRIP] == 1
    assert table(made)
