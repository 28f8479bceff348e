"""The catalogues hold every text of the code, translated and with all of its places."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Message

from scripts.catalogues import fault_of, update
from tribune.language import Language, _, plural, spoken


def test_update__catalogues_of_this_tree__are_whole() -> None:
    assert update(check=True) == []


@pytest.mark.parametrize(
    ("text", "translated", "fault"),
    [
        ("It ends {when}.", "Es endet {when}.", ""),
        ("It ends {when}.", "", "not translated"),
        ("It ends {when}.", "Es endet.", "places differ"),
        ("It ends {when}.", "Es endet {wann}.", "places differ"),
        ("It ends %(when)s.", "Es endet.", "places differ"),
        (("{n} vote", "{n} votes"), ("{n} Stimme", "{n} Stimmen"), ""),
        (("{n} vote", "{n} votes"), ("{n} Stimme", ""), "not translated"),
        (("{n} vote", "{n} votes"), ("eine Stimme", "Stimmen"), "places differ"),
    ],
)
def test_fault_of__translation__tells_what_it_lacks(
    text: str | tuple[str, str], translated: str | tuple[str, str], fault: str
) -> None:
    assert fault_of(Message(text, translated)).startswith(fault)
    assert bool(fault_of(Message(text, translated))) is bool(fault)


def test_catalogue__german__is_what_is_read() -> None:
    with spoken(Language.GERMAN):
        told = [plural("{n} vote", "{n} votes", count).format(n=count) for count in (1, 2)]
        assert [_("Against"), *told] == ["Dagegen", "1 Stimme", "2 Stimmen"]
