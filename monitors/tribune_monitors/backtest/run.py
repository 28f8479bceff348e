"""A backtest: one or two policies over past frames, over frames without drift, and over frames with faults.

Frames are counted once and judged by each policy. Says what would have happened; proposes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tribune.exceptions import DataError
from tribune.metrics import Policy, Profile, Severity, Tally
from tribune.wording import counted
from tribune_monitors.backtest.driftless import resampled
from tribune_monitors.backtest.history import PastFrame
from tribune_monitors.backtest.injected import Fault, faults_for
from tribune_monitors.backtest.replay import Replay, RuleHits, Values
from tribune_monitors.engines.base import Engine
from tribune_monitors.telling import Say, say_nothing

if TYPE_CHECKING:
    import duckdb

NO_FAULT = Fault("none", "nothing is wrong")
"""Put in like a fault: what is seen then, is seen without one."""


@dataclass(frozen=True)
class Effort:
    """How much to simulate: frames without drift, windows per fault, and the seed of the dice."""

    resamples: int = 500
    windows: int = 8
    seed: int = 0


@dataclass(frozen=True)
class Chance:
    """What a policy did on frames without drift.

    Args:
        frames: how many.
        rows: of each, as many as the history's frames have in the middle.
        rules: hits of each rule.
    """

    frames: int
    rows: int
    rules: tuple[RuleHits, ...]


@dataclass(frozen=True)
class Seen:
    """What a policy saw of a fault.

    Args:
        fault: which.
        windows: stretches of frames that it was put into.
        seen: per rule, the stretches in which it was hit.
        after: per rule, frames until the first hit, summed over the stretches in which it was hit.
        worst: per severity, the stretches in which a rule of that severity was hit, and none above it.
    """

    fault: Fault
    windows: int
    seen: tuple[int, ...]
    after: tuple[int, ...]
    worst: Mapping[Severity, int]


@dataclass(frozen=True)
class PolicyRun:
    """All that a policy did."""

    policy: Policy
    rules: tuple[RuleHits, ...]
    chance: Chance
    faults: tuple[Seen, ...]


@dataclass(frozen=True)
class Backtest:
    """A history with what each policy made of it.

    Args:
        profile: what it was measured by.
        frames: with their rows.
        runs: the present policy's, then a proposed one's.
        step_s: seconds from one frame's end to the next, for false alarms a year.
        seed: of the dice.
    """

    profile: Profile
    frames: tuple[tuple[PastFrame, int], ...]
    runs: tuple[PolicyRun, ...]
    step_s: int
    seed: int


def replay_policies(
    cursor: duckdb.DuckDBPyConnection,
    engine: Engine,
    profile: Profile,
    policies: Sequence[Policy],
    frames: Sequence[PastFrame],
    step_s: int,
    folder: Path,
    effort: Effort | None = None,
    say: Say = say_nothing,
) -> Backtest:
    """Replay policies.

    Args:
        cursor: changes rows for faults.
        engine: counts.
        profile: by which.
        policies: one, or the present and a proposed one.
        frames: of the history, in order.
        step_s: seconds from one frame's end to the next.
        folder: takes changed rows.
        effort: how much to simulate.
        say: is told of progress.

    Raises:
        DataError: no frame has the rows that measuring needs, or one cannot be read.
        PolicyError: a rule cannot be judged with this profile.
    """
    effort = effort or Effort()
    for policy in policies:
        policy.check(profile)
    tallies = []
    for place, frame in enumerate(frames):
        say(f"Counting frame {place + 1} of {len(frames)}", place / len(frames))
        tallies.append(frame.count(engine, profile))
    sizes = [tally.rows for tally in tallies if tally.rows >= profile.spec.min_rows]
    if not sizes:
        raise DataError(
            f"No frame has {counted(profile.spec.min_rows, 'row')}, so none can be measured.",
            mend="Cut the history into longer frames: --step, or --frame-rows.",
        )
    rows = int(median(sizes))
    say(f"Drawing {effort.resamples} frames without drift")
    drawn = list(resampled(profile, rows, effort.resamples, effort.seed))
    faulty = _faulty(cursor, engine, profile, policies, frames, tallies, folder, effort, say)
    runs = []
    for number, policy in enumerate(policies, start=1):
        say(f"Judging, policy {number} of {len(policies)}", (number - 1) / len(policies))
        replay = Replay(policy, profile, profile.spec.label_lag)
        at_once = Replay(policy, profile)
        values = at_once.measure_all(tallies)
        past = replay.judge(values if replay == at_once else replay.measure_all(tallies))
        alone = Chance(effort.resamples, rows, at_once.judge(at_once.measure_all(drawn)))
        faults = tuple(seen(at_once, fault, tallies, values, windows) for fault, windows in faulty.items())
        runs.append(PolicyRun(policy, past, alone, faults))
    sized = tuple((frame, tally.rows) for frame, tally in zip(frames, tallies, strict=True))
    return Backtest(profile, sized, tuple(runs), step_s, effort.seed)


Windows = Mapping[int, Sequence[Tally]]
"""By the place of its first frame, a stretch of frames with a fault in them."""


def _faulty(
    cursor: duckdb.DuckDBPyConnection,
    engine: Engine,
    profile: Profile,
    policies: Sequence[Policy],
    frames: Sequence[PastFrame],
    tallies: Sequence[Tally],
    folder: Path,
    effort: Effort,
    say: Say,
) -> dict[Fault, Windows]:
    """Count stretches of frames with each fault: as long as the longest window, spread over the history."""
    length = max(policy.longest_window for policy in policies)
    enough = [tally.rows >= profile.spec.min_rows for tally in tallies]
    starts = [at for at in range(len(frames) - length + 1) if all(enough[at : at + length])]
    starts = (
        [starts[len(starts) * part // effort.windows] for part in range(effort.windows)] if starts else []
    )
    found: dict[Fault, Windows] = {NO_FAULT: {start: tallies[start : start + length] for start in starts}}
    faults = list(faults_for(profile))
    for number, fault in enumerate(faults, start=1):
        say(f"Putting in fault {number} of {len(faults)}: {fault.words}", (number - 1) / len(faults))
        found[fault] = {
            start: [
                fault.count(cursor, frame, engine, profile, folder)
                for frame in islice(frames, start, start + length)
            ]
            for start in found[NO_FAULT]
        }
    return found


def seen(
    replay: Replay, fault: Fault, tallies: Sequence[Tally], values: Sequence[Values], windows: Windows
) -> Seen:
    """Judge stretches with a fault, after the frames that went before; labels come at once.

    Args:
        replay: of a policy.
        fault: which.
        tallies: of the history.
        values: what `replay` measured of these.
        windows: stretches with the fault in them.
    """
    rules = replay.policy.rules
    found, after, worst = [0] * len(rules), [0] * len(rules), dict.fromkeys(Severity, 0)
    for start, faulty in windows.items():
        both = [*tallies[:start], *faulty]
        measured = [replay.measure(both, place) for place in range(start, len(both))]
        hit: list[Severity] = []
        for number, hits in enumerate(replay.judge([*values[:start], *measured])):
            first = next((one.frame for one in hits.hits if one.frame >= start), None)
            if first is not None:
                found[number] += 1
                after[number] += first - start + 1
                hit.append(rules[number].severity)
        if hit:
            worst[max(hit)] += 1
    return Seen(fault, len(windows), tuple(found), tuple(after), worst)
