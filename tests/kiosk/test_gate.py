"""Only a press opens the microphone: the whole daemon in virtual time, in situations that might open it otherwise."""

import asyncio
import base64
import itertools
import json

import pytest

from edged.causes import Cue, Light
from edged.errors import DeviceError
from edged.local.voice import VoiceAnswer
from edged.turn import OPEN, Event, State
from instruments.lab.stamp import stamps
from tests.kiosk.test_shell import ROOM, cues, idle, states

TALK = "mode=conversation"
SECOND = 48_000  # bytes


def quiet_room():
    """Blocks from a room in which nobody speaks."""
    return itertools.cycle(ROOM[at : at + 960] for at in range(0, len(ROOM), 960))


class Quiet:
    """A visitor who is silent until `speaks` is set."""

    def __init__(self, kiosk):
        self.speaks = False
        microphone = kiosk.microphone
        room = quiet_room()
        microphone.listen_to(lambda: microphone.stamp() if self.speaks else microphone.hear(next(room)))

    async def say(self, seconds):
        self.speaks = True
        await asyncio.sleep(seconds)
        self.speaks = False


async def tap(kiosk):
    kiosk.button.press()
    await asyncio.sleep(0.1)
    kiosk.button.release()


async def between_presses():
    """As long as a finger needs at least: a shorter pause is a gap in one press."""
    await asyncio.sleep(0.05)


async def at_the_first_answer(kiosk):
    """A conversation that a press opened, during its first answer."""
    visitor = Quiet(kiosk)
    await asyncio.sleep(0.5)
    await tap(kiosk)
    await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 20.0)
    await visitor.say(1.5)
    assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
    return visitor


async def answer_heard_out(kiosk):
    assert await kiosk.until(lambda: kiosk.state not in ("SPEAKING", "DRAINING"), 60.0)


def says(kiosk, **message):
    """The service sends this over the link, which is up."""
    pump = kiosk.app.link._pump
    for event in pump.session.receive(json.dumps({"event_id": "e", **message})):
        pump._hear(event)


PLACE = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}


def begins_unasked(kiosk, seconds):
    response = {"id": "r1", "object": "realtime.response", "output": [], "conversation_id": "c1"}
    says(kiosk, type="response.created", response={**response, "status": "in_progress"})
    sound = base64.b64encode(bytes(round(seconds * SECOND))).decode()
    says(kiosk, type="response.output_audio.delta", delta=sound, **PLACE)


def answers_unasked(kiosk):
    begins_unasked(kiosk, 0.5)
    response = {"id": "r1", "object": "realtime.response", "output": [], "conversation_id": "c1"}
    says(kiosk, type="response.done", response={**response, "status": "completed"})


async def sent_within(kiosk, seconds):
    before = kiosk.server.ledger.appended.total()
    await asyncio.sleep(seconds)
    return kiosk.server.ledger.appended.total() - before


def assert_shut(kiosk):
    assert not kiosk.app.intake.is_open
    assert not kiosk.app.utterances.open
    assert State(kiosk.state) not in OPEN
    assert kiosk.app.appliance.light is not Light.RECORDING


def test_an_answer_that_nobody_asked_for_opens_nothing(shell):
    async def body(kiosk):
        answers_unasked(kiosk)
        assert await sent_within(kiosk, 30.0) == 0
        assert states(kiosk) == ["SPEAKING", "DRAINING", "IDLE"]
        assert cues(kiosk) == []

    shell(body, TALK)


def test_nor_does_one_after_the_conversation_has_ended(shell):
    async def body(kiosk):
        await at_the_first_answer(kiosk)
        await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 60.0)
        await tap(kiosk)
        await idle(kiosk)
        await asyncio.sleep(1.0)
        answers_unasked(kiosk)
        assert await sent_within(kiosk, 10.0) == 0
        await idle(kiosk)

    shell(body, TALK)


def test_mute_during_an_answer_ends_the_conversation_and_is_told_at_its_end(shell):
    async def body(kiosk):
        await at_the_first_answer(kiosk)
        kiosk.app.command("mute", None)
        starts = kiosk.microphone.starts
        await answer_heard_out(kiosk)
        assert_shut(kiosk)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.MUTED]
        assert kiosk.app.appliance.light is Light.MUTED
        assert kiosk.microphone.starts == starts
        kiosk.app.command("unmute", None)
        assert await sent_within(kiosk, 5.0) == 0
        assert_shut(kiosk)

    shell(body, TALK)


