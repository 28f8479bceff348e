"""What a monitor would report now: measured and shown, never signed, sent or stored. Needs no key.

Refuses nothing: what cannot be measured is shown with its reason, as a worker would log it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from tribune.chain import Tribune
from tribune.exceptions import TribuneError
from tribune.ids import ModelId
from tribune.metrics import NOT_AVAILABLE, Policy, Rule
from tribune.metrics.policies.words import amount, describe
from tribune.settings import Settings
from tribune_monitors.app import open_measurer
from tribune_monitors.measurement.measuring import Measurer
from tribune_monitors.watching.due import DueReport, DueReports


@dataclass(frozen=True)
class Outlook:
    """What would be said of a frame.

    Args:
        due: the frame.
        rules: each rule with its value in millionths, None where it could not be measured.
        evidence: name that its evidence would have; empty where it could not be measured.
        why: what stands in the way.
    """

    due: DueReport
    rules: tuple[tuple[Rule, int | None], ...] = ()
    evidence: str = ""
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as a document, values and limits in millionths."""
        return {
            "model": self.due.model_id,
            "version": self.due.version,
            "frame": self.due.frame,
            "evidence": self.evidence or None,
            "why": self.why or None,
            "rules": [
                {
                    "metric": rule.metric,
                    "op": rule.op,
                    "limit": rule.limit,
                    "severity": rule.severity.name,
                    "value": value,
                    "beyond": _beyond(rule, value),
                }
                for rule, value in self.rules
            ],
        }


async def outlooks(settings: Settings) -> AsyncIterator[Outlook]:
    """Measure every frame that is open now, of each model that is watched, oldest first.

    Raises:
        ConfigurationError: no deployment, or an engine that does not count as it must.
        ChainError: we could not look.
    """
    measurer: Measurer | None = None
    async with await Tribune.connect(settings) as tribune:
        head = await tribune.chain.head()
        for number in range(1, await tribune.model_registry.model_count() + 1):
            model_id = ModelId(number)
            if settings.monitor.models and number not in settings.monitor.models:
                continue
            records = await tribune.policy_book.policies(model_id)
            in_force = [record for record in records if record.base <= head.time]
            if not in_force:
                continue
            member = in_force[-1].policy.panel[0]  # what is due and measured is the same for all monitors
            measurer = measurer or await open_measurer(settings, tribune, member)
            due = DueReports(tribune, member, _unsigned)
            for find in (due.frames, due.evaluations):
                for one in await find(model_id, head.time):
                    yield await _outlook(measurer, one)


async def _outlook(measurer: Measurer, due: DueReport) -> Outlook:
    try:
        evidence = (await measurer.measure(due)).evidence
    except TribuneError as fault:
        return Outlook(due, why=str(fault))
    policy = Policy.from_chain([rule.on_chain() for rule in due.policy.policy.rules])
    rules = tuple(
        (rule, None if value == NOT_AVAILABLE else value)
        for rule, value in zip(policy.rules, evidence.values, strict=True)
    )
    return Outlook(due, rules, evidence.cid)


async def _unsigned(*_: object) -> bool:
    return False


def lines(outlook: Outlook) -> Iterator[str]:
    """Say an outlook for people."""
    due = outlook.due
    what = f"frame {due.frame}" if due.frame else f"the evaluation of version {due.version}"
    yield f"model {due.model_id}, {what}:"
    if outlook.why:
        yield f"  cannot be measured: {outlook.why}"
    for rule, value in outlook.rules:
        said = "not measured" if value is None else amount(rule.metric, value)
        yield f"  {'beyond' if _beyond(rule, value) else 'within'}  {said:>12}  {describe(rule)}"
    if outlook.evidence:
        yield f"  evidence {outlook.evidence}"


def _beyond(rule: Rule, value: int | None) -> bool:
    return value is not None and rule.is_hit(value)
