"""Quiet hours by the wall clock of a zone, over midnight and over changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tribune_bot.quiet_hours import QuietHours, QuietHoursError

NIGHT = QuietHours.parse("Europe/Berlin", "22:00", "7.00")


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2026, 11, 21, 20, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 21, 21, 0, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (datetime(2026, 11, 22, 5, 59, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (datetime(2026, 11, 22, 6, 0, tzinfo=UTC), None),
        # Summer time ends in this night: 7 o'clock comes an hour later than the evening before told.
        (datetime(2026, 10, 24, 21, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    ],
)
def test_ends__around_a_night__is_the_morning(at: datetime, end: datetime | None) -> None:
    assert NIGHT.ends(at) == end


def test_ends__within_one_day__is_the_same_day() -> None:
    noon = QuietHours.parse("", "12:00", "13:30")
    assert noon.ends(datetime(2026, 11, 22, 12, 15, tzinfo=UTC)) == datetime(2026, 11, 22, 13, 30, tzinfo=UTC)
    assert noon.ends(datetime(2026, 11, 22, 13, 30, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "typed",
    [
        ("Europe/Atlantis", "22:00", "7:00"),
        ("../../etc/passwd", "22:00", "7:00"),
        ("UTC", "24:00", "7:00"),
        ("UTC", "ten", "7:00"),
        ("UTC", "7:00", "7:00"),
    ],
)
def test_parse__nonsense__is_refused(typed: tuple[str, str, str]) -> None:
    with pytest.raises(QuietHoursError):
        QuietHours.parse(*typed)
