"""What is published of a kiosk."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from edged.companion.kiosk_view import KioskView
from edged.companion.mqtt.finished_turns import FinishedTurn
from edged.companion.mqtt.messages import UNAVAILABLE, packed, state_of, turn_of, usage_of
from edged.companion.mqtt.topics import KioskTopics
from tests.companion.mqtt.scripted_kiosk import SNAPSHOT

TURN = FinishedTurn(4, "answered", None, 1040, 392, {"sent": 18})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=40,
)


def view(**more):
    found = KioskView()
    found.hear({**SNAPSHOT, **more}, 0.0)
    return found


def test_the_state_says_what_is_wrong_and_what_helps():
    trouble = {"what": "line", "cause": "dns_failed", "text": "no\nname", "remedy": "check the DNS"}
    state = state_of(view(troubles=[trouble]), TURN)
    assert state["problem"]
    assert state["troubles"] == [{**trouble, "text": "no name"}]
    assert state["link"] == {"up": True, "resting": False, "cause": None, "dialect": "ga"}
    assert state["last_turn"]["answer_ms"] == 392


def test_to_be_muted_is_no_problem():
    muted = {"what": "microphone", "cause": "muted", "text": "", "remedy": ""}
    assert not state_of(view(muted=True, troubles=[muted]), None)["problem"]


def test_a_kiosk_that_is_gone_says_so_and_keeps_what_was_known():
    found = view()
    found.hear({"event": "gone", "text": "no edged answers"}, 0.0)
    state = state_of(found, None)
    assert (state["state"], state["why"], state["volume"], state["problem"]) == (
        *(UNAVAILABLE, "no edged answers", 50, True),
    )


def test_money_is_a_number_where_it_is_known():
    usage = usage_of(view())
    assert (usage["day"]["usd"], usage["month"]["usd"], usage["month"]["money"]) == (0.0512, None, "unknown")
    assert usage_of(KioskView()) is None


def test_a_turn_has_its_legs():
    assert turn_of(TURN, "2026-11-30T20:00:00+00:00") == {
        "turn": 4,
        "at": "2026-11-30T20:00:00+00:00",
        "outcome": "answered",
        "cause": None,
        "spoke_ms": 1040,
        "answer_ms": 392,
        "legs_ms": {"sent": 18},
    }


def test_nothing_that_was_said_and_no_session_is_published():
    found = view()
    for event in (
        {"event": "mark", "name": "press", "turn": 1, "at_ms": 1},
        {"event": "transcript", "role": "user", "text": "a secret wish", "turn": 1},
        {"event": "cause", "id": "muted", "phrase": "a phrase", "remedy": ""},
    ):
        found.hear(event, 0.0)
    published = packed(state_of(found, TURN)) + packed(usage_of(found))
    for words in (b"a secret wish", b"a phrase", b"sess_1"):
        assert words not in published


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from([*SNAPSHOT, "other"]), JSON))
def test_any_snapshot_becomes_a_bounded_message(snapshot):
    found = view(**{**snapshot, "event": "snapshot"})
    for message in (state_of(found, None), usage_of(found) or {}):
        text = packed(message)
        json.loads(text)
        assert len(text) < 64_000
        assert b"\n" not in text


def test_a_command_is_known_by_its_topic():
    topics = KioskTopics("edged", "abc", "homeassistant")
    assert topics.command_in(topics.command("volume")) == "volume"
    for other in (topics.result, topics.state, "edged/other/cmd/volume", "edged/abc/cmd/a/b"):
        assert topics.command_in(other) is None
