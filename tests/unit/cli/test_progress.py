"""What long work shows on a terminal while it goes on, and that nothing of it goes anywhere else."""

from __future__ import annotations

import io
import re
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from tribune.cli.data import progress

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A terminal that keeps what is printed on it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_size(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)


def line_with(terminal: Terminal, wanted: str) -> str:
    """Return the line that shows some words, once it does."""
    for _ in range(300):
        for line in re.split(r"[\r\n]", ESCAPES.sub("", terminal.getvalue())):
            if wanted in line:
                return line
        time.sleep(0.05)
    raise AssertionError(terminal.getvalue())


def test_progress__at_a_terminal__is_a_bar_and_how_much_is_done() -> None:
    with redirect_stderr(Terminal()) as terminal, redirect_stdout(io.StringIO()) as out, progress() as say:
        say("Counting", 0.5)
        assert "━━━━" in line_with(terminal, "Counting …  50%")
        say("Counting", 1.0)
        assert "━━━━" in line_with(terminal, "Counting … 100%")
        say("Drawing")
        assert "%" not in line_with(terminal, "Drawing …")
    assert out.getvalue() == ""


def test_progress__no_terminal__shows_nothing() -> None:
    with redirect_stderr(io.StringIO()) as said, progress() as say:
        say("Counting", 0.5)
    assert said.getvalue() == ""


def test_progress__for_a_machine__shows_nothing_at_a_terminal_either() -> None:
    with redirect_stderr(Terminal()) as said, progress(json=True) as say:
        say("Counting", 0.5)
    assert said.getvalue() == ""
