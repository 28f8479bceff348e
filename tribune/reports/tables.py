"""A report as a plain table for a terminal: what to look at first, the rules, then every family, worst first.

Reads an evidence document and writes text; what is not available says why. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from tribune.metrics.policies.policy import Policy, Rule
from tribune.metrics.policies.words import amount, describe, describe_metric, target_title
from tribune.metrics.profile import Profile
from tribune.metrics.registry import find
from tribune.metrics.spec import ModelSpec
from tribune.wording import counted

_BY_COLUMN = {"quality": "invalid_rate_increase", "drift": "effect", "summary": ""}
"""Families shown as a table of columns by measures, and the measure that says which column is worst."""
_TITLES = {
    "quality": "Quality",
    "drift": "Drift",
    "performance": "Performance",
    "fairness": "Fairness",
    "estimated": "Estimated performance (assumes that scores still mean what they meant)",
    "summary": "Summary",
    "log": "Log",
    "replay": "Decisions run again",
}
MOST = 12
"""Columns shown before the rest is only counted."""

_BOUNDS = (
    "a to b: where a value may truly lie, chance aside, in 95 of 100 such measurements; of a measure that a "
    "rule holds to a bound, as surely as the z of that rule asks."
)

Found = Mapping[str, Any]
"""A value of the document: micro, n, lower, upper, reason, at."""


def report_table(
    document: Mapping[str, Any],
    profile: Profile,
    policy: Policy,
    *,
    title: str,
    findings: Sequence[str] = (),
    most: int | None = MOST,
    width: int = 100,
) -> str:
    """Return a report as text.

    Args:
        document: evidence.
        profile: the one it was measured with.
        policy: the rules it was judged by.
        title: what was measured.
        findings: about the data, in words.
        most: columns to show of each family; None: all.
        width: characters a line.
    """
    rows = document["tally"]["rows"]
    lines = [
        f"{title}: {counted(rows, 'row')}, compared with {profile.reference.rows:,} of the reference",
        "",
    ]
    if findings:
        lines.append("Look at first")
        lines += [line for finding in findings for line in _wrapped(finding, "  ! ", width)] + [""]
    if policy.rules:
        lines += [*_rules(document, policy, profile.spec, width), ""]
    for family, values in _families(document["values"]).items():
        heading = _TITLES.get(family, family.capitalize())
        if family in _BY_COLUMN:
            lines += [*_by_column(heading, values, profile.spec, _BY_COLUMN[family], most, width), ""]
        else:
            lines += [*_listed(heading, values, profile.spec, width), ""]
    if any(value["lower"] is not None for value in document["values"].values()):
        lines += _wrapped(_BOUNDS, "", width)
    return "\n".join(lines).rstrip() + "\n"


def verdict(rule: Rule, value: int | None) -> str:
    """Return in one word how a rule stands."""
    if value is None:
        return "unknown"
    return "BROKEN" if rule.is_hit(value) else "kept"


def _rules(document: Mapping[str, Any], policy: Policy, spec: ModelSpec, width: int) -> Iterator[str]:
    judged = [(rule, entry["value"]) for rule, entry in zip(policy.rules, document["rules"], strict=True)]
    count = [verdict(rule, value) for rule, value in judged]
    said = ", ".join(f"{count.count(word)} {word}" for word in ("BROKEN", "unknown", "kept") if word in count)
    yield f"Rules, judged on this data alone: {said}"
    order = {"BROKEN": 0, "unknown": 1, "kept": 2}
    for rule, value in sorted(judged, key=lambda pair: order[verdict(*pair)]):
        yield from _wrapped(describe(rule, spec), f"  {verdict(rule, value):<8}", width)
        found = document["values"][rule.metric]
        if value is None:
            yield from _wrapped(f"not available: {found['reason']}", " " * 10, width)
            continue
        worst = f", worst: {target_title(found['at'], spec)}" if found["at"] else ""
        limit = amount(rule.metric, rule.limit)
        said = f"here {amount(rule.metric, value)}, limit {limit}{worst}; {rule.metric}"
        yield from _wrapped(said, " " * 10, width)


def _families(values: Mapping[str, Found]) -> dict[str, dict[tuple[str, str], Found]]:
    """Return plain values by family, then (measure, target); bounds and maxima belong to rules."""
    families: dict[str, dict[tuple[str, str], Found]] = {}
    for name, value in values.items():
        parts, _ = find(name)
        if not parts.bound and not parts.over:
            family, _, measure = parts.base.partition(".")
            families.setdefault(family, {})[measure, parts.target] = value
    return families


def _by_column(
    heading: str,
    values: Mapping[tuple[str, str], Found],
    spec: ModelSpec,
    leading: str,
    most: int | None,
    width: int,
) -> Iterator[str]:
    """One line a column, one column a measure, the worst first; in pieces where it is too wide."""
    family = heading.lower()
    measures = list(dict.fromkeys(measure for measure, target in values if target))
    targets = list(dict.fromkeys(target for _, target in values if target))
    plain = {measure: value for (measure, target), value in values.items() if not target}
    if leading in measures:
        measures.sort(key=lambda measure: measure != leading)
        targets.sort(key=lambda target: -_micro(values.get((leading, target))))
        yield f"{heading}, worst column first"
    else:
        yield heading
    for measure, value in plain.items():
        yield f"  {measure.replace('_', ' ')}: {_shown(_name(family, measure), value)}"
    shown = targets if most is None else targets[:most]
    names = {target: target_title(target, spec) for target in shown}
    first = min(30, max([len(name) for name in names.values()], default=0))
    table = {m: [_shown(_name(family, m, t), values.get((m, t))) for t in shown] for m in measures}
    widths = {m: max([len(_header(m)), *map(len, cells)]) for m, cells in table.items()}
    while measures and shown:
        taken: list[str] = []
        room = width - first - 2
        while measures and (not taken or widths[measures[0]] + 2 <= room):
            taken.append(measures.pop(0))
            room -= widths[taken[-1]] + 2
        yield "  " + " " * first + "".join(f"  {_header(measure):>{widths[measure]}}" for measure in taken)
        for place, target in enumerate(shown):
            cells = "".join(f"  {table[measure][place]:>{widths[measure]}}" for measure in taken)
            yield f"  {names[target][:30]:<{first}}{cells}"
    if len(targets) > len(shown):
        yield f"  and {len(targets) - len(shown)} more; --all shows them"
    told = {key: value for key, value in values.items() if value["micro"] is None or family == "summary"}
    yield from _reasons(told, spec, width)


def _listed(
    heading: str, values: Mapping[tuple[str, str], Found], spec: ModelSpec, width: int
) -> Iterator[str]:
    """One line a value, with its bounds."""
    yield heading
    family = heading.split()[0].lower()
    lines = []
    for (measure, target), value in values.items():
        name = _name(family, measure, target)
        if value["micro"] is None:
            continue
        between = ""
        if value["lower"] is not None and value["upper"] is not None:
            between = f"{amount(name, value['lower'])} to {amount(name, value['upper'])}"
        words = describe_metric(name, spec).partition(" (assuming")[0]
        lines.append((words, amount(name, value["micro"]), between))
    room = min(width - 34, max([len(words) for words, _, _ in lines], default=0))
    for words, shown, between in lines:
        *above, last = wrap(words, room)
        yield from (f"  {text}" for text in above)
        yield f"  {last:<{room}}  {shown:>8}  {between}".rstrip()
    yield from _reasons(values, spec, width)


def _reasons(values: Mapping[tuple[str, str], Found], spec: ModelSpec, width: int) -> Iterator[str]:
    """Say why values are not available, and what available ones leave out; equal reasons together."""
    reasons: dict[tuple[str, bool], dict[str, list[str]]] = {}
    for (measure, target), value in values.items():
        if value["reason"]:
            said = reasons.setdefault((value["reason"], value["micro"] is None), {})
            said.setdefault(_header(measure), []).append(target_title(target, spec) if target else "")
    for (reason, missing), by_measure in reasons.items():
        targets = {tuple(names) for names in by_measure.values()}
        what = ", ".join(list(by_measure)[:4]) + (" …" if len(by_measure) > 4 else "")
        names = [name for name in next(iter(targets)) if name] if len(targets) == 1 else []
        of = f" of {', '.join(names[:4])}{' …' if len(names) > 4 else ''}" if names else ""
        yield from _wrapped(f"{'not available' if missing else 'note'}: {what}{of}: {reason}", "  – ", width)


def _name(family: str, measure: str, target: str = "") -> str:
    return f"{family}.{measure}/{target}" if target else f"{family}.{measure}"


def _header(measure: str) -> str:
    return measure.replace("_", " ")


def _shown(name: str, value: Found | None) -> str:
    if value is None or value["micro"] is None:
        return "–"
    return amount(name, value["micro"])


def _micro(value: Found | None) -> int:
    return -1 if value is None or value["micro"] is None else int(value["micro"])


def _wrapped(text: str, start: str, width: int) -> list[str]:
    kept = text.replace(" %", "\N{NO-BREAK SPACE}%")
    broken = wrap(
        kept, width, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in broken]
