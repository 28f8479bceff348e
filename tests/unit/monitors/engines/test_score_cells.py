"""Scores counted in cells as fine as their rows ask: the AUC of raw scores, the same from any split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from tribune.metrics import Categories, Column, ColumnKind, Grid, ModelSpec, Role, Scheme, Tally, evaluate
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_profile
from tribune_monitors.engines.kept import KeptTallies

SPEC = ModelSpec(
    (
        Column("id", ColumnKind.CATEGORY, Role.ID),
        Column("time", ColumnKind.NUMERIC, Role.TIME),
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
        Column("score", ColumnKind.NUMERIC, Role.SCORE),
        Column("label", ColumnKind.CATEGORY, Role.LABEL),
    ),
    min_rows=10,
    min_group=2,
)
SCHEME = Scheme(SPEC, {"prediction": Categories(("0", "1")), "score": Grid(12, (0, 2048, 4097))})
KINDS = ["probabilities", "rare", "rare and small", "margins beyond the range"]


def draw(kind: str, n: int, seed: int) -> pa.Table:
    """Scores with labels, of which 2 % are positive where they are rare."""
    dice = np.random.default_rng(seed)
    label = dice.random(n) < (0.4 if kind == "probabilities" else 0.02)
    label[:2] = [False, True]
    margin = dice.normal(0, 1, n) + 1.5 * label
    score = 1 / (1 + np.exp(4 * (kind == "rare and small") - margin))
    if kind == "margins beyond the range":
        score = margin + (5 if seed else 0)
    texts = {"prediction": np.where(score > 0.5, "1", "0"), "label": np.where(label, "1", "0")}
    ids = [f"{seed}-{row}" for row in range(n)]
    return pa.table({"id": ids, "score": score, **{k: pa.array(v.tolist()) for k, v in texts.items()}})


def write(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_auc__raw_scores__is_scikit_learns_within_a_hundred_thousandth(tmp_path: Path, kind: str) -> None:
    engine, path = DuckDBEngine(2), tmp_path / "rows.parquet"
    profile = fit_profile(engine, [[write(draw(kind, 20_000, 0), path)]], [], SPEC, inline_labels=True)
    for n, seeds in ((300, 8), (1000, 12), (10_000, 4), (100_000, 2)):
        for seed in range(1, seeds + 1):
            raw = draw(kind, n, seed)
            tally = engine.count([write(raw, path)], [], profile, inline_labels=True)
            found = evaluate(["performance.auc"], profile, tally, tally, {})["performance.auc"].micro
            expected = roc_auc_score(raw["label"].to_numpy() == "1", raw["score"].to_numpy())
            assert found == pytest.approx(1e6 * expected, abs=10), (n, seed)


@pytest.mark.parametrize("n", [500, 3000, 40_000])
def test_count__any_split_and_threads__gives_the_same_bytes(tmp_path: Path, n: int) -> None:
    raw = draw("rare", n, n)
    whole = write(raw, tmp_path / "whole.parquet")
    together = DuckDBEngine(1).count([whole], [], SCHEME, inline_labels=True)
    assert together.is_fine
    for cut in (1, n // 3, n - n // 7):
        parts = [
            write(raw.slice(0, cut), tmp_path / "one.parquet"),
            write(raw.slice(cut), tmp_path / "two.parquet"),
        ]
        apart = [DuckDBEngine(2).count([part], [], SCHEME, inline_labels=True) for part in parts]
        assert sum(apart, Tally.zero(SCHEME)).digest() == together.digest()
        assert DuckDBEngine(3).count(parts, [], SCHEME, inline_labels=True).digest() == together.digest()


def labels_of(raw: pa.Table, others: int = 0) -> pa.Table:
    ids = [*raw["id"].to_pylist(), *(f"of another frame {row}" for row in range(others))]
    labels = [*raw["label"].to_pylist(), *["1"] * others]
    return pa.table({"id": ids, "time": pa.array([1] * len(ids), pa.int64()), "label": labels})


def test_count__labels_mostly_of_other_rows__is_as_fine_as_the_few_ask(tmp_path: Path) -> None:
    raw = draw("rare", 3000, 1)
    rows = write(raw.drop_columns("label"), tmp_path / "rows.parquet")
    labels = write(labels_of(raw.slice(0, 200), 5000), tmp_path / "labels.parquet")
    came = [*raw["label"].to_pylist()[:200], *[None] * 2800]
    inline = raw.set_column(raw.column_names.index("label"), "label", pa.array(came, pa.string()))
    joined = DuckDBEngine(2).count([rows], [labels], SCHEME)
    assert joined.is_fine
    path = write(inline, tmp_path / "inline.parquet")
    assert joined == DuckDBEngine(1).count([path], [], SCHEME, inline_labels=True)


def test_count__labels_mostly_no_outcome__is_as_fine_as_the_others_ask(tmp_path: Path) -> None:
    raw = draw("rare", 3000, 2)
    odd = [label if row < 200 else "maybe" for row, label in enumerate(raw["label"].to_pylist())]
    raw = raw.set_column(raw.column_names.index("label"), "label", pa.array(odd))
    counted = DuckDBEngine(1).count([write(raw, tmp_path / "a.parquet")], [], SCHEME, inline_labels=True)
    assert (counted.is_fine, counted.scores["score"].rows) == (True, 200)


def test_count__a_kept_window_that_shrinks__asks_finer_cells_and_gets_them(tmp_path: Path) -> None:
    sizes = [300, 300, 300, 300, 10]
    paths = [write(draw("rare", n, at), tmp_path / f"{at}.parquet") for at, n in enumerate(sizes)]
    kept = KeptTallies(DuckDBEngine(1), tmp_path / "kept")
    kept.count(paths[:4], [], SCHEME, inline_labels=True)
    slid = kept.count(paths[1:], [], SCHEME, inline_labels=True)
    assert slid.digest() == DuckDBEngine(1).count(paths[1:], [], SCHEME, inline_labels=True).digest()
