"""Replaying a policy over tallies of frames: when each rule would have been hit, judged as the chain does.

Labels count as in when their frame's lag is over. Reads no rows, sends nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tribune.metrics import NOT_AVAILABLE, Policy, Profile, Tally, Value
from tribune.metrics.measure import measure_rules
from tribune.metrics.registry import find
from tribune.metrics.statistics.trailing import MOST_FRAMES

Values = Mapping[str, Value]
UNAUDITED = "past rows have no sealed and anchored log, so it is not judged here"
_NUMBER = re.compile(r"\d[\d,]*")
_WINDOW = "fewer than {} of the last {} frames could be measured"


@dataclass(frozen=True)
class Hit:
    """A frame in which a rule is hit.

    Args:
        frame: its place, from 0.
        value: in millionths; None: too many frames in a row without one.
        at: the column, class or group of a maximum in that frame.
    """

    frame: int
    value: int | None
    at: str = ""


@dataclass(frozen=True)
class RuleHits:
    """What a rule would have done.

    Args:
        hits: in order.
        missing: frames without a value.
        reason: why most of these have none; numbers in it are those of the first such frame.
    """

    hits: tuple[Hit, ...]
    missing: int
    reason: str = ""

    @property
    def alarms(self) -> tuple[Hit, ...]:
        """The first hit of each run of frames: while a case is open, further hits join it."""
        frames = {hit.frame for hit in self.hits}
        return tuple(hit for hit in self.hits if hit.frame - 1 not in frames)


@dataclass(frozen=True)
class Replay:
    """Measures and judges frames.

    Args:
        policy: the rules.
        profile: what frames are measured by.
        lag: frames that labels come late.
    """

    policy: Policy
    profile: Profile
    lag: int = 0

    def measure(self, tallies: Sequence[Tally], place: int) -> Values:
        """Measure the frame at a place of consecutive frames that do not overlap; labels are joined."""
        first = max(0, place - MOST_FRAMES + 1)
        earlier = [(tallies[at], self._labelled(tallies, at)) for at in range(place - 1, first - 1, -1)]
        labelled = self._labelled(tallies, place)
        return measure_rules(self.policy, self.profile, tallies[place], labelled, earlier)

    def measure_all(self, tallies: Sequence[Tally]) -> list[Values]:
        """Measure consecutive frames, oldest first."""
        return [self.measure(tallies, place) for place in range(len(tallies))]

    def _labelled(self, tallies: Sequence[Tally], place: int) -> Tally | None:
        return tallies[place - self.lag] if place >= self.lag else None

    def judge(self, values: Sequence[Values]) -> tuple[RuleHits, ...]:
        """Judge measured frames, oldest first; the first has no history."""
        longest = self.policy.longest_window
        reported = [
            self.policy.values(values[max(0, place + 1 - longest) : place + 1])
            for place in range(len(values))
        ]
        return tuple(self._rule_hits(number, reported, values) for number in range(len(self.policy.rules)))

    def _rule_hits(
        self, number: int, reported: Sequence[tuple[int, ...]], measured: Sequence[Values]
    ) -> RuleHits:
        rule = self.policy.rules[number]
        if find(rule.metric)[1].audited is not None:
            return RuleHits((), len(measured), UNAUDITED)
        hits = []
        reasons = Counter[str]()
        streak = 0
        for frame, (values, own) in enumerate(zip(reported, measured, strict=True)):
            if values[number] == NOT_AVAILABLE:
                streak += 1
                at_once = own[rule.metric]
                reasons[at_once.reason if at_once.micro is None else _WINDOW.format(rule.m, rule.w)] += 1
                if streak > rule.na_budget:
                    hits.append(Hit(frame, None))
            else:
                streak = 0
                if rule.is_hit(values[number]):
                    hits.append(Hit(frame, values[number], own[rule.metric].at))
        return RuleHits(tuple(hits), reasons.total(), _commonest(reasons))


def _commonest(reasons: Counter[str]) -> str:
    """Return the reason that most frames share, whatever numbers it names; the first of these."""
    alike = Counter[str]()
    for reason, frames in reasons.items():
        alike[_NUMBER.sub("#", reason)] += frames
    most = max(alike, key=alike.__getitem__, default="")
    return next((reason for reason in reasons if _NUMBER.sub("#", reason) == most), "")
