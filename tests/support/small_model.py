"""A small model of who is employed, and a count of its rows: for tests of words, ballots and pages."""

from __future__ import annotations

from tribune.metrics import (
    Binning,
    Categories,
    Column,
    ColumnKind,
    Grid,
    ModelSpec,
    Role,
    Scheme,
    Tally,
)

SPEC = ModelSpec(
    columns=(
        Column("AGEP", ColumnKind.NUMERIC, Role.FEATURE, display="age"),
        Column("SEX", ColumnKind.CATEGORY, Role.GROUP, display="sex", values=(("1", "men"), ("2", "women"))),
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION, display="answer"),
    ),
    outcome="employed",
)
SEX, SAID = Categories(("1", "2")), Categories(("0", "1"))
BINNINGS: dict[str, Binning] = {
    "AGEP": Grid(0, (0, 40, 100)),
    "SEX": SEX,
    "prediction": SAID,
}

Row = tuple[int | None, str, str, int | None]  # age (None: missing), sex, prediction, label


def tally_of(rows: dict[Row, int]) -> Tally:
    """Count rows the slow way: one by one."""
    scheme = Scheme(SPEC, BINNINGS)
    columns = {name: [0] * binning.length for name, binning in BINNINGS.items()}
    outcomes: dict[int, int] = {}
    for (age, sex, said, label), n in rows.items():
        columns["AGEP"][106 if age is None else age] += n
        columns["SEX"][SEX.position(sex)] += n
        columns["prediction"][SAID.position(said)] += n
        place = (int(sex) - 1, 3 if label is None else label, int(said), 0)
        index = scheme.outcomes.flat(place)
        outcomes[index] = outcomes.get(index, 0) + n
    return Tally(sum(rows.values()), {k: tuple(v) for k, v in columns.items()}, outcomes)
