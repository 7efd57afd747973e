"""What a message from the broker may ask for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.companion.mqtt.commands import (
    AT_ONCE,
    COMMANDS,
    MOST_BYTES,
    MOST_SPOKEN,
    RemoteCommand,
    RemoteCommands,
    RemoteRefusalError,
    answered,
)
from edged.system.control import KNOWN

ALLOWED = {"volume", "mute", "unmute", "stop", "say", "reload", "status"}
NEVER = {
    *("press", "release", "interrupt", "new_conversation", "repeat_answer", "more_time"),
    *("volume_up", "volume_down", "shutdown", "toggle_mute", "levels", "wire", "config"),
}
"""Commands of the control socket that nobody gets from afar. A new one belongs here, or into ALLOWED: decide."""


def take(name, payload=b"", *, unmute=True, retained=False):
    return RemoteCommands(may_unmute=unmute).take(name, payload, 100.0, retained=retained)


def test_each_command_of_the_control_socket_is_decided_about():
    assert set(KNOWN) <= ALLOWED | NEVER
    assert set(COMMANDS) == ALLOWED
    assert not ALLOWED & NEVER


@pytest.mark.parametrize("name", sorted({*KNOWN, *NEVER} - ALLOWED))
@pytest.mark.parametrize("payload", [b"", b"ON", b'{"id": 1}', b'{"command": "press"}'])
def test_no_other_command_exists_here(name, payload):
    with pytest.raises(RemoteRefusalError, match="unknown command"):
        take(name, payload)


@given(
    st.sampled_from(sorted({*KNOWN, *NEVER, *COMMANDS, "", "../press", "press/x"})),
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["id", "command", "value", "volume", "text", "muted", "on", "keep"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=9)
        | st.lists(st.integers()),
    ).map(lambda members: json.dumps(members).encode()),
)
def test_whatever_comes_only_a_command_of_the_table_goes_on(name, payload):
    try:
        command = take(name, payload)
    except RemoteRefusalError:
        return
    assert command.command in ALLOWED
    assert set(command.more) <= {"volume", "text"}


@pytest.mark.parametrize(
    ("name", "payload", "command", "more"),
    [
        ("volume", b"40", "volume", {"volume": 40}),
        ("volume", b"40.0", "volume", {"volume": 40}),
        ("volume", b'{"volume": 40}', "volume", {"volume": 40}),
        ("mute", b"", "mute", {}),
        ("mute", b"ON", "mute", {}),
        ("mute", b"OFF", "unmute", {}),
        ("mute", b'{"muted": false}', "unmute", {}),
        ("unmute", b"", "unmute", {}),
        ("stop", b"PRESS", "stop", {}),
        ("say", "Grüß Gott".encode(), "say", {"text": "Grüß Gott"}),
        ("say", b'{"text": "two\\nlines"}', "say", {"text": "two lines"}),
        ("say", "Öffnungs\N{SOFT HYPHEN}zeiten".encode(), "say", {"text": "Öffnungs\N{SOFT HYPHEN}zeiten"}),
        ("reload", b"", "reload", {}),
        ("status", b"", "status", {}),
    ],
)
def test_plain_text_and_json_mean_the_same(name, payload, command, more):
    assert take(name, payload) == RemoteCommand(name, None, command, more)


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        *(
            ("volume", text, "from 0 to 100")
            for text in (b"", b"loud", b"-1", b"101", b"1e1", b'{"volume": true}')
        ),
        ("volume", b'{"volume": NaN}', "from 0 to 100"),
        ("mute", b"perhaps", "ON or OFF"),
        ("say", b" \n", "the text to say"),
        ("say", b'{"text": 7}', "the text to say"),
        ("say", b"x" * (MOST_SPOKEN + 1), "500 characters"),
        ("say", b"x" * (MOST_BYTES + 1), "4096 bytes"),
        ("say", b"\xff", "UTF-8"),
        ("stop", b"{", "JSON"),
        ("stop", b'{"id": true}', "id:"),
        ("stop", b'{"id": ""}', "id:"),
        ("stop", b'{"id": [1]}', "id:"),
        ("stop", json.dumps({"id": "x" * 65}).encode(), "id:"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(name, payload, why):
    with pytest.raises(RemoteRefusalError, match=why):
        take(name, payload)


@pytest.mark.parametrize(("name", "payload"), [("unmute", b""), ("mute", b"OFF"), ("mute", b'{"muted": 0}')])
def test_to_unmute_needs_a_permission_of_its_own(name, payload):
    assert take(name, payload).command == "unmute"
    with pytest.raises(RemoteRefusalError, match=r"companion\.mqtt\.unmute"):
        take(name, payload, unmute=False)


def test_a_kept_message_is_no_command():
    with pytest.raises(RemoteRefusalError, match="retained"):
        take("stop", retained=True)


def test_the_same_id_is_the_same_command():
    commands = RemoteCommands(may_unmute=False)
    first = commands.take("volume", b'{"id": "a", "volume": 1}', 0.0, retained=False)
    assert first.number == "a"
    assert commands.take("volume", b'{"id": "a", "volume": 2}', 0.1, retained=False) is None
    assert commands.take("volume", b'{"id": "b", "volume": 3}', 0.2, retained=False).more == {"volume": 3}


def test_a_command_that_was_not_carried_out_may_come_again_with_its_id():
    commands = RemoteCommands(may_unmute=False)
    first = commands.take("volume", b'{"id": "a", "volume": 1}', 0.0, retained=False)
    commands.forget(first)
    assert commands.take("volume", b'{"id": "a", "volume": 1}', 0.1, retained=False) == first
    commands.forget(RemoteCommand("stop", None, "stop"))


def test_a_flood_is_refused_and_answered_once():
    commands = RemoteCommands(may_unmute=False)
    for _ in range(AT_ONCE):
        assert commands.take("stop", b"", 10.0, retained=False)
    with pytest.raises(RemoteRefusalError, match="too many"):
        commands.take("stop", b"", 10.0, retained=False)
    assert commands.take("stop", b"", 10.0, retained=False) is None
    assert commands.refused == 2
    assert commands.take("stop", b"", 11.0, retained=False)  # a second later, one more
    with pytest.raises(RemoteRefusalError, match="too many"):
        commands.take("stop", b"", 11.0, retained=False)


def test_what_the_kiosk_answers_becomes_the_result():
    command = RemoteCommand("volume", 7, "volume", {"volume": 90})
    assert answered(command, {"volume": 80, "muted": False, "secret": "x"}) == {
        "id": 7,
        "command": "volume",
        "ok": True,
        "error": None,
        "volume": 80,
        "muted": False,
    }
    busy = {"outcome": {"done": False, "cause": "busy", "text": "somebody speaks"}}
    said = answered(RemoteCommand("say", None, "say", {"text": "x"}), busy)
    assert (said["ok"], said["error"], said["cause"]) == (False, "somebody speaks", "busy")
