"""Faults on demand: how to write them, and what each does to the messages."""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest

from edged import wire
from edged.errors import WireError
from edged.local.bloat import KINDS
from edged.local.faults import InjectedFault, parse
from edged.local.faulty import EAGER_AFTER, BreakFraming, EndConnection, Faulty, SendMessage
from edged.local.garbage import FRAMES, GARBAGE, HANDSHAKES
from edged.local.later import Later
from edged.local.refusing import BODIES, SPOILT
from edged.wire import Dialect, Part


def encoded(event, dialect=Dialect.GA):
    return wire.encode(event, dialect, "event_1")


DELTA = encoded(wire.AudioDelta("resp_1", Part("item_1", 0), 0, bytes(range(200)) * 6))
DONE = encoded(wire.ResponseDone("resp_1", "completed"))
CREATED = encoded(wire.SessionCreated({"id": "s"}))
ERROR = encoded(
    wire.ErrorEvent(wire.ServerError("No.", type="invalid_request_error", code="c", param="p", event_id="e"))
)


def through(faults, *messages):
    faulty = Faulty([parse(line) for line in faults.split()])
    return faulty.goes(list(messages))


def events(actions):
    return [wire.parse_server(action.message) for action in actions]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("drop", InjectedFault("drop")),
        ("drop@response.done", InjectedFault("drop", at="response.done")),
        ("stall@response.audio.delta#3", InjectedFault("stall", at="response.output_audio.delta", nth=3)),
        (
            "close:4000:invalid_request_error.x@session.updated",
            InjectedFault("close", ("4000", "invalid_request_error.x"), "session.updated"),
        ),
        ("close:1001:a: b", InjectedFault("close", ("1001", "a: b"))),
        ("refuse:503:2~3", InjectedFault("refuse", ("503", "2"), connections=3)),
        ("garbage:deep", InjectedFault("garbage", ("deep",))),
        ("refuse_with:403:region", InjectedFault("refuse_with", ("403", "region"))),
        ('refuse_with:403:{"a": "b: c"}', InjectedFault("refuse_with", ("403", '{"a": "b: c"}'))),
        ("break:utf8@response.done", InjectedFault("break", ("utf8",), "response.done")),
        ("huge:64", InjectedFault("huge", ("64",))),
        ("bloat:lists", InjectedFault("bloat", ("lists",))),
        ("flood:100000", InjectedFault("flood", ("100000",))),
        ("slow:60", InjectedFault("slow", ("60",))),
        ("stranger:voice", InjectedFault("stranger", ("voice",), "session.created")),
        ("stranger:text@response.done#2", InjectedFault("stranger", ("text",), "response.done", 2)),
        ("nameless", InjectedFault("nameless")),
        (
            "refuse:429:Wed, 21 Oct 2026 07:28:00 GMT",
            InjectedFault("refuse", ("429", "Wed, 21 Oct 2026 07:28:00 GMT")),
        ),
    ],
)
def test_a_fault_is_a_line(line, fault):
    assert parse(line) == fault


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "write it like drop@response.done#2"),
        ("explode", "one of"),
        ("refuse", "refuse takes 1 to 2 arguments"),
        ("drop:1", "drop takes 0 to 0"),
        ("close:soon", "takes a number"),
        ("garbage:can", "garbage does not know"),
        ("break:can", "break does not know"),
        ("handshake:can", "handshake does not know"),
        ("handshake:accept@response.done", "takes no event"),
        ("refuse_with:403", "takes 2 to 2"),
        ("refuse_with:999:key", "from 200 on"),
        ("drop@#2", "is not a fault"),
        ("drop~0", "is not a fault"),
        ("close:99999", "may be sent"),
        ("close:1006", "may be sent"),
        ("close:1000.5", "may be sent"),
        ("close:1000:" + "x" * 124, "123 bytes"),
        ("refuse:101", "from 200 on"),
        ("refuse:999", "from 200 on"),
        ("refuse:2.5", "from 200 on"),
        ("refuse:429:1\r\nX", "seconds or an HTTP date"),
        ("refuse:429:soon", "seconds or an HTTP date"),
        ("refuse:429:-1", "seconds or an HTTP date"),
        ("refuse:429:1:2", "seconds or an HTTP date"),
        ("huge:65", "64 at most"),
        ("bloat", "takes 1 to 1"),
        ("bloat:fish", "one of lists"),
        ("huge:100000", "64 at most"),
        ("flood:100001", "100000 at most"),
        ("slow:61", "60 at most"),
        ("huge:1" + "0" * 5000, "takes a number"),
        ("swallow", "takes an event"),
        ("delay:3", "takes an event of the service, as in delay:3@"),
        ("delay:3@input_audio_buffer.commit", "takes an event of the service"),
        ("delay:61@response.done", "60 at most"),
        ("stranger", "takes 1 to 1"),
        ("stranger:fish", "one of voice"),
        ("picky:fish", "one of null"),
        ("nameless:some", "one of all"),
        *((f"{do}@response.done", "takes no event") for do in ("slow:1", "hang", "refuse:503", "mute")),
        ("drop#2", "is not a fault"),
        ("drop@response.done#0", "is not a fault"),
    ],
)
def test_a_line_that_is_none_says_what_is(line, words):
    with pytest.raises(ValueError, match=r"fault|takes|does not know|bytes") as refused:
        parse(line)
    assert words in str(refused.value)


