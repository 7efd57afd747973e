"""Actions of buttons, several buttons, and replies by a tap: the whole daemon in virtual time."""

import asyncio
import json

import pytest

from edged.causes import Cue, Light
from edged.local.voice import VoiceAnswer
from edged.system.power import NullPower
from instruments.lab.oracle import cues_in
from instruments.lab.stamp import stamps
from instruments.walk.__main__ import walked
from tests.kiosk.test_gate import Quiet
from tests.kiosk.test_shell import OWN_VOICE, states

SECOND = 48_000  # bytes
BUTTONS = (
    "buttons=[{role: mute, gpio: 5}, {role: volume_up, gpio: 6}, {role: volume_down, gpio: 7},"
    " {role: new_conversation, gpio: 8}, {role: repeat_answer, gpio: 9}, {role: stop, gpio: 10},"
    " {role: shutdown, gpio: 11}]"
)
MUTE, LOUDER, QUIETER, ANEW, AGAIN, STOP, SHUTDOWN = range(7)
TALK = "mode=conversation"


class Voice:
    """Answers with the same words; no two answers sound alike."""

    def __init__(self, words="so it is", seconds=2.0):
        self.words, self.answers, self.n = words, [], int(seconds * 24_000)

    def answer(self, utterance):
        self.answers.append(stamps((1 << 30) + len(self.answers) * self.n, self.n))
        return VoiceAnswer(self.answers[-1], self.words)


def overheard(kiosk):
    """The types of all messages to the service from now on."""
    transport, types = kiosk.app.link._pump.live.transport, []
    give = transport.give

    def giving(texts):
        types.extend(json.loads(text)["type"] for text in texts)
        return give(texts)

    transport.give = giving
    return types


class Switch(NullPower):
    """Counts the requests."""

    def __init__(self):
        self.asked = self.withdrawn = 0

    def ask(self):
        self.asked += 1

    def withdraw(self):
        self.withdrawn += 1


async def press(button, seconds=0.1):
    button.press()
    await asyncio.sleep(seconds)
    button.release()
    await asyncio.sleep(0.06)


async def twice(button):
    await press(button)
    await press(button)
    await asyncio.sleep(0.6)


async def answered(kiosk):
    """A question, until its answer has sounded for a moment."""
    count = len(kiosk.server.bill)
    await kiosk.visitor.hold(1.5)
    assert await kiosk.until(lambda: kiosk.state in ("SPEAKING", "DRAINING"), 10)
    assert await kiosk.until(lambda: len(kiosk.server.bill) > count, 10)
    await asyncio.sleep(0.3)


async def heard_out(kiosk):
    assert await kiosk.until(lambda: kiosk.state not in ("SPEAKING", "DRAINING"), 20)
    await asyncio.sleep(0.1)


def played(kiosk):
    return b"".join(block for _, block in kiosk.speaker.takes)


def action_lines(caplog):
    return [
        record.message for record in caplog.records if getattr(record, "edged", {}).get("event") == "action"
    ]


# -- what each action does -------------------------------------------------------------------------------


def test_a_mute_button_mutes_and_unmutes_and_says_so(shell, caplog):
    caplog.set_level("INFO")

    async def body(kiosk):
        await press(kiosk.buttons[MUTE])
        await asyncio.sleep(1)
        assert kiosk.app.snapshot()["muted"]
        assert kiosk.app.appliance.light is Light.MUTED
        assert [cue for _, cue in cues_in(kiosk.speaker.takes, (Cue.MUTED,))] == [Cue.MUTED]
        await press(kiosk.buttons[MUTE])
        await asyncio.sleep(1)
        assert not kiosk.app.snapshot()["muted"]
        assert [cue for _, cue in cues_in(kiosk.speaker.takes, (Cue.DONE,))] == [Cue.DONE]
        assert action_lines(caplog) == ["buttons.1: mute"] * 2

    shell(body, BUTTONS)


@pytest.mark.parametrize("for_s", [0.0005, 0.003])
def test_a_disturbance_on_the_cable_of_a_mute_button_switches_nothing(shell, for_s):
    async def body(kiosk):
        await press(kiosk.buttons[MUTE], for_s)
        await asyncio.sleep(1)
        assert not kiosk.app.snapshot()["muted"]
        await press(kiosk.buttons[MUTE], 0.02)  # as short as a finger can
        await asyncio.sleep(1)
        assert kiosk.app.snapshot()["muted"]
        await press(kiosk.buttons[MUTE], for_s)
        await asyncio.sleep(1)
        assert kiosk.app.snapshot()["muted"]

    shell(body, BUTTONS)


