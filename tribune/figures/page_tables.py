"""The tables of the report page. Everything that comes from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tribune.figures.canvas import plain
from tribune.figures.distribution import Share, percent
from tribune.figures.overview import RuleLine, Verdict
from tribune.metrics.fixed import MICRO
from tribune.metrics.policy import Policy
from tribune.metrics.profile import Profile
from tribune.metrics.registry import METRICS
from tribune.metrics.value import MetricName
from tribune.metrics.words import amount, describe, describe_metric, target_title

_FAMILIES = {
    "quality": "Data quality",
    "drift": "Drift: other values than in the reference",
    "fairness": "Fairness between groups",
    "performance": "Performance, where labels have come in",
    "estimated": "Performance, estimated",
    "summary": "Rates and means",
}
_LONGEST = 600


def text(value: object) -> str:
    """Return anything as HTML text that shows what it is: escaped, one line, no control characters."""
    return html.escape(plain(str(value), _LONGEST), quote=True).replace(" %", "&nbsp;%")


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, label: str = "", numbers: bool = True
) -> str:
    """Return a table that scrolls by itself where it is wider than the page.

    Args:
        caption: HTML.
        head: of the columns.
        rows: cells in HTML, the first of a row being its header.
        label: the caption without markup, where it has some.
        numbers: whether cells are numbers, to be set flush right.
    """
    cell = '<td class="number">' if numbers else "<td>"
    heads = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"{cell}{other}</td>" for other in others)}</tr>'
        for first, *others in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label or caption}"><table>'
        f"<caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
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
        rows.append((text(describe(rule, profile.spec)) + worst, found))
    return table("The rules, and whether they were kept", ("Rule", "Result"), rows, numbers=False)


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
        (text(s.name), text(percent(s.then, then)), text(percent(s.now, now)), f"{s.now:,}") for s in shares
    ]
    return table(text(title), ("Value", "Reference", "Now", "Rows now"), cells)


def metric_tables(document: Mapping[str, Any], profile: Profile) -> str:
    """Return every metric of the document: a heading a family, a table a measure."""
    families: dict[str, dict[str, list[tuple[MetricName, Mapping[str, Any]]]]] = {}
    for name, value in document["values"].items():
        parts = MetricName.parse(name)
        measures = families.setdefault(parts.base.split(".")[0], {})
        measures.setdefault(parts.base, []).append((parts, value))
    order = [*(f for f in _FAMILIES if f in families), *(f for f in sorted(families) if f not in _FAMILIES)]
    made = []
    for family in order:
        tables = "\n".join(_measure(profile, base, found) for base, found in families[family].items())
        heading = text(_FAMILIES.get(family, family))
        made.append(f"<h3>{heading}</h3>\n<details><summary>Show the values</summary>\n{tables}\n</details>")
    return "\n".join(made)


def _measure(profile: Profile, base: str, found: list[tuple[MetricName, Mapping[str, Any]]]) -> str:
    words = METRICS[base].words.format(target="a column").replace("groups by a column", "groups")
    words = words[:1].upper() + words[1:]
    sure = sorted({value["z"] for _, value in found if value.get("z")})
    bounds = f" (bounds at z = {', '.join(f'{z / MICRO:.4g}' for z in sure)})" if sure else ""
    bounded = any(value.get("lower") is not None for _, value in found)
    rows = []
    for parts, value in found:
        shown = "–" if value["micro"] is None else text(amount(str(parts), value["micro"]))
        reason = f'<br><span class="quiet">{text(value["reason"])}</span>' if value.get("reason") else ""
        between = [_between(str(parts), value.get("lower"), value.get("upper"))] if bounded else []
        rows.append((text(_row_name(profile, parts, value)) + reason, shown, *between, f"{value['n']:,}"))
    head = ("Of", "Value", "Bounds", "Rows") if bounded else ("Of", "Value", "Rows")
    caption = f"{text(words)}: <code>{text(base)}</code>{bounds}"
    return table(caption, head, rows, label=text(words))


def _between(name: str, low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return "–"
    return text(f"{amount(name, low).removesuffix(' %')} to {amount(name, high)}")


def _row_name(profile: Profile, parts: MetricName, value: Mapping[str, Any]) -> str:
    bound = {"lower": "at least, ", "upper": "at most, "}.get(parts.bound, "")
    if parts.over == "share":
        return f"{bound}share of columns"
    if parts.over:
        at = value.get("at")
        return f"{bound}the worst column{f' ({target_title(at, profile.spec)})' if at else ''}"
    return f"{bound}{target_title(parts.target, profile.spec) or 'the model'}"
