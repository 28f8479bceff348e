"""Fixed thresholds as others have them, on the same windows: an alarm where one column or metric is beyond.

- PSI > 0.25 for any column: the usual reading of the population stability index, on our ten bins, an empty
  share counting as 0.0001.
- NannyML's defaults (0.13.1): any column's Jensen-Shannon distance, or the realised accuracy, further than
  three standard deviations from the mean of those of the reference's chunks of the same size; numbers in bins
  by Doane's rule. Held once against NannyML itself: the same alarms in all windows of 500, 1,000 and 5,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.detection.acs import Table
from bench.detection.coded import Coded, Places
from tribune.metrics import Grid

PSI_LIMIT, DEVIATIONS = 0.25, 3.0
_LEAST = 1e-4

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Binned:
    """A table's rows in the bins of both rules, and whether each answer was right."""

    deciles: dict[str, Places]
    doane: dict[str, Places]
    right: NDArray[np.bool_]


class Rivals:
    """Both rules, fitted to reference rows.

    Args:
        rows: the reference.
        table: its values.
    """

    def __init__(self, rows: Coded, table: Table) -> None:
        self._scheme = rows.scheme
        self._numbers = [name for name in rows.places if isinstance(rows.scheme.binnings[name], Grid)]
        self._edges = {
            name: np.histogram_bin_edges(table[name].astype(float), bins="doane") for name in self._numbers
        }
        self._reference = self.binned(rows, table)
        self._shares = {
            kind: {name: _shares(places) for name, places in bins.items()}
            for kind, bins in (("deciles", self._reference.deciles), ("doane", self._reference.doane))
        }

    def binned(self, rows: Coded, table: Table) -> Binned:
        """Find the bins of a table's rows."""
        deciles, doane = dict(rows.places), dict(rows.places)
        for name in self._numbers:
            grid, edges = self._scheme.grid(name), self._edges[name]
            inner = np.array(grid.edges[1:-1])
            deciles[name] = np.searchsorted(inner, rows.cells[name], side="right")
            values = table[name].astype(float)
            inside = (values >= edges[0]) & (values <= edges[-1])
            place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
            doane[name] = np.where(inside, place, len(edges) - 1)
        return Binned(deciles, doane, table["prediction"] == table["label"])

    def psi_alarms(self, binned: Binned, rows: Places | slice) -> bool:
        """Whether any column's PSI is beyond 0.25."""
        for name, before in self._shares["deciles"].items():
            now = _shares(binned.deciles[name][rows], len(before))
            p, q = np.maximum(now, _LEAST), np.maximum(_padded(before, len(now)), _LEAST)
            if float(((p - q) * np.log(p / q)).sum()) > PSI_LIMIT:
                return True
        return False

    def nannyml_alarms(self, binned: Binned, rows: Places | slice) -> bool | None:
        """Whether any column's distance, or the accuracy, is beyond NannyML's default thresholds.

        None where the reference has no two chunks of this size.
        """
        right = binned.right[rows]
        limits = self._limits(len(right))
        if limits is None:
            return None
        distances, (low, high) = limits
        if not low <= float(right.mean()) <= high:
            return True
        return any(self._distance(name, binned.doane[name][rows]) > most for name, most in distances.items())

    def _distance(self, name: str, places: Places) -> float:
        before = self._shares["doane"][name]
        now = _shares(places, len(before))
        return _jensen_shannon(now, _padded(before, len(now)))

    @cache  # noqa: B019 - few sizes, and as long as the benchmark runs
    def _limits(self, size: int) -> tuple[dict[str, float], tuple[float, float]] | None:
        """Return each column's largest distance and the accuracy's band, from the reference's chunks."""
        total = len(self._reference.right)
        if size * 2 > total:
            return None
        chunks = [slice(at, at + size) for at in range(0, total, size)]  # the last one as short as it is
        distances = {
            name: _band([self._distance(name, places[chunk]) for chunk in chunks])[1]
            for name, places in self._reference.doane.items()
        }
        return distances, _band([float(self._reference.right[chunk].mean()) for chunk in chunks])


def _band(values: Sequence[float]) -> tuple[float, float]:
    middle, spread = float(np.mean(values)), float(np.std(values))
    return middle - DEVIATIONS * spread, middle + DEVIATIONS * spread


def _shares(places: Places, least: int = 0) -> Shares:
    counts = np.bincount(places, minlength=least)
    shares: Shares = counts / counts.sum()
    return shares


def _padded(shares: Shares, length: int) -> Shares:
    return np.pad(shares, (0, length - len(shares)))


def _jensen_shannon(p: Shares, q: Shares) -> float:
    middle = (p + q) / 2
    total = 0.0
    for part in (p, q):
        some = part > 0
        total += float((part[some] * np.log2(part[some] / middle[some])).sum())
    return float(np.sqrt(max(0.0, total) / 2))
