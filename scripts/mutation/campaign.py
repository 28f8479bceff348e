"""Try mutants one after another, by one or several workers, and keep each result as soon as it is there."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.compiler import Compiler
from scripts.mutation.mutant import Mutant
from scripts.mutation.results import Fate, Result, result_of
from scripts.mutation.sandbox import TESTS, Sandbox
from scripts.mutation.targets import Target
from tribune.exceptions import ConfigurationError

_LONGEST_BASELINE_S = 600.0
_PATIENCE, _SLACK_S = 4, 20.0  # a mutant may take so many times as long as the original, and a little more


@dataclass(frozen=True, slots=True)
class Original:
    """A target as it is: its code by the mutants' compiler, and how long the tests take with it (seconds)."""

    target: Target
    bytecode: str
    seconds: float


def tests_digest(root: Path) -> str:
    """Return the digest of the tests that mutants are tried with."""
    paths = [path for part in TESTS for path in (root / part).rglob("*.sol")]
    return _digest(*(path.read_bytes() for path in sorted(paths)))


def source_digest(root: Path, mutant: Mutant) -> str:
    """Return the digest of the file that a mutant is of."""
    return _digest((root / mutant.file).read_bytes())


def tried(
    mutants: Sequence[Mutant],
    targets: Sequence[Target],
    root: Path,
    forge: Path,
    workers: int,
    done: Callable[[Result], None],
) -> None:
    """Try each mutant and hand each result to `done`, one call at a time.

    Raises:
        ConfigurationError: if the tests fail with an unchanged contract, or pass with one that does nothing.
    """
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    tests, telling, stop = tests_digest(root), threading.Lock(), threading.Event()

    def work(number: int) -> None:
        with closing(Sandbox(root, forge, number)) as sandbox, Compiler(sandbox.home) as compiler:
            originals: dict[str, Original] = {}
            while not stop.is_set():
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    if mutant.target not in originals:
                        target = next(row for row in targets if row.name == mutant.target)
                        originals[mutant.target] = _original(target, compiler, sandbox)
                    result = _try(mutant, originals[mutant.target], compiler, sandbox, tests)
                except BaseException:
                    stop.set()
                    raise
                with telling:
                    done(result)

    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(work, number) for number in range(workers)]:
            future.result()


def _original(target: Target, compiler: Compiler, sandbox: Sandbox) -> Original:
    bytecode = compiler.bytecode(target.entry, target.contract, {})
    if bytecode is None:
        raise ConfigurationError(f"{target.entry} does not compile.", mend="Mend the contract first.")
    trial = sandbox.run(target, bytecode, _LONGEST_BASELINE_S)
    if trial.killed:
        raise ConfigurationError(
            f"{trial.killer or 'A test'} fails with {target.contract} unchanged.",
            mend="Mend the tests first.",
        )
    if not sandbox.run(target, "fe", _LONGEST_BASELINE_S).killed:
        raise ConfigurationError(f"The tests pass without {target.contract}: they do not deploy it.")
    return Original(target, bytecode, trial.seconds)


def _try(mutant: Mutant, original: Original, compiler: Compiler, sandbox: Sandbox, tests: str) -> Result:
    begun, target = time.monotonic(), original.target
    source = (sandbox.home / mutant.file).read_bytes()
    bytecode = compiler.bytecode(target.entry, target.contract, {mutant.file: mutant.applied(source)})
    fate, why = Fate.INVALID, ""
    if bytecode is not None and bytecode != original.bytecode:
        trial = sandbox.run(target, bytecode, _PATIENCE * original.seconds + _SLACK_S)
        why = trial.killer
        fate = Fate.TIMED_OUT if trial.timed_out else Fate.KILLED if trial.killed else Fate.SURVIVED
    return result_of(mutant, fate, why, time.monotonic() - begun, _digest(source), tests)


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]
