"""A backtest as plain text for people: what happened, by chance, with faults; two policies side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from statistics import median
from textwrap import wrap

from tribune.metrics import Rule, Severity
from tribune.metrics.alarms import YEAR_S, alarms_a_year, all_looks
from tribune.metrics.words import amount, describe, target_title
from tribune_monitors.backtest.document import a_year
from tribune_monitors.backtest.replay import Hit, RuleHits
from tribune_monitors.backtest.run import Backtest, PolicyRun, Seen

_NAMES = ("this policy", "the proposed policy")
_ACTS = {Severity.TRIP: "Stops", Severity.VOTE: "Votes opened", Severity.WARN: "Warnings"}
_SAW = {Severity.TRIP: "stopped", Severity.VOTE: "vote opened", Severity.WARN: "warned"}
_CELL = 30
_SHOWN = 8


def table(made: Backtest, *, findings: Sequence[str] = (), width: int = 110) -> str:
    """Return the text.

    Args:
        made: the backtest.
        findings: about the data, in words.
        width: characters a line.
    """
    chance, faults = made.runs[0].chance, made.runs[0].faults
    lines = [_history(made), *(f"  ! {finding}" for finding in findings), ""]
    lines += _section(
        "What would have happened",
        [(words, [_times(run, severity) for run in made.runs]) for severity, words in _ACTS.items()],
        width,
    )
    lines += _section(
        f"By chance alone, in a year: {chance.frames:,} frames of {chance.rows:,} reference rows drawn",
        [(words, [_by_chance(made, run, one) for run in made.runs]) for one, words in _ACTS.items()],
        width,
    )
    lines += _section(
        f"With a fault put in, at {faults[0].windows} times; the model's answers stay as they were",
        [
            (seen.fault.words, [_saw(run.faults[number]) for run in made.runs])
            for number, seen in enumerate(faults)
        ],
        width,
    )
    for name, run in zip(_NAMES, made.runs, strict=False):
        lines.append("Rules" if len(made.runs) == 1 else f"Rules of {name}")
        lines += [*_rules(made, run, width), ""]
    return "\n".join(lines)


def _history(made: Backtest) -> str:
    rows = [rows for _, rows in made.frames]
    text = f"{len(rows):,} frames, {sum(rows):,} rows, {int(median(rows)):,} in the middle one"
    first, last = made.frames[0][0], made.frames[-1][0]
    if last.end_us:
        text += f", {_day(first.start_us)} to {_day(last.end_us)}"
    return text


def _day(moment_us: int) -> str:
    return f"{datetime.fromtimestamp(moment_us / 1e6, UTC):%Y-%m-%d %H:%M}"


def _section(title: str, entries: Sequence[tuple[str, Sequence[str]]], width: int) -> Iterator[str]:
    yield title
    cells = len(entries[0][1])
    left = width - _CELL * cells - 2
    if cells > 1:
        yield " " * (left + 2) + "".join(name.ljust(_CELL) for name in _NAMES).rstrip()
    for words, values in entries:
        *above, last = wrap(words[0].upper() + words[1:], left - 1)
        yield from (f"  {text}" for text in above)
        yield (f"  {last.ljust(left)}" + "".join(value.ljust(_CELL) for value in values)).rstrip()
    yield ""


def _times(run: PolicyRun, severity: Severity) -> str:
    hits = [hits for rule, hits in zip(run.policy.rules, run.rules, strict=True) if rule.severity is severity]
    times = sum(len(one.alarms) for one in hits)
    frames = len({hit.frame for one in hits for hit in one.hits})
    if not times:
        return "none"
    return f"{times}, in {frames} frame{'' if frames == 1 else 's'}"


def _by_chance(made: Backtest, run: PolicyRun, severity: Severity) -> str:
    """Return drawn alarms a year with their upper bound, and what the rules' z promise."""
    chance, promised, alarms = run.chance, 0.0, 0
    for rule, hits in zip(run.policy.rules, chance.rules, strict=True):
        if rule.severity is severity:
            alarms += len(hits.alarms)
            looks = all_looks(rule, run.policy, made.profile)
            promised += alarms_a_year(rule, looks, YEAR_S / made.step_s) or 0
    drawn, below = a_year(made, alarms, chance.frames)
    return f"{drawn:.2g} (< {below:.2g}); by z {promised:.2g}"


def _saw(seen: Seen) -> str:
    found = [f"{words} {seen.worst[severity]}" for severity, words in _SAW.items() if seen.worst[severity]]
    return ", ".join(found) or "-"


def _rules(made: Backtest, run: PolicyRun, width: int) -> Iterator[str]:
    for number, (rule, hits) in enumerate(zip(run.policy.rules, run.rules, strict=True), start=1):
        sentence = wrap(describe(rule, made.profile.spec), width - 6)
        yield f"  {number:2}. {sentence[0]}"
        yield from (f"      {text}" for text in sentence[1:])
        yield from (f"      {text}" for text in wrap(_hit_words(rule, hits, made), width - 6))


def _hit_words(rule: Rule, hits: RuleHits, made: Backtest) -> str:
    missing = f"; no value in {hits.missing} of {len(made.frames)} frames" if hits.missing else ""
    if not hits.hits:
        return f"Never hit{missing}."
    shown = [_hit_frame(rule, hit, made) for hit in hits.alarms[:_SHOWN]]
    more = f" and {len(hits.alarms) - _SHOWN} more" if len(hits.alarms) > _SHOWN else ""
    times = f"{len(hits.hits)} frame{'' if len(hits.hits) == 1 else 's'}"
    return f"Hit in {times}, from frame {', '.join(shown)}{more}{missing}."


def _hit_frame(rule: Rule, hit: Hit, made: Backtest) -> str:
    """Return a frame's place, with its value, the column or group that it is of, and its day."""
    frame, _ = made.frames[hit.frame]
    said = ["no value" if hit.value is None else amount(rule.metric, hit.value)]
    said += [target_title(hit.at, made.profile.spec)] if hit.at else []
    said += [_day(frame.start_us)] if frame.end_us else []
    return f"{hit.frame} ({', '.join(said)})"
