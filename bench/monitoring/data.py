"""The data of the measuring benchmark: made from a seed, the same bytes of rows for everybody.

A lender's decision log: 24 measured features (14 numbers, 10 categories, two of them groups), a label, a
prediction and a score in Parquet. The production rows differ a little from the reference: some columns have
moved, some values are missing, a few categories are new. Row groups are of DuckDB's usual size, so that every
reader can use both cores.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tribune.metrics.spec import ModelSpec

SEED = 20_260_101
REFERENCE_ROWS = 100_000
_BATCH = 1_000_000
_ROW_GROUP = 122_880

WHOLE = ("age", "tenure_days", "hours", "visits", "open_cases")
"""Numbers that are whole."""
AMOUNTS = ("income", "amount", "balance", "fee")
"""Numbers with two decimals."""
RATIOS = ("usage", "debt_ratio", "velocity", "distance", "latency")
"""Numbers with every bit in use."""
NUMBERS = (*WHOLE, *AMOUNTS, *RATIOS)
CATEGORIES = {
    "sex": 2,
    "region": 5,
    "plan": 3,
    "device": 4,
    "channel": 6,
    "country": 30,
    "branch": 60,
    "language": 12,
    "weekday": 7,
    "purpose": 9,
}
"""Category columns and how many values each has; the first two are the groups."""
GROUPS = ("sex", "region")
FEATURES = (*NUMBERS, *CATEGORIES)
LABEL, PREDICTION, SCORE = "repaid", "approved", "probability"
COLUMNS = (*FEATURES, LABEL, PREDICTION, SCORE)


def model_spec(*, intersections: tuple[tuple[str, ...], ...] = ()) -> ModelSpec:
    """Return what the columns are for: features, two of them groups, label, prediction and score."""
    from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role

    number, category = ColumnKind.NUMERIC, ColumnKind.CATEGORY
    columns = [Column(name, number, Role.FEATURE) for name in NUMBERS]
    columns += [Column(name, category, Role.GROUP if name in GROUPS else Role.FEATURE) for name in CATEGORIES]
    columns += [
        Column(LABEL, category, Role.LABEL),
        Column(PREDICTION, category, Role.PREDICTION),
        Column(SCORE, number, Role.SCORE),
    ]
    return ModelSpec(tuple(columns), intersections=intersections)


def make(folder: Path, name: str, rows: int, *, drifted: bool, stream: int = 0) -> Path:
    """Write `<folder>/<name>.parquet` unless it is there; return its path. `stream`: other rows alike."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    writer = None
    for batch, start in enumerate(range(0, rows, _BATCH)):
        table = pa.table(_columns((int(drifted), stream, batch), min(_BATCH, rows - start)))
        writer = writer or pq.ParquetWriter(half, table.schema)
        writer.write_table(table, row_group_size=_ROW_GROUP)
    if writer is None:
        raise ValueError("no rows to make")
    writer.close()
    half.rename(path)
    return path


def make_frame(folder: Path, rows: Path) -> tuple[Path, Path]:
    """Write the same rows as a sealed log has them: decisions with ids, and labels apart in another order."""
    import duckdb

    decisions, labels = folder / "frame-decisions.parquet", folder / "frame-labels.parquet"
    if labels.is_file():
        return decisions, labels
    others = ", ".join(name for name in COLUMNS if name != LABEL)
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE t AS SELECT *, md5(CAST(row_number() OVER () AS VARCHAR)) AS id "  # noqa: S608 - ours
        f"FROM read_parquet('{rows}')"
    )
    for path, columns, order in ((decisions, f"id, {others}", ""), (labels, f"id, {LABEL}", " ORDER BY id")):
        select = f"SELECT {columns}, CAST(0 AS BIGINT) AS time FROM t{order}"  # noqa: S608 - names of ours
        connection.execute(f"COPY ({select}) TO '{path}' (ROW_GROUP_SIZE {_ROW_GROUP})")
    return decisions, labels


def _columns(place: tuple[int, int, int], n: int) -> dict[str, Any]:
    """Return one batch; its place is whether it has drifted, its stream and its number."""
    import numpy as np
    import pyarrow as pa

    drifted = bool(place[0])
    draw = np.random.default_rng([SEED, *place])
    moved = 0.1 if drifted else 0.0
    skill = draw.normal(0, 1, n)
    numbers: dict[str, Any] = {
        "age": np.clip(draw.normal(42 + 20 * moved, 14, n), 18, 95).astype("int64"),
        "tenure_days": draw.integers(0, 3650, n),
        "hours": np.clip(draw.normal(38, 9, n), 0, 90).astype("int64"),
        "visits": draw.poisson(4 + 5 * moved, n),
        "open_cases": draw.poisson(0.4, n),
        "income": np.round(draw.lognormal(10.4 + moved, 0.6, n), 2),
        "amount": np.round(draw.gamma(2, 4000, n), 2),
        "balance": np.round(draw.normal(2500, 6000, n), 2),
        "fee": np.round(draw.exponential(12, n), 2),
        "usage": draw.beta(2, 5, n),
        "debt_ratio": draw.beta(2, 6, n) * (1 + moved),
        "velocity": draw.normal(0, 1, n) + 0.3 * skill,
        "distance": draw.exponential(30, n),
        "latency": draw.gamma(3, 20 * (1 + moved), n),
    }
    table: dict[str, Any] = {}
    for number, name in enumerate(NUMBERS):
        empty = draw.random(n) < (0.01 if drifted and number % 5 == 0 else 0.0)
        table[name] = pa.array(numbers[name], mask=empty)
    for number, (name, size) in enumerate(CATEGORIES.items()):
        weights = 1.0 / np.arange(1, size + 1) ** (0.7 + (moved if number % 3 == 0 else 0))
        codes = draw.choice(size, n, p=weights / weights.sum())
        values = [f"{name}-{code:02d}" for code in range(size)]
        if drifted and name == "purpose":
            codes = np.where(draw.random(n) < 1e-4, size, codes)
            values.append("new-purpose")
        table[name] = pa.array(values).take(pa.array(codes))
    women = np.asarray(table["sex"].to_numpy(zero_copy_only=False) == "sex-01")
    chance = 1 / (1 + np.exp(-(0.4 + skill - (0.3 + moved) * women)))
    table[LABEL] = (draw.random(n) < chance).astype("int64")
    table[SCORE] = np.clip(chance + draw.normal(0, 0.08, n), 0, 1)
    table[PREDICTION] = (table[SCORE] > 0.5).astype("int64")
    return {name: table[name] for name in COLUMNS}
