"""What is told and what Prometheus reads, by Prometheus' own parser."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tribune.exceptions import ChainError, StoreError
from tribune.telemetry import Telemetry
from tribune.telemetry.catalogue import METRICS

Series = tuple[str, tuple[tuple[str, str], ...]]


def _read(telemetry: Telemetry) -> dict[Series, float]:
    found = {}
    for family in text_string_to_metric_families(telemetry.exposition().decode()):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_exposition__values_told__read_back_with_their_labels() -> None:
    telemetry = Telemetry()
    telemetry.show("tribune_frame_last", 7, monitor="0xab", model=3)
    telemetry.count("tribune_peer_witness_differs_total", model=3)
    telemetry.count("tribune_peer_witness_differs_total", 2, model=3)
    read = _read(telemetry)
    assert read["tribune_frame_last", (("model", "3"), ("monitor", "0xab"))] == 7
    assert read["tribune_peer_witness_differs_total", (("model", "3"),)] == 3


def test_exposition__label_with_quotes_and_line_ends__read_back_whole() -> None:
    telemetry = Telemetry()
    odd = 'http://a"\\\n} 1'
    telemetry.show("tribune_rpc_up", 1, endpoint=odd)
    assert _read(telemetry)["tribune_rpc_up", (("endpoint", odd),)] == 1


def test_show__unknown_metric__key_error() -> None:
    with pytest.raises(KeyError):
        Telemetry().show("tribune_frame_lst", 7)


def test_show__wrong_labels__key_error() -> None:
    with pytest.raises(KeyError):
        Telemetry().show("tribune_model_stale", 1, modell=1)


def test_show_all__value_gone__series_gone_and_others_stay() -> None:
    telemetry = Telemetry()
    telemetry.show("tribune_reports", 4, model=2, state="final")
    telemetry.show_all("tribune_reports", {"final": 1, "signed": 2}, model=1)
    telemetry.show_all("tribune_reports", {"final": 3}, model=1)
    series = {
        labels: value for (name, labels), value in _read(telemetry).items() if name == "tribune_reports"
    }
    assert series == {(("model", "1"), ("state", "final")): 3, (("model", "2"), ("state", "final")): 4}


def test_forget_models__no_longer_watched__series_gone() -> None:
    telemetry = Telemetry()
    for model in (1, 2):
        telemetry.show("tribune_agreement_ratio", 1, model=model)
    telemetry.show("tribune_chain_head_number", 5)
    telemetry.forget_models([2])
    assert telemetry.value("tribune_agreement_ratio", model=1) is None
    assert telemetry.value("tribune_agreement_ratio", model=2) == 1
    assert telemetry.value("tribune_chain_head_number") == 5


def test_work__fails__raised_counted_and_no_progress() -> None:
    telemetry = Telemetry()
    telemetry.health.expect("settle", 10)
    with pytest.raises(ChainError), telemetry.work("settle"):
        raise ChainError("no")
    assert telemetry.value("tribune_job_failures_total", work="settle") == 1
    assert telemetry.value("tribune_store_errors_total") is None
    assert "settle" not in telemetry.health.last


def test_work__store_fails__counted_as_the_stores() -> None:
    telemetry = Telemetry()
    with pytest.raises(StoreError), telemetry.work("settle"):
        raise StoreError("disk full")
    assert telemetry.value("tribune_store_errors_total") == 1


def test_work__done__progress_and_a_series_to_rise_from() -> None:
    telemetry = Telemetry()
    telemetry.health.expect("settle", 10)
    with telemetry.work("settle"):
        pass
    assert "settle" in telemetry.health.last
    assert telemetry.value("tribune_job_failures_total", work="settle") == 0


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_catalogue__every_metric__named_as_prometheus_asks(metric) -> None:  # type: ignore[no-untyped-def]
    assert re.fullmatch(r"tribune_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert not set(metric.labels) & {"job", "instance"}  # Prometheus' own
