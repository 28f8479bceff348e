"""What became of each mutant, kept in a file after every one, so that a run can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from scripts.mutation.mutant import Mutant

GOAL = 0.9


class Fate(StrEnum):
    """What became of a mutant. Invalid: it does not compile, or to the same code; it does not count."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant's fate.

    Args:
        key: the mutant's.
        target: name of the contract.
        place: file and line.
        function: where in the contract.
        operator: which rule made the mutant.
        before, after: the lines concerned.
        fate: what became of it.
        why: the test that killed it, or the reason why it is equivalent.
        seconds: how long it took to compile and test.
        source, tests: digests of the mutant's file and of the tests then.
    """

    key: str
    target: str
    place: str
    function: str
    operator: str
    before: str
    after: str
    fate: Fate
    why: str
    seconds: float
    source: str
    tests: str

    def holds(self, source: str, tests: str) -> bool:
        """Tell whether the result still holds: a mutant once killed stays killed by tests that are added."""
        return self.source == source and (self.tests == tests or self.fate != Fate.SURVIVED)


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants of a contract there were, without the invalid."""

    name: str
    mutants: int
    killed: int
    survived: int
    equivalent: int
    seconds: float

    @property
    def share(self) -> float:
        """Share of killed among those that can be; 1 if there are none."""
        able = self.killed + self.survived
        return self.killed / able if able else 1.0

    @property
    def met(self) -> bool:
        """True if enough were killed."""
        return self.share >= GOAL


def result_of(mutant: Mutant, fate: Fate, why: str, seconds: float, source: str, tests: str) -> Result:
    """Return a mutant's result."""
    return Result(
        key=mutant.key,
        target=mutant.target,
        place=f"{mutant.file}:{mutant.line}",
        function=mutant.function,
        operator=mutant.edit.operator,
        before=mutant.before,
        after=mutant.after,
        fate=fate,
        why=why,
        seconds=round(seconds, 2),
        source=source,
        tests=tests,
    )


def score(name: str, results: Iterable[Result]) -> Score:
    """Count the fates of some mutants."""
    counted = [result for result in results if result.fate != Fate.INVALID]
    fates = [result.fate for result in counted]
    killed = fates.count(Fate.KILLED) + fates.count(Fate.TIMED_OUT)
    seconds = sum(result.seconds for result in counted) / max(len(counted) - fates.count(Fate.EQUIVALENT), 1)
    return Score(
        name, len(fates), killed, fates.count(Fate.SURVIVED), fates.count(Fate.EQUIVALENT), round(seconds, 2)
    )


def load(path: Path) -> dict[str, Result]:
    """Return the kept results by the mutants' keys, none if there is no such file."""
    if not path.exists():
        return {}
    rows = json.loads(path.read_text())["mutants"]
    return {row["key"]: Result(**{**row, "fate": Fate(row["fate"])}) for row in rows}


def save(path: Path, results: list[Result]) -> None:
    """Keep results, with the score of each contract; the file is whole at any time."""
    names = sorted({result.target for result in results})
    scores = [score(name, [result for result in results if result.target == name]) for name in names]
    document = {
        "goal": GOAL,
        "scores": [asdict(row) | {"share": round(row.share, 4), "met": row.met} for row in scores],
        "mutants": [asdict(result) for result in results],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    writing = path.with_suffix(".writing")
    writing.write_text(json.dumps(document, indent=1) + "\n")
    writing.replace(path)
