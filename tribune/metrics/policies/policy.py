"""Policies: the rules that a model's reports are judged by, as a file, as words and as the chain stores them.

Refuses a policy without rules, unknown metrics, impossible windows, limits out of a metric's range, and two
rules that want different bounds of one metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any

from tribune.exceptions import PolicyError
from tribune.metrics.fixed import MICRO
from tribune.metrics.profile import Profile
from tribune.metrics.registry import audits_of, check, find
from tribune.metrics.toml_file import load_toml, toml_text
from tribune.metrics.value import NOT_AVAILABLE, Value

_BYTE = 255
_MAX_Z_MICRO = 2**32 - 1
_RULE_KEYS = {"metric", "op", "limit", "severity", "stage", "m", "w", "na_budget", "z"}

RuleFields = tuple[str, int, int, int, int, int, int, int, int, int, int]
"""(metric, op, severity, stage, m, w, naBudget, z, limit, lo, hi), numbers as on the chain."""


class Severity(IntEnum):
    """What a hit does: tell, open a vote, or suspend and open a vote. Numbers as on the chain."""

    WARN = 0
    VOTE = 1
    TRIP = 2


class Stage(IntEnum):
    """Where a rule is judged. Numbers as on the chain."""

    ALWAYS = 0
    PRODUCTION = 1
    """In service only, not in a version's evaluation (frame 0)."""
    EVALUATION = 2
    """Before deployment only: in a version's evaluation, never in service."""


@dataclass(frozen=True)
class Rule:
    """One rule of a policy.

    Args:
        metric: name of a metric.
        op: ">" or "<"; strict.
        limit: in millionths.
        severity: what a hit does.
        m, w: hit when m of the last w frames are beyond the limit.
        na_budget: consecutive not-available frames that are borne before that itself is a hit.
        z: of the metric's bound, in millionths; 0 if it has none.
        stage: where it is judged; monitors report its value in any case.

    Raises:
        PolicyError: for a rule that cannot be judged.
    """

    metric: str
    op: str
    limit: int
    severity: Severity
    m: int = 1
    w: int = 1
    na_budget: int = 3
    z: int = 0
    stage: Stage = Stage.ALWAYS

    def __post_init__(self) -> None:
        parts, metric = find(self.metric)
        if self.op not in (">", "<"):
            raise PolicyError(f"Rule on {self.metric}: op is {self.op!r}.", mend="It must be > or <.")
        if not 1 <= self.m <= self.w <= _BYTE:
            raise PolicyError(f"Rule on {self.metric}: {self.m} of {self.w} frames is no window.")
        if not 0 <= self.na_budget <= _BYTE:
            raise PolicyError(f"Rule on {self.metric}: na_budget must be from 0 to {_BYTE}.")
        if not 0 <= self.z <= _MAX_Z_MICRO or bool(self.z) is not bool(parts.bound):
            raise PolicyError(
                f"Rule on {self.metric}: z = {self.z / MICRO:g}.",
                mend="A metric with a bound (.lower, .upper) needs a z above 0, another one none.",
            )
        if metric.warn_only and self.severity is not Severity.WARN:
            raise PolicyError(
                f"Rule on {self.metric}: it is an estimate, so it may not stop a model or open a vote.",
                mend='Give it the severity "WARN", or take a metric that is measured on labels.',
            )
        if not metric.lo <= self.limit <= metric.hi:
            raise PolicyError(f"Rule on {self.metric}: the limit lies outside the metric's range.")

    @property
    def range_micro(self) -> tuple[int, int]:
        """Range of the metric in millionths."""
        metric = find(self.metric)[1]
        return metric.lo, metric.hi

    def is_hit(self, value: int) -> bool:
        """Whether an on-chain value is beyond the limit; not available never is."""
        if value == NOT_AVAILABLE:
            return False
        return value > self.limit if self.op == ">" else value < self.limit

    def on_chain(self) -> RuleFields:
        """Return the rule's fields as the chain stores them."""
        op = 0 if self.op == ">" else 1
        return (self.metric, op, int(self.severity), int(self.stage), self.m, self.w, self.na_budget, self.z,
                self.limit, *self.range_micro)  # fmt: skip

    @classmethod
    def from_chain(cls, fields: Sequence[Any]) -> Rule:
        """Read the tuple of `on_chain`.

        Raises:
            PolicyError: for a rule whose metric or range is not one of these definitions.
        """
        metric, op, severity, stage, m, w, na_budget, z, limit, lo, hi = fields
        if op not in (0, 1) or severity not in (0, 1, 2) or stage not in (0, 1, 2):
            raise PolicyError(
                f"Rule on {metric}: the chain holds an operator, severity or stage that is not known."
            )
        rule = cls(
            str(metric),
            "><"[op],
            int(limit),
            Severity(severity),
            int(m),
            int(w),
            int(na_budget),
            int(z),
            Stage(stage),
        )
        if rule.range_micro != (lo, hi):
            raise PolicyError(f"Rule on {metric}: the chain's range is not this metric's.")
        return rule


def window_value(rule: Rule, history: Sequence[Value | None]) -> int | None:
    """Return a rule's value: the m-th largest (for "<": m-th smallest) of the last w frames.

    Args:
        rule: its m, w and op.
        history: the metric's values, oldest first, the current frame last; None: a frame without anchor.

    Returns:
        millionths, or None where fewer than m frames are available.
    """
    values = [v.micro for v in history[-rule.w :] if v is not None and v.micro is not None]
    if len(values) < rule.m:
        return None
    return sorted(values, reverse=rule.op == ">")[rule.m - 1]


