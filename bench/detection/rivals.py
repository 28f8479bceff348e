"""Fixed thresholds as others have them, on the same windows: an alarm where one column or metric is beyond.

- PSI > 0.25 for any column: the usual reading of the population stability index, on our ten bins, an empty
  share counting as 0.0001.
- NannyML's defaults (0.13): Jensen-Shannon distance > 0.1 for any column, numbers in bins by Doane's rule;
  realised accuracy beyond three standard deviations of that of reference chunks of the same size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.detection.acs import Table
from bench.detection.coded import Coded, Places
from tribune.metrics import Grid

PSI_LIMIT, JS_LIMIT, DEVIATIONS = 0.25, 0.1, 3.0
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

    def nannyml_alarms(self, binned: Binned, rows: Places | slice) -> bool:
        """Whether any column's distance, or the accuracy, is beyond NannyML's default thresholds."""
        right = binned.right[rows]
        low, high = self._accuracy_band(len(right))
        if not low <= float(right.mean()) <= high:
            return True
        for name, before in self._shares["doane"].items():
            now = _shares(binned.doane[name][rows], len(before))
            if _jensen_shannon(now, _padded(before, len(now))) > JS_LIMIT:
                return True
        return False

    def _accuracy_band(self, size: int) -> tuple[float, float]:
        """Return the reference's mean accuracy ± three deviations of its chunks of a size."""
        right = self._reference.right
        chunks = [right[at : at + size].mean() for at in range(0, len(right) - size + 1, size)]
        if len(chunks) < 2:  # the reference is shorter: the deviation that such chunks would have
            mean = float(right.mean())
            spread = (mean * (1 - mean) / size) ** 0.5
        else:
            mean, spread = float(np.mean(chunks)), float(np.std(chunks))
        return mean - DEVIATIONS * spread, mean + DEVIATIONS * spread


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
