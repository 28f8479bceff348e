"""Schemes: what cannot be counted is refused before anybody counts."""

from __future__ import annotations

import pytest

from tribune.exceptions import ConfigurationError
from tribune.metrics import Categories, Column, ColumnKind, ModelSpec, Role, Scheme, Task


def scheme_of(values: int) -> Scheme:
    """Two group columns of so many values each, crossed."""
    columns = tuple(Column(name, ColumnKind.CATEGORY, Role.GROUP) for name in "AB")
    spec = ModelSpec(columns, Task.GENERIC, intersections=(("A", "B"),))
    binning = Categories(tuple(map(str, range(values))))
    return Scheme(spec, {"A": binning, "B": binning})


def test_scheme__more_groups_than_can_be_measured__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="25010000 groups"):
        scheme_of(5_000)


def test_scheme__columns_as_wide_as_a_fitted_profile_has__can_be_crossed() -> None:
    assert len(scheme_of(64).outcomes.groups) == 2
