"""What is so at the moment, as gauges; and the catalogue, which is all that is ever shown."""

import re

from edged.companion.metrics.catalogue import LIMITS, METRICS, STATES, MetricKind
from edged.config import Config
from edged.ledger.budgets import MEASURES, PERIODS
from edged.turn import State
from tests.companion.metrics.kiosks import counted, month, shown, snapshot


def labels(values, name):
    """The labels of a metric's samples that are not 0."""
    return sorted(
        dict(labels).popitem()[1] for (found, labels), value in values.items() if found == name and value
    )


def test_the_present_state_of_a_kiosk():
    state = snapshot(
        state="SPEAKING",
        light="speaking",
        speaker=False,
        muted=True,
        troubles=[
            {"what": "buttons.2", "cause": "button_lost"},
            {"what": "buttons.1", "cause": "button_lost"},
        ],
        endings=["gpt ends"],
        usage={**month(), "budget": [{"limit": "budget.day.usd", "reached": True}]},
    )
    values = shown(counted(state), state, config_hash="00ff12ab")
    assert labels(values, "edged_state") == ["SPEAKING"]
    assert labels(values, "edged_light") == ["speaking"]
    assert labels(values, "edged_device_up") == ["microphone"]
    assert labels(values, "edged_config_info") == ["00ff12ab"]
    assert labels(values, "edged_budget_reached") == ["budget.day.usd"]
    for name, value in {
        "edged_up": 1,
        "edged_muted": 1,
        "edged_volume_ratio": 0.4,
        "edged_link_up": 1,
    }.items():
        assert values[name, ()] == value
    assert values["edged_announced_endings", ()] == 1
    assert values["edged_troubles", (("cause", "button_lost"), ("what", "buttons"))] == 1
    assert values["edged_cost_usd", (("period", "day"),)] == 0.05
    assert ("edged_cost_usd", (("period", "month"),)) not in values  # unknown is not zero
    who = (("kiosk", "4f1c"), ("name", "kiosk-7"), ("site", "Museum"))
    assert values["edged_kiosk_info", who] == 1
    assert values["edged_build_info", (("python", "3.11.2"), ("version", "1.2.3"))] == 1


def test_nothing_is_said_about_a_kiosk_that_is_gone_but_what_was_counted():
    gone = {"event": "gone", "text": "no edged answers"}
    values = shown(counted(snapshot(), gone), snapshot(), gone)
    names = {name for name, _ in values}
    assert values["edged_up", ()] == 0
    assert not names & {"edged_state", "edged_link_up", "edged_muted", "edged_build_info", "edged_troubles"}
    assert {"edged_turns_total", "edged_kiosk_info", "edged_causes_total"} <= names


def test_a_hash_that_is_none_is_left_out():
    for config_hash in ("", "x" * 12, "00ff\n", "0" * 65):
        assert not labels(shown(counted(), snapshot(), config_hash=config_hash), "edged_config_info")


def test_everything_that_only_grows_is_there_before_it_happens():
    values = shown(counted())
    for metric in METRICS.values():
        if metric.kind is MetricKind.COUNTER:
            found = [labels for name, labels in values if name == metric.name]
            assert len(found) == len(metric.values) > 0, metric.name


def test_names_and_units_follow_the_conventions():
    for metric in METRICS.values():
        assert re.fullmatch(r"edged_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER)
        assert metric.name.endswith("_seconds") or metric.kind is not MetricKind.HISTOGRAM
        assert not {"ms", "milliseconds", "percent", "minutes"} & set(metric.name.split("_"))
        assert list(metric.bounds) == sorted(set(metric.bounds))
        assert all(len(values) == len(metric.labels) for values in metric.values)


def test_the_states_and_limits_are_those_of_edged():
    assert {*STATES} == {state.value for state in State} | {"other"}
    assert {*LIMITS} == {f"budget.{period}.{measure}" for period in PERIODS for measure in MEASURES} | {
        "other"
    }
    assert all(hasattr(getattr(Config().budget, period), m) for period in PERIODS for m in MEASURES)
