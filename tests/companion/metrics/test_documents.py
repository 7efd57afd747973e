"""The page, the alerts and the dashboard name what the companion says, and nothing else."""

import json
import re
from pathlib import Path

import yaml

from edged.companion.metrics.catalogue import METRICS, MetricKind, TurnOutcome

TOP = Path(__file__).parents[3]
PAGE = TOP / "docs" / "metrics.md"
ALERTS = TOP / "contrib" / "prometheus" / "alerts.yml"
BOARD = TOP / "contrib" / "grafana" / "edged.json"
FUNCTIONS_OF_A_HISTOGRAM = ("_bucket", "_sum", "_count")


def series():
    """The names under which Prometheus has the metrics."""
    for metric in METRICS.values():
        is_spread = metric.kind is MetricKind.HISTOGRAM
        yield from (metric.name + end for end in FUNCTIONS_OF_A_HISTOGRAM) if is_spread else (metric.name,)


def test_the_page_has_a_row_for_each_metric():
    rows = [
        f"| `{metric.name}` | {', '.join(f'`{label}`' for label in metric.labels)} |".replace("|  |", "| |")
        + f" {metric.kind} | {metric.meaning} |"
        for metric in METRICS.values()
    ]
    assert [line for line in PAGE.read_text().splitlines() if line.startswith("| `edged_")] == rows


def test_the_page_has_a_row_for_each_outcome():
    page = PAGE.read_text()
    table = page[page.index("| outcome |") : page.index("In a conversation,")]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == [*TurnOutcome]


def test_everything_that_the_page_names_exists():
    named = set(re.findall(r"\bedged_\w+", PAGE.read_text()))
    assert named <= {*METRICS, *series()}


def test_each_metric_and_label_of_an_alert_exists():
    expressions = [rule["expr"] for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]]
    assert len(expressions) > 10
    assert_all_exist(expressions)


def test_each_metric_and_label_of_the_dashboard_exists():
    board = json.loads(BOARD.read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(expressions) > 10
    assert_all_exist([*expressions, board["templating"]["list"][1]["query"]["query"]])
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in board["panels"]}) == len(places)


def assert_all_exist(expressions):
    labels = {label for metric in METRICS.values() for label in metric.labels} | {
        "instance",
        "job",
        "le",
        "file",
    }
    for expression in expressions:
        assert set(re.findall(r"\bedged_\w+", expression)) <= set(series()), expression
        groups = re.findall(r"(?:by|on|group_left) \(([^)]*)\)", expression)
        used = {label.strip() for group in groups for label in group.split(",")}
        used |= set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression))
        assert used <= labels, expression