def test_without_faults_everything_passes_untouched():
    faulty = Faulty([])
    assert faulty.opened() == []
    assert faulty.goes([DELTA, "not even JSON"]) == [SendMessage(DELTA), SendMessage("not even JSON")]
    assert faulty.came("not JSON either") == (True, [])


@pytest.mark.parametrize("do", ["drop", "stall", "half_open", "expire"])
def test_the_end_comes_after_its_event_and_nothing_behind_it(do):
    assert through(f"{do}@response.output_audio.delta#2", DELTA, DELTA, DELTA) == [
        SendMessage(DELTA),
        SendMessage(DELTA),
        EndConnection(do),
    ]


def test_a_close_has_its_code_and_reason():
    assert through("close:4000:why@response.done", DONE) == [
        SendMessage(DONE),
        EndConnection("close", 4000, "why"),
    ]


def test_a_fault_without_an_event_happens_at_once():
    assert Faulty([parse("drop")]).opened() == [EndConnection("drop")]
    assert Faulty([parse("garbage:text")]).opened() == [SendMessage(GARBAGE["text"])]
    assert Faulty([parse("drop@response.done")]).opened() == []


def test_a_client_s_event_sets_a_fault_off_too():
    faulty = Faulty([parse("drop@input_audio_buffer.commit#2")])
    assert faulty.came(wire.commit("c")) == (True, [])
    assert faulty.came(wire.commit("c")) == (True, [EndConnection("drop")])


def test_an_event_can_come_later_than_what_follows_it():
    assert through("delay:1.5@response.done#2", DONE, DONE, DELTA) == [
        SendMessage(DONE),
        Later(1.5, DONE),
        SendMessage(DELTA),
    ]


def test_an_event_can_be_swallowed_on_either_side():
    assert through("swallow@response.done", DELTA, DONE) == [SendMessage(DELTA)]
    faulty = Faulty([parse("swallow@response.create")])
    assert faulty.came(wire.response_create("r")) == (False, [])
    assert faulty.came(wire.response_create("r")) == (True, [])


def test_a_deaf_service_never_takes_a_commit():
    faulty = Faulty([parse("deaf")])
    assert [faulty.came(wire.commit("c"))[0] for _ in range(3)] == [False] * 3
    assert faulty.came(wire.clear("c"))[0]


def of(settings, dialect=Dialect.GA):
    return wire.session_update(settings, dialect, "u")