@dataclass(frozen=True)
class Policy:
    """The rules of a model, in the order in which reports carry their values; without any, nothing is judged.

    Raises:
        PolicyError: with two different z for one metric.
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        for rule in self.rules:
            if any(other.metric == rule.metric and other.z != rule.z for other in self.rules):
                raise PolicyError(f"Two rules on {rule.metric} have a different z.")

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Metrics that the rules need, each once, in rule order."""
        return tuple(dict.fromkeys(rule.metric for rule in self.rules))

    @property
    def audits(self) -> frozenset[str]:
        """Metrics, by family and measure, for which a monitor has to audit the log."""
        return audits_of(self.metric_names)

    @property
    def audited_window(self) -> int:
        """Frames whose log a report audits, the current one included; 0 where no rule asks for it."""
        return max((rule.w for rule in self.rules if audits_of([rule.metric])), default=0)

    @property
    def z_micro(self) -> dict[str, int]:
        """The z of each metric with a bound, as `evaluate` wants it."""
        return {rule.metric: rule.z for rule in self.rules if rule.z}

    @property
    def longest_window(self) -> int:
        """Frames that a report looks back over, the current one included."""
        return max((rule.w for rule in self.rules), default=1)

    def check(self, profile: Profile) -> None:
        """Raise PolicyError when a rule cannot be judged with this profile."""
        for rule in self.rules:
            check(rule.metric, profile)

    def values(
        self, history: Sequence[Mapping[str, Value] | None], *, evaluation: bool = False
    ) -> tuple[int, ...]:
        """Return what a report carries: one integer per rule, in rule order.

        Args:
            history: what `evaluate` gave for the last frames, oldest first, the current one last; None: a
                frame without anchor.
            evaluation: frame 0, whose values are its own, whatever m and w are.
        """
        result = []
        for rule in self.rules:
            past = [None if frame is None else frame.get(rule.metric) for frame in history]
            if evaluation:
                value = past[-1].micro if past and past[-1] is not None else None
            else:
                value = window_value(rule, past)
            result.append(NOT_AVAILABLE if value is None else value)
        return tuple(result)

    def on_chain(self) -> list[RuleFields]:
        """Return the rules as the chain stores them."""
        return [rule.on_chain() for rule in self.rules]

    @classmethod
    def from_chain(cls, rules: Sequence[Sequence[Any]]) -> Policy:
        """Read the rules that the chain stores; PolicyError where it stores none."""
        return cls(_some(tuple(Rule.from_chain(fields) for fields in rules)))

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read the [[rule]] tables of a `policy.toml`; other keys belong to other readers.

        Raises:
            ConfigurationError: when the file cannot be read.
            PolicyError: when its rules cannot be judged.
        """
        return cls.of_table(load_toml(path, "policy"))

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> Policy:
        """Read the rules of a `policy.toml` that is parsed already, numbers with a point as `Decimal`.

        Raises:
            PolicyError: when its rules cannot be judged.
        """
        rules = table.get("rule", [])
        if not isinstance(rules, list):
            raise PolicyError("Rules of a policy are written as [[rule]] tables.")
        return cls(_some(tuple(_rule(entry) for entry in rules)))

    def to_toml(self) -> str:
        """Return the rules as `load` reads them."""
        return "\n".join(
            "[[rule]]\n"
            f'metric = {toml_text(rule.metric)}\nop = "{rule.op}"\nlimit = {_plain(rule.limit)}\n'
            f'severity = "{rule.severity.name}"\nm = {rule.m}\nw = {rule.w}\nna_budget = {rule.na_budget}\n'
            + (f"z = {_plain(rule.z)}\n" if rule.z else "")
            + (f'stage = "{rule.stage.name.lower()}"\n' if rule.stage is not Stage.ALWAYS else "")
            for rule in self.rules
        )


_STAGES = {stage.name.lower(): stage for stage in Stage}


def _some(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if not rules:
        raise PolicyError("A policy without rules judges nothing.", mend="Add at least one [[rule]].")
    return rules


def _plain(micro: int) -> str:
    return f"{Decimal(micro) / MICRO:.6f}"


def _rule(entry: object) -> Rule:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("metric"), str):
        raise PolicyError("A rule of the policy names no metric.")
    name = entry["metric"]
    unknown = sorted(set(entry) - _RULE_KEYS)
    if unknown:
        raise PolicyError(
            f"Rule on {name} has an unknown key {unknown[0]!r}.",
            mend=f"Known: {', '.join(sorted(_RULE_KEYS))}.",
        )
    if str(entry.get("severity")) not in Severity.__members__:
        given = f"severity {entry['severity']!r}" if "severity" in entry else "no severity"
        raise PolicyError(f"Rule on {name} has {given}.", mend="It must be WARN, VOTE or TRIP.")
    stage = entry.get("stage", "always")
    if not isinstance(stage, str) or stage not in _STAGES:
        raise PolicyError(
            f"Rule on {name}: stage is {stage!r}.", mend="It must be always, production or evaluation."
        )
    counts = {key: entry[key] for key in ("m", "w", "na_budget") if key in entry}
    if any(type(count) is not int for count in counts.values()):
        raise PolicyError(f"Rule on {name}: m, w and na_budget are whole numbers.")
    if "limit" not in entry:
        raise PolicyError(f"Rule on {name} has no limit.")
    return Rule(
        metric=name,
        op=str(entry.get("op", ">")),
        limit=_micro(name, "limit", entry["limit"]),
        severity=Severity[str(entry["severity"])],
        z=_micro(name, "z", entry.get("z", 0)),
        stage=_STAGES[stage],
        **counts,
    )


def _micro(name: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PolicyError(f"Rule on {name}: {key} is not a number.")
    scaled = Decimal(value) * MICRO
    if not scaled.is_finite() or scaled != int(scaled):
        raise PolicyError(f"Rule on {name}: {key} has more than six decimals.")
    return int(scaled)
