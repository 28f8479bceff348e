"""Spans of time and amounts in the reader's language, for words of proposals."""

from __future__ import annotations

from tribune.language import _, number, plural


def span(seconds: int) -> str:
    """Return a span as people say it, in the largest unit that leaves no rest: "2 days", "90 minutes"."""
    if seconds and seconds % 86_400 == 0:
        count = seconds // 86_400
        return plural("{n} day", "{n} days", count).format(n=number(count))
    if seconds and seconds % 3_600 == 0:
        count = seconds // 3_600
        return plural("{n} hour", "{n} hours", count).format(n=number(count))
    if seconds and seconds % 60 == 0:
        count = seconds // 60
        return plural("{n} minute", "{n} minutes", count).format(n=number(count))
    return plural("{n} second", "{n} seconds", seconds).format(n=number(seconds))


def share(part: int, whole: int) -> str:
    """Return a share in percent: "0.5 %"."""
    percent = 100 * part / whole
    digits = 0 if percent == int(percent) else 2
    return _("{n} %").format(n=number(percent, digits))
