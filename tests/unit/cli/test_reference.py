"""docs/cli.md against the program; the same words for the same things; help, completion and start-up."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from support.anvil import ROOT
from support.processes import environment
from tribune import exceptions
from tribune.cli import app
from tribune.exceptions import TribuneError

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
ROW = re.compile(r"^\| `tribune ([a-z -]+)` \| (.+?) \| (.*?) \|$", re.MULTILINE)
HEAVY = {"web3", "sqlalchemy", "pydantic", "duckdb", "numpy", "pyarrow", "starlette", "discord", "matplotlib"}
SHELLS = ("bash", "zsh", "fish")
DOCUMENTS = {"decisions prove", "settings example", "service systemd", "service container", "service alerts"}
"""Whose result is a document by itself."""
RUN_ON = {"up", "web", "bot run", "monitor run", "log seal", "gate serve"}
"""Whose log is JSON lines."""
OF_TWO_KINDS = {"--label", "--id", "--time", "--check"}
"""What `profile` and `measure` take of files means something else where a chain is asked."""


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, by its words."""
    command = get_command(app) if command is None else command
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), command
    for name, one in (below or {}).items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands())


def summary(command: Any) -> str:
    return " ".join(str(command.help).split("\n\n")[0].split())


def forms(command: Any) -> str:
    names = {name for one in command.params for name in one.opts}
    return ", ".join(f"`{name}`" for name in ("--json", "--format") if name in names)


def test_page__its_tables__are_the_commands_of_the_program() -> None:
    told = {name: (words, form.strip()) for name, words, form in ROW.findall(PAGE)}
    assert told == {name: (summary(one), forms(one)) for name, one in COMMANDS.items()}


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - DOCUMENTS - RUN_ON))
def test_json__of_each_command_that_tells_facts__is_an_option(name: str) -> None:
    assert "--json" in forms(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_help__of_each_command__says_what_it_is_for(name: str) -> None:
    ran = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert ran.exit_code == 0
    assert summary(COMMANDS[name]) in " ".join(ran.output.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help__of_each_option__is_not_empty(name: str) -> None:
    silent = [one.opts for one in COMMANDS[name].params if not getattr(one, "help", "")]
    assert silent == []


def test_options__of_one_name__are_of_one_kind() -> None:
    kinds: dict[str, set[tuple[object, ...]]] = {}
    for command in COMMANDS.values():
        for one in command.params:
            # A model is a number where there is a chain; `profile` knows none: there it is a file.
            names = {*one.opts} - {"--model"} if "--spec" in one.opts else {*one.opts}
            for name in names - OF_TWO_KINDS:
                if name.startswith("-"):
                    kinds.setdefault(name, set()).add((one.is_flag, one.metavar, tuple(sorted(names))))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_codes__of_all_errors__are_those_of_the_page() -> None:
    known = [one for one in vars(exceptions).values() if isinstance(one, type)]
    codes = {one.exit_code for one in known if issubclass(one, TribuneError)}
    assert codes == {1, 2, 3}
    assert {int(code) for code in re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)} == codes | {0}


def test_help__of_the_program__loads_nothing_heavy() -> None:
    script = "import sys; from tribune.cli import app; print(*{one.split('.')[0] for one in sys.modules})"
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=60
    )
    loaded = set(ran.stdout.split())
    assert "typer" in loaded, ran.stderr
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_completion__of_each_shell__names_commands(tmp_path: Path, shell: str) -> None:
    typed = {"bash": {"COMP_WORDS": "tribune mod", "COMP_CWORD": "1"}}.get(shell, {})
    typed |= {"_TYPER_COMPLETE_ARGS": "tribune mod", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    ran = subprocess.run(
        [sys.executable, "-m", "tribune.cli"],
        cwd=tmp_path,
        env=environment(**typed, _TRIBUNE_COMPLETE=f"complete_{shell}"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert set(re.findall(r"^\W*(?:_arguments '\*: :\(\()?\W*(models?)\b", ran.stdout, re.MULTILINE)) == {
        "model",
        "models",
    }, ran


@pytest.mark.parametrize("shell", SHELLS)
def test_show_completion__of_each_shell__prints_what_would_be_installed(
    shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: shell)
    ran = CliRunner().invoke(app, ["--show-completion"], prog_name="tribune", catch_exceptions=False)
    assert ran.exit_code == 0
    assert "_TRIBUNE_COMPLETE" in ran.output
