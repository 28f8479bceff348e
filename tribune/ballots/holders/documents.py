"""The document of a call: the harm, or what caused an incident and how it was mended, with what it is about.

Canonical JSON named by its SHA-256, which holders sign. It names chain, model, version, epoch and round, so a
document belongs to one call and cannot be put under another. Others write it: who shows it makes it harmless.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tribune.ballots.holders.refusals import CallInvalidError, CallMismatchError
from tribune.chain.codec import snake
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId, Digest, ModelId, VersionNumber
from tribune.language import _, number, plural
from tribune.reports.canonical import canonical_bytes, digest

SCHEMA = "tribune/call/1"
TEXT_LIMIT = 1500
"""Characters of a text: it has to fit into a message with all that stands around it."""
LINKS, LINK_LIMIT = 5, 300
KINDS = (CaseKind.HOLDER_PAUSE, CaseKind.HOLDER_RESUME)


@dataclass(frozen=True)
class About:
    """What a call is about, as the chain has it at one block."""

    chain_id: int
    kind: CaseKind
    """HOLDER_PAUSE or HOLDER_RESUME."""
    model_id: ModelId
    name: str
    version: VersionNumber
    epoch: int
    round: int


@dataclass(frozen=True)
class Harm:
    """Why a model shall be stopped."""

    reason: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conclusion:
    """Why a stopped model may answer again: what caused the incident, and how it was mended."""

    cause: str
    fix: str
    case_id: CaseId
    """The incident's case; 0 where none is known, or before it was looked for."""
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class CallDocument:
    """A call's document as it was read."""

    about: About
    said: Harm | Conclusion

    @property
    def content(self) -> dict[str, Any]:
        """The document."""
        about, said = self.about, self.said
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": snake(about.kind),
            "chain": about.chain_id,
            "model": about.model_id,
            "name": about.name,
            "version": about.version,
            "epoch": about.epoch,
            "round": about.round,
            "links": list(said.links),
        }
        if isinstance(said, Harm):
            return {**content, "reason": said.reason}
        return {**content, "cause": said.cause, "fix": said.fix, "case": said.case_id}

    @property
    def digest(self) -> Digest:
        """SHA-256 of its canonical form: what holders sign."""
        return digest(canonical_bytes(self.content))


def make_document(about: About, said: Harm | Conclusion) -> CallDocument:
    """Return the document of a call, its texts checked.

    Raises:
        CallInvalidError: a text is empty, too long or holds what nobody can see; a link is none.
    """
    if isinstance(said, Harm):
        said = Harm(_checked(said.reason), _checked_links(said.links))
    else:
        links = _checked_links(said.links)
        said = Conclusion(_checked(said.cause), _checked(said.fix), said.case_id, links)
    return CallDocument(about, said)


def read_document(content: Mapping[str, Any]) -> CallDocument:
    """Read a document back.

    Raises:
        CallMismatchError: it is no call's document.
    """
    try:
        kind = next(one for one in KINDS if snake(one) == content["kind"])
        numbers = [content[name] for name in ("chain", "model", "version", "epoch", "round")]
        chain_id, model_id, version, epoch, round_ = (_whole(one) for one in numbers)
        about = About(
            chain_id, kind, ModelId(model_id), str(content["name"]), VersionNumber(version), epoch, round_
        )
        links = tuple(content["links"])
        said = (
            Harm(content["reason"], links)
            if kind is CaseKind.HOLDER_PAUSE
            else Conclusion(content["cause"], content["fix"], CaseId(_whole(content["case"])), links)
        )
        document = make_document(about, said)
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError, CallInvalidError):
        document = None
    if document is None or document.content != dict(content):
        raise CallMismatchError(
            _("This document is no call for a vote."), mend=_("Do not sign it, and begin a new call.")
        )
    return document


def parse_links(text: str) -> tuple[str, ...]:
    """Return the addresses in a text, one a line or between blanks.

    Raises:
        CallInvalidError: one of them is none, or there are too many.
    """
    return _checked_links(text.split())


def _checked(text: str) -> str:
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    if not text:
        raise CallInvalidError(_("A text is missing."), mend=_("Say in plain words what happened."))
    if len(text) > TEXT_LIMIT:
        raise CallInvalidError(
            _("A text has {count} characters.").format(count=number(len(text))),
            mend=_("Use at most {most}; more can stand behind a link.").format(most=number(TEXT_LIMIT)),
        )
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in "\n\u200d" for c in text):
        raise CallInvalidError(
            _("A text holds characters that nobody can see."), mend=_("Type it as plain text.")
        )
    return text


def _checked_links(links: Sequence[str]) -> tuple[str, ...]:
    if len(links) > LINKS:
        raise CallInvalidError(
            plural("There is {n} link.", "There are {n} links.", len(links)).format(n=len(links)),
            mend=_("Give at most {most}.").format(most=LINKS),
        )
    for link in links:
        if not _is_link(link):
            raise CallInvalidError(
                _("{link} is no address of a page.").format(link=repr(link[:80])),
                mend=_("Give addresses that begin with https://, at most {most} characters each.").format(
                    most=LINK_LIMIT
                ),
            )
    return tuple(dict.fromkeys(links))


def _is_link(link: str) -> bool:
    plain = link.isascii() and link.isprintable() and not set(link) & set('<>"\\^`{|} ')
    if not plain or len(link) > LINK_LIMIT:
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not a whole number")
    return value
