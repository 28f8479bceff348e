"""What a phrase about a case is made of: rates and amounts as people say them, and what a limit is on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal

from tribune.metrics.fixed import MICRO
from tribune.reports.counts import Rate

_AN = "aeiouAEFHILMNORSX"
"""First letters that follow "an": vowels, and letters of abbreviations whose name starts with one."""


@dataclass(frozen=True)
class Noun:
    """What a limit is on, and how its amounts are shown.

    Args:
        name: "gap", "rise", …; empty: no word for it.
        percent: whether amounts are points of 100.
    """

    name: str
    percent: bool = True

    @property
    def article(self) -> str:
        """The indefinite article with its space."""
        return "an " if self.name[:1] in _AN else "a "

    def show_pair(self, limit: int, value: int, *, sure: str) -> tuple[str, str]:
        """Show limit and value with as few decimals as still tell them apart.

        Args:
            limit: in millionths.
            value: in millionths.
            sure: "at least" rounds the value down, "at most" up, "" to the nearest.
        """
        scale = Decimal(100 if self.percent else 1) / MICRO
        exactly, shown_limit = value * scale, (limit * scale).normalize()
        rounding = {"at least": ROUND_DOWN, "at most": ROUND_UP}.get(sure, ROUND_HALF_EVEN)
        first = 0 if self.percent else 2
        for places in range(first, 7):
            step = Decimal(1).scaleb(-places)
            shown = exactly.quantize(step, rounding)
            if (shown > shown_limit) == (value > limit) and (shown < shown_limit) == (value < limit):
                break
        return f"{shown_limit:,f}", f"{shown.normalize():,f}"


@dataclass(frozen=True)
class Phrase:
    """A finding in words: predicate, sentences, and what the limit is on."""

    fault: str
    finding: str
    noun: Noun


def of_100(rate: Rate) -> str:
    """Show a rate as "53 of 100", rounded half-even, never to none or all where it is neither."""
    hits, rows = rate
    if not rows:
        return "none"
    share = (Decimal(100 * hits) / rows).quantize(Decimal(1), ROUND_HALF_EVEN)
    if share == 0 and hits:
        return "fewer than 1 of 100"
    if share == 100 and hits < rows:
        return "more than 99 of 100"
    return f"{share} of 100"
