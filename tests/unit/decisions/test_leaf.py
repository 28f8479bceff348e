"""Leaves against eth_abi and rfc8785, and what the schema refuses."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys

import numpy as np
import pytest
import rfc8785
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.leaf import (
    Decision,
    Kind,
    LogSchema,
    body_digest,
    check_id,
    decision_leaf,
    new_id,
)
from tribune.exceptions import ConfigurationError, DataError
from tribune.ids import Digest, ModelId, VersionNumber
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task

SCHEMA = LogSchema({"AGEP": "numeric", "SEX": "category"})


def _decision(**features: object) -> Decision:
    return Decision("a", 5, {"AGEP": 40.0, "SEX": "2", **features}, "1", 0.75)


def test_body__of_a_decision__writes_numbers_as_exact_hexadecimal() -> None:
    assert json.loads(SCHEMA.body(_decision())) == {
        "features": {"AGEP": "0x1.4000000000000p+5", "SEX": "2"},
        "prediction": "1",
        "score": "0x1.8000000000000p-1",
    }


@given(
    st.dictionaries(st.text(max_size=3).filter(lambda name: name not in ("id", "time")), st.text(max_size=4))
)
def test_body__any_names_and_texts__is_rfc_8785(features: dict[str, str]) -> None:
    schema = LogSchema(dict.fromkeys(features, "category"))
    body = schema.body(Decision("a", 0, features, "1"))
    assert body == rfc8785.dumps({"features": features, "prediction": "1", "score": None})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2])
def test_body__any_double__keeps_every_bit(value: float) -> None:
    text = json.loads(SCHEMA.body(_decision(AGEP=value)))["features"]["AGEP"]
    assert np.float64(float.fromhex(text)).tobytes() == np.float64(value).tobytes()


@pytest.mark.parametrize("value", [40, True, np.int64(40), np.float32(40)])
def test_body__other_numbers__are_taken_as_doubles(value: object) -> None:
    text = json.loads(SCHEMA.body(_decision(AGEP=value)))["features"]["AGEP"]
    assert float.fromhex(text) == float(value)  # type: ignore[arg-type]


def test_body__missing_values__are_null() -> None:
    features = json.loads(SCHEMA.body(_decision(AGEP=None, SEX=None)))["features"]
    assert features == {"AGEP": None, "SEX": None}


@pytest.mark.parametrize(
    "features",
    [{"AGEP": "40"}, {"AGEP": object()}, {"AGEP": 10**400}, {"SEX": 2}, {"SEX": "\ud800"}, {"RAC1P": "1"}],
)
def test_body__value_or_column_that_is_not_the_logs__is_refused(features: dict[str, object]) -> None:
    with pytest.raises(DataError):
        SCHEMA.body(_decision(**features))


@pytest.mark.parametrize("features", [{"AGEP": 1}, {"AGEP": 1, "sex": "2"}])
def test_body__missing_column__is_refused_by_name(features: dict[str, object]) -> None:
    with pytest.raises(DataError, match="SEX"):
        SCHEMA.body(Decision("a", 5, features, "1"))


@pytest.mark.parametrize(("name", "kind"), [("leaf", "numeric"), ("prediction", "category"), ("x", "text")])
def test_schema__name_of_the_logs_own_or_unknown_kind__is_refused(name: str, kind: Kind) -> None:
    with pytest.raises(ConfigurationError):
        LogSchema({name: kind})


def test_schema__of_a_model_spec__has_its_features_and_groups() -> None:
    spec = ModelSpec(
        (
            Column("AGEP", ColumnKind.NUMERIC, Role.FEATURE),
            Column("SEX", ColumnKind.CATEGORY, Role.GROUP),
            Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
            Column("score", ColumnKind.NUMERIC, Role.SCORE),
        )
    )
    assert LogSchema.of(spec) == SCHEMA


@pytest.mark.parametrize(
    ("task", "role", "prediction"),
    [(Task.REGRESSION, Role.PREDICTION, "numeric"), (Task.GENERIC, Role.FEATURE, "category")],
)
def test_schema__of_a_model_that_does_not_classify__takes_what_it_says(
    task: Task, role: Role, prediction: Kind
) -> None:
    said = Column("prediction" if role is Role.PREDICTION else "tokens", ColumnKind.NUMERIC, role)
    spec = ModelSpec((Column("age", ColumnKind.NUMERIC, Role.FEATURE), said), task=task)
    features: dict[str, Kind] = {"age": "numeric", **({"tokens": "numeric"} if role is Role.FEATURE else {})}
    assert LogSchema.of(spec) == LogSchema(features, prediction)


def test_schema__of_a_spec_with_another_prediction_column__is_refused() -> None:
    spec = ModelSpec((Column("answer", ColumnKind.CATEGORY, Role.PREDICTION),))
    with pytest.raises(ConfigurationError, match="answer"):
        LogSchema.of(spec)


def test_schema__read_back_from_its_document__is_the_same() -> None:
    assert LogSchema.from_document(json.loads(json.dumps(SCHEMA.document()))) == SCHEMA


def test_decision_leaf__of_a_decision__is_the_double_hash_of_abi_encode() -> None:
    digest = body_digest(b"s" * 16, b"body")
    assert digest == hashlib.sha256(b"s" * 16 + b"body").digest()
    fields = encode(
        ["uint256", "uint32", "bytes32", "uint64", "bytes32"], [7, 2, keccak(text="id-ö"), 12345, digest]
    )
    assert decision_leaf(ModelId(7), VersionNumber(2), "id-ö", 12345, digest) == keccak(keccak(fields))


def test_decision_leaf__other_salt__is_another_leaf() -> None:
    leaves = {
        decision_leaf(ModelId(1), VersionNumber(1), "a", 0, Digest(body_digest(salt, b"")))
        for salt in (b"1" * 16, b"2" * 16)
    }
    assert len(leaves) == 2


def test_new_id__later_time__sorts_later() -> None:
    ids = [new_id(1_700_000_000_000_000 + 1000 * i) for i in range(50)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50
    assert {len(value) for value in ids} == {26}


def test_new_id__after_a_fork_and_the_same_seeds__are_others() -> None:
    script = (
        "import os, random; from tribune.decisions.leaf import new_id\n"
        "for child in range(3):\n"
        "    if os.fork() == 0:\n"
        "        random.seed(1); os.write(1, f'{new_id(0)} '.encode()); os._exit(0)\n"
        "    os.wait()\n"
        "os.write(1, new_id(0).encode())"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(set(made.stdout.split())) == 4


@pytest.mark.parametrize("value", ["", "x" * 201, "\ud800"])
def test_check_id__unusable__is_refused(value: str) -> None:
    with pytest.raises(DataError):
        check_id(value)
