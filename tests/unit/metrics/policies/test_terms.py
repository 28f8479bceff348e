"""The terms around a policy's rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.exceptions import PolicyError
from tribune.metrics.policies.terms import FrameTerms, seconds_of

TERMS = {"step_s": 60, "length_s": 60, "grace_s": 5, "deadline_s": 30, "suspension_s": 100, "k": 2}


def written(path: Path, **changes: object) -> Path:
    lines = [f"{name} = {str(value).lower()}" for name, value in {**TERMS, **changes}.items() if value != ""]
    path.write_text("\n".join(["[frames]", *lines]))
    return path


def test_load__all_there__read(tmp_path: Path) -> None:
    assert FrameTerms.load(written(tmp_path / "policy.toml")) == FrameTerms(60, 60, 5, 30, 100, 2)


def test_load__stale_suspends_and_a_panel__read_and_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "policy.toml", stale_suspends=True, panel="[]")
    assert FrameTerms.load(path).stale_suspends is True


def test_load__changes__stand_in_place_of_the_file(tmp_path: Path) -> None:
    assert FrameTerms.load(written(tmp_path / "policy.toml"), {"k": 3}).k == 3


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"k": ""}, "k"),
        ({"steps": 1}, "steps"),
        ({"k": "true"}, "k"),
        ({"stale_suspends": 1}, "stale_suspends"),
        ({"length_s": 59}, "gaps"),
        ({"step_s": 0}, "gaps"),
        ({"deadline_s": 5}, "due"),
        ({"k": 0}, "k below 1"),
    ],
)
def test_load__unfit__refused_by_name(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    with pytest.raises(PolicyError, match=named):
        FrameTerms.load(written(tmp_path / "policy.toml", **changes))


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("1h", 3600), ("2d", 172_800)])
def test_seconds_of__stretch_of_time__is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "0s", "-1h", "1.5h", "1w", "١h"])
def test_seconds_of__anything_else__is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="no stretch of time"):
        seconds_of(text)
