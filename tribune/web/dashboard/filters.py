"""What a trail is narrowed to, as a form asks for it: read all of it, say what is wrong with each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from tribune.ballots.histories.kinds import names_of
from tribune.language import _
from tribune.store.audit import Wanted
from tribune.web.dashboard.asking import LONGEST
from tribune.web.problems import BadRequestError
from tribune.web.site import parse_address

if TYPE_CHECKING:
    from tribune.ballots.directory import Listing

FIELDS = ("model", "kind", "who", "from", "to")
NAMED = 4
"""Models that are named where a name may mean several."""


@dataclass(frozen=True)
class Filters:
    """What was asked for.

    Args:
        texts: every field as it was given, empty where it was not.
        wanted: what that means; None where something is wrong.
        faults: what is wrong, and what helps, by field.
    """

    texts: Mapping[str, str]
    wanted: Wanted | None
    faults: Mapping[str, str]

    @property
    def given(self) -> dict[str, str]:
        """The fields that ask for something."""
        return {name: text for name, text in self.texts.items() if text}

    def checked(self) -> Wanted:
        """Return what is wanted.

        Raises:
            BadRequestError: something is wrong.
        """
        if self.wanted is None:
            raise BadRequestError(
                " ".join(f"{name}: {fault}" for name, fault in self.faults.items()),
                mend=_("Mend these fields, or leave them out."),
            )
        return self.wanted

    def day(self, name: str) -> bool:
        """Return whether a field of a time can be shown as a calendar's day."""
        text = self.texts[name]
        return not text or (name not in self.faults and len(text) == len("2026-11-22"))


def read_filters(given: Mapping[str, str], listing: Listing) -> Filters:
    """Read the fields of a form."""
    texts = {name: given.get(name, "")[:LONGEST].strip() for name in FIELDS}
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    readers: dict[str, Callable[[str], Any]] = {
        "model": lambda text: _model(text, listing),
        "kind": _names,
        "who": parse_address,
        "from": lambda text: _time(text, timedelta(0)),
        "to": lambda text: _time(text, timedelta(days=1)),
    }
    for name, read in readers.items():
        try:
            if texts[name] or name == "kind":
                found[name] = read(texts[name])
        except BadRequestError as fault:
            faults[name] = f"{fault.message} {fault.mend}"
    if "from" in found and "to" in found and found["to"] <= found["from"]:
        faults["to"] = _("This is before the beginning. Choose a later day, or leave one of them out.")
    if faults:
        return Filters(texts, None, faults)
    wanted = Wanted(
        found["kind"], found.get("model"), found.get("who"), since=found.get("from"), until=found.get("to")
    )
    return Filters(texts, wanted, faults)


def _model(text: str, listing: Listing) -> int:
    """Return the model that a number or a name means."""
    found = listing.search(text)
    exact = [one for one in found if str(one.id) == text.removeprefix("#") or one.folded == text.casefold()]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0].id
    if not found:
        raise BadRequestError(
            _("There is no model {name}, as far as the chain has been read.").format(name=text[:40]),
            mend=_("Give a model's number, or its name."),
        )
    some = ", ".join(f"{one.name} ({one.id})" for one in (exact or found)[:NAMED])
    more = " …" if len(exact or found) > NAMED else ""
    raise BadRequestError(
        _("Several models are called so: {names}.").format(names=some + more), mend=_("Give its number.")
    )


def _names(text: str) -> frozenset[str]:
    try:
        return names_of(text)
    except KeyError:
        raise BadRequestError(_("There is no such kind."), mend=_("Choose one of the list.")) from None


def _time(text: str, whole_day: timedelta) -> datetime:
    """Return a time; a day's first moment, or with `whole_day` that of the next."""
    try:
        if len(text) == len("2026-11-22"):
            return datetime.combine(date.fromisoformat(text), time.min, UTC) + whole_day
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequestError(
            _("This is not a day."), mend=_("Write year, month and day: 2026-11-22.")
        ) from None
