"""Metrics of the log: values of integers that an audit found, and nothing where nobody asked or looked."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tribune.exceptions import PolicyError
from tribune.metrics import Policy, Profile, Rule, Severity, Tally, Value, evaluate, standard_metrics
from tribune.metrics.families.log_audit import Leaves, LogAudit, Replayed
from tribune.metrics.measure import measured_metrics
from tribune.metrics.policies.policy_text import explain, explain_chances
from tribune.metrics.registry import METRICS, find
from unit.metrics.samples import SCHEME, count, profile_of, rows

NAMES = ["log.volume", "log.anchored_share", "replay.mismatch"]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(1000, 1))


def value(name: str, profile: Profile, audit: LogAudit | None, z: int = 0) -> Value:
    return evaluate([name], profile, count(rows(30)), None, {name: z} if z else {}, audit=audit)[name]


def replayed(sampled: int, again: int, mismatched: int) -> LogAudit:
    return LogAudit(replayed=Replayed(7, b"h" * 32, sampled, sampled, again, mismatched, (3, 9)[:mismatched]))


def test_standard_metrics__any_model__leave_out_what_only_a_rule_asks_for(profile: Profile) -> None:
    assert set(NAMES) <= set(METRICS)
    assert not set(NAMES) & set(standard_metrics(profile))


def test_measured_metrics__a_rule_names_one__that_one_only(profile: Profile) -> None:
    policy = Policy((Rule("log.anchored_share", "<", 1_000_000, Severity.VOTE),))
    assert set(measured_metrics(policy, profile)) & set(NAMES) == {"log.anchored_share"}


def test_volume__rows__is_the_same_count_as_qualitys(profile: Profile) -> None:
    values = evaluate(["log.volume", "quality.volume"], profile, count(rows(30)), None, {})
    assert values["log.volume"] == values["quality.volume"] == Value(30_000_000, 30)


def test_volume__no_rows__is_nought_where_qualitys_is_not_available(profile: Profile) -> None:
    values = evaluate(["log.volume", "quality.volume"], profile, Tally.zero(SCHEME), None, {})
    assert (values["log.volume"].micro, values["quality.volume"].micro) == (0, None)


@pytest.mark.parametrize("name", NAMES[1:])
def test_evaluate__nobody_looked_into_the_log__not_available(name: str, profile: Profile) -> None:
    for audit in (None, LogAudit()):
        found = value(name, profile, audit)
        assert found.micro is None
        assert "sealed and anchored log" in found.reason


def test_anchored_share__all_proven__is_one(profile: Profile) -> None:
    assert value(NAMES[1], profile, LogAudit(Leaves(3, True, 3))) == Value(1_000_000, 3)


def test_anchored_share__erased_and_changed_rows__are_not_proven_and_named(profile: Profile) -> None:
    found = value(NAMES[1], profile, LogAudit(Leaves(10, True, 7, 2, (4, 8), (5,))))
    assert found.micro == 700_000
    assert found.reason == "2 erased (rows 4, 8); 1 not what the leaf says (row 5)"


def test_anchored_share__many_rows__the_first_are_named_and_the_rest_counted(profile: Profile) -> None:
    found = value(NAMES[1], profile, LogAudit(Leaves(100, True, 50, 0, (), tuple(range(20)))))
    assert found.reason.startswith("50 not what the leaf says (rows 0, 1, ")
    assert found.reason.endswith("19, …)")


def test_anchored_share__leaves_of_another_root__is_nought(profile: Profile) -> None:
    found = value(NAMES[1], profile, LogAudit(Leaves(10, False, 10)))
    assert (found.micro, found.n) == (0, 10)
    assert "anchored root" in found.reason


def test_anchored_share__one_of_three_millions_not_proven__is_below_one(profile: Profile) -> None:
    assert value(NAMES[1], profile, LogAudit(Leaves(3_000_000, True, 2_999_999))).micro == 999_999


@pytest.mark.parametrize("audit", [LogAudit(Leaves(0, True, 0)), replayed(0, 0, 0)])
def test_evaluate__empty_log__not_available(audit: LogAudit, profile: Profile) -> None:
    name = NAMES[1] if audit.leaves else NAMES[2]
    assert value(name, profile, audit) == Value(None, 0, reason="no rows")


def test_mismatch__some_answered_otherwise__their_share_of_the_sample(profile: Profile) -> None:
    found = value(NAMES[2], profile, replayed(200, 200, 2))
    assert found == Value(10_000, 200, found.lower, found.upper, "2 answered otherwise (rows 3, 9)")


def test_mismatch__rows_without_a_body__are_not_confirmed(profile: Profile) -> None:
    found = value(NAMES[2], profile, LogAudit(replayed=Replayed(7, b"h" * 32, 10, 8, 8, 1, (3,), (5, 6))))
    assert found.micro == 300_000
    assert "2 without a body to run again (rows 5, 6)" in found.reason


def test_mismatch__with_a_z__has_wilsons_bounds(profile: Profile) -> None:
    found = value("replay.mismatch.lower", profile, replayed(200, 200, 2), z=1_959_964)
    z, p, n = Fraction(1_959_964, 10**6), Fraction(2, 200), 200
    middle = float((p + z * z / (2 * n)) / (1 + z * z / n))
    half = float(z / (1 + z * z / n)) * float(p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert found.lower == round((middle - half) * 1_000_000)
    assert found.upper == round((middle + half) * 1_000_000)
    assert found.micro == found.lower


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("log.anchored_share.lower", "no lower bound"),
        ("replay.mismatch/age", "whole model"),
        ("log.anchored_shar", "Did you mean log.anchored_share"),
    ],
)
def test_find__no_such_metric_of_the_log__says_why(name: str, words: str) -> None:
    with pytest.raises(PolicyError) as fault:
        find(name)
    assert words in str(fault.value)


def test_audits__rules_with_and_without__only_what_needs_a_look_into_the_log() -> None:
    rules = (
        Rule("log.volume", "<", 1_000_000, Severity.WARN),
        Rule("replay.mismatch.lower", ">", 10_000, Severity.TRIP, m=2, w=3, z=2_000_000),
        Rule("performance.accuracy", "<", 500_000, Severity.WARN, w=7),
    )
    policy = Policy(rules)
    assert (policy.audits, policy.audited_window) == (frozenset({"replay.mismatch"}), 3)
    assert (Policy(rules[:1]).audits, Policy(rules[:1]).audited_window) == (frozenset(), 0)


def test_explain__decisions_to_be_run_again__says_what_monitors_need(profile: Profile) -> None:
    rule = Rule("replay.mismatch.lower", ">", 10_000, Severity.TRIP, z=2_000_000)
    for lines in (explain(Policy((rule,))), explain_chances(Policy((rule,)), profile, 3600)):
        text = "\n".join(lines)
        assert (
            "when the share of decisions, run again, that the registered model does not confirm is surely "
            "above 1 % in one frame" in text
        )
        assert "Each monitor needs a replayer and the registered artifact" in text
    assert "Chance alone does not break it" in text
    assert text.endswith("at most 0 stops, 0 votes and 0 warnings.")
