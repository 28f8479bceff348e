"""What the figures of a report need, read from its evidence document beside its profile and policy.

Refuses a document of another profile or of other rules. It computes no metric: values are the document's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tribune.exceptions import EvidenceError
from tribune.figures.overview import Moved, RuleLine, Verdict
from tribune.metrics.canonical import json_integer, read_integer
from tribune.metrics.policies.policy import Policy, Rule, Severity, Stage
from tribune.metrics.policies.words import amount, describe_metric, target_title
from tribune.metrics.profile import Profile
from tribune.metrics.published import check_profile, read_rates
from tribune.metrics.registry import find
from tribune.metrics.statistics.groups import targets
from tribune.metrics.value import MetricName

MOST_MOVED = 5
MOST_WORST = 3
CONSEQUENCES = {
    Severity.WARN: "warns",
    Severity.VOTE: "opens a vote",
    Severity.TRIP: "stops the model and opens a vote",
}


def in_numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document whose values and limits are numbers, also those that JSON holds as text."""
    return _with(document, read_integer)


def as_written(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as its bytes have it: text where a number is too large for JSON."""
    return _with(document, json_integer)


def _with(document: Mapping[str, Any], convert: Callable[[Any], int | str]) -> dict[str, Any]:
    def converted(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
        return {**entry, **{key: convert(entry[key]) for key in keys if entry[key] is not None}}

    values = document["values"].items()
    return {
        **document,
        "rules": [converted(rule, "limit", "value") for rule in document["rules"]],
        "values": {name: converted(value, "micro", "lower", "upper") for name, value in values},
    }


def check(document: Mapping[str, Any], profile: Profile, policy: Policy) -> None:
    """Raise EvidenceError unless the document was measured with this profile, for these rules."""
    check_profile(document, profile)
    judged = [(rule["metric"], rule["limit"]) for rule in document["rules"]]
    if judged != [(rule.metric, rule.limit) for rule in policy.rules]:
        raise EvidenceError(
            "The evidence is about other rules.", mend="Give the policy whose digest it names."
        )


def rule_lines(document: Mapping[str, Any], profile: Profile, policy: Policy) -> list[RuleLine]:
    """Return the rules with their values and verdicts, in order."""
    lines = []
    for rule, reported in zip(policy.rules, document["rules"], strict=True):
        micro = reported["value"]
        bound = {"lower": "at least ", "upper": "at most "}.get(MetricName.parse(rule.metric).bound, "")
        shown, limit = _apart(rule, micro)
        lines.append(
            RuleLine(
                subject=_subject(document, profile, rule, micro),
                verdict=_verdict(document, rule, micro),
                micro=micro,
                limit=rule.limit,
                above=rule.op == ">",
                shown=f"{bound}{shown}" if micro is not None else "",
                shown_limit=limit,
                consequence=CONSEQUENCES[rule.severity],
            )
        )
    return lines


def moved_columns(document: Mapping[str, Any], profile: Profile) -> list[tuple[str, Moved]]:
    """Return the columns that moved at all, furthest first, by name and as a figure shows them."""
    found = []
    for name, value in document["values"].items():
        parts = MetricName.parse(name)
        if parts.base == "drift.effect" and parts.target and not parts.bound and value["micro"]:
            title = target_title(parts.target, profile.spec)
            found.append((parts.target, Moved(title, value["micro"])))
    return sorted(found, key=lambda entry: -entry[1].micro)


def worst_columns(document: Mapping[str, Any], profile: Profile, policy: Policy) -> list[str]:
    """Return the columns to look at first: those of broken rules, then those that moved most."""
    named = []
    for rule, reported in zip(policy.rules, document["rules"], strict=True):
        parts = MetricName.parse(rule.metric)
        about_column = parts.base.split(".")[0] in ("drift", "quality")
        if about_column and _verdict(document, rule, reported["value"]) is Verdict.BROKEN:
            named.append(parts.target or document["values"][rule.metric]["at"])
    named.extend(name for name, _ in moved_columns(document, profile))
    measured = {column.name for column in profile.spec.measured}
    return [name for name in dict.fromkeys(named) if name in measured][:MOST_WORST]


def rates_of(
    document: Mapping[str, Any], profile: Profile, group: str, kind: str
) -> dict[str, tuple[int, int]]:
    """Return (rows that were told so, rows) by group's name for people; empty where there is no such rate.

    Args:
        document: evidence of this profile.
        profile: the reference.
        group: a group column.
        kind: "selection", "true_positive", "false_positive" or "right".
    """
    rates = dict(zip(targets(profile), document["rates"], strict=False)).get(group, {})
    return read_rates(document, profile, group, kind) if kind in rates else {}


def shown_value(metric: str, micro: int) -> str:
    """Return a value for people; unlike a limit, one of thousands needs no decimals."""
    if abs(micro) < 1_000_000_000 or find(metric)[1].percent:
        return amount(metric, micro)
    return f"{micro / 1_000_000:,.0f}"


def z_of(document: Mapping[str, Any], metric: str) -> int:
    """Return the z of a metric's bounds in millionths; 0 where it has none."""
    value = document["values"].get(metric)
    return int(value["z"]) if value else 0


def _subject(document: Mapping[str, Any], profile: Profile, rule: Rule, micro: int | None) -> str:
    words = describe_metric(rule.metric, profile.spec)
    value = document["values"].get(rule.metric) or {}
    at = value.get("at")
    if not at or value.get("micro") != micro:  # a window's value may be another frame's, of another column
        return words
    return f"{words} ({target_title(at, profile.spec)})"


def _verdict(document: Mapping[str, Any], rule: Rule, micro: int | None) -> Verdict:
    elsewhere = Stage.EVALUATION if document["frame"] else Stage.PRODUCTION
    if document["chain"] and rule.stage is elsewhere:  # data of one's own is judged by all rules
        return Verdict.ELSEWHERE
    if micro is None:
        return Verdict.UNKNOWN
    return Verdict.BROKEN if rule.is_hit(micro) else Verdict.KEPT


def _apart(rule: Rule, micro: int | None) -> tuple[str, str]:
    """Return value and limit for people, with as many digits as tell them apart."""
    limit = amount(rule.metric, rule.limit)
    if micro is None:
        return "", limit
    shown = shown_value(rule.metric, micro)
    if shown != limit or micro == rule.limit:
        return shown, limit
    percent = find(rule.metric)[1].percent
    number = micro / (10_000 if percent else 1_000_000)
    return f"{number:.4f} %" if percent else f"{number:.6f}", limit
