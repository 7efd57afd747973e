"""Prometheus's own tool reads what edged says and what edged brings along."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from edged.companion.metrics.catalogue import METRICS, MetricKind
from edged.companion.metrics.counting import Counting
from edged.companion.metrics.exposition import text
from edged.companion.metrics.present import Sample
from edged.companion.metrics.totals import Totals
from tests.companion.metrics.kiosks import counted, snapshot, turn

pytestmark = pytest.mark.prometheus

HERE = Path(__file__).parent
CONTRIB = HERE.parents[3] / "contrib" / "prometheus"


def promtool(*words, said=b"", folder=None):
    done = subprocess.run(["promtool", *words], input=said, capture_output=True, cwd=folder, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return (done.stdout + done.stderr).decode()


@pytest.fixture
def folder(tmp_path):
    """What an operator puts beside each other."""
    shutil.copy(CONTRIB / "alerts.yml", tmp_path)
    shutil.copy(CONTRIB / "prometheus.example.yml", tmp_path / "prometheus.yml")
    shutil.copy(CONTRIB / "targets.example.json", tmp_path / "targets.json")
    shutil.copy(HERE / "alerts_test.yml", tmp_path)
    return tmp_path


def test_all_metrics_are_as_prometheus_wants_them():
    """Each metric, those with labels with a value that has to be escaped."""
    totals = counted(snapshot(), *turn(1)).totals
    samples = [
        Sample(name, tuple('a "b"\\\n' for _ in metric.labels), 1)
        for name, metric in METRICS.items()
        if metric.kind is MetricKind.GAUGE
    ]
    said = text(samples, totals)
    assert promtool("check", "metrics", said=said) == ""
    assert {
        line.split()[2].decode() for line in said.splitlines() if line.startswith(b"# TYPE")
    } == METRICS.keys()


def test_the_tool_finds_what_is_wrong():
    said = text([], Totals()).replace(b"edged_turns_total", b"edged_turns_count")
    done = subprocess.run(["promtool", "check", "metrics"], input=said, capture_output=True, check=False)
    assert done.returncode != 0


def test_the_example_of_a_configuration_and_the_alerts_are_valid(folder):
    promtool("check", "config", "prometheus.yml", folder=folder)
    assert "rules found" in promtool("check", "rules", "alerts.yml", folder=folder)


def test_each_alert_fires_when_it_should_and_only_then(folder):
    promtool("test", "rules", "alerts_test.yml", folder=folder)
    rules = yaml.safe_load((folder / "alerts.yml").read_text())["groups"][0]["rules"]
    tested = (folder / "alerts_test.yml").read_text()
    assert [rule["alert"] for rule in rules if f'"{rule["alert"]}"' not in tested] == []


def test_a_counter_that_was_never_counted_is_there():
    assert b'edged_turns_total{outcome="answered"} 0.0' in text([], Counting().totals)
