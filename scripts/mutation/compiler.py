"""The project's compiler, kept running, since starting it takes longer than compiling one contract.

Optimiser and metadata are off: what a mutant does is the same, and it compiles four times as fast. It refuses
nothing but what the compiler refuses; a mutant that does not compile is no mutant.
"""

from __future__ import annotations

import json
import subprocess
import threading
import tomllib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tribune.exceptions import ConfigurationError

Node = dict[str, Any]
"""A node of the compiler's syntax tree, or a whole tree."""

_TIMEOUT_S = 180
_RESTART_AFTER = 200  # the memory of WebAssembly only grows


class Compiler:
    """Compiles contracts of a project with single files replaced. To be used as a context, by one thread.

    Args:
        root: the project, with its `foundry.toml`.
    """

    def __init__(self, root: Path) -> None:
        profile = tomllib.loads((root / "foundry.toml").read_text())["profile"]["default"]
        self._root = root
        self._executable = root / profile["solc"]
        self._settings = {
            "evmVersion": profile["evm_version"],
            "remappings": profile["remappings"],
            "optimizer": {"enabled": False},
            "metadata": {"appendCBOR": False},
        }
        self._process: subprocess.Popen[str] | None = None
        self._answered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def trees(self, entry: str) -> dict[str, Node]:
        """Return the syntax tree of each file that `entry` is made of, by file name."""
        answer = self._ask(entry, {}, {"*": {"": ["ast"]}})
        if faults := _errors(answer):
            raise ConfigurationError(
                f"{entry} does not compile: {faults[0]}", mend="Mend the contract first."
            )
        return {name: source["ast"] for name, source in answer["sources"].items()}

    def bytecode(self, entry: str, contract: str, replaced: dict[str, str]) -> str | None:
        """Return the creation code as hex, or None if it does not compile with these files replaced."""
        wanted = {entry: {contract: ["evm.bytecode.object"]}}
        answer = self._ask(entry, replaced, wanted)
        if _errors(answer):
            return None
        return str(answer["contracts"][entry][contract]["evm"]["bytecode"]["object"])

    def _ask(self, entry: str, replaced: dict[str, str], wanted: dict[str, Any]) -> dict[str, Any]:
        sources = {entry: (self._root / entry).read_text()} | replaced
        question = {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": self._settings | {"outputSelection": wanted},
        }
        process = self._started()
        assert process.stdin is not None  # noqa: S101 - a pipe
        assert process.stdout is not None  # noqa: S101 - a pipe
        alarm = threading.Timer(_TIMEOUT_S, process.kill)
        alarm.start()
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            raise ConfigurationError(f"The compiler gave no answer within {_TIMEOUT_S} s for {entry}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._answered >= _RESTART_AFTER:
            self._stop()
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - the project's own compiler
                [self._executable, "--standard-json-lines", "--base-path", self._root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=self._root,
            )
        self._answered += 1
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process, self._answered = None, 0


def _errors(answer: dict[str, Any]) -> list[str]:
    return [fault["formattedMessage"] for fault in answer.get("errors", []) if fault["severity"] == "error"]
