"""Runs the commands of a page as whoever follows it does: one shell, one folder, from the top to the end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.pages import Block, Command
from support.processes import environment

MARK = "\x1e"
PATIENCE_S = 600


@dataclass(frozen=True)
class Answer:
    """What a command printed, and the code with which it ended."""

    command: Command
    said: str
    code: int


def run(blocks: Sequence[Block], folder: Path, **given: str) -> list[Answer]:
    """Write the files and run the commands of blocks, in order, in a folder.

    Args:
        blocks: of one page; those that are not to be run left out.
        folder: where they are run; also their home.
        given: further variables of their environment.
    """
    script, typed = ["exec 2>&1 </dev/null"], []
    for block in blocks:
        if block.title:
            script.append(_written(folder, block))
        for command in block.commands if block.language == "console" else ():
            # The code of the last command is its successor's $?, as at a terminal.
            script.append(f"{command.typed}\ncode=$?; printf '\\n{MARK}%s{MARK}' $code; (exit $code)")
            typed.append(command)
    if not typed:
        return []
    programs = Path(sys.executable).parent
    plain = {"NO_COLOR": "1", "COLUMNS": "100", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1"}
    variables = environment(HOME=str(folder), **plain, **given)
    variables["PATH"] = f"{programs}:{variables['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder, env=variables, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    parts = ran.stdout.split(MARK)
    assert len(parts) == 2 * len(typed) + 1, f"{ran.stdout}\n{ran.stderr}"
    return [
        Answer(command, parts[2 * i].removeprefix("\n").rstrip("\n"), int(parts[2 * i + 1]))
        for i, command in enumerate(typed)
    ]


def _written(folder: Path, block: Block) -> str:
    """Return what writes a file of a page in its turn."""
    path = folder / block.title
    assert path.resolve().is_relative_to(folder.resolve()), block.title
    return f"cat > '{block.title}' <<'{MARK}'\n{block.text}{MARK}"


def faults(answers: Iterable[Answer]) -> list[str]:
    """Say where a page promises something else than what happened.

    A command that ends with another code than 0 is none where the page asks for the code next (`echo $?`).
    """
    told = list(answers)
    found = []
    for answer, following in zip(told, [*told[1:], None], strict=True):
        where = f"{answer.command.page}:{answer.command.line}: $ {answer.command.typed}"
        asked = following is not None and following.command.typed == "echo $?"
        if answer.code and not asked:
            found.append(f"{where}\nended with {answer.code}:\n{answer.said}")
        elif not answer.command.answers(answer.said):
            shown = "\n".join(answer.command.shown)
            found.append(f"{where}\nthe page shows:\n{shown}\nit printed:\n{answer.said}")
    return found