def test_a_volume_button_that_must_not_repeat_counts_once_however_long_it_is_held(shell):
    async def body(kiosk):
        kiosk.buttons[0].press()
        await asyncio.sleep(5.0)
        kiosk.buttons[0].release()
        assert kiosk.app.snapshot()["volume"] == 55

    shell(body, "buttons=[{role: volume_up, gpio: 5, repeat: false}]")


def test_volume_buttons_change_the_volume_in_steps_and_again_while_they_are_held(shell):
    async def body(kiosk):
        await press(kiosk.buttons[LOUDER])
        await asyncio.sleep(0.2)
        assert kiosk.app.snapshot()["volume"] == 55
        await press(kiosk.buttons[QUIETER], 1.55)  # 0, 0.5, 0.7 … 1.5 s
        await asyncio.sleep(0.2)
        assert kiosk.app.snapshot()["volume"] == 20
        await press(kiosk.buttons[QUIETER], 3.0)
        await asyncio.sleep(0.2)
        assert kiosk.app.snapshot()["volume"] == 0
        await press(kiosk.buttons[LOUDER], 6.0)
        await asyncio.sleep(0.2)
        assert kiosk.app.snapshot()["volume"] == 100

    shell(body, BUTTONS)


def test_an_answer_is_heard_again_without_another_bill(shell):
    async def body(kiosk):
        await answered(kiosk)
        await heard_out(kiosk)
        before, bill = len(played(kiosk)), len(kiosk.server.bill)
        await press(kiosk.buttons[AGAIN])
        assert kiosk.state == "DRAINING"
        assert kiosk.app.appliance.light is Light.SPEAKING
        await heard_out(kiosk)
        assert kiosk.state == "IDLE"
        assert kiosk.voice.answers[-1] in played(kiosk)[before:]
        assert len(kiosk.server.bill) == bill

    shell(body, BUTTONS, voice=Voice())


def test_it_can_be_interrupted_and_the_service_hears_nothing_of_it(shell):
    async def body(kiosk):
        await answered(kiosk)
        await heard_out(kiosk)
        await press(kiosk.buttons[AGAIN])
        await asyncio.sleep(0.5)
        asked = overheard(kiosk)
        await answered(kiosk)
        await heard_out(kiosk)
        assert "response.create" in asked
        assert not {"conversation.item.truncate", "conversation.item.delete"} & set(asked)
        assert not any(event["event"] == "cause" for event in kiosk.events)
        assert kiosk.voice.answers[-1] in played(kiosk)
        await press(kiosk.buttons[AGAIN])
        await heard_out(kiosk)
        assert played(kiosk).count(kiosk.voice.answers[-1]) == 2

    shell(body, BUTTONS, voice=Voice())


def test_only_what_was_heard_of_an_answer_is_repeated(shell):
    async def body(kiosk):
        await answered(kiosk)  # at least 0.3 s of it
        await press(kiosk.buttons[STOP])
        assert kiosk.state == "IDLE"
        await asyncio.sleep(0.5)
        before = len(played(kiosk))
        await press(kiosk.buttons[AGAIN])
        await heard_out(kiosk)
        again = played(kiosk)[before:].strip(b"\0")
        answer = kiosk.voice.answers[-1]
        assert 0.2 * SECOND < len(again) < len(answer) / 2
        assert again[:9600] == answer.strip(b"\0")[:9600]

    shell(body, BUTTONS, voice=Voice())


@pytest.mark.parametrize("gone", ["nothing was answered", "the visitor has left", "a new conversation began"])
def test_where_there_is_nothing_to_repeat_the_visitor_hears_that(shell, gone):
    async def body(kiosk):
        if gone != "nothing was answered":
            await answered(kiosk)
            await heard_out(kiosk)
        if gone == "the visitor has left":
            await asyncio.sleep(121)
        if gone == "a new conversation began":
            await press(kiosk.buttons[ANEW])
            await asyncio.sleep(2)
        await press(kiosk.buttons[AGAIN])
        await asyncio.sleep(1)
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["nothing_to_repeat"]
        assert [cue for _, cue in cues_in(kiosk.speaker.takes, (Cue.SILENT,))] == [Cue.SILENT]
        assert kiosk.state == "IDLE"

    shell(body, BUTTONS, voice=Voice())


