"""What a phrase about a case is made of: rates and amounts as people say them, and what a limit is on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal

from tribune.language import _, marked, number
from tribune.metrics.fixed import MICRO
from tribune.reports.counts import Rate

_NOUNS = {
    "gap": (marked("a gap"), marked("this gap")),
    "rise": (marked("a rise"), marked("this rise")),
    "fall": (marked("a fall"), marked("this fall")),
    "shift": (marked("a shift"), marked("this shift")),
    "distance": (marked("a distance"), marked("this distance")),
    "ratio": (marked("a ratio"), marked("this ratio")),
    "rate": (marked("a rate"), marked("this rate")),
    "share": (marked("a share"), marked("this share")),
    "number": (marked("a number"), marked("this number")),
    "value": (marked("a value"), marked("this value")),
    "mean": (marked("a mean"), marked("this mean")),
    "median": (marked("a median"), marked("this median")),
    "95th percentile": (marked("a 95th percentile"), marked("this 95th percentile")),
    "share of right answers": (marked("a share of right answers"), marked("this share of right answers")),
    "F1 score": (marked("an F1 score"), marked("this F1 score")),
    "AUC": (marked("an AUC"), marked("this AUC")),
    "correlation": (marked("a correlation"), marked("this correlation")),
    "Brier score": (marked("a Brier score"), marked("this Brier score")),
    "mean error": (marked("a mean error"), marked("this mean error")),
    "RMSE": (marked("an RMSE"), marked("this RMSE")),
    "R²": (marked("an R²"), marked("this R²")),
}
"""What limits are on: as one of its kind, and as the one that was found."""


@dataclass(frozen=True)
class Noun:
    """What a limit is on, and how its amounts are shown.

    Args:
        name: "gap", "rise", …: one that `_NOUNS` has.
        percent: whether amounts are points of 100.
    """

    name: str
    percent: bool = True

    @property
    def one(self) -> str:
        """One of its kind: "a gap"."""
        return _(_NOUNS[self.name][0])

    @property
    def this(self) -> str:
        """The one that was found: "this gap"."""
        return _(_NOUNS[self.name][1])

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
        return _plain(shown_limit), _plain(shown.normalize())


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
        return _("none")
    share = (Decimal(100 * hits) / rows).quantize(Decimal(1), ROUND_HALF_EVEN)
    if share == 0 and hits:
        return _("fewer than 1 of 100")
    if share == 100 and hits < rows:
        return _("more than 99 of 100")
    return _("{n} of 100").format(n=share)


def _plain(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    return number(value, max(0, -exponent) if isinstance(exponent, int) else 0)
