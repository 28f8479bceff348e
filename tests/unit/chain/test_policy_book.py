"""`PolicyBook`: policies and their frames."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tribune.chain.enums import Stage
from tribune.chain.monitor_registry import MonitorAdmitted
from tribune.chain.policy_book import PolicySet
from tribune.exceptions import RevertedError
from tribune.ids import FrameIndex
from unit.chain.place import MODEL, MONITORS, RULE, Place, active, address, digest, policy


async def test_set_policy__stranger__error_with_mend(place: Place) -> None:
    with pytest.raises(RevertedError) as caught:
        await place.send(place.tribune.policy_book.set_policy(MODEL, policy()))
    assert caught.value.ids["error"] == "AccessManagedUnauthorized"
    assert "role" in caught.value.mend


async def test_set_policy__executive__reads_back_as_given(place: Place) -> None:
    tribune = place.tribune
    receipt = await place.as_executive(tribune.monitor_registry.admit(address(7), "m7", "u"))
    (admitted,) = tribune.monitor_registry.events(receipt.logs)
    assert isinstance(admitted, MonitorAdmitted)
    for monitor in MONITORS[1:]:
        await place.as_executive(tribune.monitor_registry.admit(address(monitor), "m", "u"))
    known = await tribune.monitor_registry.monitor(address(7))
    assert (known.admitted, known.name, known.uri) == (True, "m7", "u")
    receipt = await place.as_executive(tribune.policy_book.set_policy(MODEL, policy()))
    (event,) = tribune.policy_book.events(receipt.logs)
    assert isinstance(event, PolicySet)
    (record,) = await tribune.policy_book.policies(MODEL)
    assert event.record == record
    assert record.policy == policy()
    assert record.base == await tribune.chain.block_time(receipt.block_number)
    terms = await tribune.policy_book.terms(MODEL, FrameIndex(2))
    assert (terms.start, terms.end) == (
        record.base + timedelta(seconds=100),
        record.base + timedelta(seconds=200),
    )
    assert terms.digest == record.digest
    assert await tribune.policy_book.has_policy(MODEL)
    assert await tribune.policy_book.policy_by_digest(MODEL, digest(77)) is None


async def test_set_policy__staged_rules_and_stale_suspends__read_back_as_given(place: Place) -> None:
    tribune = place.tribune
    await active(place)
    rules = tuple(replace(RULE, stage=stage) for stage in Stage)
    given = replace(policy(), rules=rules, stale_suspends=True)
    await place.as_executive(tribune.policy_book.set_policy(MODEL, given))
    record = (await tribune.policy_book.policies(MODEL))[-1]
    assert record.policy == given
    terms = await tribune.policy_book.terms(MODEL, record.first_frame)
    assert (terms.stale_suspends, terms.rule_count) == (True, 3)


async def test_frame_times__a_frame__are_those_of_its_policy(place: Place) -> None:
    book = place.tribune.policy_book
    await active(place)
    (record,) = await book.policies(MODEL)
    times = await book.frame_times(MODEL, FrameIndex(2))
    after = [(time - record.base).total_seconds() for time in (times.start, times.end)]
    assert after == [100, 200]
    assert times.seal_from - times.end == timedelta(seconds=10)
    assert times.accept_until - times.end == timedelta(seconds=80)


async def test_last_frame_due__deadline_passes__is_that_frame(place: Place) -> None:
    book = place.tribune.policy_book
    await active(place)
    frame = FrameIndex(await book.last_frame_due(MODEL) + 1)
    times = await book.frame_times(MODEL, frame)
    passed = int((times.accept_until - await place.tribune.chain.block_time()).total_seconds())
    await place.warp(passed + 1)
    assert await book.last_frame_due(MODEL) == frame
