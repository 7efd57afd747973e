"""The messages that edged sends as a client: each as the protocol has it, and readable by a server."""

import base64
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.wire import Dialect, Part, Settings, client_events

A = Part("item_a", 1)
BOTH = pytest.mark.parametrize("dialect", list(Dialect))
WORDS = st.text(max_size=20)
IDS = st.text(min_size=1, max_size=20)
COUNTS = st.integers(0, 2**53)


def test_sound_goes_as_base64_and_nothing_else():
    message = json.loads(wire.append(b"\x01\x02\x03\x04"))
    assert message == {"type": "input_audio_buffer.append", "audio": "AQIDBA=="}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (wire.commit("e1"), {"type": "input_audio_buffer.commit"}),
        (wire.clear("e1"), {"type": "input_audio_buffer.clear"}),
        (wire.response_create("e1"), {"type": "response.create"}),
        (
            wire.response_create("e1", instructions="Short.", tool_choice="none"),
            {"type": "response.create", "response": {"instructions": "Short.", "tool_choice": "none"}},
        ),
        (wire.response_cancel("e1"), {"type": "response.cancel"}),
        (wire.response_cancel("e1", "resp_1"), {"type": "response.cancel", "response_id": "resp_1"}),
        (
            wire.item_truncate("e1", A, 700),
            {
                "type": "conversation.item.truncate",
                "item_id": "item_a",
                "content_index": 1,
                "audio_end_ms": 700,
            },
        ),
        (wire.item_delete("e1", "item_a"), {"type": "conversation.item.delete", "item_id": "item_a"}),
        (
            wire.function_output("e1", "call_1", '{"ok":true}'),
            {
                "type": "conversation.item.create",
                "item": {"type": "function_call_output", "call_id": "call_1", "output": '{"ok":true}'},
            },
        ),
    ],
)
def test_a_message_of_section_3(text, message):
    assert json.loads(text) == {**message, "event_id": "e1"}


@pytest.mark.parametrize(
    ("role", "dialect", "kind"),
    [
        ("user", Dialect.GA, "input_text"),
        ("user", Dialect.BETA, "input_text"),
        ("system", Dialect.GA, "input_text"),
        ("system", Dialect.BETA, "input_text"),
        ("assistant", Dialect.GA, "output_text"),
        ("assistant", Dialect.BETA, "text"),
    ],
)
def test_text_of_each_role_in_the_words_of_the_dialect(role, dialect, kind):
    assert json.loads(wire.text_item("e1", role, "Hello.", dialect)) == {
        "type": "conversation.item.create",
        "event_id": "e1",
        "item": {"type": "message", "role": role, "content": [{"type": kind, "text": "Hello."}]},
    }


@BOTH
def test_an_update_carries_the_settings(dialect):
    settings = Settings(instructions="Be brief.")
    message = json.loads(wire.session_update(settings, dialect, "e1"))
    assert message["type"] == "session.update"
    assert message["event_id"] == "e1"
    assert message["session"] == wire.to_wire(settings, dialect)


@BOTH
def test_an_update_never_names_the_model(dialect):
    session = json.loads(wire.session_update(Settings(model="@slug/gpt"), dialect, "e1"))["session"]
    assert "model" not in session
    assert wire.to_wire(Settings(model="@slug/gpt"), dialect)["model"] == "@slug/gpt"


def test_a_number_json_does_not_have_is_not_sent():
    with pytest.raises(ValueError, match="JSON"):
        wire.session_update(Settings(speed=math.inf), Dialect.GA, "e1")


@given(st.binary(max_size=200))
def test_a_server_gets_the_sound_as_it_was_given(sound):
    text = wire.append(sound)
    assert wire.parse_client(text, Dialect.GA) == client_events.Append(sound)
    assert base64.b64decode(json.loads(text)["audio"]) == sound


@given(
    st.one_of(
        st.builds(lambda e: (wire.commit(e), client_events.Commit(e)), WORDS),
        st.builds(lambda e: (wire.clear(e), client_events.Clear(e)), WORDS),
        st.builds(lambda e: (wire.response_create(e), client_events.ResponseCreate({}, e)), WORDS),
        st.builds(lambda e: (wire.response_cancel(e), client_events.ResponseCancel(None, e)), WORDS),
        st.builds(lambda e, r: (wire.response_cancel(e, r), client_events.ResponseCancel(r, e)), WORDS, IDS),
        st.builds(lambda e, i: (wire.item_delete(e, i), client_events.ItemDelete(i, e)), WORDS, WORDS),
        st.builds(
            lambda e, part, ms: (wire.item_truncate(e, part, ms), client_events.ItemTruncate(part, ms, e)),
            WORDS,
            st.builds(Part, WORDS, COUNTS),
            COUNTS,
        ),
        st.builds(
            lambda e, text: (
                wire.response_create(e, instructions=text),
                client_events.ResponseCreate({"instructions": text}, e),
            ),
            WORDS,
            WORDS,
        ),
        st.builds(
            lambda e, call, out: (
                wire.function_output(e, call, out),
                client_events.ItemCreate(
                    {"type": "function_call_output", "call_id": call, "output": out}, None, e
                ),
            ),
            WORDS,
            WORDS,
            WORDS,
        ),
    ),
    st.sampled_from(Dialect),
)
def test_a_server_reads_what_was_meant(sent, dialect):
    text, meant = sent
    assert wire.parse_client(text, dialect) == meant