def test_a_new_conversation_knows_nothing_of_the_last_one(shell):
    async def body(kiosk):
        await answered(kiosk)
        sessions = kiosk.server.ledger.sessions
        await press(kiosk.buttons[ANEW])
        assert kiosk.state == "IDLE"
        await answered(kiosk)
        assert kiosk.server.ledger.sessions == sessions + 1
        await heard_out(kiosk)

    shell(body, BUTTONS, voice=Voice(seconds=8.0))


def test_a_question_right_after_a_new_conversation_was_begun_is_complete_but_for_the_cue(shell):
    async def body(kiosk):
        await answered(kiosk)
        await heard_out(kiosk)
        kiosk.buttons[ANEW].press()
        await asyncio.sleep(0.03)
        window = await kiosk.visitor.hold(1.0)
        assert await kiosk.until(lambda: len(kiosk.server.audit) == 2, 10)
        assert kiosk.server.audit[1].session_id != kiosk.server.audit[0].session_id
        first = window.first + OWN_VOICE
        assert stamps(first, window.last - first) in kiosk.server.audit[1].pcm

    shell(body, BUTTONS)


@pytest.mark.parametrize("mode", ["hold", "conversation"])
def test_stop_ends_whatever_is_under_way_without_a_cue(shell, mode):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(0.5)
        await press(kiosk.buttons[STOP])
        assert (kiosk.state, kiosk.app.intake.is_open) == ("IDLE", False)
        kiosk.button.release()
        await asyncio.sleep(1)
        assert kiosk.server.audit == []
        assert not any(event["event"] == "cause" for event in kiosk.events)

    shell(body, BUTTONS, f"mode={mode}")


# -- a shutdown ------------------------------------------------------------------------------------------


def test_a_shutdown_needs_a_long_press_and_is_requested_once(shell):
    async def body(kiosk):
        power = kiosk.app._actions._power = Switch()
        await press(kiosk.buttons[SHUTDOWN], 1.0)
        await asyncio.sleep(1)
        assert power.asked == 0
        await press(kiosk.buttons[SHUTDOWN], 6.0)
        assert power.asked == 1
        assert [cue for _, cue in cues_in(kiosk.speaker.takes, (Cue.DONE,))] == [Cue.DONE]

    shell(body, BUTTONS)


def test_a_shutdown_that_nobody_carries_out_is_withdrawn_and_reported(shell, caplog):
    async def body(kiosk):
        power = kiosk.app._actions._power = Switch()
        await press(kiosk.buttons[SHUTDOWN], 2.0)
        await asyncio.sleep(10)
        assert power.withdrawn == 1
        assert kiosk.app.snapshot()["counters"]["edged_cause_shutdown_unanswered_total"] == 1
        assert "edged-shutdown.path" in caplog.text

    shell(body, BUTTONS)


def test_without_a_unit_that_could_do_it_that_is_reported_at_once(shell, caplog):
    async def body(kiosk):
        kiosk.app.command("shutdown", None)
        await asyncio.sleep(0.1)
        assert "does not run as a service" in caplog.text

    shell(body)


# -- gestures of the talk button -------------------------------------------------------------------------

