"""How Home Assistant finds the kiosk, compared with its documentation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.causes import Light
from edged.companion.kiosk_view import KioskView
from edged.companion.mqtt.commands import COMMANDS, RemoteCommands
from edged.companion.mqtt.discovery import STATES, Announced, announced_in, announcements, device_config
from edged.companion.mqtt.finished_turns import FinishedTurn
from edged.companion.mqtt.messages import state_of, usage_of
from edged.companion.mqtt.outbox import Publication
from edged.companion.mqtt.topics import KioskTopics
from edged.turn.states import State
from tests.companion.mqtt.home_assistant import check, spelt_out
from tests.companion.mqtt.scripted_kiosk import SNAPSHOT

TOPICS = KioskTopics("edged", "0123456789abcdef0123456789abcdef", "homeassistant")
SENDERS = {"volume", "mute", "stop", "say"}


def config(topics=TOPICS, *, name="Kiosk 7", site="Ulm", release="0.1.0", commands=True, unmute=True):
    return device_config(topics, name=name, site=site, release=release, commands=commands, unmute=unmute)


@pytest.mark.parametrize("commands", [False, True])
@pytest.mark.parametrize("unmute", [False, True])
@pytest.mark.parametrize(("site", "release"), [("Ulm", "0.1.0"), ("", "")])
def test_each_field_is_one_of_the_documentation(commands, unmute, site, release):
    check(config(commands=commands, unmute=unmute, site=site, release=release))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda found: found["cmps"]["state"].update(obj_id="x"), "no such field"),
        (lambda found: found["cmps"]["state"].update(object_id="x"), "no such field"),
        (lambda found: found["cmps"]["volume"].pop("cmd_t"), "lacks a field"),
        (lambda found: found["cmps"]["stop"].update(stat_t="x"), "state_topic"),
        (lambda found: found["cmps"]["light"].pop("dev_cla"), "enum"),
        (lambda found: found["cmps"]["rssi"].update(unit_of_meas="V"), "rssi"),
        (lambda found: found.update(cmp={}), "no such field"),
    ],
)
def test_the_comparison_notices_a_wrong_field(change, why):
    found = config()
    change(found)
    with pytest.raises(AssertionError, match=why):
        check(found)


def test_entities_that_send_something_are_announced_only_if_commands_are_allowed():
    assert config(commands=True)["cmps"].keys() - config(commands=False)["cmps"].keys() == SENDERS
    assert not any("cmd_t" in each for each in config(commands=False)["cmps"].values())
    assert config(unmute=True)["cmps"]["mute"]["p"] == "switch"
    assert config(unmute=False)["cmps"]["mute"]["p"] == "button"


def test_the_states_and_lights_are_all_there():
    assert set(STATES) == set(State)
    assert config()["cmps"]["light"]["ops"] == [light.value for light in Light]


def test_two_kiosks_share_no_id():
    other = config(KioskTopics("edged", "f" * 32, "homeassistant"))
    ids = [each["uniq_id"] for found in (config(), other) for each in found["cmps"].values()]
    assert len(ids) == len(set(ids))
    assert other["dev"]["ids"] != config()["dev"]["ids"]


def rendered(template, **values):
    """The template as Home Assistant renders it."""
    jinja2 = pytest.importorskip("jinja2")
    return jinja2.Environment().from_string(template).render(**values)


def test_each_template_finds_its_value():
    view = KioskView()
    view.hear(SNAPSHOT, 0.0)
    last = FinishedTurn(4, "answered", None, 1040, 392, {})
    messages = {
        TOPICS.state: state_of(view, last),
        TOPICS.usage: usage_of(view),
        TOPICS.health: {"wifi_rssi_dbm": -56},
    }
    found = {
        key: rendered(each["val_tpl"], value_json=messages[each["stat_t"]])
        for key, each in config()["cmps"].items()
        if "val_tpl" in each
    }
    assert found == {
        "state": "IDLE",
        "light": "ready",
        "connectivity": "ON",
        "problem": "OFF",
        "muted": "OFF",
        "turns": "3",
        "latency": "392",
        "requests_today": "3",
        "tokens_today": "2140",
        "money_today": "0.0512",
        "rssi": "-56",
        "release": "0.1.0",
        "volume": "50",
        "mute": "OFF",
    }
    assert rendered(config()["cmps"]["latency"]["val_tpl"], value_json=state_of(view, None)) == "None"


@pytest.mark.parametrize(
    "text", ["Good morning", '{"a": 1}', 'He said "no".', "Grüß Gott {{ x }}", "x" * 2000]
)
def test_what_home_assistant_sends_is_understood(text):
    components = {key: spelt_out(each) for key, each in config().get("cmps").items()}
    said = rendered(components["say"]["command_template"], value=text)
    commands = RemoteCommands(may_unmute=True)
    command = commands.take("say", said.encode(), 0.0, retained=False)
    assert command.more == {"text": text[:500]}
    for key, payload in (("volume", b"40"), ("mute", b"ON"), ("mute", b"OFF"), ("stop", b"PRESS")):
        topic = components[key]["command_topic"]
        assert TOPICS.command_in(topic) in COMMANDS
        assert commands.take(TOPICS.command_in(topic), payload, 0.0, retained=False)


def steps(before, after):
    return [
        (message.topic, json.loads(message.payload) if message.payload else None)
        for message in announcements(TOPICS, before, after)
    ]


def known(found, topic=TOPICS.device):
    return Announced(topic, {key: each["p"] for key, each in found["cmps"].items()})


def test_what_is_not_wanted_any_more_is_emptied_and_then_left_out():
    (_, emptied), (_, then), (where, kept) = steps(known(config()), config(commands=False))
    assert {key: emptied["cmps"][key] for key in SENDERS} == {
        "volume": {"p": "number"},
        "mute": {"p": "switch"},
        "stop": {"p": "button"},
        "say": {"p": "notify"},
    }
    check(emptied)
    assert then == json.loads(json.dumps(config(commands=False)))
    assert where == TOPICS.announced
    assert kept["components"].keys() == then["cmps"].keys()


def test_an_entity_of_another_platform_is_another_entity():
    (_, emptied), (_, then), _ = steps(known(config()), config(unmute=False))
    assert emptied["cmps"]["mute"] == {"p": "switch"}
    assert then["cmps"]["mute"]["p"] == "button"


def test_a_device_at_another_topic_or_not_wanted_any_more_is_gone():
    old = f"other/device/{TOPICS.kiosk}/config"
    assert steps(known(config(), old), config())[0] == (old, None)
    assert steps(known(config()), None) == [(TOPICS.device, None), (TOPICS.announced, None)]
    assert steps(None, None) == []
    assert [topic for topic, _ in steps(None, config())] == [TOPICS.device, TOPICS.announced]


def test_all_of_it_is_kept_at_the_broker_and_can_be_read_again():
    *_, message = announcements(TOPICS, None, config())
    assert isinstance(message, Publication)
    assert message.retained
    assert announced_in(message.payload, TOPICS) == known(config())


@given(
    st.binary(max_size=80)
    | st.recursive(st.none() | st.text(max_size=9), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_anything_else_at_that_topic_is_ignored(payload):
    assert announced_in(payload, TOPICS) is None


@pytest.mark.parametrize("topic", ["edged/x/state", "#", f"+/device/{TOPICS.kiosk}/config", "a" * 300])
def test_only_a_topic_of_this_kiosk_is_ever_emptied(topic):
    assert announced_in(json.dumps({"topic": topic, "components": {}}).encode(), TOPICS) is None
