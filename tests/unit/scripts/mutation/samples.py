"""Mutants and results of a contract that does not exist."""

from __future__ import annotations

from scripts.mutation.mutant import Edit, Mutant
from scripts.mutation.results import Fate, Result, result_of


def mutant(after: str = "x - 1", *, target: str = "switch", line: int = 7, nth: int = 0) -> Mutant:
    edit = Edit("arithmetic", 2, 1, "-")
    return Mutant(target, "contracts/oversight/Some.sol", "add", line, "x + 1", after, nth, edit)


def result(fate: Fate = Fate.KILLED, after: str = "x - 1", *, source: str = "s", tests: str = "t") -> Result:
    return result_of(mutant(after), fate, "test_add", 2.0, source, tests)
