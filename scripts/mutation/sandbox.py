"""A copy of the project, built once, in which one contract's bytecode is swapped before the tests run.

forge's tests deploy contracts from build artifacts (`dynamic_test_linking`), so no mutant needs a build by
forge. The copy holds the unit tests only: forge runs all that it finds, since choosing among tests makes it
compile anew. Who edits the project meanwhile disturbs nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.targets import Target
from tribune.exceptions import ConfigurationError

TESTS = ("tests/forge/unit", "tests/forge/support")
"""What mutants are tried with, relative to the project."""

_COPIED = ("contracts", *TESTS)
_LINKED = ("node_modules", "scripts")
_ORIGINAL = ".original"
_BUILD_TIMEOUT_S = 900.0
_FAILED = re.compile(r"^\[FAIL.*?\] (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """How the tests went: the first that failed, if any; whether time ran out; how long it took (s)."""

    killer: str
    timed_out: bool
    seconds: float

    @property
    def killed(self) -> bool:
        """True if a test failed, or they did not end in time."""
        return self.timed_out or bool(self.killer)


class Sandbox:
    """Runs tests against swapped bytecode. For one thread; another takes another `number`.

    Args:
        root: the project.
        forge: forge's executable.
        number: tells sandboxes apart; one is built faster where it was before.

    Attributes:
        home: the copy.
    """

    def __init__(self, root: Path, forge: Path, number: int) -> None:
        self.home, self._forge = root / "build" / "mutation" / str(number), forge
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = (self.home / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise ConfigurationError("Another run tries mutants here.", mend="Wait until it ends.") from error
        shutil.copy2(root / "foundry.toml", self.home)
        for part in _COPIED:
            shutil.rmtree(self.home / part, ignore_errors=True)
            shutil.copytree(root / part, self.home / part)
        for part in _LINKED:
            (self.home / part).unlink(missing_ok=True)
            (self.home / part).symlink_to(root / part)
        for original in self.home.glob(f"build/forge/*/*{_ORIGINAL}"):  # a run was killed amid a trial
            original.replace(original.with_suffix(".json"))
        built = self._run(["build"], _BUILD_TIMEOUT_S)
        if built.returncode != 0:
            raise _fault("build", built)

    def close(self) -> None:
        """Let another run use this place."""
        self._lock.close()

    def run(self, target: Target, bytecode: str, timeout_s: float) -> Trial:
        """Run the tests with `bytecode` as the target's creation code, until the first fails.

        Raises:
            ConfigurationError: if forge compiled, or failed by anything but a test.
        """
        path = self.home / "build/forge" / f"{target.contract}.sol" / f"{target.contract}.json"
        original = path.with_suffix(_ORIGINAL)
        artifact = json.loads(path.read_text())
        artifact["bytecode"]["object"] = f"0x{bytecode}"
        swapped = json.dumps(artifact)
        path.replace(original)
        try:
            path.write_text(swapped)
            trial = self._test(timeout_s)
            if path.read_text() != swapped:
                raise ConfigurationError(f"forge compiled {target.contract} anew in place of the mutant.")
            return trial
        finally:
            original.replace(path)

    def _test(self, timeout_s: float) -> Trial:
        begun = time.monotonic()
        try:
            done = self._run(["test", "--fail-fast", "--threads", "1"], timeout_s)
        except subprocess.TimeoutExpired:
            return Trial("", timed_out=True, seconds=time.monotonic() - begun)
        failed = _FAILED.search(done.stdout)
        if done.returncode != 0 and failed is None:
            raise _fault("test", done)
        return Trial(failed[1] if failed else "", timed_out=False, seconds=time.monotonic() - begun)

    def _run(self, command: list[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - the project's own forge
            [self._forge, *command, "--offline"],
            cwd=self.home,
            env=os.environ | {"FOUNDRY_PROFILE": "mutation"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )


def _fault(act: str, done: subprocess.CompletedProcess[str]) -> ConfigurationError:
    return ConfigurationError(f"forge could not {act}: {(done.stderr or done.stdout).strip()[-500:]}")
