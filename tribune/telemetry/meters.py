"""The numbers that a process shows, told by its parts. Telling costs a dictionary entry; nobody need read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from tribune.exceptions import StoreError
from tribune.telemetry.catalogue import METRICS
from tribune.telemetry.health import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, ...]


class Telemetry:
    """What a process tells of itself.

    Args:
        health: notes progress.
    """

    def __init__(self, health: Health | None = None) -> None:
        self.health = health or Health()
        self._values: dict[str, dict[Labels, float]] = {}

    def show(self, name: str, value: float, **labels: object) -> None:
        """Set a metric, for these labels.

        Args:
            name: of the catalogue; any other is an error of ours (KeyError).
            value: as it is now; of a counter, its total.
            **labels: all of the metric's labels, by name (KeyError otherwise).
        """
        self._values.setdefault(name, {})[_labels(name, labels)] = float(value)

    def show_all(self, name: str, values: Mapping[str, float], **labels: object) -> None:
        """Set a metric by its one label that is not given; what is not among the values is shown no more."""
        (free,) = set(METRICS[name].labels) - labels.keys()
        family = self._values.setdefault(name, {})
        new = {_labels(name, {**labels, free: key}): float(value) for key, value in values.items()}
        place = METRICS[name].labels.index(free)
        fixed = _labels(name, {**labels, free: ""})
        for old in [one for one in family if (*one[:place], "", *one[place + 1 :]) == fixed]:
            del family[old]
        family.update(new)

    def count(self, name: str, more: float = 1, **labels: object) -> None:
        """Let a counter rise."""
        family, key = self._values.setdefault(name, {}), _labels(name, labels)
        family[key] = family.get(key, 0.0) + more

    def value(self, name: str, **labels: object) -> float | None:
        """Return what a metric shows; None where nothing was told yet."""
        return self._values.get(name, {}).get(_labels(name, labels))

    def forget_models(self, watched: Collection[int]) -> None:
        """Show nothing of models that are not watched any more."""
        known = {str(model) for model in watched}
        for name, family in self._values.items():
            if "model" in METRICS[name].labels:
                place = METRICS[name].labels.index("model")
                for key in [key for key in family if key[place] not in known]:
                    del family[key]

    @contextmanager
    def work(self, part: str) -> Iterator[None]:
        """Note a run of a part: its start, its success, or its failure, which goes on to the caller."""
        self.health.started(part)
        try:
            yield
        except BaseException as fault:
            self.health.failed(part)
            if isinstance(fault, Exception):  # not at the stop
                self.count("tribune_job_failures_total", work=part)
            if isinstance(fault, StoreError):
                self.count("tribune_store_errors_total")
            raise
        self.health.done(part)
        self.count(
            "tribune_job_failures_total", 0, work=part
        )  # a series that begins at 0 can be seen to rise

    def exposition(self) -> bytes:
        """Return all of it as Prometheus reads it.

        Raises:
            ImportError: prometheus_client is not installed.
        """
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        late = self.health.late
        self.show("tribune_up_to_date", not late)
        self.show_all("tribune_progress_timestamp_seconds", self.health.last)

        class Families:
            """Hands the values over; a registry asks it once."""

            def __init__(self, values: Mapping[str, Mapping[Labels, float]]) -> None:
                self._values = values

            def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
                for name, metric in METRICS.items():
                    made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
                    family = made(name, metric.about, labels=metric.labels)
                    for labels, value in self._values.get(name, {}).items():
                        family.add_metric(labels, value)
                    yield family

        registry = CollectorRegistry(auto_describe=False)
        registry.register(Families(self._values))
        return bytes(generate_latest(registry))


def _labels(name: str, given: Mapping[str, object]) -> Labels:
    metric = METRICS[name]
    if given.keys() != set(metric.labels):
        raise KeyError(f"{name} has the labels {metric.labels}, not {tuple(given)}")
    return tuple(str(given[label]) for label in metric.labels)
