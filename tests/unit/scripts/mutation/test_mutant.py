from __future__ import annotations

from dataclasses import replace

from scripts.mutation.mutant import Edit, described
from scripts.mutation.plan import sampled
from unit.scripts.mutation.samples import mutant

SOURCE = "// ä\nuint x = 1\n    + 2;\n".encode()
PLUS = SOURCE.index(b"+")


def test_key__moved_to_another_line__the_same() -> None:
    assert mutant(line=7).key == mutant(line=9).key


def test_key__second_of_two_alike__another() -> None:
    assert mutant(nth=0).key != mutant(nth=1).key


def test_applied__after_letters_of_two_bytes__changes_the_place() -> None:
    changed = replace(mutant(), edit=Edit("arithmetic", PLUS, 1, "-"))
    assert changed.applied(SOURCE) == "// ä\nuint x = 1\n    - 2;\n"


def test_described__over_two_lines__names_the_first_and_folds() -> None:
    start = SOURCE.index(b"1")
    line, before, after = described(SOURCE, Edit("constant", start, PLUS + 3 - start, "0"))
    assert (line, before, after) == (2, "uint x = 1 + 2;", "uint x = 0;")


def test_sampled__same_seed__draws_the_same_in_order() -> None:
    mutants = [mutant(line=line) for line in range(100)]
    drawn = sampled(mutants, 10, seed=4)
    assert drawn == sampled(mutants, 10, seed=4)
    assert [row.line for row in drawn] == sorted(row.line for row in drawn)
    assert drawn != sampled(mutants, 10, seed=5)


def test_sampled__more_than_there_are__all() -> None:
    mutants = [mutant(line=line) for line in range(3)]
    assert sampled(mutants, 10, seed=4) == sampled(mutants, None, seed=4) == mutants
