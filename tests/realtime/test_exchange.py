"""The messages of one connection, in both directions, with each dialect that the service may show."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.realtime import messages
from edged.realtime.exchange import MOST_WAITING, Exchange
from edged.realtime.given import NOT_GIVEN
from edged.wire import Dialect, Part, ServerError
from edged.wire.names import ServerName
from tests.effort import examples

GA, BETA = Dialect.GA, Dialect.BETA
SESSION = {
    GA: {"type": "realtime", "output_modalities": ["text"], "audio": {"output": {"voice": "marin"}}},
    BETA: {"modalities": ["text"], "voice": "alloy"},
}
SOUND = wire.AudioDelta("r", Part("i", 0), 0, b"\0\1")
ITEM = {"id": "i", "type": "message", "role": "user", "status": "completed", "content": []}


def heard(exchange, *said):
    """The events that the program gets for `(event, dialect)` pairs or texts."""
    for each in said:
        exchange.receive(each if isinstance(each, str | bytes) else wire.encode(*each, "e"))
    return list(iter(exchange.take_event, None))


def greeting(dialect):
    return wire.SessionCreated(SESSION[dialect]), dialect


def error(code):
    return wire.ErrorEvent(ServerError("no", "invalid_request_error", code)), GA


@pytest.mark.parametrize("speaks", Dialect)
@pytest.mark.parametrize("server", Dialect)
@pytest.mark.parametrize("asked", Dialect)
def test_the_program_hears_its_own_dialect_whatever_was_asked_for(speaks, server, asked):
    exchange = Exchange(speaks, asked)
    names = [e.type for e in heard(exchange, greeting(server), (SOUND, server))]
    assert names == ["session.created", wire.to_dialect(ServerName.AUDIO_DELTA, speaks)]
    assert exchange.settled
    assert exchange.server is server


@pytest.mark.parametrize("speaks", Dialect)
@pytest.mark.parametrize("server", Dialect)
def test_settings_items_and_responses_are_in_the_program_s_words(speaks, server):
    exchange = Exchange(speaks, speaks)
    response = {"id": "r", "status": "completed", "output": [], **SESSION[server]}
    response.pop("type", None)
    said = [
        greeting(server),
        (wire.SessionUpdated(SESSION[server]), server),
        (wire.ItemAdded(ITEM), server),
        json.dumps({"type": "response.done", "event_id": "e", "response": response}),
    ]
    created, updated, item, *_, done = heard(exchange, *said)
    assert wire.dialect_of(created.session) is wire.dialect_of(updated.session) is speaks
    assert item.type == wire.to_dialect(ServerName.ITEM_ADDED, speaks)
    assert ("audio" in done.response) <= (speaks is GA)


def test_what_the_program_says_reaches_the_service_in_its_dialect():
    exchange = Exchange(BETA, BETA)
    heard(exchange, greeting(GA))
    (text,) = exchange.up({"type": "session.update", "session": {"voice": "alloy"}})
    assert json.loads(text)["session"] == {"type": "realtime", "audio": {"output": {"voice": "alloy"}}}


def test_a_silent_greeting_leaves_the_program_s_dialect_until_a_name_tells():
    exchange = Exchange(BETA, BETA)
    (created,) = heard(exchange, (wire.SessionCreated({"id": "s"}), GA))
    assert (created.session.id, exchange.server, exchange.settled) == ("s", BETA, True)
    assert [e.type for e in heard(exchange, (SOUND, GA))] == ["response.audio.delta"]
    assert exchange.server is GA


def test_what_is_said_in_beta_names_or_in_both_shows_nothing_new():
    exchange = Exchange(BETA, BETA)
    heard(exchange, (wire.SessionCreated({"id": "s"}), BETA), (SOUND, BETA), (wire.Cleared(), GA))
    assert exchange.server is BETA


def test_a_name_does_not_overrule_a_session():
    exchange = Exchange(BETA, BETA)
    (_, sound) = heard(exchange, greeting(BETA), (SOUND, GA))
    assert (exchange.server, sound.type) == (BETA, "response.audio.delta")


def test_an_event_that_only_ga_has_shows_ga_and_is_kept_from_a_beta_program():
    exchange = Exchange(BETA, BETA)
    assert heard(exchange, (wire.ItemDone(ITEM), GA)) == []
    assert exchange.server is GA


def test_a_name_of_the_other_dialect_is_translated_alone():
    """Some services speak GA and still use beta's name for an item event."""
    exchange = Exchange(GA, GA)
    heard(exchange, greeting(GA))
    names = [e.type for e in heard(exchange, (wire.ItemAdded(ITEM), BETA))]
    assert names == ["conversation.item.added", "conversation.item.done"]
    assert exchange.server is GA


