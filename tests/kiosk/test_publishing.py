"""Events about a turn come after gate, lamp and sound: the whole daemon in virtual time, and its listeners."""

import asyncio

import pytest

from edged.causes import Light
from edged.errors import DeviceError
from edged.panel.leaving import CONFIRM_MS
from tests.kiosk.test_gate import at_the_first_answer
from tests.kiosk.test_shell import idle

PREROLL_BYTES = 300 * 48


class Listener:
    """Replaces the kiosk's list of events. It looks at the kiosk each time it receives an event."""

    def __init__(self, kiosk, look):
        self.seen = []
        self._look = look
        kiosk.events = self

    def append(self, event):
        self.seen.append((event["event"], event.get("state") or event.get("name") or "", self._look()))


class BrokenListener:
    """Fails at the first event that it receives."""

    def __init__(self, kiosk):
        self.heard = 0
        kiosk.events = self

    def append(self, event):
        self.heard += 1
        if self.heard == 1:
            raise ZeroDivisionError(event["event"])


def on_its_way(kiosk):
    """Return the bytes that the socket has and the service does not have."""
    return kiosk.net.connections[-1].unacknowledged("client")


async def at_once(act):
    act()
    await asyncio.sleep(0.001)


def test_a_press_is_told_when_the_gate_is_open_the_lamp_lit_and_the_sound_on_its_way(shell):
    async def body(kiosk):
        def look():
            return kiosk.app.intake.is_open, kiosk.lamp.level, on_its_way(kiosk) > PREROLL_BYTES

        listener = Listener(kiosk, look)
        await at_once(kiosk.button.press)
        assert listener.seen == [
            ("turn", "ARMED", (True, 1, True)),
            ("mark", "press", (True, 1, True)),
            ("light", "", (True, 1, True)),
            ("mark", "first_audio_sent", (True, 1, True)),
        ]

    shell(body)


def test_a_release_is_told_when_the_gate_is_shut_and_the_commit_on_its_way(shell):
    async def body(kiosk):
        await at_once(kiosk.button.press)
        await asyncio.sleep(1.02)  # after this, the whole second has been sent
        before = on_its_way(kiosk)
        listener = Listener(kiosk, lambda: (kiosk.app.intake.is_open, on_its_way(kiosk) > before))
        kiosk.button.release()
        await asyncio.sleep(CONFIRM_MS / 1000 + 0.001)  # then it was no gap
        assert [seen[:2] for seen in listener.seen] == [("turn", "TRAILING"), ("mark", "release")]
        listener.seen.clear()
        await kiosk.until(lambda: kiosk.state == "COMMITTING", 0.5)
        events = [(event, name) for event, name, _ in listener.seen]
        assert events[:3] == [("turn", "COMMITTING"), ("light", ""), ("mark", "commit_sent")]
        assert {seen for *_, seen in listener.seen[:3]} == {(False, True)}

    shell(body)


def test_an_answer_is_told_when_its_sound_is_queued_and_the_light_shows_it(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        listener = Listener(kiosk, lambda: (kiosk.app.appliance.light, kiosk.app.playout.idle))
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
        seen = {name: state for _, name, state in listener.seen}
        assert seen["first_delta"] == (Light.SPEAKING, False)

    shell(body)


def test_the_end_of_an_answer_is_told_when_the_gate_is_open_again(shell):
    async def body(kiosk):
        await at_the_first_answer(kiosk)
        listener = Listener(kiosk, lambda: kiosk.app.intake.is_open)
        assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 60.0)
        assert ("mark", "drained", True) in listener.seen

    shell(body, "mode=conversation")


LOSSES = {
    "microphone": lambda kiosk: kiosk.microphone._lost(DeviceError("unplugged", "microphone_lost")),
    "link": lambda kiosk: kiosk.net.strike("reset"),
}


@pytest.mark.parametrize("what", LOSSES)
def test_a_loss_is_told_when_the_lamp_shows_it(shell, what):
    async def body(kiosk):
        await asyncio.sleep(0.5)
        assert kiosk.lamp.level == 0
        listener = Listener(kiosk, lambda: kiosk.lamp.level)
        LOSSES[what](kiosk)
        await asyncio.sleep(0.02)
        first = next(level for event, _, level in listener.seen if event in ("device", "link"))
        assert first == 1

    shell(body)


def test_a_listener_that_fails_undoes_nothing_of_a_press(shell):
    async def body(kiosk):
        loop = asyncio.get_running_loop()
        BrokenListener(kiosk)
        window = await kiosk.visitor.hold(2.0)
        (failure,) = loop.unhandled
        assert isinstance(failure["exception"], ZeroDivisionError)
        loop.unhandled.clear()
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert len(taken.pcm) >= (window.last - window.first) * 2 + PREROLL_BYTES

    shell(body)


def test_a_command_is_answered_after_what_it_did_is_told(shell):
    async def body(kiosk):
        listener = Listener(kiosk, lambda: None)
        answer = kiosk.app.command("press", None, "program")
        assert answer["state"] == "ARMED"
        assert [event for event, *_ in listener.seen] == ["turn", "mark", "light", "mark"]

    shell(body)
