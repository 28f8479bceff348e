"""Real data: metrics on the tally against fairlearn, scikit-learn and scipy on raw ACS rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from scipy.stats import ks_2samp
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import accuracy_score, roc_auc_score

from tribune.metrics import (
    Column,
    ColumnKind,
    ModelSpec,
    Profile,
    Role,
    Tally,
    Value,
    evaluate,
    standard_metrics,
)
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_profile

from .files import acs_file

CATEGORIES = [
    "SCHL",
    "MAR",
    "RELP",
    "DIS",
    "ESP",
    "CIT",
    "MIG",
    "MIL",
    "ANC",
    "NATIVITY",
    "DEAR",
    "DEYE",
    "DREM",
]
GROUPS = ("SEX", "RAC1P")
SPEC = ModelSpec(
    (
        Column("AGEP", ColumnKind.NUMERIC, Role.FEATURE),
        *(Column(name, ColumnKind.CATEGORY, Role.FEATURE) for name in CATEGORIES),
        *(Column(name, ColumnKind.CATEGORY, Role.GROUP) for name in GROUPS),
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
        Column("score", ColumnKind.NUMERIC, Role.SCORE),
    ),
    min_group=1,
)


def extract(folder: Path, name: str, where: str, out: str) -> tuple[Path, Path]:
    source = acs_file(name)
    decisions, labels = folder / f"{out}.parquet", folder / f"{out}-labels.parquet"
    columns = ", ".join(["AGEP", *CATEGORIES, *GROUPS])
    connection = duckdb.connect()
    connection.execute(
        f"COPY (SELECT CAST(id AS VARCHAR) AS id, id AS time, {columns}, prediction,"  # noqa: S608
        f" predicted_probability AS score FROM '{source}' WHERE {where}) TO '{decisions}' (FORMAT parquet)"
    )
    connection.execute(
        f"COPY (SELECT CAST(id AS VARCHAR) AS id, id AS time, employed AS label FROM '{source}'"  # noqa: S608
        f" WHERE {where}) TO '{labels}' (FORMAT parquet)"
    )
    return decisions, labels


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return extract(tmp_path_factory.mktemp("acs"), "analysis", "year = 2017 AND id % 3 = 0", "now")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    folder = tmp_path_factory.mktemp("profile")
    blocks = [extract(folder, "reference", f"id % 4 = {block}", f"r{block}") for block in (0, 1)]
    return fit_profile(DuckDBEngine(2), [[d] for d, _ in blocks], [label for _, label in blocks], SPEC)


@pytest.fixture(scope="module")
def tally(files: tuple[Path, Path], profile: Profile) -> Tally:
    return DuckDBEngine(2).count([files[0]], [files[1]], profile)


@pytest.fixture(scope="module")
def values(profile: Profile, tally: Tally) -> dict[str, Value]:
    return evaluate(standard_metrics(profile), profile, tally, tally, {})


@pytest.fixture(scope="module")
def raw(files: tuple[Path, Path]) -> dict[str, list[object]]:
    result = duckdb.execute(
        f"SELECT d.*, l.label FROM '{files[0]}' AS d JOIN '{files[1]}' AS l USING (id)"  # noqa: S608
    )
    names = [column[0] for column in result.description]
    return dict(zip(names, map(list, zip(*result.fetchall(), strict=True)), strict=True))


@pytest.mark.parametrize("group", GROUPS)
def test_fairness__raw_rows__is_fairlearns(
    values: dict[str, Value], raw: dict[str, list[object]], group: str
) -> None:
    parity = demographic_parity_difference(raw["label"], raw["prediction"], sensitive_features=raw[group])
    odds = equalized_odds_difference(raw["label"], raw["prediction"], sensitive_features=raw[group])
    assert values[f"fairness.demographic_parity_difference/{group}"].micro == round(parity * 1e6)
    assert values[f"fairness.equalized_odds_difference/{group}"].micro == round(odds * 1e6)


def test_performance__raw_rows__is_scikit_learns(
    values: dict[str, Value], raw: dict[str, list[object]]
) -> None:
    accuracy = accuracy_score(raw["label"], raw["prediction"])
    assert values["performance.accuracy"].micro == round(accuracy * 1e6)
    area = roc_auc_score(raw["label"], raw["score"])
    assert (values["performance.auc"].micro or 0) / 1e6 == pytest.approx(area, abs=1e-5)


def test_estimated__raw_rows__is_the_expected_confusion_matrix_within_a_thousandth(
    values: dict[str, Value], raw: dict[str, list[object]]
) -> None:
    then = duckdb.execute(
        "SELECT predicted_probability AS score, employed AS label"  # noqa: S608
        f" FROM '{acs_file('reference')}' WHERE id % 4 < 2"
    ).fetchnumpy()
    regression = IsotonicRegression(out_of_bounds="clip").fit(then["score"], then["label"])
    chances, said = regression.predict(raw["score"]), np.array(raw["prediction"]) == 1
    right, true = np.where(said, chances, 1 - chances), chances[said].sum()
    precision, recall = true / said.sum(), true / chances.sum()
    expected = {
        "accuracy": right.mean(),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "accuracy_gap": abs(right.mean() - accuracy_score(raw["label"], raw["prediction"])),
    }
    for name, value in expected.items():
        assert (values[f"estimated.{name}"].micro or 0) / 1e6 == pytest.approx(value, abs=1e-3), name


@pytest.mark.parametrize("column", ["AGEP", "score"])
def test_ks__raw_rows__is_scipys_within_a_thousandth(
    values: dict[str, Value], raw: dict[str, list[object]], column: str, profile: Profile
) -> None:
    source = acs_file("reference")
    name = "predicted_probability" if column == "score" else column
    then = duckdb.execute(f"SELECT {name} FROM '{source}' WHERE id % 4 < 2").fetchnumpy()[name]  # noqa: S608
    expected = ks_2samp(raw[column], then).statistic
    assert (values[f"drift.ks/{column}"].micro or 0) / 1e6 == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("threads", "short_from"), [(1, 0), (4, 0), (4, 10**9)])
def test_count__any_threads_and_keys__same_digest(
    files: tuple[Path, Path], profile: Profile, tally: Tally, threads: int, short_from: int
) -> None:
    engine = DuckDBEngine(threads, short_from=short_from)
    assert engine.count([files[0]], [files[1]], profile).digest() == tally.digest()


def test_count__split_by_id_in_another_order__same_digest(
    files: tuple[Path, Path], profile: Profile, tally: Tally, tmp_path: Path
) -> None:
    parts = []
    for place in range(3):
        parts.append(tmp_path / f"{place}.parquet")
        duckdb.execute(
            f"COPY (SELECT * FROM '{files[0]}' WHERE time // 3 % 3 = {place} ORDER BY AGEP, id DESC)"  # noqa: S608
            f" TO '{parts[-1]}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
        )
    engine = DuckDBEngine(2)
    assert engine.count(parts, [files[1]], profile).digest() == tally.digest()
    apart = [engine.count([part], [files[1]], profile) for part in parts]
    assert sum(apart, Tally.zero(profile.scheme)).digest() == tally.digest()
