"""Hours in which a server wants to hear only what cannot wait, by its own clock, over midnight or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tribune.exceptions import TribuneError
from tribune.language import _

_CLOCK = re.compile(r"^([01]?[0-9]|2[0-3])[:.]([0-5][0-9])$")


class QuietHoursError(TribuneError):
    """What was typed is no time or no time zone."""


@dataclass(frozen=True)
class QuietHours:
    """From `start` to `end` every day, on the clocks of a time zone.

    Args:
        zone: IANA name such as "Europe/Berlin".
        start, end: wall-clock times; an end before the start is on the next day.
    """

    zone: str
    start: time
    end: time

    @classmethod
    def parse(cls, zone: str, start: str, end: str) -> QuietHours:
        """Read what an admin typed.

        Raises:
            QuietHoursError: it is no zone or no time, or start and end are the same.
        """
        name = zone.strip() or "UTC"
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise QuietHoursError(
                _("We know no time zone {name}.").format(name=name[:60]),
                mend=_("Write it as in Europe/Berlin or America/New_York, or UTC."),
            ) from None
        hours = cls(name, _clock(start), _clock(end))
        if hours.start == hours.end:
            raise QuietHoursError(
                _("Quiet hours that begin and end at one time have no length."),
                mend=_("Leave both empty to have none."),
            )
        return hours

    def ends(self, at: datetime) -> datetime | None:
        """Return when the quiet hours end in which `at` (aware) lies; None where it lies in none.

        The result is aware UTC. Where a clock is put back or on in between, the end is by the new clock.
        """
        zone = ZoneInfo(self.zone)
        here = at.astimezone(zone)
        for day in (here.date() - timedelta(days=1), here.date()):
            begins = datetime.combine(day, self.start, zone)
            last = day if self.end > self.start else day + timedelta(days=1)
            ends = datetime.combine(last, self.end, zone)
            if begins.astimezone(UTC) <= at < ends.astimezone(UTC):
                return ends.astimezone(UTC)
        return None


def _clock(text: str) -> time:
    found = _CLOCK.match(text.strip())
    if found is None:
        raise QuietHoursError(
            _("{text} is no time of day.").format(text=text.strip()[:20] or "–"),
            mend=_("Write hours and minutes, as in 22:00."),
        )
    return time(int(found[1]), int(found[2]))
