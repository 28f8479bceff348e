"""A backtest as plain text for people: what happened, by chance, with faults; two policies side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from statistics import median
from textwrap import wrap

from tribune.metrics import Rule, Severity
from tribune.metrics.policies.alarms import YEAR_S, alarms_a_year, all_looks
from tribune.metrics.policies.words import amount, describe, target_title
from tribune.wording import counted
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
        [(words, [_times(made, run, severity) for run in made.runs]) for severity, words in _ACTS.items()],
        width,
    )
    lines += _section(
        f"By chance alone, in a year: as {counted(chance.frames, 'frame')} of {chance.rows:,} reference rows "
        "say (surely below); as the rules' z says",
        [(words, [_by_chance(made, run, one) for run in made.runs]) for one, words in _ACTS.items()],
        width,
    )
    lines += _section(
        f"With a fault put in, {counted(faults[0].windows, 'time')}; the model's answers stay as they were",
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
    size = f"{counted(len(rows), 'frame')}, {counted(sum(rows), 'row')}"
    text = f"{size}, {int(median(rows)):,} in the middle one"
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


def _times(made: Backtest, run: PolicyRun, severity: Severity) -> str:
    hits = _of(run, run.rules, severity)
    times = sum(len(one.alarms) for one in hits)
    frames = len({hit.frame for one in hits for hit in one.hits})
    if times:
        return f"{times}, in {counted(frames, 'frame')}"
    blind = sum(one.missing == len(made.frames) for one in hits)
    if not hits or not blind:
        return "none" if hits else "no such rule"
    return "not measured" if blind == len(hits) else f"none; {blind} of {len(hits)} unmeasured"


def _of(run: PolicyRun, rules: Sequence[RuleHits], severity: Severity) -> list[RuleHits]:
    """Return what rules of a severity did."""
    return [hits for rule, hits in zip(run.policy.rules, rules, strict=True) if rule.severity is severity]


def _by_chance(made: Backtest, run: PolicyRun, severity: Severity) -> str:
    """Return drawn alarms a year with their upper bound, and what the rules' z promise."""
    chance, promised, alarms = run.chance, 0.0, 0
    judged = _of(run, chance.rules, severity)
    if all(hits.missing == chance.frames for hits in judged):
        return "not measured" if judged else "no such rule"
    for rule, hits in zip(run.policy.rules, chance.rules, strict=True):
        if rule.severity is severity:
            alarms += len(hits.alarms)
            looks = all_looks(rule, run.policy, made.profile)
            promised += alarms_a_year(rule, looks, YEAR_S / made.step_s) or 0
    drawn, below = a_year(made, alarms, chance.frames)
    return f"{_rounded(drawn)} (< {_rounded(below)}); by z {_rounded(promised)}"


def _rounded(number: float) -> str:
    """Return two digits of a number that is not whole, and whole numbers as they are."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _saw(seen: Seen) -> str:
    found = [f"{words} {seen.worst[severity]}" for severity, words in _SAW.items() if seen.worst[severity]]
    return ", ".join(found) or ("not seen" if seen.windows else "not tried")


def _rules(made: Backtest, run: PolicyRun, width: int) -> Iterator[str]:
    for number, (rule, hits) in enumerate(zip(run.policy.rules, run.rules, strict=True), start=1):
        sentence = wrap(describe(rule, made.profile.spec), width - 6)
        yield f"  {number:2}. {sentence[0]}"
        yield from (f"      {text}" for text in sentence[1:])
        yield from (f"      {text}" for text in wrap(_hit_words(rule, hits, made), width - 6))


def _hit_words(rule: Rule, hits: RuleHits, made: Backtest) -> str:
    frames = len(made.frames)
    why = f": {hits.reason}" if hits.reason else ""
    missing = f" Not measured in {hits.missing:,} of {counted(frames, 'frame')}{why}." if hits.missing else ""
    if not hits.hits:
        return (
            f"Never hit in {counted(frames - hits.missing, 'frame')}.{missing}"
            if hits.missing < frames
            else missing[1:]
        )
    shown = [_hit_frame(rule, hit, made) for hit in hits.alarms[:_SHOWN]]
    more = f" and {len(hits.alarms) - _SHOWN} more" if len(hits.alarms) > _SHOWN else ""
    times = counted(len(hits.hits), "frame")
    return f"Hit in {times}, from frame {', '.join(shown)}{more}.{missing}"


def _hit_frame(rule: Rule, hit: Hit, made: Backtest) -> str:
    """Return a frame's place from 1, with its value, the column or group that it is of, and its day."""
    frame, _ = made.frames[hit.frame]
    said = ["not measured" if hit.value is None else amount(rule.metric, hit.value)]
    said += [target_title(hit.at, made.profile.spec)] if hit.at else []
    said += [_day(frame.start_us)] if frame.end_us else []
    return f"{hit.frame + 1} ({', '.join(said)})"
