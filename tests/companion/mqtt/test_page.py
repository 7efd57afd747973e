"""docs/mqtt.md, compared with what is published."""

import json
import re
from pathlib import Path

from edged.companion.kiosk_view import KioskView
from edged.companion.mqtt.commands import COMMANDS, RemoteCommands
from edged.companion.mqtt.finished_turns import OUTCOMES, FinishedTurn
from edged.companion.mqtt.messages import state_of, turn_of
from edged.companion.mqtt.mqtt_part import MqttPart, MqttSettings
from edged.companion.mqtt.topics import KioskTopics
from tests.companion.mqtt.scripted_kiosk import SNAPSHOT, ScriptedKiosk

PAGE = (Path(__file__).parents[3] / "docs" / "mqtt.md").read_text()
EXAMPLES = [
    json.loads(text) for text in re.findall("```json\n(.*?)```", PAGE, re.DOTALL) if "}\n{" not in text
]
TURN = FinishedTurn(3, "answered", None, 1040, 392, {})


def shape(value):
    return {name: shape(each) for name, each in value.items()} if isinstance(value, dict) else None


def test_each_example_has_the_shape_of_what_is_published():
    view = KioskView()
    view.hear(SNAPSHOT, 0.0)
    state, turn, health = EXAMPLES
    assert shape(state) == shape(state_of(view, TURN))
    assert shape(turn) == shape(turn_of(TURN, "")) | {"legs_ms": shape(turn["legs_ms"])}
    part = MqttPart(ScriptedKiosk(), MqttSettings(KioskTopics("edged", "x"), "x"), None, rng=None)
    assert shape(health) == shape(part._health())


def test_each_topic_each_outcome_and_each_command_is_there():
    topics = KioskTopics("edged", "ID", "homeassistant")
    for topic in (
        topics.availability,
        topics.state,
        topics.turn,
        topics.usage,
        topics.health,
        topics.announced,
    ):
        assert f"| `{topic.removeprefix('edged/ID/')}` |" in PAGE
    assert topics.device in PAGE
    for outcome in OUTCOMES:
        assert f"- `{outcome}`:" in PAGE
    assert re.findall(r"^\| `(\w+)` \| (?:`|anything|the text).*\{", PAGE, re.MULTILINE) == list(COMMANDS)


def test_each_command_on_the_page_is_understood():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| `(\{.*?\})` \|", PAGE, re.MULTILINE)
    assert len(rows) == len(COMMANDS)
    commands = RemoteCommands(may_unmute=True)
    for name, plain, members in rows:
        for text in (plain.strip("`"), members):
            assert commands.take(name, text.encode(), 1e6, retained=False) or text == plain
            commands._left = 10
