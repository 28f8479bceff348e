"""Try mutants of hub, switch and registry: `make mutate`, or `make mutate SAMPLE=25 SEED=7` for some of each.

Prints the survivors and a table; keeps everything in `build/mutation.json`, from which an interrupted run
goes on. Ends with 1 where fewer are killed than the goal: of each contract, or of all together in a sample.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from scripts.mutation.campaign import source_digest, tests_digest, tried
from scripts.mutation.compiler import Compiler
from scripts.mutation.equivalents import listed, reasons
from scripts.mutation.mutant import Mutant
from scripts.mutation.plan import mutants_of, sampled
from scripts.mutation.results import GOAL, Fate, Result, Score, load, result_of, save, score
from scripts.mutation.targets import TARGETS
from tribune.exceptions import TribuneError

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "mutation.json"


def main() -> int:
    """Run what the arguments ask for; return 1 below the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forge", type=Path, required=True, help="forge's executable")
    parser.add_argument("--sample", type=int, help="mutants of each contract; all if not given")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS])
    arguments = parser.parse_args()
    targets = [target for target in TARGETS if not arguments.target or target.name in arguments.target]
    with Compiler(ROOT) as compiler:
        whole = [mutant for target in TARGETS for mutant in mutants_of(target, ROOT, compiler)]
    kept = _known(whole, arguments.fresh)
    chosen = [
        mutant
        for target in targets
        for mutant in sampled(
            [mutant for mutant in whole if mutant.target == target.name], arguments.sample, arguments.seed
        )
    ]
    waiting = [mutant for mutant in chosen if mutant.key not in kept]
    print(f"{len(chosen)} mutants, {len(waiting)} to try.", flush=True)
    _try(waiting, kept, arguments.forge.absolute(), arguments.workers)
    results = [kept[mutant.key] for mutant in chosen]
    scores = [score(target.name, _of(results, target.name)) for target in targets]
    total = score("all", results)
    _print_survivors(results)
    _print_scores([*scores, total])
    return 0 if all(row.met for row in ([total] if arguments.sample else scores)) else 1


def _known(whole: list[Mutant], fresh: bool) -> dict[str, Result]:
    """Return what needs no trial: the equivalent, and what an earlier run found that still holds."""
    tests = tests_digest(ROOT)
    earlier = {} if fresh else load(KEPT)
    equivalent = reasons(listed(), whole)
    known: dict[str, Result] = {}
    for mutant in whole:
        source, result = source_digest(ROOT, mutant), earlier.get(mutant.key)
        if mutant.key in equivalent:
            reason = equivalent[mutant.key]
            known[mutant.key] = result_of(mutant, Fate.EQUIVALENT, reason, 0, source, tests)
        elif result is not None and result.fate != Fate.EQUIVALENT and result.holds(source, tests):
            known[mutant.key] = result
    return known


def _try(waiting: list[Mutant], kept: dict[str, Result], forge: Path, workers: int) -> None:
    begun = time.monotonic()

    def done(result: Result) -> None:
        kept[result.key] = result
        save(KEPT, [*kept.values()])
        if result.fate == Fate.SURVIVED:
            print(f"{time.monotonic() - begun:6.0f} s  survived: {result.place} {result.after}", flush=True)

    if waiting:
        tried(waiting, TARGETS, ROOT, forge, workers, done)


def _of(results: list[Result], target: str) -> list[Result]:
    return [result for result in results if result.target == target]


def _print_survivors(results: list[Result]) -> None:
    for result in results:
        if result.fate == Fate.SURVIVED:
            print(f"\n{result.place} {result.function} ({result.operator})")
            print(f"  - {result.before}\n  + {result.after}")


def _print_scores(scores: list[Score]) -> None:
    print(f"\n{'':10}{'mutants':>8}{'killed':>8}{'survived':>10}{'equivalent':>12}{'share':>8}{'s each':>8}")
    for row in scores:
        counts = f"{row.mutants:8}{row.killed:8}{row.survived:10}{row.equivalent:12}"
        print(f"{row.name:10}{counts}{row.share:8.1%}{row.seconds:8.1f}")
    print(f"Goal: {GOAL:.0%} killed.")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TribuneError as error:
        sys.exit(str(error))
