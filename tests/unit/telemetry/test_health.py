"""Progress, with a clock of the test's own."""

from __future__ import annotations

from tribune.telemetry.health import LONGEST_RUN_S, Health


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _health() -> tuple[Health, Clock]:
    clock = Clock()
    return Health(clock, lambda: 1_700_000_000.0), clock


def test_document__nothing_expected__ok() -> None:
    assert _health()[0].document() == {"status": "ok", "late": [], "parts": {}}


def test_late__never_succeeded__late_once_its_time_is_over() -> None:
    health, clock = _health()
    health.expect("chain", 10)
    clock.now += 10
    assert health.late == []
    clock.now += 1
    assert health.late == ["chain"]


def test_late__up_but_only_failing__late() -> None:
    health, clock = _health()
    health.expect("chain", 10)
    for _ in range(11):
        health.started("chain")
        clock.now += 1
        health.failed("chain")
    assert health.late == ["chain"]


def test_late__done_again__well_again_and_says_when() -> None:
    health, clock = _health()
    health.expect("chain", 10)
    clock.now += 50
    health.done("chain")
    clock.now += 2
    document = health.document()
    assert (document["status"], document["late"]) == ("ok", [])
    assert document["parts"]["chain"] == {
        "ok": True,
        "last": "2023-11-14T22:13:20+00:00",
        "seconds": 2.0,
        "within_seconds": 10,
    }


def test_late__long_run_under_way__not_late_within_reason() -> None:
    health, clock = _health()
    health.expect("model/1", 10)
    health.started("model/1")
    clock.now += LONGEST_RUN_S
    assert health.late == []
    clock.now += 1
    assert health.late == ["model/1"]


def test_forget__late_part__well() -> None:
    health, clock = _health()
    health.expect("model/1", 10)
    clock.now += 11
    health.forget("model/1")
    assert health.late == []
