"""Values and names of metrics: what a monitor reports about a frame, and what to call it.

Refuses names that are not `family.measure[.lower|.upper][.max|.share][/target]`. Not available always has a
reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tribune.exceptions import PolicyError
from tribune.metrics.spec import Role, Task

if TYPE_CHECKING:
    from tribune.metrics.families.log_audit import LogAudit
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

NOT_AVAILABLE = -(2**63)
"""How "not available" is written on the chain: type(int64).min."""
MAX_VALUE = 2**63 - 1
ALL_TASKS = frozenset(Task)
NO_LABELS = "no labels yet"
NO_LABEL_COLUMN = "the model has no label column, and no labels were joined"

_NAME = re.compile(r"([a-z]+\.[a-z_0-9]+)(?:\.(lower|upper))?(?:\.(max|share))?(?:/(.+))?", re.DOTALL)


@dataclass(frozen=True)
class Value:
    """One metric of one frame, in millionths.

    Args:
        micro: the value, or None where it is not available.
        n: rows behind it.
        lower, upper: bounds at the rule's z, where the metric has them and a z was given.
        reason: why it is not available, or what it leaves out (groups too small, invalid labels).
        at: the column or group of a maximum.
    """

    micro: int | None
    n: int
    lower: int | None = None
    upper: int | None = None
    reason: str = ""
    at: str = ""

    @property
    def on_chain(self) -> int:
        """The integer that a report carries."""
        return NOT_AVAILABLE if self.micro is None else self.micro

    def to_json(self) -> dict[str, Any]:
        """Return the value as a document of integers, strings and None."""
        return {
            "micro": self.micro,
            "n": self.n,
            "lower": self.lower,
            "upper": self.upper,
            "reason": self.reason,
            "at": self.at,
        }


def unavailable(reason: str, n: int = 0) -> Value:
    """Return a value that is not available, saying why."""
    return Value(None, n, reason=reason)


def unlabelled(profile: Profile) -> Value:
    """Return that no label has come in, or that none can: the model describes no column of them."""
    return unavailable(NO_LABELS if profile.spec.with_role(Role.LABEL) else NO_LABEL_COLUMN)


@dataclass(frozen=True)
class MetricName:
    """A metric's name, taken apart.

    Args:
        base: family and measure, as in the registry.
        bound: "lower", "upper" or "".
        over: "max" (the largest over all targets), "share" (the share of targets that are notable) or "".
        target: a column, a class, group columns joined by "&", or "".
    """

    base: str
    bound: str = ""
    over: str = ""
    target: str = ""

    @classmethod
    def parse(cls, name: str) -> MetricName:
        """Take a name apart.

        Raises:
            PolicyError: when it is not built like a metric's name.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise PolicyError(
                f"{name!r} is not the name of a metric.",
                mend="Names look like drift.effect.lower.max or quality.missing_rate/AGE.",
            )
        return cls(*(part or "" for part in match.groups()))

    def __str__(self) -> str:
        steps = "".join(f".{part}" for part in (self.bound, self.over) if part)
        return f"{self.base}{steps}{f'/{self.target}' if self.target else ''}"


GroupKey = tuple[str, tuple[int, ...]]
"""A group in a comparison: the class that stands against the rest, if there are several, and its place."""
GroupRows = Callable[["Profile", "Tally", str], Mapping[GroupKey, int]]
"""Of (profile, tally, target): the rows that each group has in the rate in which it has the fewest."""


@dataclass(frozen=True)
class Pairs:
    """Which pairs of groups are compared on some rows.

    Args:
        fresh: pairs that one of these belongs to; None: all pairs.
        later: groups that are compared on more rows, so that nobody need say that they are too small here.
    """

    fresh: frozenset[GroupKey] | None = None
    later: frozenset[GroupKey] = frozenset()


@dataclass(frozen=True)
class Grouped:
    """How a metric compares groups on trailing sums of frames in which these have their rows.

    Args:
        rows: what each group has of the rows that the metric needs.
        measure: the metric of some pairs: (profile, tally, target, z in millionths or None, pairs); pure.
    """

    rows: GroupRows
    measure: Callable[[Profile, Tally, str, int | None, Pairs], Value]


@dataclass(frozen=True)
class Metric:
    """A definition in the registry. It is never reinterpreted: a change is a new name.

    Args:
        name: family and measure.
        lo, hi: range in millionths; values saturate at it.
        measure: function of (profile, tally, target, z in millionths or None); pure.
        targets: columns, classes or groups that it can be asked for; None: it is about the model as a whole.
        bounded: whether it has lower and upper bounds.
        labels: whether it needs labels, so that it covers frame i − label_lag.
        any_size: whether it is measured under `min_rows` too.
        words: what it says, for people, with {target}.
        percent: whether people read it as a share ("10 %") rather than as a number.
        tasks: models that it is about.
        grouped: how it compares groups on trailing sums of frames; None: it is measured on one frame.
        notable: value in millionths beyond which a target counts for `.share`; None: it has no share.
        warn_only: whether a rule on it may only warn, since it is an estimate and no observation.
        has_max: whether `.max` finds the worst target; not where less is worse, or units differ.
        of_log: whether it is about the log rather than what stands in it: measured where a rule names it and
            nowhere else, and of any number of rows, none among them.
        audited: function of (what a monitor found in the log, z); `measure` then says what is so without it.
    """

    name: str
    lo: int
    hi: int
    measure: Callable[[Profile, Tally, str, int | None], Value]
    targets: Callable[[Profile], tuple[str, ...]] | None
    words: str
    bounded: bool = False
    labels: bool = False
    any_size: bool = False
    percent: bool = True
    tasks: frozenset[Task] = ALL_TASKS
    grouped: Grouped | None = None
    notable: int | None = None
    warn_only: bool = False
    has_max: bool = True
    of_log: bool = False
    audited: Callable[[LogAudit, int | None], Value] | None = None

    @property
    def trailing(self) -> bool:
        """Whether it is measured on a trailing sum of frames."""
        return self.grouped is not None

    def saturated(self, value: Value) -> Value:
        """Return a value within the metric's range."""

        def clip(number: int | None) -> int | None:
            return None if number is None else min(max(number, self.lo), self.hi)

        return replace(value, micro=clip(value.micro), lower=clip(value.lower), upper=clip(value.upper))
