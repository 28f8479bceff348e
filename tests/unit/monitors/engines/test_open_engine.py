"""Engines by name."""

from __future__ import annotations

import importlib.util

import pytest

from tribune.exceptions import ConfigurationError
from tribune_monitors.engines import ENGINES, open_engine
from tribune_monitors.engines.conformance import data_files, scheme


@pytest.mark.parametrize("name", ENGINES)
def test_open_engine__each_name__is_that_engine(name: str) -> None:
    assert open_engine(name, 2).name == name


def test_open_engine__no_name__is_duckdb() -> None:
    assert open_engine().name == "duckdb"


def test_open_engine__an_unknown_name__lists_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no engine 'polars'") as fault:
        open_engine("polars")
    assert fault.value.mend == "Known: duckdb, spark."


def test_open_engine__duckdb_on_a_cluster__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no cluster"):
        open_engine("duckdb", master="spark://127.0.0.1:7077")


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="Spark is installed here")
def test_count__spark_is_not_installed__names_the_mend() -> None:
    decisions, labels = data_files()
    with pytest.raises(ConfigurationError, match="not installed") as fault:
        open_engine("spark").count(decisions, labels, scheme())
    assert "tribune-dao[spark]" in fault.value.mend
