"""The summary of what a gate refused, or would have."""

from __future__ import annotations

from tribune.gate.tally import Tally


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_summary__blind_twice_and_stopped_once__each_with_its_own_share() -> None:
    clock = _Clock()
    tally = Tally(clock)
    for cause, lasts, asked in (
        (None, 50, 5),
        ("state-unknown", 4, 2),
        (None, 10, 1),
        ("state-unknown", 6, 0),
        ("model-paused", 30, 3),
    ):
        assert tally.turn(cause) == (cause is not None or clock.now > 100)
        assert not tally.turn(cause)
        for _ in range(asked):
            tally.requests += 1
            tally.refused()
        clock.now += lasts
    tally.ended(7)
    unknown = {"times": 2, "seconds": 10.0, "longest_s": 6.0, "requests": 2, "under_way": 0}
    paused = {"times": 1, "seconds": 30.0, "longest_s": 30.0, "requests": 3, "under_way": 7}
    assert tally.summary() == {
        "watched_s": 100.0,
        "requests": 11,
        "shut": {"state-unknown": unknown, "model-paused": paused},
    }


def test_summary__never_shut__says_so_with_the_time_watched() -> None:
    clock = _Clock()
    tally = Tally(clock)
    clock.now += 3600
    assert tally.summary() == {"watched_s": 3600.0, "requests": 0, "shut": {}}
