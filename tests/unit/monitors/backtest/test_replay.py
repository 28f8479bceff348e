"""Policies replayed over tallies: hits as the chain would have judged them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.metrics import Policy, Profile, Rule, Severity, Tally
from tribune_monitors.backtest.replay import Hit, Replay, RuleHits
from unit.metrics.samples import count, profile_of, rows

MISSING = "quality.missing_rate/age"


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(500, 1))


def frame(missing: int, n: int = 100) -> Tally:
    """A frame in which so many of the rows have no age."""
    return count([replace(row, age=None) if at < missing else row for at, row in enumerate(rows(n, 2))])


def replayed(profile: Profile, rule: Rule, tallies: list[Tally], lag: int = 0) -> RuleHits:
    replay = Replay(Policy((rule,)), profile, lag)
    (hits,) = replay.judge(replay.measure_all(tallies))
    return hits


def test_judge__one_frame__is_hit_beyond_the_limit(profile: Profile) -> None:
    rule = Rule(MISSING, ">", 100_000, Severity.TRIP)
    hits = replayed(profile, rule, [frame(0), frame(10), frame(11), frame(50), frame(3)])
    assert hits == RuleHits((Hit(2, 110_000), Hit(3, 500_000)), 0)


def test_judge__worst_column__is_named(profile: Profile) -> None:
    rule = Rule("quality.missing_rate.max", ">", 100_000, Severity.TRIP)
    assert replayed(profile, rule, [frame(0), frame(50)]) == RuleHits((Hit(1, 500_000, "age"),), 0)


def test_judge__two_of_three__value_is_the_second_largest(profile: Profile) -> None:
    rule = Rule(MISSING, ">", 100_000, Severity.VOTE, 2, 3)
    hits = replayed(profile, rule, [frame(30), frame(0), frame(20), frame(0), frame(0)])
    assert hits == RuleHits((Hit(2, 200_000),), 1, "fewer than 2 of the last 3 frames could be measured")


def test_judge__values_missing__is_hit_beyond_its_budget(profile: Profile) -> None:
    rule = Rule(MISSING, ">", 100_000, Severity.WARN, na_budget=1)
    small = frame(0, 5)
    hits = replayed(profile, rule, [small, frame(0), small, small, small, frame(0), small])
    assert hits == RuleHits((Hit(3, None), Hit(4, None)), 5, "only 5 rows, 10 are needed")


def test_alarms__neighbouring_hits__are_one() -> None:
    hits = RuleHits(tuple(Hit(frame, 1) for frame in (0, 1, 2, 5, 7, 8)), 0)
    assert [hit.frame for hit in hits.alarms] == [0, 5, 7]


def test_measure__labels_late__are_those_of_an_earlier_frame(profile: Profile) -> None:
    right = [replace(row, label=row.prediction) for row in rows(100, 2)]
    wrong = [replace(row, label="0" if row.prediction == "1" else "1") for row in rows(100, 2)]
    rule = Rule("performance.accuracy", "<", 500_000, Severity.WARN)
    tallies = [count(right), count(wrong), count(right), count(right)]
    assert replayed(profile, rule, tallies, 0) == RuleHits((Hit(1, 0),), 0)
    assert replayed(profile, rule, tallies, 2) == RuleHits((Hit(3, 0),), 2, "no labels yet")


def test_measure__groups_too_small_for_one_frame__earlier_frames_are_added(profile: Profile) -> None:
    few = [count(rows(24, seed)) for seed in range(4)]
    rule = Rule("fairness.demographic_parity_difference/sex", "<", 0, Severity.WARN)
    assert replayed(profile, rule, few).missing == 1  # min_group is 20, each group has about 12 rows


def test_judge__frames_unmeasured_for_reasons_that_differ_in_numbers__gives_the_commonest(
    profile: Profile,
) -> None:
    few = [
        count([replace(row, label=None) if at >= labels else row for at, row in enumerate(rows(100, 2))])
        for labels in (3, 4, 5)
    ]
    rule = Rule("performance.accuracy", "<", 0, Severity.WARN)
    hits = replayed(profile, rule, [count(rows(1, 2)), *few, count(rows(2, 2))])
    assert hits.missing == 5
    assert hits.reason.startswith("only 3 rows with a label")


@pytest.mark.parametrize("metric", ["log.anchored_share", "replay.mismatch"])
def test_judge__rule_on_a_sealed_log__is_not_judged_and_says_why(metric: str, profile: Profile) -> None:
    """Past rows have no anchor: that they cannot be audited must not look like a log that failed one."""
    hits = replayed(profile, Rule(metric, "<", 1_000_000, Severity.TRIP, na_budget=0), [frame(0), frame(0)])
    assert (hits.hits, hits.missing) == ((), 2)
    assert "no sealed and anchored log" in hits.reason


def test_judge__volume_of_the_log__is_judged_as_any_count(profile: Profile) -> None:
    rule = Rule("log.volume", "<", 50_000_000, Severity.WARN)
    assert replayed(profile, rule, [frame(0), frame(0, n=20)]) == RuleHits((Hit(1, 20_000_000),), 0)
