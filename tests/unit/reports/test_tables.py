from __future__ import annotations

from typing import Any

import pytest

from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics.policies.policy import Policy, Rule, Severity
from tribune.metrics.profile import Profile
from tribune.reports.evidence import EvidenceContext, FrameTallies, build_evidence
from tribune.reports.tables import report_table, verdict
from unit.metrics.samples import count as counted
from unit.metrics.samples import profile_of, rows

RULE = Rule("quality.missing_rate/age", ">", 100_000, Severity.TRIP)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(800))


def document(profile: Profile, policy: Policy, seed: int = 1, count: int = 700) -> dict[str, Any]:
    context = EvidenceContext(
        0, ModelId(0), VersionNumber(0), FrameIndex(0), 0, 0, bytes(32), bytes(32), (), min_cell=1
    )
    tally = counted(rows(count, seed), profile.scheme)
    return dict(build_evidence(context, profile, policy, FrameTallies(tally, tally)).document)


def table(profile: Profile, policy: Policy | None = None, **more: Any) -> str:
    rules = policy or Policy(())
    return report_table(document(profile, rules), profile, rules, title="log", **more)


def test_report_table__no_rules_no_findings__has_every_family(profile: Profile) -> None:
    said = table(profile)
    assert said.startswith("log: 700 rows, compared with 800 of the reference\n")
    for heading in ("Quality, worst column first", "Drift, worst column first", "Fairness", "Performance"):
        assert f"\n{heading}\n" in said
    assert "Rules" not in said
    assert "Look at first" not in said


def test_report_table__long_names__are_whole(profile: Profile) -> None:
    said = table(profile, width=70)
    assert "…" not in said.partition("\nFairness\n")[2].partition("\n  –")[0]
    assert "how many of those who should get" in " ".join(said.split())


def test_report_table__bounds__are_explained(profile: Profile) -> None:
    said = " ".join(table(profile).split())
    assert said.endswith("as surely as the z of that rule asks.")


def test_report_table__share__is_not_parted_from_its_sign(profile: Profile) -> None:
    rule = Rule(RULE.metric, ">", 100_000, Severity.TRIP)
    for width in range(50, 110):
        lines = table(profile, Policy((rule,)), width=width).splitlines()
        assert not any(line.strip().startswith("%") for line in lines)


def test_report_table__findings__come_first(profile: Profile) -> None:
    said = table(profile, findings=["AGE: no row has a value."])
    assert said.index("  ! AGE: no row has a value.") < said.index("Quality")


def test_report_table__drift__is_sorted_by_effect(profile: Profile) -> None:
    found = document(profile, Policy(()))["values"]
    effects = {n.partition("/")[2]: v["micro"] for n, v in found.items() if n.startswith("drift.effect/")}
    worst = sorted(effects, key=lambda name: -effects[name])
    lines = table(profile, most=None).split("Drift, worst column first\n")[1].splitlines()
    titles = [profile.spec.column(name).title for name in worst]
    assert [line[2:].split("  ")[0] for line in lines[1 : len(worst) + 1]] == titles


def test_report_table__more_columns_than_are_shown__are_counted(profile: Profile) -> None:
    columns = len(profile.spec.measured)
    assert f"and {columns - 1} more; --all shows them" in table(profile, most=1)
    assert "more; --all" not in table(profile, most=None)


@pytest.mark.parametrize("width", [72, 80, 120])
def test_report_table__width__is_kept(profile: Profile, width: int) -> None:
    said = table(profile, Policy((RULE,)), findings=["a long finding " * 20], width=width, most=None)
    assert max(map(len, said.splitlines())) <= width


@pytest.mark.parametrize(("value", "word"), [(100_001, "BROKEN"), (100_000, "kept"), (None, "unknown")])
def test_verdict__value__is_held_against_the_limit(value: int | None, word: str) -> None:
    assert verdict(RULE, value) == word


def test_report_table__rule_that_cannot_be_judged__says_why(profile: Profile) -> None:
    policy = Policy((RULE,))
    found = document(profile, policy, count=3)
    said = report_table(found, profile, policy, title="log")
    assert "1 unknown" in said
    assert "not available: only 3 rows" in " ".join(said.split())
