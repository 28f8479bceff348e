"""All mutants of the targets, or a sample of them that a seed draws again."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from scripts.mutation.compiler import Compiler
from scripts.mutation.mutant import Mutant, described
from scripts.mutation.operators import edits, enums_in
from scripts.mutation.targets import Target


def mutants_of(target: Target, root: Path, compiler: Compiler) -> list[Mutant]:
    """Return every mutant of a contract in the order of its files."""
    trees = compiler.trees(target.entry)
    enums = enums_in(trees)
    found = []
    for file in target.files(root):
        source = (root / file).read_bytes()
        alike: Counter[tuple[str, ...]] = Counter()
        for place, edit in edits(trees[file], source, enums):
            line, before, after = described(source, edit)
            same = (place.function, before, after)
            found.append(Mutant(target.name, file, place.function, line, before, after, alike[same], edit))
            alike[same] += 1
    return found


def sampled(mutants: list[Mutant], size: int | None, seed: int) -> list[Mutant]:
    """Return `size` of the mutants, drawn by `seed`, in their order; all of them without a size."""
    if size is None or size >= len(mutants):
        return mutants
    drawn = random.Random(seed).sample(range(len(mutants)), size)  # noqa: S311 - no secret
    return [mutants[index] for index in sorted(drawn)]
