"""Says what of a command would not be taken, by the parser of the very program: `tribune`, `ape run`, `make`.

Option by option and value by value; what stands for something else (`FILE`, `<name>`, `0x…`) may be whatever
fits there. Nothing is run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click
from typer.exceptions import TyperException
from typer.main import get_command

from support.anvil import ROOT
from tribune.cli import app

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = frozenset(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
STANDS_FOR = re.compile(r"[A-Z]{2,}|<.+>|\[.+\]|.*….*")
NETWORK = re.compile(r" --network \S+")


def words(text: str) -> list[str]:
    """Split a command as a shell does; what a page leaves out (`…`) is left out, but as an option's value."""
    try:
        split = shlex.split(text.replace("\\\n", " "), comments=True)
    except ValueError:  # an apostrophe in a sentence
        split = text.split()
    return [
        word for before, word in zip(["", *split], split, strict=False) if word != "…" or before[:1] == "-"
    ]


def fault(text: str, *, whole: bool = False) -> str | None:
    """Say what of a command would not be taken; None: all of it would.

    Args:
        text: as it stands on a page.
        whole: as it is typed; else what it needs besides may be left out, as sentences do.
    """
    program, *typed = words(NETWORK.sub("", text) if text.startswith("ape ") else text)
    parsers = {"tribune": _of_tribune, "ape": _of_ape, "make": _of_make, "python": _of_python}
    return parsers[program](typed, whole)


def _of_tribune(typed: list[str], whole: bool) -> str | None:
    command: Any = get_command(app)
    while typed and typed[0] in getattr(command, "commands", ()):
        command = command.commands[typed.pop(0)]
    if typed and hasattr(command, "commands") and not typed[0].startswith("-"):
        return f"no command {typed[0]}"
    return _parsed(command, typed, whole)


def _of_ape(typed: list[str], whole: bool) -> str | None:
    if typed[0] != "run":
        return None  # ape's own
    name = typed[1]
    if not (ROOT / "scripts" / f"{name}.py").is_file():
        return f"no script {name}"
    return _parsed(import_module(f"scripts.{name}").cli, typed[2:], whole)


def _of_make(typed: list[str], _: bool) -> str | None:
    given = dict(word.split("=", 1) for word in typed if "=" in word)
    targets = [word for word in typed if "=" not in word]
    for target in targets:
        if target not in TARGETS:
            return f"no target {target}"
    for name in given:
        if not re.search(rf"\$\({name}[),]", _recipes(targets)):
            return f"no variable {name}"
    if "bench" in targets and find_spec(f"bench.{given.get('NAME', '')}") is None:
        return f"no benchmark {given.get('NAME')}"
    return None


def _recipes(targets: list[str]) -> str:
    """Return what the Makefile does for some targets."""
    return "".join(re.findall(rf"^(?:{'|'.join(targets)}):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE))


def _of_python(typed: list[str], _: bool) -> str | None:
    return None if typed[0] != "-m" or find_spec(typed[1]) else f"no module {typed[1]}"


def _parsed(command: Any, typed: list[str], whole: bool) -> str | None:
    """Give words to a command's own parser, and each value to the option or argument that it is for."""
    context = command.context_class(command)
    try:
        given, more, _ = command.make_parser(context).parse_args(list(typed))
        if more:
            return f"too many arguments: {' '.join(more)}"
        return _misfit(command, context, given, whole)
    except (click.ClickException, TyperException) as refused:
        return refused.format_message()


def _misfit(command: Any, context: Any, given: Mapping[str, Any], whole: bool) -> str | None:
    for parameter in command.params:
        value = given.get(parameter.name)
        if value in (None, (), []):
            if whole and parameter.required:
                return f"without {parameter.name}"
        elif not isinstance(value, bool):
            try:
                parameter.process_value(context, value)
            except (click.BadParameter, TyperException):
                parameter.process_value(context, _filled(value))
    return None


def _filled(value: Any) -> Any:
    """Put a number in the place of what stands for something else."""
    if isinstance(value, str):
        return "1" if STANDS_FOR.fullmatch(value) else value
    return [_filled(one) for one in value]
