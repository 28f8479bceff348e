"""Given texts become plain words; numbers become readable."""

from __future__ import annotations

from datetime import UTC, datetime

import discord
import pytest

from tribune_bot.words.text import LONGEST, fitted, harmless, moment, percent


@pytest.mark.parametrize("ping", ["@everyone", "@here", "<@1234567890>", "<@&1234567890>", "<#1234567890>"])
def test_harmless__mention__is_no_mention_any_more(ping: str) -> None:
    shown = harmless(f"model {ping}")
    assert ping not in shown.replace("\\", "") or "\\<" in shown
    assert "@everyone" not in shown
    assert "@here" not in shown


@pytest.mark.parametrize("mark", ["**b**", "_i_", "~~s~~", "`c`", "||s||", "> q", "# h", "[t](u)"])
def test_harmless__markdown__is_escaped(mark: str) -> None:
    shown = harmless(f"x {mark}")
    assert discord.utils.remove_markdown(shown.replace("\\", "")) != ""
    for sign in "*_~`|>#[]":
        assert shown.count(sign) == shown.count(f"\\{sign}")


@pytest.mark.parametrize("link", ["https://evil.example/x", "HTTP://evil.example", "discord.gg/abc"])
def test_harmless__link__cannot_be_clicked(link: str) -> None:
    assert link not in harmless(link)


def test_harmless__lines_and_hidden_characters__become_one_plain_line() -> None:
    assert harmless("a\nb\u202ec\x00d\te") == "a b c d e"


def test_harmless__several_lines_wanted__keeps_that_many() -> None:
    assert harmless("a\n\nb\nc\nd", lines=2) == "a\nb c d"


def test_harmless__long_text__is_cut_before_it_is_escaped() -> None:
    assert len(harmless("*" * 1000, 10)) <= 20
    assert harmless("abc", 3) == "abc"


def test_harmless__plain_sentence__stays_as_it_is() -> None:
    sentence = 'acs-employment v1: it said "employed" for 53 of 100 men (and women).'
    assert harmless(sentence) == sentence


@pytest.mark.parametrize(
    ("share", "shown"),
    [(31.2, "31 %"), (4.13, "4.1 %"), (0.0, "0 %"), (0.01, "less than 0.1 %"), (100.0, "100 %")],
)
def test_percent__share__is_short(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_moment__time__is_a_discord_timestamp() -> None:
    assert moment(datetime(2026, 11, 21, 14, 31, tzinfo=UTC)) == "<t:1795271460:R>"


def test_fitted__too_much__leaves_out_the_last_lines() -> None:
    assert fitted(["a" * 1500, "b" * 1500]) == "a" * 1500 + "\n…"
    assert len(fitted(["a" * 999, "b" * 999])) <= LONGEST


@pytest.mark.parametrize("length", [1, 660, 666, 667, 999, 1999, 2000, 2001, 5000])
def test_fitted__any_length__fits_and_says_what_is_left_out(length: int) -> None:
    parts = [letter * length for letter in "abc"]
    text = fitted(parts)
    assert len(text) <= LONGEST
    assert text.startswith("a")
    if 3 * length + 2 <= LONGEST:
        assert text == "\n".join(parts)
    else:
        assert text.endswith("…")
        assert "c" not in text
