"""Facts on a terminal, without colours, on a narrow one, for programs; strangers' names are only shown."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout

import pytest

from tribune.cli.showing import harmless, painted, show_facts, show_json, show_rows

TITLES = ("Model", "State")
ROWS = [(1, "Active"), (2, "Suspended until 2026-11-01T12:00:00Z"), (3, None)]


class Terminal(io.StringIO):
    """A terminal that keeps what is printed on it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    return Terminal()


def test_rows__on_a_terminal__are_a_table_with_colours(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        show_rows(TITLES, ROWS)
    said = terminal.getvalue()
    assert "Model" in said.splitlines()[0]
    assert "\x1b[32mActive" in said
    assert "\x1b[31mSuspended until" in said


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_rows__on_a_plain_terminal__have_no_escapes(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with redirect_stdout(terminal):
        show_rows(TITLES, ROWS)
        assert painted("Active") == "Active"
    said = terminal.getvalue()
    assert "Suspended" in said
    assert "\x1b[3" not in said


def test_rows__on_a_narrow_terminal__lose_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    with redirect_stdout(terminal):
        show_rows(TITLES, [(1, "abcdefghijklmnopqrstuvwxyz")])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= 24
    assert "".join("".join(lines[1:]).split()) == "1abcdefghijklmnopqrstuvwxyz"


def test_rows__where_something_reads__are_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(TITLES, ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "1\tActive",
        "2\tSuspended until 2026-11-01T12:00:00Z",
        "3\t–",
    ]


def test_facts__that_are_not_known__are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    show_facts((("Name", "credit"), ("Case", None), ("Broken rules", 0)))
    assert capsys.readouterr().out == "Name\tcredit\nBroken rules\t0\n"


@pytest.mark.parametrize("name", ["\x1b[31mok\x1b[0m", "a\tb\nc", "a\u202eb", "[red]a[/red]\x9b"])
def test_rows__names_by_strangers__are_text(terminal: Terminal, name: str) -> None:
    with redirect_stdout(terminal):
        show_rows(TITLES, [(1, name)])
    shown = terminal.getvalue().splitlines()[-1]
    assert harmless(name).strip().split()[0] in shown
    assert not any(sign in shown for sign in ("\x1b[31m", "\u202e", "\x9b"))


def test_json__text_of_strangers__is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": "\x1b[31m \u202e"})
    said = capsys.readouterr().out
    assert said.isascii()
    assert "\x1b" not in said
    assert json.loads(said) == {"name": "\x1b[31m \u202e"}
