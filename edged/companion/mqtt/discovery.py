"""How Home Assistant finds the kiosk: one retained message that describes the device and all of its entities. Pure.

Rules:
1. The names of the fields are those of Home Assistant's documentation (the section "Device discovery payload" of the
   integration MQTT, and a page for each platform). A test compares each of them with a table.
2. Entities that send something are announced only if commands are allowed.
3. What was announced is kept at the broker, too (`KioskTopics.announced`). An entity that is not wanted any more is
   first announced with nothing but its platform, and then left out: Home Assistant keeps it otherwise. If nothing is
   wanted any more, the message becomes empty, and the device is gone.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edged.causes import Light
from edged.companion.mqtt.commands import MOST_SPOKEN
from edged.companion.mqtt.messages import UNAVAILABLE, packed
from edged.companion.mqtt.outbox import Publication
from edged.companion.mqtt.topics import KioskTopics

STATES = (
    *("IDLE", "ARMED", "BARGE_IN", "LISTENING", "LATCHED", "TRAILING", "AWAITING_SPEECH", "HEARING"),
    *(
        "AWAITING_ANSWER",
        "ANSWERING",
        "COMMITTING",
        "THINKING",
        "SPEAKING",
        "BRIDGING",
        "DRAINING",
        "TRUNCATED",
    ),
    *("NOTICE", "ASKED_BACK", "TAPPED", "OFF_HOOK", "STOPPED"),
)
"""The states of a turn (turn/states.py), as the options of the sensor."""
_NO_NAME = re.compile("[^a-z0-9]+")
_MOST_COMPONENTS = 64
_PLATFORM = re.compile("[a-z_]{1,32}")
_KEY = re.compile("[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class Announced:
    """What Home Assistant was told: at which topic, and the platform of each component."""

    topic: str
    components: Mapping[str, str]


def device_config(
    topics: KioskTopics, *, name: str, site: str, release: str, commands: bool, unmute: bool
) -> dict[str, Any]:
    """The message for Home Assistant. `release` is that of the kiosk; empty if it is not known."""
    components = _readers(topics) | (_senders(topics, unmute=unmute) if commands else {})
    prefix = _NO_NAME.sub("_", name.lower()).strip("_") or "edged"
    for key, component in components.items():
        component["name"] = _NAMES[key]
        component["uniq_id"] = f"{topics.kiosk}_{key}"
        component["def_ent_id"] = f"{component['p']}.{prefix}_{key}"
    device = {"ids": [topics.kiosk], "name": name, "mf": "edged", "mdl": "Voice kiosk"}
    return {
        "dev": device | ({"sw": release} if release else {}) | ({"sa": site} if site else {}),
        "o": {"name": "edged", **({"sw": release} if release else {})},
        "avty": [{"t": topics.availability}],
        "cmps": components,
        "qos": 1,
    }


def announcements(
    topics: KioskTopics, before: Announced | None, config: Mapping[str, Any] | None
) -> list[Publication]:
    """What to publish, one after the other, so that Home Assistant knows `config`, and nothing else of before."""
    messages: list[Publication] = []
    if before is not None and (config is None or before.topic != topics.device):
        messages.append(Publication(before.topic, b"", retained=True))
        before = None
    if config is None:
        return [*messages, Publication(topics.announced, b"", retained=True)] if messages else []
    wanted: dict[str, dict[str, Any]] = config["cmps"]
    gone = {
        key: {"p": platform}
        for key, platform in (before.components if before is not None else {}).items()
        if key not in wanted or wanted[key]["p"] != platform
    }
    if gone:
        messages.append(
            Publication(topics.device, packed({**config, "cmps": {**wanted, **gone}}), retained=True)
        )
    messages.append(Publication(topics.device, packed(config), retained=True))
    now = {"topic": topics.device, "components": {key: each["p"] for key, each in wanted.items()}}
    return [*messages, Publication(topics.announced, packed(now), retained=True)]


def announced_in(payload: bytes, topics: KioskTopics) -> Announced | None:
    """What the message at `KioskTopics.announced` says. Only a topic of this kiosk is believed."""
    try:
        said = json.loads(payload)
        topic, components = said["topic"], said["components"].items()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(topic, str) or not topic.endswith(f"/device/{topics.kiosk}/config"):
        return None
    if len(topic) > 200 or set(topic) & set("+#\0"):  # more than any topic that was ever announced
        return None
    fit = {
        key: platform
        for key, platform in components
        if isinstance(platform, str) and _PLATFORM.fullmatch(platform) and _KEY.fullmatch(key)
    }
    return Announced(topic, dict(list(fit.items())[:_MOST_COMPONENTS]))


_NAMES = {
    "state": "State",
    "light": "Light",
    "connectivity": "Connection to the service",
    "problem": "Problem",
    "turns": "Questions since the start",
    "latency": "Wait for the last answer",
    "requests_today": "Requests today",
    "tokens_today": "Tokens today",
    "money_today": "Cost today",
    "rssi": "Wi-Fi signal",
    "release": "Release",
    "volume": "Volume",
    "mute": "Mute the microphone",
    "muted": "Microphone muted",
    "stop": "Stop",
    "say": "Say",
}


def _readers(topics: KioskTopics) -> dict[str, dict[str, Any]]:
    state, usage = {"stat_t": topics.state}, {"stat_t": topics.usage}
    return {
        "state": {
            "p": "sensor",
            **state,
            **_value("state"),
            "dev_cla": "enum",
            "ops": [*STATES, UNAVAILABLE],
        },
        "light": {"p": "sensor", **state, **_value("light"), "dev_cla": "enum", "ops": [*Light]},
        "connectivity": {
            "p": "binary_sensor",
            **state,
            "val_tpl": "{{ 'ON' if value_json.link.up or value_json.link.resting else 'OFF' }}",
            "dev_cla": "connectivity",
            "ent_cat": "diagnostic",
        },
        "problem": {
            "p": "binary_sensor",
            **state,
            "val_tpl": "{{ 'ON' if value_json.problem else 'OFF' }}",
            "dev_cla": "problem",
            "json_attr_t": topics.state,
            "json_attr_tpl": "{{ {'troubles': value_json.troubles} | tojson }}",
        },
        "muted": {
            "p": "binary_sensor",
            **state,
            "val_tpl": "{{ 'ON' if value_json.muted else 'OFF' }}",
            "ic": "mdi:microphone-off",
        },
        "turns": {"p": "sensor", **state, **_value("turns"), "stat_cla": "total_increasing"},
        "latency": {
            "p": "sensor",
            **state,
            "val_tpl": "{{ value_json.last_turn.answer_ms if value_json.last_turn else None }}",
            "dev_cla": "duration",
            "unit_of_meas": "ms",
            "stat_cla": "measurement",
        },
        "requests_today": {"p": "sensor", **usage, **_value("day.requests"), "stat_cla": "total_increasing"},
        "tokens_today": {"p": "sensor", **usage, **_value("day.tokens"), "stat_cla": "total_increasing"},
        "money_today": {
            "p": "sensor",
            **usage,
            **_value("day.usd"),
            "dev_cla": "monetary",
            "unit_of_meas": "USD",
        },
        "rssi": {
            "p": "sensor",
            "stat_t": topics.health,
            **_value("wifi_rssi_dbm"),
            "dev_cla": "signal_strength",
            "unit_of_meas": "dBm",
            "stat_cla": "measurement",
            "ent_cat": "diagnostic",
        },
        "release": {"p": "sensor", **state, **_value("edged"), "ent_cat": "diagnostic"},
    }


def _senders(topics: KioskTopics, *, unmute: bool) -> dict[str, dict[str, Any]]:
    mute: dict[str, Any] = {
        "p": "switch",
        "stat_t": topics.state,
        "cmd_t": topics.command("mute"),
        "val_tpl": "{{ 'ON' if value_json.muted else 'OFF' }}",
        "ic": "mdi:microphone-off",
    }
    if not unmute:  # a switch that cannot be switched off again would only look like one
        mute = {"p": "button", "cmd_t": topics.command("mute"), "pl_prs": "ON", "ic": "mdi:microphone-off"}
    return {
        "volume": {
            "p": "number",
            "stat_t": topics.state,
            "cmd_t": topics.command("volume"),
            **_value("volume"),
            "min": 0,
            "max": 100,
            "step": 1,
            "unit_of_meas": "%",
            "ic": "mdi:volume-high",
        },
        "mute": mute,
        "stop": {"p": "button", "cmd_t": topics.command("stop"), "pl_prs": "PRESS", "ic": "mdi:stop"},
        "say": {
            "p": "notify",
            "cmd_t": topics.command("say"),
            # so that a text may begin with a brace, and a longer one is cut instead of refused
            "cmd_tpl": f"{{{{ {{'text': value[:{MOST_SPOKEN}]}} | tojson }}}}",
        },
    }


def _value(path: str) -> dict[str, str]:
    return {"val_tpl": f"{{{{ value_json.{path} }}}}"}
