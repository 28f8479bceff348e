"""Policies for people: rules in words, with the arithmetic of their false alarms; a default policy as a file.

What it writes, `Policy.load` and `FrameTerms.load` read again as it was. Decides nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import fields

from tribune.language import _, number, plural
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.alarms import YEAR_S, alarms_a_year, all_looks
from tribune.metrics.policies.default_policy import DefaultPolicy
from tribune.metrics.policies.policy import Policy, Rule, Severity
from tribune.metrics.policies.terms import FrameTerms
from tribune.metrics.policies.words import describe
from tribune.metrics.profile import Profile
from tribune.metrics.registry import find
from tribune.metrics.spec import ModelSpec

_WIDTH = 108
_TERMS = {
    "step_s": "a frame ends every so many seconds",
    "length_s": "and covers as many, so that none is left out",
    "grace_s": "for decisions and labels to be written before the log is sealed",
    "deadline_s": "after a frame's end; later reports do not count, and silence becomes a case",
    "suspension_s": "least length of a suspension; it lasts at least until its vote can end",
    "k": "monitors that must agree: more than half of the panel",
    "stale_suspends": "a frame that nobody reported opens a vote; it does not stop the model by itself",
}


def write_policy(made: DefaultPolicy) -> str:
    """Return the file."""
    return "\n".join([*_head(made), *_frames(made.terms), *_rules(made), *_left_out(made)])


def explain(policy: Policy, spec: ModelSpec | None = None) -> Iterator[str]:
    """Yield rules in words, one after the other; with a spec, columns have their names for people."""
    for place, rule in enumerate(policy.rules, start=1):
        yield f"{place}. {describe(rule, spec)}"
        yield from (f"   {line}" for line in borne_words(rule))
    yield "With a profile (--profile) this says how often chance alone breaks each."


def explain_chances(policy: Policy, profile: Profile, step_s: int) -> Iterator[str]:
    """Yield rules in words, and how often chance alone breaks each when a frame ends every `step_s` seconds.

    Raises:
        PolicyError: a rule cannot be judged with this profile.
    """
    policy.check(profile)
    sums = dict.fromkeys(Severity, 0.0)
    for place, rule in enumerate(policy.rules, start=1):
        yield f"{place}. {describe(rule, profile.spec)}"
        yield f"   {chance_words(rule, policy, profile, YEAR_S / step_s)}"
        yield from (f"   {line}" for line in borne_words(rule))
        if find(rule.metric)[1].audited is None:
            count = all_looks(rule, policy, profile)
            sums[rule.severity] += alarms_a_year(rule, count, YEAR_S / step_s) or 0
    stops, votes, warnings = (sums[one] for one in (Severity.TRIP, Severity.VOTE, Severity.WARN))
    yield f"In a year, by chance, at most {stops:.2g} stops, {votes:.2g} votes and {warnings:.2g} warnings."


def chance_words(rule: Rule, policy: Policy, profile: Profile, frames_a_year: float) -> str:
    """Return how often chance alone breaks a rule, in words."""
    if find(rule.metric)[1].audited is not None:
        return _("Chance alone does not break it: of an honest log every row is as it should be.")
    count = all_looks(rule, policy, profile)
    expected = alarms_a_year(rule, count, frames_a_year)
    if expected is None:
        return _("It has no bound, so how often chance alone breaks it is for tribune backtest to say.")
    ended = round(frames_a_year)
    return _("By chance at most {times} times a year: {frames} · {looks} · (1 − Φ({z})).").format(
        times=f"{expected:.2g}",
        frames=plural("{n} frame", "{n} frames", ended).format(n=number(ended)),
        looks=plural("{n} look", "{n} looks", count).format(n=number(count)),
        z=f"{rule.z / MICRO:g}",
    )


def borne_words(rule: Rule) -> Iterator[str]:
    """Say what happens while a rule's value is not available, and what monitors need beside the log."""
    if not rule.na_budget:
        yield _("A frame without a value counts as a hit.")
    else:
        yield plural(
            "{n} frame without a value is borne; one more counts as a hit.",
            "{n} frames in a row without a value are borne; one more counts as a hit.",
            rule.na_budget,
        ).format(n=number(rule.na_budget))
    if find(rule.metric)[1].name == "replay.mismatch":
        yield _("Each monitor needs a replayer and the registered artifact, or it reports nothing at all.")


def _head(made: DefaultPolicy) -> Iterator[str]:
    allowed, frames = made.allowance, YEAR_S / made.terms.step_s
    yield _comment(
        "Rules to begin with. Read them, change them, replay them over past frames (tribune backtest), then "
        "vote on them. tribune policy explain says them in words."
    )
    yield "#"
    yield _comment(
        f"False alarms: {frames:,.0f} frames end in a year. Chance alone may stop the model "
        f"{allowed.trips:g} times a year, open a vote {allowed.votes:g} times, warn {allowed.warns:g} times; "
        "the rules of a kind share that number. z says how sure a bound is: Φ⁻¹(1 − A / (frames a year · "
        "looks)) rounded up to two decimals, with A the rule's share and looks the comparisons that a frame "
        "makes for it: one per column; for groups one per pair, order and rate; once for each rule on the "
        "metric."
    )
    yield ""


def _frames(terms: FrameTerms) -> Iterator[str]:
    yield "[frames]"
    for field in fields(terms):
        value = getattr(terms, field.name)
        yield f"{field.name} = {str(value).lower()}  # {_TERMS[field.name]}"
    yield ""


def _rules(made: DefaultPolicy) -> Iterator[str]:
    frames_a_year = YEAR_S / made.terms.step_s
    for rule in made.policy.rules:
        yield _comment(describe(rule, made.profile.spec))
        yield _comment(chance_words(rule, made.policy, made.profile, frames_a_year))
        if rule.metric in made.notes:
            yield _comment(made.notes[rule.metric])
        yield Policy((rule,)).to_toml()


def _left_out(made: DefaultPolicy) -> Iterator[str]:
    for metric, reason in made.left_out.items():
        yield _comment(f"Left out: {metric}: {reason}.")
        yield ""
    yield _comment(
        "For people to add: rules on this model's own columns (summary.rate, summary.mean), whose limits no "
        "default can know; on the log (log.anchored_share < 1: its anchor proves each decision); and, once "
        "each monitor has a replayer, on what is served (replay.mismatch > 0). See docs/metrics.md."
    )
    yield ""


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
