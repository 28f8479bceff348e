"""A new policy against the one before it, in words: rules, who measures, frames. Says what it cannot say.

Read from the call and the chain only, never from a description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.ballots.spans import span
from tribune.chain.enums import Severity
from tribune.chain.policy_book import PolicyInput, PolicyRule
from tribune.exceptions import TribuneError
from tribune.ids import Address, Digest
from tribune.language import _, number, plural

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.metrics.spec import ModelSpec


@dataclass(frozen=True)
class PolicyWords:
    """What a policy would change."""

    lines: tuple[str, ...]
    complete: bool
    """Whether every rule could be said."""


async def policy_words(
    contracts: VoteContracts,
    documents: Documents,
    model_id: int,
    raw: Mapping[str, Any],
    at: int,
    *,
    carried_out: bool = False,
) -> PolicyWords:
    """Return a policy in words, beside the newest of the model; once it is set, beside the one before it.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    try:
        new = PolicyInput.read(raw)
    except (IndexError, OverflowError, ValueError):  # numbers that no release of ours writes
        return PolicyWords((), complete=False)
    old = await _before(contracts, model_id, new if carried_out else None, at)
    spec = await _spec(contracts, documents, model_id, at)
    names = await _names(contracts, {*new.panel, *(old.panel if old else ())}, at)
    rules, complete = _rules(new.rules, old.rules if old else (), spec)
    lines = [*rules, *panel_lines(new, old, names), *frame_lines(new, old)]
    return PolicyWords(tuple(lines), complete)


async def _before(
    contracts: VoteContracts, model_id: int, was_set: PolicyInput | None, at: int
) -> PolicyInput | None:
    """Return a model's newest policy, or the one before the newest that is `was_set`; None: there is none."""
    [count] = await contracts.read(("PolicyBook", "policyCount", (model_id,)), block=at)
    newer = was_set is None
    for index in reversed(range(count)):
        [(raw, *_rest)] = await contracts.read(("PolicyBook", "policyAt", (model_id, index)), block=at)
        found = PolicyInput.read(raw)
        if newer:
            return found
        newer = found == was_set
    return None


def _rules(new: Sequence[Any], old: Sequence[Any], spec: ModelSpec | None) -> tuple[list[str], bool]:
    """Return what happens to each rule, and whether all could be said."""
    kept = [rule for rule in new if rule in old]
    added, gone = [rule for rule in new if rule not in old], [rule for rule in old if rule not in new]
    lines, complete = [], True
    for rule in added:
        words = _say(rule, spec)
        complete = complete and words is not None
        said = words or _unsaid(rule)
        before = next(
            (one for one in gone if (one.metric, one.severity) == (rule.metric, rule.severity)), None
        )
        if before is not None:
            gone.remove(before)
            was = _say(before, spec) or _unsaid(before)
            lines.append(_("Changed rule: {rule} Before: {before}").format(rule=said, before=was))
        elif old:
            lines.append(_("New rule: {rule}").format(rule=said))
        else:
            lines.append(_("Rule: {rule}").format(rule=said))
    for rule in gone:
        lines.append(_("Rule that goes: {rule}").format(rule=_say(rule, spec) or _unsaid(rule)))
    if kept:
        count = len(kept)
        text = plural("{n} rule stays as it is.", "{n} rules stay as they are.", count)
        lines.append(text.format(n=number(count)))
        for rule in kept:
            words = _say(rule, spec)
            complete = complete and words is not None
            lines.append(_("Stays: {rule}").format(rule=words or _unsaid(rule)))
    return lines, complete


def _say(rule: PolicyRule, spec: ModelSpec | None) -> str | None:
    """Return a rule in words, None where our definitions do not know it."""
    from tribune.metrics.policies.policy import Rule
    from tribune.metrics.policies.words import describe

    try:
        return describe(Rule.from_chain(rule.on_chain()), spec)
    except TribuneError:
        return None


def _unsaid(rule: PolicyRule) -> str:
    effects = {
        Severity.WARN: _("tells only"),
        Severity.VOTE: _("opens a vote"),
        Severity.TRIP: _("stops the model and opens a vote"),
    }
    return _(
        "✗ {metric} {op} {limit} in {m} of {w} frames: {effect}; we cannot say what it measures."
    ).format(
        metric=rule.metric,
        op=rule.op.value,
        limit=number(rule.limit / 1_000_000, 6),
        m=rule.m,
        w=rule.w,
        effect=effects[rule.severity],
    )


def panel_lines(new: PolicyInput, old: PolicyInput | None, names: Mapping[Address, str]) -> list[str]:
    """Return who measures, as far as it differs from the policy before."""
    size = len(new.panel)
    lines = []
    if old is None or (new.panel, new.k) != (old.panel, old.k):
        who = ", ".join(names[one] for one in new.panel)
        text = plural(
            "{k} of {n} monitor must get the same result: {names}.",
            "{k} of {n} monitors must get the same result: {names}.",
            size,
        )
        lines.append(text.format(k=number(new.k), n=number(size), names=who))
    if old is not None:
        lines += [_("New monitor: {name}.").format(name=names[o]) for o in new.panel if o not in old.panel]
        lines += [
            _("Monitor that goes: {name}.").format(name=names[o]) for o in old.panel if o not in new.panel
        ]
    return lines


def frame_lines(new: PolicyInput, old: PolicyInput | None) -> list[str]:
    """Return frames, deadlines and suspensions, as far as they differ from the policy before."""
    lines = []
    if old is None or (new.step_s, new.length_s) != (old.step_s, old.length_s):
        lines.append(
            _("It is measured every {step}, over the last {length}.").format(
                step=span(new.step_s), length=span(new.length_s)
            )
        )
    if old is None or (new.grace_s, new.deadline_s) != (old.grace_s, old.deadline_s):
        lines.append(
            _("Logs are sealed {grace} after a frame's end, and reports are due after {deadline}.").format(
                grace=span(new.grace_s), deadline=span(new.deadline_s)
            )
        )
    if old is None or new.suspension_s != old.suspension_s:
        lines.append(_("A suspension lasts at least {time}.").format(time=span(new.suspension_s)))
    if old is None or new.stale_suspends != old.stale_suspends:
        lines.append(
            _("A frame that nobody reports on stops the model and opens a vote.")
            if new.stale_suspends
            else _("A frame that nobody reports on opens a vote and stops nothing by itself.")
        )
    return lines


async def _names(contracts: VoteContracts, who: set[Address], at: int) -> dict[Address, str]:
    """Return each monitor's name with its address; one that is not admitted is marked."""
    ordered = sorted(who)
    if not ordered:
        return {}
    found = await contracts.read(*(("MonitorRegistry", "monitorOf", (one,)) for one in ordered), block=at)
    return {
        one: _("{name} ({address})").format(
            name=told["name"] or _("no name"), address=f"{one[:6]}…{one[-4:]}"
        )
        if told["admitted"]
        else _("{address}, which is NOT an admitted monitor").format(address=one)
        for one, told in zip(ordered, found, strict=True)
    }


async def _spec(contracts: VoteContracts, documents: Documents, model_id: int, at: int) -> ModelSpec | None:
    """Return what the columns of the version in force are called, None where it cannot be told."""
    [status] = await contracts.read(("KillSwitch", "statusOf", (model_id,)), block=at)
    if not status["version"]:
        return None
    [version] = await contracts.read(("ModelRegistry", "versionOf", (model_id, status["version"])), block=at)
    profile = await documents.profile(Digest(version["profile"]))
    return profile.spec if profile is not None else None