OFF, ON = wire.Settings(), wire.Settings(turn_detection=wire.TurnDetection())
CREATES = wire.Settings(turn_detection=wire.TurnDetection(create_response=False))
LEFT = wire.Settings(turn_detection=wire.UNSET)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("null", [OFF]),
        ("fields", [OFF, CREATES]),
        ("any", [OFF, CREATES, ON]),
        ("all", [OFF, CREATES, ON, LEFT]),
    ],
)
def test_a_picky_service_refuses_an_update_and_names_neither_it_nor_a_code(kind, refused, dialect):
    faulty = Faulty([parse(f"picky:{kind}")])
    for settings in (OFF, CREATES, ON, LEFT):
        taken, actions = faulty.came(of(settings, dialect))
        assert taken is (settings not in refused)
        for error in (event.error for event in events(actions)):
            assert (error.type, error.code, error.param, error.event_id) == (
                "invalid_request_error",
                *[None] * 3,
            )
            assert ("turn_detection" in error.message) is (kind != "all")
    assert faulty.came(wire.commit("c")) == (True, [])


def test_one_that_has_its_detection_on_top_does_not_know_where_ga_has_it():
    faulty = Faulty([parse("on_top")])
    understood = json.loads(faulty.understood(of(OFF)))["session"]
    assert "turn_detection" not in json.dumps(understood)
    assert understood["audio"]["input"]["format"]
    session = wire.to_wire(ON, Dialect.GA)
    (event,) = events(faulty.goes([updated_session(session)]))
    assert event.session["turn_detection"] == {"type": "server_vad"}
    assert "turn_detection" not in event.session["audio"]["input"]
    assert faulty.understood("[1]") == "[1]"


def updated_session(session):
    return json.dumps({"type": "session.updated", "event_id": "e", "session": session})


def test_acknowledgements_without_their_name_and_events_without_any():
    committed = encoded(wire.Committed("item_1", "item_0"))
    assert events(through("nameless", committed)) == [wire.Committed("")]
    assert through("nameless", DELTA) == [SendMessage(DELTA)]
    sound, done = events(through("nameless:all", DELTA, DONE))
    assert (sound.response_id, sound.part, sound.pcm) == ("", Part("", 0), wire.parse_server(DELTA).pcm)
    assert (done.response_id, done.status) == ("", "completed")


def test_an_answer_begins_in_the_middle_of_each_utterance():
    faulty = Faulty([parse("eager")])
    for _ in range(2):
        spoke = [faulty.came(wire.append(b"\0\0"))[1] for _ in range(2 * EAGER_AFTER)]
        assert [n for n, actions in enumerate(spoke, 1) if actions] == [EAGER_AFTER]
        faulty.came(wire.response_cancel("c"))
        faulty.came(wire.commit("c"))


def test_what_lasts_begins_with_its_event():
    pieces = through("odd@response.output_audio.delta#2", DELTA, DELTA, DELTA)
    assert pieces[0] == SendMessage(DELTA)
    assert len(pieces) == 1 + 2 + 2
    assert through("bare@response.done", ERROR, DONE, ERROR)[0] == SendMessage(ERROR)
    assert through("bare@response.done", ERROR, DONE, ERROR)[2:] == through("bare", ERROR)
    faulty = Faulty([parse("deaf@input_audio_buffer.commit#2")])
    assert [faulty.came(wire.commit("c"))[0] for _ in range(4)] == [True, False, False, False]


def test_a_mute_one_never_says_hello():
    assert through("mute", CREATED, DONE) == [SendMessage(DONE)]


def test_deltas_twice_foreign_and_late():
    assert through("twice", DELTA, DONE) == [SendMessage(DELTA), SendMessage(DELTA), SendMessage(DONE)]
    own, foreign = events(through("foreign", DELTA))
    assert own.response_id == "resp_1"
    assert (foreign.response_id, foreign.part.item_id) == ("resp_foreign", "item_foreign")
    assert through("late", DELTA, DONE) == [SendMessage(DELTA), SendMessage(DONE), SendMessage(DELTA)]
    assert through("late", DONE) == [SendMessage(DONE)]