ACTIONS = {
    "mute": lambda kiosk: kiosk.app.snapshot()["muted"],
    "volume_up": lambda kiosk: kiosk.app.snapshot()["volume"] == 55,
    "volume_down": lambda kiosk: kiosk.app.snapshot()["volume"] == 45,
    "new_conversation": lambda kiosk: "button: new_conversation" in kiosk.lines,
    "repeat_answer": lambda kiosk: "button: repeat_answer" in kiosk.lines,
    "stop": lambda kiosk: "button: stop" in kiosk.lines,
    "shutdown": lambda kiosk: kiosk.app._actions._power.asked == 1,
}
GESTURES = {
    "long_press": lambda button: press(button, 1.7),
    "very_long_press": lambda button: press(button, 5.2),
    "double_press": twice,
}


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("gesture", sorted(GESTURES))
def test_each_action_runs_by_each_gesture_once(shell, caplog, gesture, action):
    if (gesture, action) == ("double_press", "shutdown"):
        pytest.skip("a shutdown needs a long press")
    caplog.set_level("INFO")

    async def body(kiosk):
        kiosk.app._actions._power = Switch()
        Quiet(kiosk)
        await asyncio.sleep(0.5)  # nothing that sounds like speech is in the pre-roll any more
        await GESTURES[gesture](kiosk.button)
        await asyncio.sleep(0.5)
        kiosk.lines = action_lines(caplog)
        assert kiosk.lines == [f"button: {action}"]
        assert ACTIONS[action](kiosk)
        assert (kiosk.state, kiosk.app.intake.is_open) in (("IDLE", False), ("NOTICE", False))
        assert kiosk.server.audit == []

    shell(body, TALK, f"button.{gesture}={action}")


@pytest.mark.parametrize("mode", ["hold", "conversation"])
def test_gestures_and_further_buttons_cost_a_press_nothing(shell, mode):
    """From the press to the first sound that is sent, the same functions are called at the same moment."""
    found = {}
    gestures = {"hold": ("double_press",), "conversation": ("long_press", "very_long_press", "double_press")}

    async def body(kiosk):
        await answered(kiosk) if mode == "hold" else await asyncio.sleep(1)
        await asyncio.sleep(30)
        marks = len(kiosk.events)
        with walked() as walk:
            kiosk.button.press()
            for _ in range(20):
                await asyncio.sleep(0)
        walk = walk.until("WebsocketTransport.give")
        found[len(kiosk.buttons)] = [step[1:] for step in walk.steps]
        assert walk.steps
        at = {event["name"]: event["at_ms"] for event in kiosk.events[marks:] if event["event"] == "mark"}
        assert at["press"] == at["first_audio_sent"]
        kiosk.button.release()

    shell(body, f"mode={mode}")
    bound = [f"button.{gesture}=volume_up" for gesture in gestures[mode]]
    shell(body, f"mode={mode}", *bound, BUTTONS)
    assert found[0] == found[7]


def test_two_taps_in_hold_mode_run_their_action_beside_what_each_tap_does(shell, caplog):
    caplog.set_level("INFO")

    async def body(kiosk):
        await twice(kiosk.button)
        await asyncio.sleep(1)
        assert action_lines(caplog) == ["button: volume_up"]
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["too_short"] * 2

    shell(body, "button.double_press=volume_up")


def test_a_mashed_button_runs_nothing(shell, caplog):
    caplog.set_level("INFO")

    async def body(kiosk):
        for _ in range(20):
            await press(kiosk.button)
        await asyncio.sleep(2)
        assert action_lines(caplog) == []

    shell(body, "button.double_press=mute")


def test_with_two_lengths_bound_a_press_runs_one_of_them(shell, caplog):
    caplog.set_level("INFO")

    async def body(kiosk):
        kiosk.app._actions._power = Switch()
        await press(kiosk.button, 2.0)
        assert action_lines(caplog) == ["button: mute"]
        await press(kiosk.button, 6.0)
        assert action_lines(caplog) == ["button: mute", "button: shutdown"]

    shell(body, TALK, "button.long_press=mute", "button.very_long_press=shutdown")


# -- one button a language -------------------------------------------------------------------------------

TWO = "buttons=[{role: talk, gpio: 5, language: de, voice: cedar}]"


def asked_for(kiosk):
    """(voice, whether it is the session of the German button) of the last session."""
    text = kiosk.app.link.settings.instructions
    return kiosk.app.link.settings.voice, text.endswith("Speak the language with the code de.")


async def hold(kiosk, button, seconds=1.0):
    """The stamps of the microphone during a press of this button, from when an answer that it interrupts has faded."""
    first = kiosk.microphone.handed + OWN_VOICE
    button.press()
    await asyncio.sleep(seconds)
    button.release()
    return stamps(first, kiosk.microphone.position - first)