def test_a_later_session_corrects_what_was_taken_for_granted():
    exchange = Exchange(BETA, BETA)
    heard(exchange, (wire.SessionUpdated(SESSION[GA]), GA))
    assert exchange.server is GA


@pytest.mark.parametrize(("asked", "code"), [(BETA, "beta_api_shape_disabled"), (GA, "missing_beta_header")])
def test_a_refusal_of_the_dialect_is_seen(asked, code):
    exchange = Exchange(asked, asked)
    (event,) = heard(exchange, error(code))
    assert exchange.refused
    assert exchange.settled
    assert event.error.code == code
    by_close = Exchange(asked, asked)
    by_close.ended(4000, f"invalid_request_error.{code}")
    assert by_close.refused
    without_words = Exchange(asked, asked)
    without_words.ended(4000, "")
    assert without_words.refused


def test_other_refusals_are_not_the_dialect_s():
    exchange = Exchange(BETA, BETA)
    heard(exchange, error("invalid_api_key"))
    exchange.ended(3000, "invalid_request_error.invalid_api_key")
    exchange.ended(4000, "invalid_request_error.model_not_found")
    exchange.ended(1000, "")
    assert exchange.settled
    assert not exchange.refused


def test_after_the_greeting_nothing_is_a_refusal_of_the_dialect():
    exchange = Exchange(BETA, BETA)
    heard(exchange, greeting(BETA), error("beta_api_shape_disabled"))
    exchange.ended(4000, "")
    assert not exchange.refused


def test_a_service_that_only_talks_is_not_waited_for():
    exchange = Exchange(BETA, BETA)
    for _ in range(MOST_WAITING):
        assert not exchange.settled
        exchange.receive('{"type":"ping"}')
    assert exchange.settled


def test_what_is_not_of_the_protocol_is_left_out_and_counted():
    exchange = Exchange(BETA, BETA)
    events = heard(exchange, greeting(GA), "{", b"\xff", "[]", (SOUND, GA))
    assert [e.type for e in events] == ["session.created", "response.audio.delta"]
    assert exchange.skipped == 3


def test_text_in_a_binary_frame_is_text():
    exchange = Exchange(BETA, BETA)
    (created,) = heard(exchange, wire.encode(*greeting(GA), "e").encode())
    assert wire.dialect_of(created.session) is BETA


def test_messages_can_be_taken_unread():
    exchange = Exchange(BETA, BETA)
    exchange.receive("{")
    exchange.receive(b"\xff")
    assert (exchange.take(), exchange.take(), exchange.take()) == ("{", b"\xff", None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "audio", "output", "content", "session", "item", "status", "format"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@examples(50)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from([*map(str, ServerName), "conversation.item.created"]) | _JSON},
            optional=dict.fromkeys(["session", "item", "response", "part", "error", "delta"], _JSON),
        ),
        max_size=3,
    ),
    st.sampled_from(Dialect),
    st.sampled_from(Dialect),
)
def test_whatever_a_service_says_is_an_event_or_left_out(said, speaks, asked):
    exchange = Exchange(speaks, asked)
    events = heard(exchange, *map(json.dumps, said))
    assert all(isinstance(e.type, str) for e in events)


# -- what programs send -----------------------------------------------------------------------------------


def test_an_event_is_a_dict_or_text():
    assert messages.text_of('{"type": "x"}') == '{"type": "x"}'
    assert json.loads(messages.text_of({"type": "x", "event_id": NOT_GIVEN, "n": None})) == {
        "type": "x",
        "n": None,
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"{}", TypeError),
        (None, TypeError),
        ({"a": object()}, TypeError),
        ({"a": {"b": NOT_GIVEN}}, TypeError),
        ({"a": float("nan")}, ValueError),
    ],
)
def test_what_is_no_event_is_refused(said, kind):
    with pytest.raises(kind):
        messages.text_of(said)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_long_sound_goes_in_several_messages_and_none_is_lost(kind):
    pcm = bytes(range(256)) * 2500
    texts = list(messages.sound(kind(pcm)))
    assert len(texts) == 3
    assert b"".join(base64.b64decode(json.loads(text)["audio"]) for text in texts) == pcm
    assert not list(messages.sound(kind(b"")))


@pytest.mark.parametrize("wrong", ["AAAA", 5, None])
def test_what_is_no_sound_is_refused(wrong):
    with pytest.raises(TypeError):
        list(messages.sound(wrong))
