"""Writes metrics as the text that Prometheus reads. The only file that knows its library."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import (
    Metric as Family,
)
from prometheus_client.registry import Collector

from edged.companion.metrics.catalogue import METRICS, Metric, MetricKind
from edged.companion.metrics.present import Sample
from edged.companion.metrics.totals import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(samples: Iterable[Sample], totals: Totals | None) -> bytes:
    """The exposition: these samples, and the totals if they are known."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families([*samples], totals))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, samples: list[Sample], totals: Totals | None) -> None:
        self._totals = totals
        self._samples: dict[str, list[Sample]] = {}
        for sample in samples:
            self._samples.setdefault(sample.name, []).append(sample)

    def collect(self) -> Iterator[Family]:
        for metric in METRICS.values():
            if metric.name in self._samples:
                yield _family(metric, self._samples[metric.name])
            elif self._totals is not None and metric.kind is MetricKind.COUNTER and metric.values:
                counts = self._totals.counts[metric.name]
                yield _family(metric, [Sample(metric.name, *each) for each in counts.items()])
            elif self._totals is not None and metric.kind is MetricKind.HISTOGRAM:
                yield _spread(metric, self._totals)


def _family(metric: Metric, samples: list[Sample]) -> Family:
    of = GaugeMetricFamily if metric.kind is MetricKind.GAUGE else CounterMetricFamily
    family = of(metric.name, metric.meaning, labels=metric.labels)
    for sample in samples:
        family.add_metric(sample.labels, sample.value)
    return family


def _spread(metric: Metric, totals: Totals) -> Family:
    spread = totals.spreads[metric.name]
    family = HistogramMetricFamily(metric.name, metric.meaning)
    buckets, so_far = [], 0
    for bound, count in zip((*map(str, spread.bounds), "+Inf"), spread.counts, strict=True):
        so_far += count
        buckets.append((bound, so_far))
    family.add_metric((), buckets, spread.sum_s)
    return family
