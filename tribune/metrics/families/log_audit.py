"""What a frame's log is worth: how much of it its anchor proves, and whether the model gave these answers.

A monitor audits the sealed log and brings the integers; the metrics only divide them. None of it is measured
unless a rule names it: reading every body back, or running a model again, costs. Refuses to take silence for
a good sign: without an audit there is no value, and a row that cannot be recomputed is not proven.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.metrics.families import quality
from tribune.metrics.fixed import MICRO
from tribune.metrics.value import MAX_VALUE, Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

MOST_NAMED = 20
"""Rows that are named of each kind; the others are counted."""

TOLERANCE_MICRO = 10
"""How far a score, or a prediction that is a number, may lie from the logged one: 0.00001, or that share of
it where it is above 1. The order of sums in single precision changes less, and no decision turns on it."""

SAMPLE = 200
"""Rows that are run again: of a model that answers otherwise in 2 of 100 cases, 98 samples of 100 show it."""

_NOT_AUDITED = "only a frame's sealed and anchored log can show it"


@dataclass(frozen=True)
class Leaves:
    """How the rows of a frame stand to its leaves. Rows are named by their place in manifest order, from 0.

    Args:
        rows: decisions that the manifest lists.
        rooted: whether the leaves in the log give the anchored Merkle root.
        proven: rows whose id, time, salt and body give the leaf beside them.
        erased: rows whose body is gone, so that nothing can be recomputed.
        erased_at, changed_at: the first rows of those that are erased, or are not what their leaf says.
    """

    rows: int
    rooted: bool
    proven: int
    erased: int = 0
    erased_at: tuple[int, ...] = ()
    changed_at: tuple[int, ...] = ()

    @property
    def changed(self) -> int:
        """Rows that are not what their leaf says."""
        return self.rows - self.proven - self.erased

    def to_json(self) -> dict[str, Any]:
        """Return the counts as a document of integers."""
        return {
            "rows": self.rows,
            "rooted": int(self.rooted),
            "proven": self.proven,
            "erased": [self.erased, *self.erased_at],
            "changed": [self.changed, *self.changed_at],
        }


@dataclass(frozen=True)
class Replayed:
    """What running a sample of a frame again gave. Rows are named by their place in manifest order, from 0.

    Args:
        block, hash: the block whose hash drew the sample.
        sampled: rows drawn.
        proven: of these, rows whose body gives the leaf beside them.
        replayed: rows that could be run again: their body is there.
        mismatched: of these, rows that the registered artifact answers otherwise, or not at all.
        mismatched_at, missing_at: which these are, and which could not be run again.
    """

    block: int
    hash: bytes
    sampled: int
    proven: int
    replayed: int
    mismatched: int
    mismatched_at: tuple[int, ...] = ()
    missing_at: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the counts and the seed as a document of integers and texts."""
        return {
            "block": self.block,
            "hash": "0x" + self.hash.hex(),
            "sampled": self.sampled,
            "proven": self.proven,
            "replayed": self.replayed,
            "mismatched": [self.mismatched, *self.mismatched_at],
            "missing": list(self.missing_at),
        }


@dataclass(frozen=True)
class LogAudit:
    """What was found in the log of one frame; None: no rule asked for it."""

    leaves: Leaves | None = None
    replayed: Replayed | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what was found, without what nobody asked for."""
        parts = {"leaves": self.leaves, "replay": self.replayed}
        return {name: part.to_json() for name, part in parts.items() if part is not None}


def anchored_share(audit: LogAudit, _z: int | None) -> Value:
    """Measure the share of rows that the anchored log proves: 1 all, 0 none, or the root differs.

    Rounded down, so that 1 means all of them.
    """
    found = audit.leaves
    if found is None:
        return unavailable(_NOT_AUDITED)
    if not found.rows:
        return unavailable("no rows")
    told = [
        _rows(found.erased, found.erased_at, "erased"),
        _rows(found.changed, found.changed_at, "not what the leaf says"),
        "" if found.rooted else "the leaves do not give the anchored root",
    ]
    share = found.proven * MICRO // found.rows if found.rooted else 0
    return Value(share, found.rows, reason="; ".join(text for text in told if text))


def mismatch(audit: LogAudit, z: int | None) -> Value:
    """Measure the share of the sample that the registered model does not confirm: 0 all as logged, 1 none.

    A row that cannot be run again is not confirmed. Wilson bounds: what may be true of all rows.
    """
    found = audit.replayed
    if found is None:
        return unavailable(_NOT_AUDITED)
    if not found.sampled:
        return unavailable("no rows")
    missing = found.sampled - found.replayed
    told = [
        _rows(found.mismatched, found.mismatched_at, "answered otherwise"),
        _rows(missing, found.missing_at, "without a body to run again"),
    ]
    value = quality.rate(found.mismatched + missing, found.sampled, z)
    reason = "; ".join(text for text in told if text)
    return Value(value.micro, value.n, value.lower, value.upper, reason)


def _rows(count: int, places: Sequence[int], what: str) -> str:
    if not count:
        return ""
    named = ", ".join(str(place) for place in places[:MOST_NAMED])
    return f"{count} {what} (row{'' if count == 1 else 's'} {named}{', …' if count > MOST_NAMED else ''})"


def _not_audited(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    return unavailable(_NOT_AUDITED, tally.rows)


METRICS = (
    Metric(
        "log.volume",
        0,
        MAX_VALUE,
        quality.volume,
        None,
        "the number of decisions in the log",
        percent=False,
        of_log=True,
    ),
    Metric(
        "log.anchored_share",
        0,
        MICRO,
        _not_audited,
        None,
        "the share of decisions that the anchored log proves",
        of_log=True,
        audited=anchored_share,
    ),
    Metric(
        "replay.mismatch",
        0,
        MICRO,
        _not_audited,
        None,
        "the share of decisions, run again, that the registered model does not confirm",
        bounded=True,
        of_log=True,
        audited=mismatch,
    ),
)
"""Definitions of the families `log` and `replay`."""