def test_odd_deltas_lose_nothing():
    pieces = [event.pcm for event in events(through("odd", DELTA))]
    assert len(pieces) == 2
    assert all(len(piece) & 1 for piece in pieces[:1])
    assert b"".join(pieces) == wire.parse_server(DELTA).pcm


def test_cut_deltas_lack_their_last_byte():
    (piece,) = events(through("cut", DELTA))
    assert piece.pcm == wire.parse_server(DELTA).pcm[:-1]


def test_bad_base64_is_bad():
    (action,) = through("bad_base64", DELTA)
    with pytest.raises(WireError):
        wire.parse_server(action.message)


@pytest.mark.parametrize("dialect", Dialect)
def test_errors_as_gateways_send_them(dialect):
    (bare,) = through("bare", ERROR)
    assert json.loads(bare.message) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "No."},
    }
    (typed,) = through("code_in_type", ERROR)
    assert json.loads(typed.message)["error"]["type"] == "c"
    assert json.loads(typed.message)["error"]["code"] is None
    assert through("bare", DONE) == [SendMessage(DONE)]


@pytest.mark.parametrize("code", [{}, {"code": None}])
def test_an_error_without_a_code_keeps_its_type(code):
    error = {"type": "server_error", "message": "No.", **code}
    (typed,) = through("code_in_type", json.dumps({"type": "error", "error": error}))
    assert json.loads(typed.message)["error"]["type"] == "server_error"


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_comes_after_its_event(kind):
    assert through(f"garbage:{kind}@response.done", DONE) == [SendMessage(DONE), SendMessage(GARBAGE[kind])]


@pytest.mark.parametrize("kind", FRAMES)
def test_what_is_no_frame_comes_after_its_event(kind):
    assert through(f"break:{kind}@response.done", DONE) == [SendMessage(DONE), BreakFraming(FRAMES[kind])]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_costs_more_than_its_bytes_is_of_its_event_and_fits_into_a_message(kind):
    (_, output) = through(f"bloat:{kind}@response.done", DONE)
    assert wire.name_of(output.message) == "response.done"
    assert 14 * 2**20 < len(output.message) <= 16 * 2**20
    with pytest.raises(wire.BadServerEvent) as caught:
        wire.parse_server(output.message)
    assert kind == "depth" or caught.value.rest == wire.ResponseDone("response_bloat", "completed")


def test_a_huge_message_and_a_flood():
    (_, huge) = through("huge:2@response.done", DONE)
    assert len(huge.message) > 2 * 2**20
    assert len(through("flood:100@response.done", DONE)) == 101


def test_names_of_the_other_dialect_set_it_off_too():
    beta = wire.encode(wire.parse_server(DELTA), Dialect.BETA, "e")
    for line in ("drop@response.audio.delta", "drop@response.output_audio.delta"):
        assert through(line, beta)[-1] == through(line, DELTA)[-1] == EndConnection("drop")


def test_what_is_no_event_sets_nothing_off():
    faulty = Faulty([parse("drop@response.done")])
    for message in ("[1]", "{", "7", '{"type": 3}', b"\xff", "[" * 100_000):
        assert faulty.came(message) == (True, [])
    assert faulty.goes([b64encode(b"x").decode()]) == [SendMessage("eA==")]


def test_the_manual_has_every_fault_and_no_other():
    with pytest.raises(ValueError, match="one of") as refused:
        parse("explode")
    known = set(str(refused.value).split("one of ")[1].rstrip(")").split(", "))
    manual = (Path(__file__).parents[2] / "docs" / "local-server.md").read_text()
    table = manual.split("## Faults")[1].split("## The ledger")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {
        name.split(":")[0].split("@")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)
    }
    assert documented == known
    for kind in (*GARBAGE, *FRAMES, *HANDSHAKES, *BODIES, *SPOILT):
        assert f"`{kind}`" in table
