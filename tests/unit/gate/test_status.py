"""What a view lets through: row by row of the state table, and whenever it does not know."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tribune.gate.status import Cause, Reading, StatusView
from tribune.ids import CaseId, VersionNumber
from unit.gate.chain import ACTIVE, CASE, MODEL, PAUSED, SUSPENDED, VERSION, view_of


@pytest.mark.parametrize(
    ("reading", "cause"),
    [
        (ACTIVE, None),
        (replace(ACTIVE, oversight="Stale"), None),
        (SUSPENDED, Cause.SUSPENDED),
        (replace(SUSPENDED, block_time=SUSPENDED.until - 1), Cause.SUSPENDED),
        (replace(SUSPENDED, block_time=SUSPENDED.until), None),
        (PAUSED, Cause.PAUSED),
        (replace(ACTIVE, state="Inactive"), Cause.INACTIVE),
        (replace(ACTIVE, state="Retired"), Cause.RETIRED),
        (replace(ACTIVE, halted=True), Cause.HALTED),
        (replace(SUSPENDED, halted=True, block_time=SUSPENDED.until), Cause.HALTED),
        (replace(ACTIVE, state="Somewhere"), Cause.UNKNOWN),
        (replace(ACTIVE, version=VersionNumber(2)), Cause.WRONG_VERSION),
    ],
)
def test_refusal__in_each_state__follows_the_table(reading: Reading, cause: Cause | None) -> None:
    refusal = view_of(reading).refusal(VERSION, 5)
    assert (refusal and refusal.cause) == cause


def test_refusal__nothing_read_yet__is_unknown() -> None:
    refusal = StatusView(MODEL).refusal(VERSION, 5)
    assert refusal is not None
    assert (refusal.cause, refusal.age_s) == (Cause.UNKNOWN, None)


def test_refusal__older_than_the_bound__is_unknown_whatever_was_read() -> None:
    refusal = view_of(ACTIVE, age_s=5.1).refusal(VERSION, 5)
    assert refusal is not None
    assert refusal.cause is Cause.UNKNOWN
    assert view_of(ACTIVE, age_s=4.5).refusal(VERSION, 5) is None


def test_update__same_block_again__does_not_make_the_view_younger() -> None:
    view = view_of(ACTIVE, age_s=6)
    view.update(ACTIVE, asked_at=time.monotonic())
    assert view.refusal(VERSION, 5) is not None
    view.update(replace(ACTIVE, block_number=813), asked_at=time.monotonic())
    assert view.refusal(VERSION, 5) is None


def test_update__same_block_on_an_idle_chain__makes_the_view_younger() -> None:
    view = StatusView(MODEL, head_must_advance=False)
    view.update(ACTIVE, asked_at=time.monotonic() - 6)
    view.update(ACTIVE, asked_at=time.monotonic())
    assert view.refusal(VERSION, 5) is None


def test_update__older_block__is_not_believed() -> None:
    view = view_of(PAUSED)
    view.update(replace(ACTIVE, block_number=811), asked_at=time.monotonic())
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    assert refusal.cause is Cause.PAUSED


def test_update__other_state_at_the_same_height__is_believed() -> None:
    view = view_of(PAUSED)
    view.update(ACTIVE, asked_at=time.monotonic())  # the pause was reorganised away
    assert view.refusal(VERSION, 5) is None


def test_lose__for_a_moment__counts_on_what_was_read_before() -> None:
    view = view_of(ACTIVE)
    view.lose("no answer")
    assert view.refusal(VERSION, 5) is None


def test_forget__another_chain__refuses_at_once() -> None:
    view = view_of(ACTIVE)
    view.forget("chain 1, not 31337")
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    assert refusal.cause is Cause.UNKNOWN


def test_explain__case_of_the_reading__is_kept_over_readings_until_another_case() -> None:
    view = view_of(SUSPENDED, case=CASE)
    view.update(replace(SUSPENDED, block_number=813), asked_at=time.monotonic())
    assert view.snapshot.case == CASE
    view.update(replace(SUSPENDED, block_number=814, case_id=CaseId(8)), asked_at=time.monotonic())
    assert view.snapshot.case is None
    view.explain(CASE, "old news")
    assert view.snapshot.case is None


def test_register__artifact_of_the_version_in_force__is_kept_until_another() -> None:
    view = view_of(ACTIVE)
    view.register(VersionNumber(2), b"other")
    assert view.snapshot.artifact == b""
    view.register(VERSION, b"own")
    view.update(replace(ACTIVE, block_number=813), asked_at=time.monotonic())
    assert view.snapshot.artifact == b"own"
    view.update(replace(ACTIVE, block_number=814, version=VersionNumber(2)), asked_at=time.monotonic())
    assert view.snapshot.artifact == b""


@pytest.mark.alone
def test_refusal__many_times__takes_microseconds() -> None:
    view = view_of(ACTIVE)
    start = time.perf_counter()
    for _ in range(10_000):
        view.refusal(VERSION, 5)
    assert (time.perf_counter() - start) / 10_000 < 50e-6  # about 0.7 µs on a machine that does nothing else
