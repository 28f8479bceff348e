"""Numbers, times and states as the pages write them, in the reader's language."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import VoteState
from tribune.chain.enums import CaseKind, Outcome, Oversight, State
from tribune.language import _, number, plural

if TYPE_CHECKING:
    from markupsafe import Markup

    from tribune.ballots.histories.cases import PastCase

_OPEN, _CLOSE = "\x02", "\x03"
"""Around a time within a sentence: no name can hold them, since they are dropped from names."""
_MOMENT = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


def when(time: datetime) -> str:
    """Return a time for people, in UTC; scripts show it in the reader's zone."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def days(span: timedelta) -> str:
    """Return a long time in its largest unit: "12 days", "3 hours"."""
    count, rest = span.days, span.seconds
    if count:
        return plural("{n} day", "{n} days", count).format(n=number(count))
    if rest >= 3_600:
        return plural("{n} hour", "{n} hours", rest // 3_600).format(n=number(rest // 3_600))
    return plural("{n} minute", "{n} minutes", rest // 60).format(n=number(rest // 60))


def oversight(given: Oversight) -> str:
    """Return how well a model is watched, in a word or two."""
    return {
        Oversight.HEALTHY: _("Watched"),
        Oversight.BREACHED: _("Broke a rule"),
        Oversight.STALE: _("Not measured in time"),
        Oversight.DISPUTED: _("Monitors disagree"),
    }[given]


def ending(case: PastCase) -> str:
    """Return how a case ended."""
    resuming = case.kind is CaseKind.HOLDER_RESUME
    return {
        Outcome.OPEN: _("nothing recorded yet"),
        Outcome.UPHELD: _("the vote passed: it answers again")
        if resuming
        else _("the vote passed: it stays stopped until another vote"),
        Outcome.REJECTED: _("the vote was rejected"),
        Outcome.LAPSED: _("it ended without a decision"),
    }[case.outcome]


def iso(time: datetime) -> str:
    """Return a time for programs."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(time: datetime) -> str:
    """Return a time within a sentence, marked so that `timed` shows it as one."""
    return f"{_OPEN}{iso(time)}{_CLOSE}"


def timed(text: str) -> Markup:
    """Return a sentence with its times as elements that scripts show in the reader's zone."""
    from markupsafe import Markup, escape

    parts = _MOMENT.split(text)
    found = Markup("")
    for plain, time in zip_longest(parts[::2], parts[1::2]):
        found += escape(plain)
        if time is not None:
            element = Markup('<time datetime="{}">{}</time>')
            found += element.format(time, when(datetime.fromisoformat(time)))
    return found


def plain(text: str) -> str:
    """Return a sentence with its times in UTC, for files."""
    return _MOMENT.sub(lambda found: when(datetime.fromisoformat(found[1])), text)


def short(address: str) -> str:
    """Return an address as people compare them: its first and last digits."""
    return f"{address[:6]}…{address[-4:]}"


def percent(value: float) -> str:
    """Return a share of all votes: "17.0 %"."""
    return _("{n} %").format(n=number(value, 1))


def limit(value: float) -> str:
    """Return a share that was set, without a digit that says nothing: "20 %", "0.5 %"."""
    return _("{n} %").format(n=number(value, 0 if abs(value - round(value)) < 0.05 else 1))


def state(given: State) -> str:
    """Return where a model stands."""
    return {
        State.INACTIVE: _("Inactive"),
        State.ACTIVE: _("Active"),
        State.SUSPENDED: _("Suspended"),
        State.PAUSED: _("Paused"),
        State.RETIRED: _("Retired"),
    }[given]


def case_kind(given: CaseKind) -> str:
    """Return what a case or its vote is about, in a few words."""
    return {
        CaseKind.BREACH: _("it broke a rule"),
        CaseKind.GUARDIAN: _("the guardian stopped it"),
        CaseKind.STALE: _("nobody measured it in time"),
        CaseKind.HOLDER_PAUSE: _("holders call for a stop"),
        CaseKind.HOLDER_RESUME: _("shall it answer again?"),
    }[given]


def vote_state(given: VoteState) -> str:
    """Return where a vote stands, after a comma."""
    return {
        VoteState.NOT_OPENED: _("vote never opened"),
        VoteState.PENDING: _("voting begins"),
        VoteState.ACTIVE: _("being voted on"),
        VoteState.CANCELED: _("cancelled"),
        VoteState.DEFEATED: _("failed"),
        VoteState.SUCCEEDED: _("passed"),
        VoteState.QUEUED: _("waits to be carried out"),
        VoteState.EXPIRED: _("passed, not carried out in time"),
        VoteState.EXECUTED: _("passed and carried out"),
    }[given]
