"""The few statements that count, in SQL that DuckDB and Spark understand alike.

Written as text, not as Ibis expressions: importing Ibis and compiling the first one costs each worker a
second of start-up against 0.15 s for DuckDB alone, and Ibis' own `floor` casts to an integer, which the
counting rules forbid. Never a branch on NaN or on float order, never a round, a cast from float or a case
fold (each broke equality between engines). Every name that comes from a profile is quoted; Spark quotes
with backticks.
"""

from __future__ import annotations

from tribune.metrics.binning import Grid, Scheme

ROWS, LABELS = "tribune_rows", "tribune_labels"
"""Views that an engine provides: numbers as DOUBLE, categories and ids as VARCHAR, times as BIGINT."""

_FIRST_LABELS = (
    "SELECT id, label FROM (SELECT id, label, "  # noqa: S608 - constants only
    "row_number() OVER (PARTITION BY id ORDER BY time NULLS LAST, label NULLS LAST) AS place "
    f"FROM {LABELS} WHERE id IS NOT NULL) AS f WHERE place = 1"
)


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string."""
    return "'" + text.replace("'", "''") + "'"


def cell_key(name: str, grid: Grid) -> str:
    """Return floor(x · 2^shift) as DOUBLE; the scale is a power of two, so its text is exact."""
    return f"floor({quoted(name)} * CAST({literal(repr(grid.scale))} AS DOUBLE))"


def column_counts(scheme: Scheme, name: str) -> str:
    """Count rows by a column's key: its fine cell, or its value."""
    binning = scheme.binnings[name]
    key = cell_key(name, binning) if isinstance(binning, Grid) else quoted(name)
    return f"SELECT {key} AS k, count(*) AS n FROM {ROWS} GROUP BY 1"  # noqa: S608 - names are quoted


def outcome_counts(scheme: Scheme, *, labelled: bool) -> str:
    """Count rows by group values, label, prediction and score cell.

    Columns: each group, whether a label came, the label, the prediction, the score's fine cell, rows. The
    least (time, label) of an id is its label; one without time or label comes last.
    """
    spec = scheme.spec
    keys = [f"r.{quoted(column.name)}" for column in spec.groups]
    keys += ["l.id IS NOT NULL", "l.label"] if labelled else ["FALSE", "CAST(NULL AS VARCHAR)"]
    keys.append(f"r.{quoted(spec.prediction.name)}")
    score = spec.score
    if score is None:
        keys.append("CAST(NULL AS DOUBLE)")
    else:
        grid = scheme.binnings[score.name]
        assert isinstance(grid, Grid)  # noqa: S101 - Scheme allows nothing else
        keys.append(cell_key(score.name, grid).replace("floor(", "floor(r.", 1))
    selected = ", ".join(f"{key} AS k{place}" for place, key in enumerate(keys))
    places = ", ".join(str(place + 1) for place in range(len(keys)))
    join = f" LEFT JOIN ({_FIRST_LABELS}) AS l ON r.{quoted(spec.id_name)} = l.id" if labelled else ""
    return f"SELECT {selected}, count(*) AS n FROM {ROWS} AS r{join} GROUP BY {places}"  # noqa: S608
