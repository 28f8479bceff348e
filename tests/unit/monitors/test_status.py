"""How a monitor stands, said for people."""

from __future__ import annotations

from datetime import UTC, datetime

from tribune_monitors.status import ModelStatus, MonitorStatus, Status, lines

MODEL = ModelStatus(1, 7, datetime(2026, 11, 21, tzinfo=UTC), {"final": 3})


def said(panels: dict[int, int]) -> str:
    return "\n".join(lines(Status((MonitorStatus("0xA", "", (MODEL,), {}),), 0, panels=panels)))


def test_lines__panel_of_one__says_that_it_is_not_independent() -> None:
    assert "  model 1 (one monitor, not independent): newest frame 7" in said({1: 1})


def test_lines__panel_of_several_or_unknown__says_nothing_of_it() -> None:
    assert "one monitor" not in said({1: 3}) + said({})
