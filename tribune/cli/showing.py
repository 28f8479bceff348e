"""How facts are shown: a table with colour on a terminal, lines with tabs where something reads them, JSON.

Names and texts come from strangers: nothing of them that a terminal would obey is handed on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

_COLOURS = {
    "green": ("active", "watched", "ok", "proven", "executed", "admitted"),
    "red": (
        *("suspended", "paused", "halted", "not ok"),
        *("broke a rule", "not measured in time", "monitors disagree"),
    ),
    "yellow": ("open", "pending", "unknown"),
    "bright_black": ("inactive", "retired", "ended", "canceled", "lapsed", "rejected", "–"),
}
COLOUR = {word: colour for colour, words in _COLOURS.items() for word in words}
"""By a word for a state, in small letters."""
NOTHING = "–"


def harmless(text: object) -> str:
    """Return a text on one line without what moves a cursor, turns direction or hides."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text))


def moment(time: datetime) -> str:
    """Return a time as options take it: 2026-01-31T12:00:00Z."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def show_rows(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows: a table on a terminal, else a line each with its cells between tabs."""
    cells = [[NOTHING if cell in (None, "") else harmless(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            print("\t".join(row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell, COLOUR.get(cell.split(" until ")[0].lower(), "")) for cell in row))
    _console().print(table)


def show_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print facts by their names, likewise."""
    known = [(name, value) for name, value in facts if value not in (None, "")]
    if not sys.stdout.isatty():
        for name, value in known:
            print(f"{name}\t{harmless(value)}")
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in known:
        text = harmless(value)
        grid.add_row(Text(name), Text(text, COLOUR.get(text.split(" until ")[0].lower(), "")))
    _console().print(grid)


def show_heading(text: str) -> None:
    """Print what comes next, on a terminal only: what reads lines needs none."""
    if sys.stdout.isatty():
        from rich.text import Text

        _console().print(Text(f"\n{text}", "bold underline"))


def show_json(document: Any) -> None:
    """Print one JSON document."""
    say(True, document, "")


def say(json: bool, document: Any, words: str) -> None:
    """Print what was found out, for people or for programs."""
    print(json_text(document) if json else f"{words}\n", end="")


def json_text(document: Any) -> str:
    """Return a JSON document; what pydantic describes in the form that the JSON API has."""
    import json

    from pydantic import TypeAdapter

    plain = TypeAdapter(Any).dump_python(document, mode="json", by_alias=True)
    return json.dumps(plain, indent=1, ensure_ascii=True) + "\n"


def painted(word: str) -> str:
    """Return a word for a state with its colour, where the terminal takes one."""
    colour = COLOUR.get(word.strip().lower(), "")
    if not colour or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return word
    console = _console()
    if console.color_system is None:
        return word
    with console.capture() as taken:
        console.print(word, style=colour, end="", highlight=False, markup=False)
    return taken.get()


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)
