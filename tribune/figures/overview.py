"""A report at a glance: each rule's value against its limit, and which columns moved most.

All limits lie under each other, so that one look tells how far a value is from its own. Refuses to judge:
kept, broken or not measured is what it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tribune.figures.canvas import LINE, MARGIN, WIDTH, Format, Sheet
from tribune.figures.theme import Theme
from tribune.language import _, marked, number, plural

LEFT, RIGHT = MARGIN, WIDTH - MARGIN
LIMIT = 220.0
"""Where every limit lies, in CSS pixels; a value of 0 lies at `LEFT` then."""
_TRACK = 16


class Verdict(StrEnum):
    """What became of a rule."""

    KEPT = marked("kept")
    BROKEN = marked("broken")
    UNKNOWN = marked("not measured")
    ELSEWHERE = marked("not judged here")
    """A rule on evaluations in service, or the other way round."""


@dataclass(frozen=True)
class RuleLine:
    """A rule of the overview.

    Args:
        subject: what is measured, as a phrase.
        verdict: kept, broken or not measured.
        micro: its value in millionths; None where it was not measured.
        limit: in millionths.
        above: whether a value above the limit is a hit (else below).
        shown, shown_limit: both for people.
        consequence: what a hit does ("opens a vote").
    """

    subject: str
    verdict: Verdict
    micro: int | None
    limit: int
    above: bool
    shown: str
    shown_limit: str
    consequence: str

    @property
    def words(self) -> str:
        """The rule in one phrase."""
        beyond = "above" if self.above else "below"
        value = f": {self.shown}" if self.micro is not None else ""
        return f"{self.subject} {self.verdict}{value} ({self.consequence} {beyond} {self.shown_limit})"


@dataclass(frozen=True)
class Moved:
    """A column and how far it moved: the effect size of its drift, in millionths."""

    name: str
    micro: int

    @property
    def words(self) -> str:
        """The size with Cohen's word for it."""
        words = ((500_000, _("large")), (300_000, _("medium")), (100_000, _("small")))
        size = next((word for least, word in words if self.micro >= least), _("hardly"))
        return f"{number(self.micro / 1_000_000, 2)} ({size})"


def overview(
    rules: Sequence[RuleLine],
    moved: Sequence[Moved] = (),
    *,
    title: str,
    form: Format = "png",
    theme: Theme = Theme.LIGHT,
) -> bytes:
    """Draw the rules of a report, and the columns that moved most.

    Args:
        rules: in the policy's order.
        moved: columns, furthest first; a handful.
        title: what was measured, over the figure.
        form: "png" or "svg".
        theme: light or dark.
    """
    sheet = Sheet(title, theme)
    head = headline(rules)
    broken = any(rule.verdict is Verdict.BROKEN for rule in rules)
    colour = sheet.palette.bad if broken else sheet.palette.ink
    sheet.top = sheet.lines(head, MARGIN, sheet.top, bold=True, colour=colour) + 6
    for rule in rules:
        _rule(sheet, rule)
    if moved:
        sheet.top = sheet.lines(_("Columns that moved most"), MARGIN, sheet.top + 6, bold=True) + 4
        furthest = max(300_000, *(column.micro for column in moved))
        for column in moved:
            _moved(sheet, column, furthest)
    told = [head, *(rule.words for rule in rules), *(f"{m.name} moved by {m.words}" for m in moved)]
    return sheet.finish(form, f"{title}. {'; '.join(told)}")


def headline(rules: Sequence[RuleLine]) -> str:
    """Return how many rules were broken, kept and not measured."""
    found = {verdict: sum(rule.verdict is verdict for rule in rules) for verdict in Verdict}
    judged = len(rules) - found[Verdict.ELSEWHERE]
    unknown = found[Verdict.UNKNOWN]
    if not judged:
        return _("No rules were judged") if rules else _("No rules were given")
    if found[Verdict.BROKEN] and judged == 1:
        return _("The rule is broken")
    if found[Verdict.BROKEN]:
        text = (
            _("{broken} of {judged} rules broken, {unknown} not measured")
            if unknown
            else _("{broken} of {judged} rules broken")
        )
        return text.format(broken=found[Verdict.BROKEN], judged=judged, unknown=unknown)
    if unknown:
        return _("No rule broken, {unknown} not measured").format(unknown=unknown)
    return plural("The rule is kept", "All {n} rules kept", judged).format(n=judged)


def place_of(rule: RuleLine) -> float:
    """Return where a rule's value lies, in CSS pixels; beyond the track it lies at its end."""
    if rule.micro is None:
        return LEFT
    span = abs(rule.limit) or max(abs(rule.micro), 1)
    return min(max(LIMIT + (LIMIT - LEFT) * (rule.micro - rule.limit) / span, LEFT + 6), RIGHT - 6)


def _rule(sheet: Sheet, rule: RuleLine) -> None:
    colours, bad = sheet.palette, rule.verdict is Verdict.BROKEN
    sheet.top = sheet.lines(rule.subject[:1].upper() + rule.subject[1:], LEFT, sheet.top, most=3) + 1
    start = LIMIT if rule.above else LEFT
    sheet.ground(start, sheet.top, (RIGHT - LIMIT) if rule.above else (LIMIT - LEFT), _TRACK)
    middle = sheet.top + _TRACK / 2
    sheet.path([(LEFT, middle), (RIGHT, middle)], colours.quiet, wide=1)
    sheet.path([(LIMIT, sheet.top - 1), (LIMIT, sheet.top + _TRACK + 1)], colours.bad, wide=2)
    if rule.micro is not None:
        sheet.mark(place_of(rule), middle, bad=bad)
    sheet.top += _TRACK
    verdict = _(rule.verdict.value)
    value = f"{verdict}: {rule.shown}" if rule.micro is not None else verdict
    sheet.text(value, LEFT, sheet.top, bold=True, colour=colours.bad if bad else colours.ink)
    sheet.text(
        _("limit {limit}").format(limit=rule.shown_limit),
        RIGHT,
        sheet.top,
        colour=colours.quiet,
        align="right",
    )
    sheet.top += LINE + 9


def _moved(sheet: Sheet, column: Moved, furthest: int) -> None:
    sheet.text(column.words, RIGHT, sheet.top, align="right")
    top = sheet.lines(column.name, LEFT, sheet.top, width=215) + 2
    sheet.ground(LEFT, top, RIGHT - LEFT, 9)
    sheet.bar(LEFT, top, (RIGHT - LEFT) * column.micro / furthest, 9, sheet.palette.good)
    sheet.top = top + 17
