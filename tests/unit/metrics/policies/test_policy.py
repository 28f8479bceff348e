"""Policies: files, the chain's tuples, windows, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.exceptions import PolicyError
from tribune.metrics import NOT_AVAILABLE, Policy, Rule, Severity, Stage, Value, window_value
from unit.metrics.samples import profile_of, rows

PARITY = "fairness.demographic_parity_difference.lower/sex"
POLICY = Policy(
    (
        Rule("quality.invalid_rate_increase.lower.max", ">", 20_000, Severity.TRIP, z=4_000_000),
        Rule(PARITY, ">", 100_000, Severity.TRIP, z=3_000_000, na_budget=12),
        Rule("performance.accuracy", "<", 750_000, Severity.VOTE, m=2, w=3),
    )
)
STAGED = Policy(
    (
        Rule("performance.accuracy", "<", 750_000, Severity.VOTE),
        Rule("performance.accuracy", "<", 800_000, Severity.VOTE, stage=Stage.EVALUATION),
        Rule("drift.psi.max", ">", 250_000, Severity.WARN, stage=Stage.PRODUCTION),
    )
)


@pytest.mark.parametrize("policy", [POLICY, STAGED])
def test_load__what_to_toml_wrote__is_equal(tmp_path: Path, policy: Policy) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy.to_toml())
    assert Policy.load(path) == policy


def test_load__decimals__are_exact(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[rule]]\nmetric = "drift.psi.max"\nlimit = 0.29\nseverity = "WARN"\n')
    assert Policy.load(path).rules[0].limit == 290_000


def test_on_chain__a_rule__is_the_agreed_tuple() -> None:
    assert POLICY.on_chain()[1] == (PARITY, 0, 2, 0, 1, 1, 12, 3_000_000, 100_000, 0, 1_000_000)
    assert POLICY.on_chain()[2] == ("performance.accuracy", 1, 1, 0, 2, 3, 3, 0, 750_000, 0, 1_000_000)


def test_on_chain__stage__comes_after_the_severity() -> None:
    assert [fields[3] for fields in STAGED.on_chain()] == [0, 2, 1]


@pytest.mark.parametrize("place", [1, 2, 3])
def test_from_chain__unknown_number__is_refused(place: int) -> None:
    fields = list(POLICY.on_chain()[2])
    fields[place] = 3
    with pytest.raises(PolicyError, match="not known"):
        Policy.from_chain([fields])


@pytest.mark.parametrize("policy", [POLICY, STAGED])
def test_from_chain__what_on_chain_gave__is_equal(policy: Policy) -> None:
    assert Policy.from_chain(policy.on_chain()) == policy


def test_from_chain__another_range__is_refused() -> None:
    fields = (*POLICY.on_chain()[2][:-1], 2_000_000)
    with pytest.raises(PolicyError, match="range"):
        Policy.from_chain([fields])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"op": ">="}, "op"),
        ({"m": 3, "w": 2}, "window"),
        ({"m": 0}, "window"),
        ({"w": 256}, "window"),
        ({"na_budget": 256}, "na_budget"),
        ({"z": 0}, "needs a z"),
        ({"limit": 1_000_001}, "range"),
        ({"metric": "performance.accuracy"}, "needs a z"),
    ],
)
def test_rule__that_cannot_be_judged__is_refused(change: dict[str, Any], word: str) -> None:
    fields = {"metric": PARITY, "op": ">", "limit": 0, "severity": Severity.WARN, "z": 1, **change}
    with pytest.raises(PolicyError) as fault:
        Rule(**fields)
    assert word in str(fault.value)


def test_policy__from_a_chain_without_rules__is_refused() -> None:
    with pytest.raises(PolicyError, match="without rules"):
        Policy.from_chain([])


def test_policy__without_rules__judges_nothing() -> None:
    assert Policy(()).values([{}]) == ()
    assert Policy(()).longest_window == 1


def test_policy__two_z_for_one_metric__is_refused() -> None:
    rules = [Rule(PARITY, ">", 0, Severity.WARN, z=z) for z in (1, 2)]
    with pytest.raises(PolicyError, match="different z"):
        Policy(tuple(rules))


def test_check__column_the_model_lacks__is_refused() -> None:
    policy = Policy((Rule("fairness.demographic_parity_difference/RACE", ">", 0, Severity.WARN),))
    with pytest.raises(PolicyError, match="RACE"):
        policy.check(profile_of(rows(100)))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "without rules"),
        ("rule = 3", r"\[\[rule\]\]"),
        ("[[rule]]\nlimit = 1", "no metric"),
        ('[[rule]]\nmetric = "quality.volume"\nlimit = 1', "no severity"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "STOP"\nlimit = 1', "severity 'STOP'"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"', "no limit"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"\nlimit = "x"', "not a number"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"\nlimit = nan', "six decimals"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"\nlimit = 1.0000001', "six decimals"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"\nlimit = 1\nwindow = 3', "window"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"\nlimit = 1\nstage = "later"', "stage"),
        ('[[rule]]\nmetric = "quality.volume"\nseverity = "WARN"\nlimit = 1\nstage = [1]', "stage"),
    ],
)
def test_load__a_file_that_is_no_policy__says_why(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=word):
        Policy.load(path)


def values(*micros: int | None) -> list[Value | None]:
    return [Value(micro, 1) for micro in micros]


@pytest.mark.parametrize(
    ("op", "m", "w", "history", "expected"),
    [
        (">", 1, 1, values(9, 5), 5),
        (">", 2, 3, values(9, 1, 5, 7), 5),
        ("<", 2, 3, values(9, 1, 5, 7), 5),
        ("<", 1, 3, values(9, 1, 5, 7), 1),
        (">", 2, 3, values(9, None, None, 7), None),
        (">", 1, 3, [*values(4), None, None], 4),
        (">", 1, 1, [], None),
    ],
)
def test_window_value__m_of_w__is_the_mth_worst(
    op: str, m: int, w: int, history: list[Value | None], expected: int | None
) -> None:
    rule = Rule("drift.psi.max", op, 0, Severity.WARN, m=m, w=w)
    assert window_value(rule, history) == expected


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.data())
def test_window_value__a_hit__means_m_frames_were_beyond(micros: list[int], data: st.DataObject) -> None:
    m = data.draw(st.integers(1, len(micros)))
    rule = Rule("drift.psi.max", ">", 4, Severity.WARN, m=m, w=len(micros))
    value = window_value(rule, values(*micros))
    assert value is not None
    assert rule.is_hit(value) is (sum(micro > 4 for micro in micros) >= m)


def test_values__history__gives_one_integer_per_rule() -> None:
    frames = [
        {rule.metric: Value(micro, 1) for rule, micro in zip(POLICY.rules, micros, strict=True)}
        for micros in ((1, 2, 700_000), (3, None, 800_000))
    ]
    assert POLICY.values(frames) == (3, NOT_AVAILABLE, 800_000)
    assert POLICY.values([None, frames[1]]) == (3, NOT_AVAILABLE, NOT_AVAILABLE)
    assert POLICY.values(frames, evaluation=True) == (3, NOT_AVAILABLE, 800_000)
    assert POLICY.values(frames[1:], evaluation=True) == (3, NOT_AVAILABLE, 800_000)


def test_is_hit__not_available__never_is() -> None:
    assert not POLICY.rules[2].is_hit(NOT_AVAILABLE)
    assert POLICY.rules[2].is_hit(749_999)
    assert not POLICY.rules[2].is_hit(750_000)
