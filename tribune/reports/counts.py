"""The few numbers that a sentence about a case needs, read from an evidence document beside its profile.

Refuses nothing loudly: what a document does not hold comes out as None, and the caller says that it could
not look. It never computes a metric's value; those are the document's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tribune.exceptions import TribuneError
from tribune.language import _, number
from tribune.metrics.binning import Grid
from tribune.metrics.families import quality
from tribune.metrics.fixed import MICRO
from tribune.metrics.profile import Profile
from tribune.metrics.published import column_cells, is_of, read_column, read_rates, unmerged
from tribune.metrics.registry import find
from tribune.reports.evidence import SCHEMA

Rate = tuple[int, int]
"""(rows that …, rows)."""


@dataclass(frozen=True)
class Counts:
    """An evidence document beside the profile that it was measured with.

    Args:
        profile: the reference.
        document: evidence of that profile.
    """

    profile: Profile
    document: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """Decisions in the frame."""
        return int(self.document["tally"]["rows"])

    def title(self, column: str) -> str:
        """Return a column's name for people."""
        return self.profile.spec.column(column).title

    def outcome(self) -> str:
        """Return what a positive prediction says."""
        spec = self.profile.spec
        return spec.outcome or spec.prediction.value_title(spec.positive)

    def positive_rates(self, group: str) -> dict[str, Rate]:
        """Return (positive predictions, rows) per group large enough to be judged."""
        return read_rates(self.document, self.profile, group)

    def error_rates(self, group: str) -> tuple[dict[str, Rate], dict[str, Rate]]:
        """Return positive predictions among the positives, and among the negatives, per large group."""
        true = read_rates(self.document, self.profile, group, "true_positive")
        false = read_rates(self.document, self.profile, group, "false_positive")
        both = true.keys() & false.keys()
        return {k: true[k] for k in true if k in both}, {k: false[k] for k in false if k in both}

    def opportunities(self, group: str) -> dict[str, Rate]:
        """Return positive predictions among the positives per large group."""
        return read_rates(self.document, self.profile, group, "opportunity")

    def right_by_group(self, group: str) -> dict[str, Rate]:
        """Return (right answers, rows with a label) per large group."""
        return read_rates(self.document, self.profile, group, "right")

    def quality(self, measure: str, column: str) -> tuple[Rate, Rate] | None:
        """Return the rate of a quality measure now (of a million) and in the reference."""
        counted = {
            "missing_rate": quality.missing_rows,
            "unseen_rate": quality.unseen_rows,
            "out_of_range_rate": quality.out_of_range_rows,
        }
        name = measure if measure in counted else "invalid_rate"
        now = self._share(f"quality.{name}/{column}")
        if now is None:
            return None
        reference = self.profile.reference
        then = counted.get(name, quality.invalid_rows)(self.profile, reference, column)
        return now, (then, reference.rows)

    def measured(self, name: str) -> tuple[Rate | None, Rate | None]:
        """Return (value in millionths, rows behind it) of a metric now and in the reference, if they are."""
        parts, metric = find(name)
        found, now = self.document["values"].get(name) or {}, self._micro(name)
        then = metric.saturated(metric.measure(self.profile, self.profile.reference, parts.target, None))
        return (
            None if now is None else (now, int(found["n"])),
            None if then.micro is None else (then.micro, then.n),
        )

    def most_changed(self, column: str) -> tuple[str, Rate, Rate] | None:
        """Return the value or range whose share changed most: as a predicate, its rate now and before."""
        cells = list(read_column(self.document, self.profile, column).values())
        then = column_cells(self.profile, self.profile.reference, column)
        first_hole = len(cells) - (4 if isinstance(self.profile.binnings[column], Grid) else 1)
        n, m = self.rows, self.profile.reference.rows
        found: tuple[str, Rate, Rate] | None = None
        widest = -1
        for places, now_hits in unmerged(cells):
            values = [place for place in places if place < first_hole]
            if not values or not n or not m:
                continue
            then_hits = sum(then[place] for place in places)
            # Of two equal changes the one that grew says more: what there is, not what is gone.
            change = 2 * abs(now_hits * m - then_hits * n) + (now_hits * m > then_hits * n)
            if change > widest:
                widest = change
                found = self._range_words(column, values), (now_hits, n), (then_hits, m)
        return found

    def _share(self, name: str) -> Rate | None:
        micro = self._micro(name)
        return None if micro is None else (micro, MICRO)

    def _micro(self, name: str) -> int | None:
        value = self.document["values"].get(name)
        micro = value.get("micro") if isinstance(value, Mapping) else None
        return micro if isinstance(micro, int) else None

    def _range_words(self, column: str, places: list[int]) -> str:
        binning, described = self.profile.binnings[column], self.profile.spec.column(column)
        if not isinstance(binning, Grid):
            named, known = dict(described.values), binning.values
            if len(places) > 1 or places[0] >= len(known):
                return _("have other values of {column}").format(column=described.title)
            title = described.value_title(known[places[0]])
            return (_("are {value}") if named.get(known[places[0]]) else _("have {value}")).format(
                value=title
            )
        low, high = places[0], places[-1]  # 0 is the low tail, bin i is place i + 1
        last = len(binning.edges)
        floor = None if low == 0 else float(binning.begin(binning.edges[low - 1]))
        ceiling = None if high == last else float(binning.begin(binning.edges[high]))
        if floor is None and ceiling is None:
            text = _("have any {column}")
        elif floor is None:
            text = _("have {column} below {end}")
        elif ceiling is None:
            text = _("have {column} of {begin} or more")
        else:
            text = _("have {column} from {begin} to under {end}")
        return text.format(
            column=described.title,
            begin="" if floor is None else significant(floor),
            end="" if ceiling is None else significant(ceiling),
        )


def significant(value: float) -> str:
    """Return a number with three significant digits, one of four or more whole: "0.25", "1,200"."""
    if abs(value) >= 1000:
        return number(value)
    shown = f"{value:.3g}"
    return shown if "e" in shown else number(float(shown), len(shown.partition(".")[2]))


def read_counts(evidence: Mapping[str, Any] | None, profile: Profile | None) -> Counts | None:
    """Return the counts of an evidence document; None where one is missing or it is of another profile."""
    if evidence is None or profile is None or evidence.get("schema") != SCHEMA:
        return None
    return Counts(profile, evidence) if is_of(evidence, profile) else None


FAULTS = (TribuneError, KeyError, IndexError, ValueError, TypeError, AttributeError, StopIteration)
"""What a document that is not of its form raises in here."""
