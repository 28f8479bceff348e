"""The commands as ops type them, each a process of its own, on one chain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from scripts import admit_monitor, execute, poke
from support.anvil import ROOT, Anvil

pytestmark = pytest.mark.slow
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
MONITOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


class Ops:
    """Somebody at a terminal, with one chain and one folder of records."""

    def __init__(self, chain: Anvil, folder: Path) -> None:
        self.chain, self.folder = chain, folder

    def run(self, script: str, *arguments: str, answer: str = "") -> tuple[int, str]:
        """Run a command; return its exit code and what it said."""
        code = f"from scripts.{script} import cli; cli()"
        given = ["--network", "ethereum:local:foundry", "--folder", str(self.folder / "records")]
        paths = os.pathsep.join(str(ROOT / part) for part in ("", "monitors", "bot"))
        ended = subprocess.run(
            [sys.executable, "-c", code, *arguments, *given],
            cwd=ROOT,
            env={**os.environ, "APE_FOUNDRY_HOST": self.chain.http_url, "PYTHONPATH": paths}
            | {"SOLCX_BINARY_PATH": str(ROOT / "scripts" / "solc")},
            input=answer,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ops]:
    """A deployed system whose only holder is the first development account."""
    folder = tmp_path_factory.mktemp("ops")
    (folder / "holders.json").write_text(json.dumps([{"address": DEPLOYER, "tokens": 500}]))
    with Anvil.start() as chain:
        found = Ops(chain, folder)
        code, said = found.run("deploy", "--holders", str(folder / "holders.json"))
        assert code == 0, said
        yield found


def test_register__yes__shown_by_status(ops: Ops) -> None:
    code, said = ops.run("register", "credit", "--yes")
    assert (code, "It is model 1." in said) == (0, True), said
    code, said = ops.run("status")
    assert (code, "Model 1 credit: not in service" in said) == (0, True), said


def test_admit_monitor__plan__written_and_nothing_asked(ops: Ops) -> None:
    code, said = ops.run("admit_monitor", MONITOR, "one", "--plan", str(ops.folder / "plan"))
    assert code == 0, said
    assert len(list((ops.folder / "plan").glob("*.json"))) == 2


def test_replace_governor__plan__creates_one_and_writes_the_rest(ops: Ops) -> None:
    config = str(ROOT / "deployments" / "local.toml")
    target = ops.folder / "replacement"
    code, said = ops.run("replace_governor", "--config", config, "--plan", str(target), "--yes")
    assert code == 0, said
    assert (target / "after" / "31337.json").exists()


def test_open_case__unknown__plain_words_and_exit_code(ops: Ops) -> None:
    code, said = ops.run("open_case", "7", "--yes")
    assert code == 1
    assert "CaseUnknown" in said
    assert "Traceback" not in said


def test_set_policy__no_such_file__plain_words(ops: Ops) -> None:
    code, said = ops.run("set_policy", "1", "nowhere.toml", "--panel", MONITOR)
    assert (code, "nowhere.toml cannot be read" in said) == (1, True), said


@pytest.mark.parametrize(
    ("command", "given"),
    [
        (execute.cli, {"case": None, "proposal": None}),
        (execute.cli, {"case": 1, "proposal": Path("x.json")}),
        (poke.cli, {"case": None, "model": None, "frame": 3}),
        (poke.cli, {"case": 1, "model": 1, "frame": 3}),
        (admit_monitor.cli, {"who": MONITOR, "name": None, "uri": "", "dismiss": False, "plan": None}),
    ],
)
def test_command__neither_or_both__usage(command: click.Command, given: dict[str, Any]) -> None:
    assert command.callback is not None
    with pytest.raises(click.UsageError, match="Give "):
        command.callback(**given, folder=Path(), alias=None, yes=False)
