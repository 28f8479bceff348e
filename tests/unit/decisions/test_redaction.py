"""Redaction: what is left of a value, which values stay equal, and what cannot be redacted."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tribune.decisions.leaf import LogSchema
from tribune.decisions.redaction import Redaction
from tribune.exceptions import ConfigurationError, DataError

SCHEMA = LogSchema({"name": "category", "city": "category", "age": "numeric"})
SECRET = b"sixteen bytes of"


def test_of__dropped__is_missing() -> None:
    redaction = Redaction(SCHEMA, {"name": "drop", "age": "drop"})
    given = {"name": "Ada", "city": "x", "age": 5.0}
    assert redaction.of(given) == {"name": None, "city": "x", "age": None}
    assert given["name"] == "Ada"


def test_of__digested__is_the_hmac_of_column_and_value() -> None:
    found = Redaction(SCHEMA, {"name": "digest"}, SECRET).of({"name": "Ada"})
    assert found["name"] == hmac.new(SECRET, b"name\0Ada", hashlib.sha256).hexdigest()


def test_of__equal_values__stay_equal_in_a_column_and_not_between_columns() -> None:
    redaction = Redaction(SCHEMA, {"name": "digest", "city": "digest"}, SECRET)
    one, two = (redaction.of({"name": "Ada", "city": "Ada"}) for _ in range(2))
    assert one == two
    assert one["name"] != one["city"]


def test_of__other_secret__is_another_digest() -> None:
    other = Redaction(SCHEMA, {"name": "digest"}, SECRET[::-1])
    assert other.of({"name": "Ada"}) != Redaction(SCHEMA, {"name": "digest"}, SECRET).of({"name": "Ada"})


def test_of__missing__stays_missing() -> None:
    assert Redaction(SCHEMA, {"name": "digest"}, SECRET).of({"name": None}) == {"name": None}


@pytest.mark.parametrize("value", [5, b"Ada", "\ud800"])
def test_of__a_value_that_is_no_text__is_refused(value: Any) -> None:
    with pytest.raises(DataError):
        Redaction(SCHEMA, {"name": "digest"}, SECRET).of({"name": value})


@pytest.mark.parametrize("rules", [{"nobody": "drop"}, {"name": "hash"}, {"age": "digest"}])
def test_redaction__rule_that_cannot_be__is_refused(rules: Any) -> None:
    with pytest.raises(ConfigurationError):
        Redaction(SCHEMA, rules, SECRET)


def test_redaction__digest_under_a_short_secret__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        Redaction(SCHEMA, {"name": "digest"}, SECRET[:15])
