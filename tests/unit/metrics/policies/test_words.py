"""Rules in plain words."""

from __future__ import annotations

import pytest

from tribune.metrics import METRICS, Rule, Severity, Stage, describe
from tribune.metrics.policies.words import amount, describe_metric
from unit.metrics.samples import SPEC


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            Rule(
                "fairness.demographic_parity_difference.lower/sex",
                ">",
                100_000,
                Severity.TRIP,
                z=3_000_000,
            ),
            "Stop the model for a bounded time and open a vote when the gap in positive decisions between "
            "groups by sex is surely above 10 % in one frame.",
        ),
        (
            Rule("performance.accuracy", "<", 755_000, Severity.VOTE, m=2, w=3),
            "Open a vote when the share of right answers is below 75.5 % in 2 of 3 frames.",
        ),
        (
            Rule("drift.effect.lower.max", ">", 100_000, Severity.WARN, z=3_000_000),
            "Tell Discord when the size of the shift of the worst column is surely above 0.1 in one frame.",
        ),
        (
            Rule("performance.accuracy", "<", 755_000, Severity.TRIP, m=2, w=3, stage=Stage.EVALUATION),
            "Let no version take force when the share of right answers is below 75.5 % in its evaluation.",
        ),
        (
            Rule("performance.accuracy", "<", 755_000, Severity.WARN, stage=Stage.EVALUATION),
            "Tell Discord when the share of right answers is below 75.5 % in its evaluation.",
        ),
        (
            Rule("performance.accuracy", "<", 755_000, Severity.VOTE, stage=Stage.PRODUCTION),
            "Open a vote when the share of right answers is below 75.5 % in one frame in service; "
            "evaluations are not judged by it.",
        ),
    ],
)
def test_describe__a_rule__is_one_sentence(rule: Rule, words: str) -> None:
    assert describe(rule, SPEC) == words


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_describe__any_metric__has_words(metric: object) -> None:
    name = metric.name + ("/AGE" if metric.targets else "")  # type: ignore[attr-defined]
    sentence = describe(Rule(name, ">", 0, Severity.WARN))
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("name", "micro", "shown"),
    [
        ("performance.accuracy_drop", -400, "0 %"),
        ("performance.accuracy_drop", -600, "-0.1 %"),
        ("drift.effect/AGE", 431_400, "0.431"),
    ],
)
def test_amount__rounded__has_no_sign_at_zero(name: str, micro: int, shown: str) -> None:
    assert amount(name, micro) == shown


def test_describe_metric__the_worst_of_all_classes__says_class() -> None:
    words = describe_metric("performance.class_recall_drop.max")
    assert words == "the fall in the recall of the worst class against the profile"


def test_amount__thousands__are_set_apart() -> None:
    assert amount("quality.volume", 208_892_000_000) == "208,892"
