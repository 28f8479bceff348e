"""Fail where forge's tests leave more of our contracts untried than the goal allows.

Reads what `forge coverage --report lcov` wrote and prints one table: lines and branches reached, by file,
and which were not. Counts our own contracts and examples; not mocks, not libraries of others, not the tests.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

GOAL = 0.98
OURS = "contracts/"
NOT_OURS = ("contracts/mocks/",)


@dataclass
class Reached:
    """How often each line and each branch of a file was run."""

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[tuple[int, ...], int] = field(default_factory=dict)


def read(records: Iterable[str]) -> dict[str, Reached]:
    """Return what was reached, by file, from lcov's `SF`, `DA` and `BRDA` records."""
    files: dict[str, Reached] = defaultdict(Reached)
    current = Reached()
    for record in records:
        kind, _, rest = record.strip().partition(":")
        if kind == "SF":
            current = files[rest]
        elif kind == "DA":
            line, hits = (int(part) for part in rest.split(",")[:2])
            current.lines[line] = current.lines.get(line, 0) + hits
        elif kind == "BRDA":
            *where, taken = rest.split(",")
            key = tuple(int(part) for part in where)
            current.branches[key] = current.branches.get(key, 0) + (0 if taken == "-" else int(taken))
    return {
        name: reached
        for name, reached in sorted(files.items())
        if name.startswith(OURS) and not name.startswith(NOT_OURS) and reached.lines
    }


def share(counts: Iterable[int]) -> tuple[int, int]:
    """Return how many of `counts` are above 0, and how many there are."""
    counted = list(counts)
    return sum(1 for count in counted if count), len(counted)


def table(files: dict[str, Reached]) -> tuple[list[str], bool]:
    """Return the table's rows, the total last, and whether both totals reach the goal."""
    rows: list[str] = []
    totals = [0, 0, 0, 0]
    for name, reached in files.items():
        numbers = (*share(reached.lines.values()), *share(reached.branches.values()))
        totals = [total + number for total, number in zip(totals, numbers, strict=True)]
        missing = sorted(
            {line for line, hits in reached.lines.items() if not hits}
            | {branch[0] for branch, hits in reached.branches.items() if not hits}
        )
        rows.append(_row(name, numbers, ", ".join(map(str, missing))))
    rows.append(_row("all", totals, ""))
    met = totals[1] > 0 and all(
        hit >= GOAL * count for hit, count in ((totals[0], totals[1]), (totals[2], totals[3]))
    )
    return rows, met


def main(arguments: list[str] | None = None) -> int:
    """Print the table and return 0 if the goal is met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lcov", type=Path)
    path = parser.parse_args(arguments).lcov
    rows, met = table(read(path.read_text(encoding="utf-8").splitlines()))
    print(f"{'file':52} {'lines':>15} {'branches':>15}  not reached")
    print("\n".join(rows))
    if not met:
        print(f"Coverage is below {GOAL:.0%}: write tests for what was not reached.", file=sys.stderr)
    return 0 if met else 1


def _row(name: str, numbers: Iterable[int], missing: str) -> str:
    lines, of_lines, branches, of_branches = numbers
    return f"{name:52} {_part(lines, of_lines):>15} {_part(branches, of_branches):>15}  {missing}".rstrip()


def _part(hit: int, count: int) -> str:
    return f"{hit}/{count} {hit / count:4.0%}" if count else "–"


if __name__ == "__main__":
    raise SystemExit(main())
