"""The tables of the report page. Everything that comes from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tribune.figures.canvas import plain
from tribune.figures.distribution import Share, percent
from tribune.figures.overview import RuleLine, Verdict
from tribune.figures.reading import shown_value
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.policy import Policy
from tribune.metrics.policies.words import describe, describe_metric, target_title
from tribune.metrics.profile import Profile
from tribune.metrics.registry import METRICS
from tribune.metrics.value import MetricName

_FAMILIES = {
    "quality": "Data quality",
    "drift": "Drift: other values than in the reference",
    "fairness": "Fairness between groups",
    "performance": "Performance, where labels have come in",
    "estimated": "Performance, estimated",
    "summary": "Rates and means",
    "log": "The log",
    "replay": "Decisions run again",
}
_LONGEST = 600
_SHORT = 36
_Found = tuple[MetricName, Mapping[str, Any]]


def text(value: object) -> str:
    """Return anything as HTML text that shows what it is: escaped, one line, no control characters."""
    return html.escape(plain(str(value), _LONGEST), quote=True).replace(" %", "&nbsp;%")


def table(caption: str, head: Sequence[str], rows: Iterable[str], *, label: str = "") -> str:
    """Return a table that scrolls by itself where it is wider than the page.

    Args:
        caption: HTML.
        head: of the columns.
        rows: HTML.
        label: the caption without markup, where it has some.
    """
    heads = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "\n".join(f"<tbody>{row}</tbody>" for row in rows)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label or caption}"><table>'
        f"<caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n{body}\n</table></div>"
    )


def rules_table(
    document: Mapping[str, Any], profile: Profile, policy: Policy, lines: Sequence[RuleLine]
) -> str:
    """Return the rules in words, with what was found of each."""
    rows = []
    for rule, line in zip(policy.rules, lines, strict=True):
        value = document["values"].get(rule.metric) or {}
        found = f'<span class="{_CLASSES[line.verdict]}">{line.verdict}</span>'
        if line.micro is not None:
            found += f": {text(line.shown)}"
        if value.get("reason"):
            found += f'<br><span class="quiet">{text(value["reason"])}</span>'
        subject = line.subject.removeprefix(describe_metric(rule.metric, profile.spec)).strip()
        worst = f' <span class="quiet">{text(subject)}</span>' if subject else ""
        words = text(describe(rule, profile.spec)) + worst
        rows.append(f'<tr><th scope="row">{words}</th><td>{found}</td></tr>')
    made = table("The rules, and whether they were kept", ("Rule", "Result"), rows)
    return f'<div class="words">{made}</div>'


_CLASSES = {
    Verdict.KEPT: "kept",
    Verdict.BROKEN: "broken",
    Verdict.UNKNOWN: "quiet",
    Verdict.ELSEWHERE: "quiet",
}


def shares_table(title: str, shares: Sequence[Share], rows: tuple[int, int]) -> str:
    """Return a column's distribution in numbers."""
    now, then = rows
    cells = [
        _entry(s.name, "", [text(percent(s.then, then)), text(percent(s.now, now)), f"{s.now:,}"])
        for s in shares
    ]
    return table(text(title), ("Value", "Reference", "Now", "Rows now"), cells)


def metric_tables(document: Mapping[str, Any], profile: Profile) -> str:
    """Return every metric of the document: a heading a family, a table a measure of columns or groups."""
    families: dict[str, dict[str, list[_Found]]] = {}
    for name, value in document["values"].items():
        parts = MetricName.parse(name)
        measure = parts.base if parts.target or parts.over else ""
        families.setdefault(parts.base.split(".")[0], {}).setdefault(measure, []).append((parts, value))
    order = [*(f for f in _FAMILIES if f in families), *(f for f in sorted(families) if f not in _FAMILIES)]
    made = []
    for family in order:
        tables = "\n".join(_measure(profile, base, found) for base, found in families[family].items())
        heading = text(_FAMILIES.get(family, family))
        shown = f"<details><summary>Show the values</summary>\n{tables}\n</details>"
        made.append(f"<div>\n<h3>{heading}</h3>\n{shown}\n</div>")
    return '<div class="values">\n' + "\n".join(made) + "\n</div>"


def _measure(profile: Profile, base: str, found: list[_Found]) -> str:
    """Return a measure of several targets; without a base: the measures of the model as a whole."""
    bounded = any(value["lower"] is not None for _, value in found)
    reasons = {value["reason"] for _, value in found}
    common = next(iter(reasons)) if len(reasons) == 1 else ""
    rows = []
    for parts, value in found:
        name = _target_name(profile, parts, value) if base else _bound_words(parts) + _sentence(parts.base)
        shown = "–" if value["micro"] is None else text(shown_value(str(parts), value["micro"]))
        between = [_between(str(parts), value["lower"], value["upper"])] if bounded else []
        note = "" if value["reason"] == common else value["reason"]
        rows.append(_entry(name, note, [shown, *between, f"{value['n']:,}"], code="" if base else str(parts)))
    head = ("Of", "Value", "Bounds", "Rows") if bounded else ("Of", "Value", "Rows")
    words = text(_sentence(base) if base else "The model as a whole")
    sure = sorted({value["z"] for _, value in found if value["z"]})
    bounds = f" (bounds at z = {', '.join(f'{z / MICRO:.4g}' for z in sure)})" if sure else ""
    code = f": <code>{text(base)}</code>" if base else ""
    note = f'<br><span class="quiet">{text(common)}</span>' if common else ""
    return table(f"{words}{code}{bounds}{note}", head, rows, label=words)


def _entry(name: str, note: str, cells: list[str], *, code: str = "") -> str:
    """Return a value's row; a long name, a code or a note gets a line of its own, as wide as the table."""
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    if not note and not code and len(name) <= _SHORT:
        return f'<tr><th scope="row">{text(name)}</th>{numbers}</tr>'
    told = f" <code>{text(code)}</code>" if code else ""
    told += f'<br><span class="quiet">{text(note)}</span>' if note else ""
    wide = f'<tr class="above"><th scope="rowgroup" colspan="{len(cells) + 1}">{text(name)}{told}</th></tr>'
    return f"{wide}\n<tr><td></td>{numbers}</tr>"


def _sentence(base: str) -> str:
    """Return what a measure is, whichever column, class or group it is taken of."""
    noun = "a class" if ".class_" in base else "a column"
    words = METRICS[base].words.format(target=noun).replace("groups by a column", "groups")
    return words[:1].upper() + words[1:]


def _bound_words(parts: MetricName) -> str:
    return {"lower": "At least: ", "upper": "At most: "}.get(parts.bound, "")


def _between(name: str, low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return "–"
    return text(f"{shown_value(name, low).removesuffix(' %')} to {shown_value(name, high)}")


def _target_name(profile: Profile, parts: MetricName, value: Mapping[str, Any]) -> str:
    if parts.over == "share":
        return f"{_bound_words(parts)}share of columns"
    if parts.over:
        at = value["at"]
        return f"{_bound_words(parts)}the worst{f' ({target_title(at, profile.spec)})' if at else ''}"
    return f"{_bound_words(parts)}{target_title(parts.target, profile.spec)}"
