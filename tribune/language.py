"""The language that people are spoken to in, and texts and numbers in it. English is written in the code.

A text is marked where it stands: `_("It ends {when}.").format(when=…)`, with named places, never an f-string,
so that a translator sees the whole sentence. Which language is spoken is a matter of the task: a request of a
page, a press in Discord, a post into a channel each say so once with `spoken`. Texts of logs, of the command
line and of documents that are hashed are never translated, and a text never decides anything.
"""

from __future__ import annotations

import gettext as gnu
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "tribune"


class Language(StrEnum):
    """A language that Tribune speaks, by its tag."""

    ENGLISH = "en"
    GERMAN = "de"

    @property
    def own_name(self) -> str:
        """Its name as its speakers write it."""
        return _OWN_NAMES[self]


_OWN_NAMES = {Language.ENGLISH: "English", Language.GERMAN: "Deutsch"}
_SEPARATORS = {Language.ENGLISH: (",", "."), Language.GERMAN: (".", ",")}
_spoken: ContextVar[Language] = ContextVar("language", default=Language.ENGLISH)


def language() -> Language:
    """Return the language that is spoken here."""
    return _spoken.get()


@contextmanager
def spoken(chosen: Language) -> Iterator[None]:
    """Speak a language within this block, and within the tasks that it starts."""
    token = _spoken.set(chosen)
    try:
        yield
    finally:
        _spoken.reset(token)


def best_of(tags: Iterable[str | None], otherwise: Language = Language.ENGLISH) -> Language:
    """Return the first language that we speak.

    Args:
        tags: language tags in order of preference: "de-AT", "en"; unknown ones are passed over.
        otherwise: what is spoken when we know none of them.
    """
    known = {one.value: one for one in Language}
    for tag in tags:
        found = known.get((tag or "").replace("_", "-").split("-")[0].strip().lower())
        if found is not None:
            return found
    return otherwise


def accepted(header: str) -> list[str]:
    """Return the tags of an `Accept-Language` header (RFC 9110, 12.5.4), best first; nonsense is left out."""
    weighed: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _sign, weight = part.strip().partition(";q=")
        try:
            share = float(weight or 1)
        except ValueError:
            continue
        if tag and 0 < share <= 1:
            weighed.append((-share, tag))
    return [tag for _share, tag in sorted(weighed, key=lambda pair: pair[0])]


def _(text: str) -> str:
    """Return a text in the language that is spoken; one that is not translated stays as it is."""
    return _catalogue(language()).gettext(text)


def marked(text: str) -> str:
    """Return a text as it stands: a constant that `_` translates where it is shown."""
    return text


def plural(one: str, many: str, count: int) -> str:
    """Return the text for a count, in the language that is spoken: `one` for 1, in English `many` else."""
    return _catalogue(language()).ngettext(one, many, count)


def number(value: float | Decimal, digits: int = 0) -> str:
    """Write a number with separators: "12,400", in German "12.400"; with `digits` behind the point."""
    thousands, point = _SEPARATORS[language()]
    return f"{value:,.{digits}f}".translate({ord(","): thousands, ord("."): point})


@cache
def _catalogue(chosen: Language) -> gnu.NullTranslations:
    if chosen is Language.ENGLISH:
        return gnu.NullTranslations()
    return gnu.translation(DOMAIN, CATALOGUES, [chosen.value])
