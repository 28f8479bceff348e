"""A report as one page: what was measured, the rules and whether they were kept, figures, every value.

The page holds all that it needs: it asks nothing of any network, runs no script, and says so in a policy of
its own. Light and dark follow the reader's system. Built of plain text: everything that comes from data goes
through `text`, and nothing else is put into it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tribune.figures.columns import shares_of
from tribune.figures.history import Point
from tribune.figures.overview import Verdict, headline
from tribune.figures.page_style import content_policy, stylesheet
from tribune.figures.page_tables import metric_tables, rules_table, shares_table, text
from tribune.figures.reading import as_written, in_numbers, rule_lines, worst_columns
from tribune.figures.report import Drawing, report_drawings
from tribune.figures.theme import Theme
from tribune.metrics.canonical import canonical_json
from tribune.metrics.policies.policy import Policy
from tribune.metrics.profile import Profile


def report_page(
    document: Mapping[str, Any],
    profile: Profile,
    policy: Policy,
    *,
    title: str = "Report",
    source: str = "",
    findings: Sequence[str] = (),
    check: str = "",
    history: Sequence[Sequence[Point]] = (),
) -> str:
    """Return a report as an HTML page.

    Args:
        document: evidence.
        profile: the one it was measured with.
        policy: the one it was judged by.
        title: what it is about ("acs-employment v1, frame 3").
        source: the file or folder that was measured, where it was no frame.
        findings: what to know about the data first, in words.
        check: the command by which anyone can recompute it; empty: `tribune measure` on the same rows.
        history: per rule its values over the last frames, this one included; empty: not known.

    Raises:
        EvidenceError: the document is of another profile or of other rules.
    """
    document = in_numbers(document)
    drawings = report_drawings(document, profile, policy, title="At a glance", history=history)
    lines = rule_lines(document, profile, policy)
    verdict = headline(lines)
    broken = any(line.verdict is Verdict.BROKEN for line in lines)
    parts = [
        f'<p class="{"broken" if broken else "kept"}">{text(verdict)}.</p>',
        '<div class="beside">',
        *_figures(drawings, "overview"),
        "<div>",
        *_findings(findings),
        _facts(document, source),
        *(["<h2>Rules</h2>", rules_table(document, profile, policy, lines)] if lines else []),
        "</div>\n</div>",
        *_columns(document, profile, policy, drawings),
        *_section("Means and rates", drawings, "means"),
        *_section("How groups are treated", drawings, "groups"),
        *_section("Each rule over the last frames", drawings, "history"),
        "<h2>All values</h2>",
        metric_tables(document, profile),
        "<h2>Check it yourself</h2>",
        _check(document, check, rules=bool(lines)),
    ]
    return _page(title, "\n".join(parts))


def _page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{content_policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<style>{stylesheet()}</style>
</head>
<body>
<main>
<h1>{text(title)}</h1>
{body}
</main>
</body>
</html>
"""


def _findings(findings: Sequence[str]) -> list[str]:
    if not findings:
        return []
    listed = "\n".join(f"<li>{text(finding)}</li>" for finding in findings)
    return [f"<h2>What to know first</h2>\n<ul>\n{listed}\n</ul>"]


def _facts(document: Mapping[str, Any], source: str) -> str:
    labelled = document.get("labelled")
    facts = [("Rows", f"{document['tally']['rows']:,}")]
    if labelled is not None and labelled["rows"] != document["tally"]["rows"]:
        facts.append(("Rows of the frame whose labels are due", f"{labelled['rows']:,}"))
    if source:
        facts.append(("Data", source))
    if document["model"]:
        facts.append(("Model", f"{document['model']}, version {document['version']}"))
        facts.append(("Frame", _frame(document)))
    digests = [("profile", "Profile"), *([("policy", "Rules")] if document["rules"] else [])]
    digests.append(("manifest", "Manifest" if document["model"] else "Data, file by file"))
    facts += [(f"{words} (sha-256)", document[key]) for key, words in digests]
    facts.append(("This evidence (sha-256)", _digest(document)))
    rows = "\n".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in facts)
    few = (
        f'<p class="quiet">Values or ranges of fewer than {text(document["min_cell"])} rows '
        "are shown together with a neighbour.</p>"
        if document.get("min_cell")
        else ""
    )
    return f"<h2>What was measured</h2>\n<dl>\n{rows}\n</dl>\n{few}"


def _frame(document: Mapping[str, Any]) -> str:
    if document["frame"] == 0:
        return "0: its evaluation before service"
    times = [
        datetime.fromtimestamp(document[key] // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        for key in ("start", "end")
    ]
    return f"{document['frame']}: from {times[0]} to {times[1]} UTC"


def _digest(document: Mapping[str, Any]) -> str:
    return "0x" + hashlib.sha256(canonical_json(as_written(document))).hexdigest()


def _check(document: Mapping[str, Any], command: str, *, rules: bool) -> str:
    policy = " --policy policy.toml" if rules else ""
    shown = command or f"tribune measure DATA --profile profile.json{policy} --format json | sha256sum"
    return (
        "<p>Every number here follows from counts of the rows. Count the same rows again, with the same "
        "profile and rules, and you get the same document, to the last byte, on any machine:</p>\n"
        f"<pre><code>{text(shown)}</code></pre>\n"
        f"<p>Its sha-256 must be <code>{_digest(document)}</code>.</p>"
    )


def _columns(
    document: Mapping[str, Any], profile: Profile, policy: Policy, drawings: Sequence[Drawing]
) -> list[str]:
    drawn = [drawing for drawing in drawings if drawing.section == "columns"]
    if not drawn:
        return []
    parts = ['<h2>Columns that changed most</h2>\n<div class="figures">']
    for name, drawing in zip(worst_columns(document, profile, policy), drawn, strict=True):
        shares, rows = shares_of(document, profile, name)
        numbers = shares_table(drawing.title, shares, rows)
        parts.append(f'<div>\n<h3 class="unseen">{text(drawing.title)}</h3>\n{_figure(drawing)}')
        parts.append(f"<details><summary>The same in numbers</summary>\n{numbers}\n</details>\n</div>")
    return [*parts, "</div>"]


def _section(heading: str, drawings: Sequence[Drawing], section: str) -> list[str]:
    figures = _figures(drawings, section)
    return [f'<h2>{heading}</h2>\n<div class="figures">', *figures, "</div>"] if figures else []


def _figures(drawings: Sequence[Drawing], section: str) -> list[str]:
    return [_figure(drawing) for drawing in drawings if drawing.section == section]


def _figure(drawing: Drawing) -> str:
    """Return a figure in both themes; as a picture, so that the page's policy needs no style in its text."""
    light, dark = (_embedded(drawing.draw("svg", theme)) for theme in (Theme.LIGHT, Theme.DARK))
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{text(f"{drawing.title}: {drawing.words}")}"></picture></figure>'
    )


def _embedded(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
