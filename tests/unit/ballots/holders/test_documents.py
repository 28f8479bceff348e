"""Documents of calls: texts that cannot be taken are refused with a reason, and one reads back as written."""

from __future__ import annotations

from typing import Any

import pytest

from tribune.ballots.holders.documents import (
    LINKS,
    TEXT_LIMIT,
    About,
    CallDocument,
    Conclusion,
    Harm,
    make_document,
    parse_links,
    read_document,
)
from tribune.ballots.holders.refusals import CallInvalidError, CallMismatchError
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId, ModelId, VersionNumber
from tribune.reports.canonical import canonical_bytes, parse_canonical

STOP = About(31337, CaseKind.HOLDER_PAUSE, ModelId(1), "acs-employment", VersionNumber(2), 3, 4)
FREE = About(31337, CaseKind.HOLDER_RESUME, ModelId(1), "acs-employment", VersionNumber(2), 3, 0)


def stop(text: str = "It insults people.", *links: str) -> CallDocument:
    return make_document(STOP, Harm(text, links))


@pytest.mark.parametrize(
    "document",
    [
        stop("It insults people.\nOften.", "https://news.example/a?b=1#c"),
        make_document(FREE, Conclusion("A joke.", "It was told off.", CaseId(7))),
    ],
)
def test_read_document__as_written__is_the_same(document: CallDocument) -> None:
    assert read_document(parse_canonical(canonical_bytes(document.content))) == document


def test_content__harm__is_what_words_of_a_case_are_made_of() -> None:
    assert stop().content["reason"] == "It insults people."


@pytest.mark.parametrize("name", ["model", "version", "epoch", "round", "chain"])
def test_digest__another_subject__differs(name: str) -> None:
    changed = {**stop().content, name: 9}
    assert read_document(changed).digest != stop().digest


@pytest.mark.parametrize(
    "text", ["", "  \n ", "x" * (TEXT_LIMIT + 1), "a\0b", "evil \u202egnp.exe", "\ud800"]
)
def test_make_document__text_that_cannot_be_taken__refused(text: str) -> None:
    with pytest.raises(CallInvalidError) as refused:
        stop(text)
    assert refused.value.mend


def test_make_document__longest_text_and_an_emoji_of_several_parts__taken() -> None:
    assert stop("x" * TEXT_LIMIT)
    assert stop("\U0001f469\u200d\U0001f4bb is insulted")


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "news.example/a",
        "https://",
        "https://a@evil.example",
        "https://news.example/<b>",
        "https://news.example/" + "a" * 300,
        "http://[",
        "https://n\u00e9ws.example",
        "https://news.example/[x](y)|z",
    ],
)
def test_parse_links__no_address__refused(link: str) -> None:
    with pytest.raises(CallInvalidError):
        parse_links(f"https://news.example/a {link}")


def test_parse_links__lines_and_blanks__each_once() -> None:
    assert parse_links(" https://a.example\nhttps://b.example  https://a.example ") == (
        "https://a.example",
        "https://b.example",
    )
    assert parse_links("") == ()


def test_parse_links__too_many__refused() -> None:
    with pytest.raises(CallInvalidError, match=rf"There are {LINKS + 1} links"):
        parse_links(" ".join(f"https://a.example/{n}" for n in range(LINKS + 1)))


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "breach"},
        {"kind": "holder_resume"},
        {"schema": "tribune/call/2"},
        {"model": "1"},
        {"model": -1},
        {"epoch": True},
        {"reason": 5},
        {"reason": " It insults people. "},
        {"links": ["javascript:alert(1)"]},
        {"links": "https://a.example"},
        {"more": 1},
    ],
)
def test_read_document__another_form__refused(changed: dict[str, Any]) -> None:
    with pytest.raises(CallMismatchError):
        read_document({**stop().content, **changed})


def test_read_document__a_report_s_evidence__refused() -> None:
    with pytest.raises(CallMismatchError):
        read_document({"schema": "tribune/evidence/1"})
