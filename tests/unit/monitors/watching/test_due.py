"""Which frames are open, and their bounds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tribune.chain.policy_book import PolicyInput, PolicyRecord
from tribune.ids import Address, Digest, FrameIndex, ModelId
from tribune_monitors.watching.due import DueReports, frame_bounds, open_frames

BASE = datetime(2026, 1, 1, tzinfo=UTC)


def record(
    *, first: int = 1, at: int = 0, step: int = 10, length: int = 10, deadline: int = 15
) -> PolicyRecord:
    policy = PolicyInput(step, length, 1, deadline, 60, 1, (), ())
    return PolicyRecord(policy, Digest(b"\0" * 32), FrameIndex(first), BASE + timedelta(seconds=at))


def opened(*records: PolicyRecord, at: int) -> list[int]:
    return [frame for frame, _ in open_frames(records, BASE + timedelta(seconds=at))]


def test_frame_bounds__first_frame__begins_at_the_base() -> None:
    start, end = frame_bounds(record(), FrameIndex(1))
    assert (start, end) == (BASE, BASE + timedelta(seconds=10))


def test_frame_bounds__frame_longer_than_its_step__begins_before_it() -> None:
    start, end = frame_bounds(record(length=30), FrameIndex(2))
    assert (start, end) == (BASE - timedelta(seconds=10), BASE + timedelta(seconds=20))


def test_frame_bounds__later_policy__counts_from_its_first_frame() -> None:
    _, end = frame_bounds(record(first=7, at=60, step=5, length=5), FrameIndex(8))
    assert end == BASE + timedelta(seconds=70)


def test_open_frames__before_the_first_end__none() -> None:
    assert opened(record(), at=9) == []


def test_open_frames__at_the_end__open() -> None:
    assert opened(record(), at=10) == [1]


def test_open_frames__last_second_of_the_deadline__open() -> None:
    assert opened(record(), at=25) == [1, 2]


def test_open_frames__a_second_after_the_deadline__over() -> None:
    assert opened(record(), at=26) == [2]


def test_open_frames__many_steps_later__only_those_within_the_deadline() -> None:
    assert opened(record(deadline=25), at=1000) == [98, 99, 100]


def test_open_frames__policy_changed__frames_of_the_former_keep_their_deadline() -> None:
    former, current = record(deadline=100), record(first=4, at=30, step=5, length=5, deadline=1)
    assert opened(former, current, at=40) == [1, 2, 3, 5]


def test_open_frames__policy_changed__each_with_the_policy_of_its_start() -> None:
    former, current = record(), record(first=4, at=30)
    found = open_frames([former, current], BASE + timedelta(seconds=40))
    assert [(frame, judge is current) for frame, judge in found] == [(3, False), (4, True)]


class SlowBook:
    """A policy book whose answers take a turn of the loop, as a node's do."""

    def __init__(self, *records: PolicyRecord) -> None:
        self.records = list(records)

    async def policy_count(self, _: ModelId) -> int:
        await asyncio.sleep(0)
        return len(self.records)

    async def policy_at(self, _: ModelId, index: int) -> PolicyRecord:
        await asyncio.sleep(0)
        return self.records[index]


async def test_policies__asked_by_several_tasks_at_once__each_once_and_later_ones_too() -> None:
    former, current = record(), record(first=4, at=30)
    book = SlowBook(former)
    tribune: Any = SimpleNamespace(policy_book=book)

    async def signed(*_: object) -> bool:
        return False

    due = DueReports(tribune, Address("0x" + "0" * 40), signed)
    now = BASE + timedelta(seconds=60)
    await asyncio.gather(*(due.policies(ModelId(1), now) for _ in range(3)))
    book.records.append(current)
    assert list(await due.policies(ModelId(1), now + timedelta(seconds=1))) == [former, current]