def test_a_mute_that_was_taken_back_before_the_answer_ended_opens_nothing_either(shell):
    async def body(kiosk):
        await at_the_first_answer(kiosk)
        kiosk.app.command("mute", None)
        kiosk.app.command("unmute", None)
        await answer_heard_out(kiosk)
        assert await sent_within(kiosk, 5.0) == 0
        assert cues(kiosk) == [Cue.MUTED]
        await idle(kiosk)
        await tap(kiosk)
        assert await sent_within(kiosk, 1.0) > SECOND // 2

    shell(body, TALK)


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_microphone_lost_during_an_answer_ends_the_conversation_and_is_told(shell, comes_back):
    async def body(kiosk):
        await at_the_first_answer(kiosk)
        gone, start = DeviceError("unplugged", "microphone_lost"), kiosk.microphone.start

        def broken(hand, lost):
            raise gone

        if not comes_back:
            kiosk.microphone.start = broken
        kiosk.microphone._lost(gone)
        await answer_heard_out(kiosk)
        assert_shut(kiosk)
        assert await sent_within(kiosk, 5.0) == 0
        await idle(kiosk)
        assert cues(kiosk) == [Cue.DEVICE]
        kiosk.microphone.start = start
        assert await sent_within(kiosk, 5.0) == 0

    shell(body, TALK)


class Brief:
    """Answers half a second of sound to everything."""

    def answer(self, utterance):
        return VoiceAnswer(stamps(1 << 30, 12_000), "so it is")


@pytest.mark.parametrize("up_bytes_s", [30_000, 20_000, 12_000])
def test_a_conversation_on_a_link_slower_than_speech_is_told_that_it_is_busy(shell, up_bytes_s):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        kiosk.net.set(latency_ms=30, up_bytes_s=up_bytes_s, buffer_bytes=64 * 1024)
        await tap(kiosk)
        for _ in range(6):
            await visitor.say(1.2)
            await asyncio.sleep(1.2)
        await asyncio.sleep(60.0)
        await idle(kiosk)
        assert_shut(kiosk)
        assert cues(kiosk).count(Cue.BUSY) <= 1  # the conversation is over after that
        assert await kiosk.until(lambda: kiosk.app.utterances.pending == 0, 180.0)
        await idle(kiosk)
        await tap(kiosk)
        assert kiosk.state == "AWAITING_SPEECH"

    shell(body, TALK, voice=Brief())


def test_with_two_utterances_on_their_way_the_end_of_an_answer_is_told_as_a_third_press_is(shell):
    async def body(kiosk):
        await at_the_first_answer(kiosk)
        for _ in range(2):  # the link takes nothing of these
            kiosk.app.utterances.begin(0)
            kiosk.app.utterances.close(0)
        assert not kiosk.app.utterances.room
        kiosk.app.utterances.read = lambda *_: ()
        await answer_heard_out(kiosk)
        assert_shut(kiosk)
        assert await sent_within(kiosk, 2.0) == 0
        assert cues(kiosk) == [Cue.BUSY]

    shell(body, TALK)


@pytest.mark.parametrize("mode", ["hold", "hybrid"])
def test_a_program_whose_press_was_ignored_does_not_end_the_press_of_the_visitor(shell, mode):
    async def body(kiosk):
        program = object()
        kiosk.button.press()
        await asyncio.sleep(1.0)
        kiosk.app.command("press", None, program)
        kiosk.app.command("release", None, program)
        kiosk.app.let_go(program)
        kiosk.app.command("release", None)
        assert kiosk.state == "LISTENING"
        await asyncio.sleep(1.0)
        kiosk.button.release()
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert len(taken.pcm) > 2 * SECOND

    shell(body, f"mode={mode}")


def test_nor_does_a_visitor_end_the_press_of_a_program_that_let_nobody_in_between(shell):
    async def body(kiosk):
        program = object()
        kiosk.app.command("press", None, program)
        await asyncio.sleep(1.0)
        await tap(kiosk)
        assert kiosk.state == "LISTENING"
        kiosk.app.let_go(program)
        assert kiosk.state == "TRAILING"

    shell(body)