def test_another_talk_button_asks_in_a_session_of_its_own_and_no_word_is_lost(shell):
    async def body(kiosk):
        await answered(kiosk)
        said = await hold(kiosk, kiosk.buttons[0])
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 2, 20)
        assert asked_for(kiosk) == ("cedar", True)
        english, german = kiosk.server.audit
        assert english.session_id != german.session_id
        assert said in german.pcm
        await asyncio.sleep(5)
        said = await hold(kiosk, kiosk.button)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 3, 20)
        assert asked_for(kiosk)[1] is False
        assert said in kiosk.server.audit[2].pcm
        assert kiosk.app.snapshot()["counters"].get("edged_cause_answer_lost_total") is None

    shell(body, TWO, voice=Voice())


def test_a_question_belongs_to_the_button_that_began_it_also_if_another_one_ends_it(shell):
    async def body(kiosk):
        sessions = kiosk.server.ledger.sessions
        first = kiosk.microphone.handed
        await press(kiosk.button)
        await asyncio.sleep(1)
        await press(kiosk.buttons[0])
        said = stamps(first, SECOND // 2)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 10)
        assert said in kiosk.server.audit[0].pcm
        assert asked_for(kiosk)[1] is False
        assert kiosk.server.ledger.sessions == sessions
        await heard_out(kiosk)
        await press(kiosk.buttons[0])
        await asyncio.sleep(1)
        await press(kiosk.button)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 2, 10)
        assert asked_for(kiosk)[1] is True

    shell(body, "mode=toggle", TWO, voice=Voice())


def test_the_same_button_again_stays_in_its_session(shell):
    async def body(kiosk):
        for count in (1, 2):
            await hold(kiosk, kiosk.buttons[0])
            assert await kiosk.until(lambda count=count: len(kiosk.server.bill) == count, 20)
            await heard_out(kiosk)
        assert kiosk.server.audit[0].session_id == kiosk.server.audit[1].session_id

    shell(body, TWO, voice=Voice())


def test_a_slip_on_another_button_changes_nothing(shell):
    async def body(kiosk):
        sessions = kiosk.server.ledger.sessions
        await press(kiosk.buttons[0])
        await asyncio.sleep(2)
        assert kiosk.server.ledger.sessions == sessions
        assert asked_for(kiosk)[1] is False

    shell(body, TWO)


def test_of_two_talk_buttons_pressed_at_once_the_first_one_speaks_until_its_own_release(shell):
    async def body(kiosk):
        first = kiosk.microphone.handed
        kiosk.button.press()
        await asyncio.sleep(0.4)
        kiosk.buttons[0].press()
        await asyncio.sleep(0.4)
        kiosk.buttons[0].release()
        await asyncio.sleep(0.4)
        assert kiosk.state == "LISTENING"
        kiosk.button.release()
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 10)
        assert stamps(first, kiosk.microphone.position - first)[:SECOND] in kiosk.server.audit[0].pcm
        assert asked_for(kiosk)[1] is False

    shell(body, TWO)


def test_what_waits_for_the_link_goes_to_the_session_of_the_button_pressed_last(shell):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(0.5)
        one = await hold(kiosk, kiosk.button)
        await asyncio.sleep(0.5)
        two = await hold(kiosk, kiosk.buttons[0])
        await asyncio.sleep(0.5)
        kiosk.net.set(no_route=False)
        assert await kiosk.until(lambda: len(kiosk.server.audit) == 2, 60)
        assert [one in kiosk.server.audit[0].pcm, two in kiosk.server.audit[1].pcm] == [True, True]
        assert {taken.session_id for taken in kiosk.server.audit} == {kiosk.server.audit[1].session_id}
        assert asked_for(kiosk)[1] is True

    shell(body, TWO)


def test_an_answer_that_was_owed_to_the_other_button_is_told_as_lost(shell):
    async def body(kiosk):
        await hold(kiosk, kiosk.button)
        await asyncio.sleep(0.155)  # the last syllable, and not yet the acknowledgement
        kiosk.buttons[0].press()
        await asyncio.sleep(0.14)  # acknowledged, and the press is still undecided
        assert kiosk.app.link.owed
        await asyncio.sleep(1)
        kiosk.buttons[0].release()
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 20)
        assert kiosk.app.snapshot()["counters"]["edged_cause_answer_lost_total"] == 1

    shell(body, TWO)


