from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.metrics.binning import Binning, Categories, Grid
from tribune.metrics.profile import Profile, make_profile
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune.metrics.tally import Tally
from tribune.reports.findings import findings

SPEC = ModelSpec(
    (
        Column("age", ColumnKind.NUMERIC, Role.FEATURE),
        Column("town", ColumnKind.CATEGORY, Role.FEATURE),
        Column("sex", ColumnKind.CATEGORY, Role.GROUP, values=(("f", "women"),)),
    ),
    Task.GENERIC,
    min_group=10,
    min_rows=50,
)
BINNINGS: dict[str, Binning] = {
    "age": Grid(0, (0, 2, 4)),
    "town": Categories(("a", "b")),
    "sex": Categories(("f", "m")),
}
#           cells 0 to 3, low tail (3), high tail (3), missing, NaN, +inf, -inf
AGES = (25, 25, 25, 25, *(0,) * 6, 0, 0, 0, 0)
TOWNS = (60, 40, 0, 0)
SEXES = (50, 50, 0, 0)


def tally(
    ages: tuple[int, ...] = AGES, towns: tuple[int, ...] = TOWNS, sexes: tuple[int, ...] = SEXES
) -> Tally:
    return Tally(sum(towns), {"age": ages, "town": towns, "sex": sexes}, {0: sum(towns)})


@pytest.fixture
def profile() -> Profile:
    return make_profile(SPEC, tally(), BINNINGS)


def test_findings__as_the_reference__there_are_none(profile: Profile) -> None:
    assert findings(profile, profile.reference, labelled=False) == []


def test_findings__no_rows__says_only_that(profile: Profile) -> None:
    assert findings(profile, Tally.zero(Scheme(SPEC, BINNINGS)), labelled=False) == [
        "There are no rows: nothing but their number is measured."
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ages": (0,) * 10 + (100, 0, 0, 0)}, "age: no row has a value."),
        ({"towns": (0, 0, 0, 100)}, "town: no row has a value."),
        ({"ages": (90, 0, 0, 0, *(0,) * 7, 10, 0, 0)}, "age: 10 rows say NaN"),
        ({"ages": (45, 45, 0, 0, *(0,) * 8, 6, 4)}, "age: 10 rows are infinite"),
        ({"ages": (0, 100, 0, 0, *(0,) * 10)}, "age: every value is the same or nearly so (1 to below 2)"),
        ({"ages": (0, 90, 0, 0, *(0,) * 6, 10, 0, 0, 0)}, "age: every value is the same or nearly so"),
        ({"towns": (100, 0, 0, 0)}, "town: every value is the same; the reference has several."),
        (
            {"ages": (*(0,) * 4, 100, -900, 9000, *(0,) * 7)},
            "age: no value lies within those of the reference",
        ),
        ({"ages": (*(0,) * 4, 50, -900, 9000, 50, 900, 9000, *(0,) * 4)}, "age: no value lies within those"),
        ({"towns": (0, 0, 100, 0)}, "town: no value is one that the reference has."),
        ({"sexes": (0, 90, 10, 0)}, "sex: no row of women, whom the reference has."),
        ({"sexes": (95, 5, 0, 0)}, "sex: under 10 rows of sex=m; their rates are not compared."),
    ],
)
def test_findings__oddity__is_said(profile: Profile, changed: dict[str, tuple[int, ...]], said: str) -> None:
    assert any(line.startswith(said) for line in findings(profile, tally(**changed), labelled=False))


def test_findings__one_value_in_the_reference_too__is_no_finding() -> None:
    steady = make_profile(SPEC, tally(towns=(100, 0, 0, 0)), BINNINGS)
    assert findings(steady, steady.reference, labelled=False) == []


def test_findings__unseen_values__are_not_taken_for_one(profile: Profile) -> None:
    assert not [
        line for line in findings(profile, tally(towns=(0, 0, 100, 0)), labelled=False) if "same" in line
    ]


def test_findings__few_rows__says_how_many_are_needed(profile: Profile) -> None:
    few = tally((5, 5, 5, 5, *(0,) * 10), (10, 10, 0, 0), (10, 10, 0, 0))
    assert findings(profile, few, labelled=False)[0].startswith("Only 20 rows: under 50")


def test_findings__one_row__does_not_wonder_that_its_value_is_the_same(profile: Profile) -> None:
    alone = tally((0, 1, 0, 0, *(0,) * 10), (1, 0, 0, 0), (1, 0, 0, 0))
    assert not [line for line in findings(profile, alone, labelled=False) if "the same" in line]


def classifier() -> tuple[Profile, Scheme]:
    spec = replace(SPEC, task=Task.BINARY, columns=(Column("said", ColumnKind.CATEGORY, Role.PREDICTION),))
    scheme = Scheme(spec, {"said": Categories(("0", "1"))})
    reference = Tally(100, {"said": (50, 50, 0, 0)}, {scheme.outcomes.flat((0, 0, 0)): 100})
    return make_profile(spec, reference, scheme.binnings), scheme


@pytest.mark.parametrize(
    ("label", "said", "expected"),
    [
        (2, 0, "label: 10 labels are not 0 or 1; not part of any rate."),
        (3, 0, "label: 10 of 100 rows have no label."),
        (0, 2, "said: 10 predictions are not 0 or 1; not part of any rate."),
    ],
)
def test_findings__odd_outcomes__are_counted(label: int, said: int, expected: str) -> None:
    profile, scheme = classifier()
    outcomes = {scheme.outcomes.flat((0, 0, 0)): 90, scheme.outcomes.flat((label, said, 0)): 10}
    assert expected in findings(profile, Tally(100, {"said": (50, 50, 0, 0)}, outcomes), labelled=True)


def test_findings__no_label_of_any_row__asks_whether_ids_match() -> None:
    profile, scheme = classifier()
    rows = Tally(100, {"said": (50, 50, 0, 0)}, {scheme.outcomes.flat((3, 0, 0)): 100})
    assert findings(profile, rows, labelled=True) == [
        "label: no row has a label; do the ids of rows and labels match?"
    ]
    assert findings(profile, rows, labelled=False) == []