def test_what_one_program_keeps_pressed_another_may_release_and_no_program_what_another_holds(shell):
    async def body(kiosk):
        one, other = object(), object()
        kiosk.app.command("press", None)  # with "keep": it belongs to nobody
        await asyncio.sleep(1.0)
        kiosk.app.let_go(one)
        assert kiosk.state == "LISTENING"
        kiosk.app.command("release", None, other)
        assert kiosk.state == "TRAILING"
        await idle(kiosk)
        kiosk.app.command("press", None, one)
        await asyncio.sleep(1.0)
        kiosk.app.command("release", None, other)
        kiosk.app.let_go(other)
        assert kiosk.state == "LISTENING"
        kiosk.app.command("release", None, one)
        assert kiosk.state == "TRAILING"

    shell(body)


def test_an_utterance_given_up_between_the_parts_of_an_answer_is_told(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
        appliance = kiosk.app.appliance
        appliance.post(Event.ENDED_TOOL)
        assert kiosk.state == "BRIDGING"
        appliance.post(Event.UTTERANCE_LOST, "utterance_too_old")
        assert kiosk.state == "BRIDGING"
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["utterance_too_old"]

    shell(body)


@pytest.mark.parametrize("mode", ["hold", "conversation"])
def test_a_cue_that_sounds_is_silent_before_the_gate_opens(shell, mode):
    async def body(kiosk):
        await at_the_first_answer(kiosk) if mode == "conversation" else await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
        kiosk.app.appliance.post(Event.UTTERANCE_LOST, "utterance_too_old")
        await asyncio.sleep(0.1)
        heard = len(kiosk.speaker.takes)
        kiosk.button.press()
        await asyncio.sleep(0.3)
        assert kiosk.app.intake.is_open
        sound = b"".join(block for _, block in kiosk.speaker.takes[heard:])
        assert not any(sound[48 * 40 :])  # after the sound that was already taken, and a fade
        kiosk.button.release()

    shell(body, f"mode={mode}")


def test_speech_that_the_link_has_not_carried_at_the_end_of_a_conversation_is_told(shell):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        await tap(kiosk)
        await visitor.say(2.0)
        await asyncio.sleep(40.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.DISCARDED]

    shell(body, TALK)


@pytest.mark.parametrize(
    "deaf", [{"hole_down": True, "hole_up": True}, {"hole_down": True}], ids=["both", "down"]
)
def test_what_was_said_while_the_link_died_unnoticed_reaches_the_service_whole(shell, deaf):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(5.0)
        kiosk.net.set(**deaf)
        first = kiosk.microphone.handed
        await visitor.say(4.5)
        said = stamps(first, kiosk.microphone.handed - first)
        await asyncio.sleep(2.0)
        kiosk.net.set(hole_up=False, hole_down=False)
        assert await kiosk.until(lambda: kiosk.server.bill, 30.0)
        assert said in b"".join(taken.pcm for taken in kiosk.server.audit)

    shell(body, TALK)


def test_speech_that_is_still_on_its_way_at_the_end_of_a_conversation_is_told(shell):
    """The socket has taken all of it: a kernel holds seconds of sound on a link that is a little too slow."""

    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        kiosk.net.set(up_bytes_s=57_000)
        await tap(kiosk)
        await asyncio.sleep(27.5)
        await visitor.say(1.5)
        await asyncio.sleep(10.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.DISCARDED]

    shell(body, TALK)


def test_a_conversation_in_which_nobody_spoke_ends_without_a_word_also_while_the_link_is_down(shell):
    async def body(kiosk):
        blocks = quiet_room()
        kiosk.microphone.listen_to(lambda: kiosk.microphone.hear(next(blocks)))
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        await tap(kiosk)
        await asyncio.sleep(40.0)
        await idle(kiosk)
        assert cues(kiosk) == []

    shell(body, TALK)


async def committing(kiosk, latency_ms):
    """In a conversation, a press has ended an utterance, and it is not acknowledged yet."""
    visitor = Quiet(kiosk)
    await asyncio.sleep(0.5)
    kiosk.net.set(latency_ms=latency_ms)
    await tap(kiosk)
    visitor.speaks = True
    assert await kiosk.until(lambda: kiosk.state == "HEARING", 5.0)
    await asyncio.sleep(1.0)
    await tap(kiosk)
    assert kiosk.state == "COMMITTING"
    return visitor


def causes(kiosk):
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_an_acknowledgement_of_what_was_said_before_does_not_cut_off_what_is_said_now(shell, gap):
    async def body(kiosk):
        visitor = await committing(kiosk, 300)
        await between_presses()
        await asyncio.sleep(gap)
        await tap(kiosk)
        await asyncio.sleep(1.0)
        visitor.speaks = False
        await asyncio.sleep(60.0)
        assert causes(kiosk) == []
        assert kiosk.server.bill
        assert len(kiosk.server.audit) == 2

    shell(body, TALK)


def test_a_question_that_is_acknowledged_while_an_unasked_answer_sounds_is_asked_after_it(shell):
    async def body(kiosk):
        visitor = await committing(kiosk, 600)
        visitor.speaks = False
        await between_presses()
        await tap(kiosk)
        await between_presses()
        await tap(kiosk)
        assert kiosk.state == "IDLE"
        answers_unasked(kiosk)
        await asyncio.sleep(60.0)
        assert len(kiosk.server.bill) == 1

    shell(body, TALK)


def test_a_press_while_something_is_acknowledged_silences_an_answer_that_sounds_unasked(shell):
    async def body(kiosk):
        await committing(kiosk, 600)
        begins_unasked(kiosk, 3.0)
        await asyncio.sleep(0.4)
        assert kiosk.app.playout.answering
        kiosk.button.press()
        await asyncio.sleep(0.1)
        assert kiosk.app.intake.is_open
        assert not kiosk.app.playout.answering
        kiosk.button.release()

    shell(body, TALK)


# -- the recording light -----------------------------------------------------------------------------


def test_the_recording_light_is_on_exactly_while_the_gate_is_open(shell):
    async def body(kiosk):
        """It is looked at whenever the gate moves, and whenever the kiosk publishes something."""
        seen, gate = [], kiosk.app.intake
        opens, shuts = gate.open, gate.shut

        def opened(**how):
            seen.append(("opens", kiosk.recording.level))
            opens(**how)

        def shut():
            shuts()
            seen.append(("shut", kiosk.recording.level))

        gate.open, gate.shut = opened, shut
        kiosk.app.audience.listeners.append(lambda _: seen.append((gate.is_open, kiosk.recording.level)))
        for _ in range(3):
            await kiosk.visitor.hold(2.0)
            await idle(kiosk)
        # it is on before the gate opens, and off only after the gate has shut
        assert {each for each in seen if isinstance(each[0], str)} == {("opens", 1), ("shut", 1)}
        assert {each for each in seen if not isinstance(each[0], str)} == {(True, 1), (False, 0)}
        assert kiosk.recording.level == 0

    shell(body)


def test_without_its_recording_light_a_kiosk_does_everything_else_and_says_so(shell):
    async def body(kiosk):
        kiosk.recording.broken = DeviceError("GPIO 22: it is gone", "recording_light_lost")
        await kiosk.visitor.hold(2.0)
        await idle(kiosk)
        assert "SPEAKING" in states(kiosk)
        (trouble,) = kiosk.app.snapshot()["troubles"]
        assert (trouble["what"], trouble["cause"]) == ("recording_light", "recording_light_lost")
        assert kiosk.app.appliance.light is Light.ERROR_PART
        kiosk.recording.broken = None
        await asyncio.sleep(3)
        assert kiosk.app.snapshot()["troubles"] == []
        assert kiosk.app.appliance.light is Light.READY

    shell(body)


# -- the light near the end of the longest question ----------------------------------------------------


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid", "conversation"])
def test_the_light_announces_the_end_of_the_longest_question(shell, mode):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(0.1)
        if mode in ("toggle", "conversation"):
            kiosk.button.release()
        await kiosk.until(lambda: kiosk.app.appliance.light is Light.RECORDING, 5)
        await asyncio.sleep(15)
        assert kiosk.app.intake.is_open
        kiosk.lamp.history.clear()
        gaps = kiosk.lamp.history
        assert await kiosk.until(lambda: not kiosk.app.intake.is_open, 20)
        assert 7 <= list(gaps).count(0) <= 11  # one in each of the last ten seconds
        assert kiosk.recording.level == 0

    shell(body, f"mode={mode}", "turn.longest_s=30", "turn.idle_s=60")
