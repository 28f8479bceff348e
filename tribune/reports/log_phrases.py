"""Phrases about a log and about decisions that were run again, from what an audit counted."""

from __future__ import annotations

from tribune.language import _, number, plural
from tribune.metrics.policies.policy import Rule
from tribune.reports.counts import Counts
from tribune.reports.phrase import Noun, Phrase


def volume_phrase(rule: Rule, counts: Counts) -> Phrase:
    """Say that there were too many or too few decisions."""
    fault = _("made unusually many decisions") if rule.op == ">" else _("made unusually few decisions")
    finding = plural(
        "It made {n} decision in this frame.", "It made {n} decisions in this frame.", counts.rows
    ).format(n=number(counts.rows))
    return Phrase(fault, finding, Noun("number", percent=False))


def plain_log_fault(base: str) -> tuple[str, Noun]:
    """Return a predicate and noun from a metric's name alone."""
    if base == "replay.mismatch":
        return _("answers otherwise than the model that was registered"), Noun("share")
    if base == "log.anchored_share":
        return _("has a log that does not prove its decisions"), Noun("share")
    return _("made an unusual number of decisions"), Noun("number", percent=False)


def describe_log(base: str, rule: Rule, counts: Counts) -> Phrase | None:
    """Return what an audit of the log found; None where the document holds no audit.

    Args:
        base: the metric's family and measure.
        rule: that was hit.
        counts: of the document.
    """
    if base == "log.volume":
        return volume_phrase(rule, counts)
    fault, noun = plain_log_fault(base)
    audit = counts.document.get("audit") or {}
    if base == "log.anchored_share":
        return Phrase(fault, _unproven(audit["leaves"]), noun) if "leaves" in audit else None
    return Phrase(fault, _otherwise(audit["replay"]), noun) if "replay" in audit else None


def _unproven(leaves: dict[str, int | list[int]]) -> str:
    if not leaves["rooted"]:
        return _("The fingerprints in its log are not those that were anchored on the chain.")
    rows, proven, erased = _count(leaves["rows"]), _count(leaves["proven"]), _count(leaves["erased"])
    found = plural(
        "Of {rows} decisions in its log {n} is not proven by what was anchored on the chain.",
        "Of {rows} decisions in its log {n} are not proven by what was anchored on the chain.",
        rows - proven,
    ).format(rows=number(rows), n=number(rows - proven))
    if not erased:
        return found
    gone = plural(
        "The content of {n} of them was erased.", "The content of {n} of them was erased.", erased
    ).format(n=number(erased))
    return f"{found} {gone}"


def _otherwise(replay: dict[str, int | str | list[int]]) -> str:
    sampled, replayed = _count(replay["sampled"]), _count(replay["replayed"])
    asked = plural(
        "{n} decision, drawn by lot, was put to the registered model again.",
        "{n} decisions, drawn by lot, were put to the registered model again.",
        sampled,
    ).format(n=number(sampled))
    other = _count(replay["mismatched"])
    found = plural("It gave another answer to {n}.", "It gave another answer to {n}.", other)
    missing = sampled - replayed
    gone = plural(
        "Of {n} the content is gone, so nobody can tell.",
        "Of {n} the content is gone, so nobody can tell.",
        missing,
    )
    parts = [asked, found.format(n=number(other)), gone.format(n=number(missing)) if missing else ""]
    return " ".join(part for part in parts if part)


def _count(value: int | str | list[int]) -> int:
    """Return a count; of a count with the rows that it names, the count."""
    return int(value[0] if isinstance(value, list) else value)