def test_in_a_conversation_another_talk_button_goes_on_in_its_own_session(shell):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await press(kiosk.button)
        await visitor.say(1.5)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10)
        assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 20)
        await press(kiosk.buttons[0])
        assert kiosk.state == "AWAITING_SPEECH"
        assert asked_for(kiosk) == ("cedar", True)
        await visitor.say(1.5)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 2, 20)
        english, german = kiosk.server.audit
        assert english.session_id != german.session_id

    shell(body, TALK, TWO, voice=Voice())


def test_a_press_by_a_program_is_in_the_language_of_the_talk_button(shell):
    async def body(kiosk):
        await hold(kiosk, kiosk.buttons[0])
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 20)
        await heard_out(kiosk)
        kiosk.app.command("press", None)
        await asyncio.sleep(1)
        kiosk.app.command("release", None)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 2, 20)
        assert asked_for(kiosk)[1] is False

    shell(body, TWO, voice=Voice())


# -- a tap over an answer, and a reply by a tap ----------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "tap", "opens"),
    [
        ("hold", "auto", False),
        ("hold", "listen", True),
        ("hold", "stop", False),
        ("toggle", "auto", True),
        ("toggle", "stop", False),
        ("hybrid", "auto", False),
        ("hybrid", "listen", True),
        ("conversation", "auto", True),
        ("conversation", "stop", False),
    ],
)
def test_a_tap_stops_the_answer_and_listens_where_that_is_wanted(shell, mode, tap, opens):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        kiosk.button.press()
        if mode in ("toggle", "conversation"):
            await asyncio.sleep(0.2)
            kiosk.button.release()
        await visitor.say(1.5)
        if mode == "toggle":
            await press(kiosk.button)
        kiosk.button.release()
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10)
        await asyncio.sleep(0.5)
        await press(kiosk.button)
        await asyncio.sleep(0.3)
        assert kiosk.app.intake.is_open == opens
        assert kiosk.speaker.takes[-1][0] < asyncio.get_running_loop().time() - 0.2

    shell(body, f"mode={mode}", f"turn.tap_over_answer={tap}", voice=Voice(seconds=6.0))


@pytest.mark.parametrize("words", ["Which floor?", "It is on the second floor."])
def test_after_a_question_a_tap_is_enough_to_reply(shell, words):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(1)
        kiosk.button.press()
        await visitor.say(1.5)
        kiosk.button.release()
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10)
        await heard_out(kiosk)
        asks = words.endswith("?")
        assert kiosk.state == ("ASKED_BACK" if asks else "IDLE")
        if not asks:
            return
        assert kiosk.app.appliance.light is Light.FOLLOW_UP
        assert not kiosk.app.intake.is_open
        await press(kiosk.button)
        assert kiosk.state == "LATCHED"
        await asyncio.sleep(0.5)
        await visitor.say(1.5)
        assert kiosk.state == "LATCHED"
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 2, 5)  # the silence has ended it
        await heard_out(kiosk)
        await asyncio.sleep(6)
        assert (kiosk.state, len(kiosk.server.bill)) == ("IDLE", 2)

    shell(body, "turn.follow_up_s=5", voice=Voice(words))


def test_a_visitor_who_taps_and_says_nothing_hears_that_and_nothing_is_billed(shell):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(1)
        kiosk.button.press()
        await visitor.say(1.5)
        kiosk.button.release()
        assert await kiosk.until(lambda: kiosk.state == "ASKED_BACK", 20)
        await press(kiosk.button)
        assert await kiosk.until(lambda: not kiosk.app.intake.is_open, 7)
        await asyncio.sleep(5)
        assert states(kiosk)[-2:] == ["NOTICE", "IDLE"]
        assert len(kiosk.server.bill) == 1

    shell(body, "turn.follow_up_s=5", voice=Voice("Which floor?"))


def test_the_gate_never_opens_by_itself_after_a_question(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.5)
        assert await kiosk.until(lambda: kiosk.state == "ASKED_BACK", 20)
        came = sum(kiosk.server.ledger.appended.values())
        await asyncio.sleep(60)
        assert kiosk.state == "IDLE"
        assert sum(kiosk.server.ledger.appended.values()) == came

    shell(body, "turn.follow_up_s=5", voice=Voice("Which floor?"))


def test_without_a_text_of_the_answer_nothing_is_offered(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.5)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10)
        await heard_out(kiosk)
        assert kiosk.state == "IDLE"

    shell(body, "turn.follow_up_s=5", voice=Voice(""))
