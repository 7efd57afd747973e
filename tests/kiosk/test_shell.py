"""The whole daemon in virtual time: its own composition, the embedded service, and stock websockets between them."""

import asyncio
import io
import itertools
import json
import logging
from array import array
from random import Random

import pytest

from edged import pcm
from edged.app.settings import tail_ms
from edged.audio.dsp.volume import gain_of
from edged.audio.playout.cues import render
from edged.causes import Cue, Light
from edged.config import Config
from edged.errors import DeviceError
from edged.local.voice import ParrotVoice
from edged.panel.gestures import Gesture
from edged.system.journal import setup
from instruments.lab.kiosk import LATE_MS, kiosk_of
from instruments.lab.net import SimNet
from instruments.lab.oracle import Release, cues_in
from instruments.lab.stamp import locate, stamps
from instruments.lab.tap import Tap

MS = 48
RELEASE_MS, BLOCK_MS = Config().turn.release_ms, Config().microphone.block_ms
OWN_VOICE = 24 * (tail_ms(Config()) + 2 * BLOCK_MS)  # samples: the most that an interrupt loses at its begin
RELEASE = Release(24 * RELEASE_MS, 24 * BLOCK_MS)
_rng = Random(1)
ROOM = array("h", (round(_rng.gauss(0, 10)) for _ in range(24_000))).tobytes()  # quiet, -67 dBFS


def states(kiosk):
    return [event["state"] for event in kiosk.events if event["event"] == "turn"]


def marks(kiosk, turn):
    return {
        event["name"]: event["at_ms"]
        for event in kiosk.events
        if event["event"] == "mark" and event["turn"] == turn
    }


async def idle(kiosk, within_s=60.0):
    assert await kiosk.until(lambda: kiosk.state == "IDLE", within_s), kiosk.state


def cues(kiosk):
    return [cue for _, cue in cues_in(kiosk.speaker.takes)]


async def speak_without_a_link(kiosk):
    kiosk.net.set(no_route=True)
    kiosk.net.strike("reset_client")
    await asyncio.sleep(1.0)
    await kiosk.visitor.hold(2.0)


def played(kiosk):
    return b"".join(block for _, block in kiosk.speaker.takes)


def assert_whole(sound, window):
    """The sound reaches from the pre-roll, which is longer if the microphone was late, to the end of the delay."""
    first = locate(sound)
    assert first is not None
    assert 7200 <= window.first - first <= 7200 + LATE_MS * 24
    assert RELEASE.fits(window, first + len(sound) // 2)


def test_a_press_becomes_an_answer(shell):
    async def body(kiosk):
        window = await kiosk.visitor.hold(2.0)
        await asyncio.sleep(0.5)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert_whole(taken.pcm, window)
        assert kiosk.voice.answers[0] in played(kiosk)
        assert [billed.status for billed in kiosk.server.bill] == ["completed"]
        legs = marks(kiosk, 1)
        order = [
            "press",
            "first_audio_sent",
            "release",
            "commit_sent",
            "committed",
            "first_delta",
            "first_sound",
            "drained",
        ]
        assert sorted(order, key=legs.__getitem__) == order
        assert legs["first_audio_sent"] - legs["press"] <= 1
        assert RELEASE_MS <= legs["commit_sent"] - legs["release"] <= RELEASE_MS + 2 * BLOCK_MS

    shell(body)


def test_the_parrot_says_what_it_was_told_bit_for_bit(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.5)
        await asyncio.sleep(0.5)
        await idle(kiosk)
        assert kiosk.server.audit[0].pcm in played(kiosk)

    shell(body, voice=ParrotVoice())


def test_an_interrupt_silences_truncates_and_is_answered_after_the_old_answer_has_ended(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state in ("SPEAKING", "DRAINING"), 5.0)
        await asyncio.sleep(0.5)
        window = await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.3)
        await idle(kiosk)
        first, second = kiosk.server.audit
        begins = locate(second.pcm)  # after the machine's voice, and what the room makes of it
        assert window.first + OWN_VOICE - 24 * 2 * BLOCK_MS <= begins <= window.first + OWN_VOICE
        ((_, truncated_ms),) = kiosk.server.ledger.truncations
        sound = played(kiosk)
        start = sound.find(kiosk.voice.answers[0][:4800])
        heard = 0
        while sound[start + heard : start + heard + 48] == kiosk.voice.answers[0][heard : heard + 48]:
            heard += 48
        assert abs(truncated_ms - heard // MS) <= 20
        assert kiosk.voice.answers[1] in sound
        assert kiosk.server.ledger.errors == 0
        assert len(first.pcm) > 0

    shell(body)


def test_what_a_press_cancels_is_cancelled_before_its_sound_is_sent(lab_run):
    net = SimNet(latency_ms=10)
    tap = Tap(net)

    async def main():
        async with kiosk_of(net, think_ms=3000) as kiosk:
            await kiosk.visitor.hold(1.0)
            await kiosk.until(lambda: kiosk.state == "THINKING", 2.0)
            await asyncio.sleep(0.5)
            before = len(tap.texts("server"))
            kiosk.button.press()
            await asyncio.sleep(0.02)
            kinds = [json.loads(message.text)["type"] for message in tap.texts("server")[before:]]
            assert kinds == ["response.cancel", *["input_audio_buffer.append"] * 3]
            kiosk.button.release()
            await idle(kiosk)

    lab_run(main(), net=net)


def test_nothing_is_sent_while_nobody_presses(shell):
    async def body(kiosk):
        await asyncio.sleep(600)
        assert kiosk.server.ledger.appended.total() == 0
        assert kiosk.microphone.handed > 24_000 * 500

    shell(body)


def test_a_tap_sends_nothing_and_is_told(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(0.1)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert kiosk.server.audit == []
        assert cues(kiosk) == [Cue.TOO_SHORT]

    shell(body)


@pytest.mark.slow
def test_a_jammed_button_sends_the_longest_hold_and_no_more(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(900)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert len(taken.pcm) <= (60_000 + 150 + 300 + LATE_MS) * MS + 1920
        assert len(taken.pcm) >= 60_000 * MS
        assert kiosk.server.ledger.appended.total() == len(taken.pcm)

    shell(body)


@pytest.mark.parametrize("strike", ["reset", "fin"])
def test_an_utterance_survives_a_drop_in_its_middle(shell, strike):
    async def body(kiosk):
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, kiosk.net.strike, strike)
        window = await kiosk.visitor.hold(3.0)
        await asyncio.sleep(0.5)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert_whole(taken.pcm, window)
        assert kiosk.voice.answers[0] in played(kiosk)

    shell(body)


def test_an_utterance_spoken_while_the_link_is_down_waits_for_it(shell):
    async def body(kiosk):
        await speak_without_a_link(kiosk)
        await asyncio.sleep(10.0)
        assert kiosk.app.appliance.light is Light.HOLDING
        assert kiosk.state == "COMMITTING"
        kiosk.net.set(no_route=False)
        await asyncio.sleep(5.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1
        assert cues(kiosk) == []

    shell(body)


def test_an_utterance_that_waited_too_long_is_thrown_away_audibly_and_is_not_sent_later(shell):
    async def body(kiosk):
        await speak_without_a_link(kiosk)
        await asyncio.sleep(40.0)
        assert cues(kiosk) == [Cue.DISCARDED]
        await idle(kiosk)
        kiosk.net.set(no_route=False)
        await asyncio.sleep(30.0)
        assert kiosk.app.link.up
        assert kiosk.server.audit == []

    shell(body)


def test_two_questions_wait_and_the_third_press_hears_busy(shell):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        for _ in range(3):
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(1.0)
        assert cues(kiosk) == [Cue.BUSY]
        kiosk.net.set(no_route=False)
        await asyncio.sleep(8.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 2
        assert len(kiosk.server.bill) == 1  # one answer for both

    shell(body)


def test_the_light_says_busy_while_the_busy_tone_plays(shell):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        for _ in range(3):
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(2.0)
        shown = [light for _, light in kiosk.lights]
        at = shown.index("busy")
        assert shown[at - 1 : at + 2] == ["holding", "busy", "holding"]

    shell(body)


def test_the_light_tells_a_missing_network_from_a_missing_service(shell):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(3.0)
        assert kiosk.app.appliance.light is Light.NEEDS_NETWORK
        kiosk.net.set(no_route=False, refuse=True)
        await asyncio.sleep(5.0)
        assert kiosk.app.appliance.light is Light.OFFLINE

    shell(body)


def test_until_the_first_session_the_light_says_that_it_connects(shell):
    async def body(kiosk):
        shown = [light for _, light in kiosk.lights]
        assert shown[:2] == ["connecting", "ready"]

    shell(body)


def test_a_link_lost_before_the_answer_is_told(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "THINKING", 2.0)
        kiosk.net.strike("reset")
        await asyncio.sleep(3.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.FAILED]
        assert len(kiosk.server.audit) == 1

    shell(body, think_ms=2000)


def test_a_link_lost_in_the_middle_of_the_answer_plays_what_is_here_and_tells(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 2.0)
        await asyncio.sleep(0.5)
        kiosk.net.strike("reset")
        await asyncio.sleep(0.1)
        assert kiosk.state == "TRUNCATED"
        await asyncio.sleep(8.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.CUT]

    shell(body)


def test_a_half_open_link_is_noticed_and_replaced(shell):
    async def body(kiosk):
        kiosk.net.strike("roam")
        await asyncio.sleep(9.0)
        assert kiosk.app.link.up
        links = [event for event in kiosk.events if event["event"] == "link"]
        assert [event["up"] for event in links] == [True, False, True]

    shell(body)


def test_a_muted_microphone_is_closed_and_hears_nothing_of_before_when_it_is_opened_again(shell):
    async def body(kiosk):
        kiosk.app.command("mute", None)
        assert kiosk.app.appliance.light is Light.MUTED
        await asyncio.sleep(0.5)
        handed, starts = kiosk.microphone.handed, kiosk.microphone.starts
        await asyncio.sleep(5.0)
        kiosk.button.press()
        await asyncio.sleep(0.5)
        kiosk.button.release()
        await idle(kiosk)
        assert cues(kiosk) == [Cue.MUTED]
        assert (kiosk.microphone.handed, kiosk.microphone.starts) == (handed, starts)
        kiosk.app.command("unmute", None)
        await asyncio.sleep(0.1)
        window = await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        first = locate(taken.pcm)
        own_voice_ms = 20 + tail_ms(
            Config()
        )  # the end of the phrase, in the speaker's last block, and its tail
        assert handed <= first <= handed + 24 * own_voice_ms  # no sample from before
        assert RELEASE.fits(window, first + len(taken.pcm) // 2)

    shell(body)


def test_a_mute_in_the_middle_of_a_press_closes_the_device(shell):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(1.0)
        assert kiosk.microphone.handed > 0
        kiosk.app.command("mute", None)
        await asyncio.sleep(0.1)
        handed = kiosk.microphone.handed
        assert kiosk.state == "IDLE"
        await asyncio.sleep(3.0)
        kiosk.button.release()
        assert kiosk.microphone.handed == handed
        assert kiosk.server.audit == []

    shell(body)
    shell(body, "microphone.capture=closed")


def test_a_microphone_captured_while_held_only_is_not_opened_by_unmuting(shell):
    async def body(kiosk):
        kiosk.app.command("mute", None)
        kiosk.app.command("unmute", None)
        await asyncio.sleep(3.0)
        assert kiosk.microphone.handed == 0
        await kiosk.visitor.hold(1.0)
        assert kiosk.microphone.handed > 0

    shell(body, "microphone.capture=closed")


@pytest.mark.parametrize("volume", [25, 50])
def test_an_answer_is_as_loud_as_was_set_and_heard_as_far_as_it_was(shell, volume):
    async def body(kiosk):
        assert (await kiosk.app.set_volume(volume))["volume"] == volume
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        wanted = pcm.gain(kiosk.voice.answers[0], gain_of(volume))
        assert wanted[960:] in played(kiosk)

    shell(body)


def test_a_lead_in_and_a_tail_lie_around_the_answer(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        await asyncio.sleep(2.0)
        whole = played(kiosk)
        assert bytes(300 * MS) + kiosk.voice.answers[0] + bytes(500 * MS) in whole

    shell(body, "speaker.lead_in_ms=300", "speaker.tail_ms=500")


def test_mute_refuses_presses_audibly_and_shuts_an_open_gate(shell):
    async def body(kiosk):
        appliance = kiosk.app.appliance
        kiosk.app.command("mute", None)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.MUTED]
        assert appliance.light is Light.MUTED
        kiosk.app.command("unmute", None)
        kiosk.button.press()
        await asyncio.sleep(0.503)
        kiosk.app.command("mute", None)
        assert kiosk.state == "IDLE"
        kiosk.button.release()
        await asyncio.sleep(5.0)
        assert kiosk.server.audit == []

    shell(body)


def test_what_was_said_until_the_microphone_went_is_sent_and_its_return_needs_no_restart(shell):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(1.003)
        kiosk.microphone.stop()
        kiosk.microphone._lost(DeviceError("unplugged", "microphone_lost"))
        await asyncio.sleep(0.01)
        assert kiosk.state == "COMMITTING"
        kiosk.button.release()
        await asyncio.sleep(3.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1
        assert Cue.DEVICE in cues(kiosk)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 2

    shell(body)


def test_without_a_microphone_a_press_is_told(shell):
    async def body(kiosk):
        def gone(hand, lost):
            raise DeviceError("not there", "microphone_lost")

        kiosk.microphone.start = gone
        kiosk.microphone._lost(DeviceError("unplugged", "microphone_lost"))
        await asyncio.sleep(5.0)
        assert kiosk.app.appliance.light is Light.ERROR_SOUND
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.DEVICE]

    shell(body)


def test_without_a_speaker_no_state_is_left_waiting(shell):
    async def body(kiosk):
        def gone(source, lost):
            raise DeviceError("not there", "speaker_lost")

        kiosk.speaker.start = gone
        kiosk.app._device_panel.keepers["speaker"].want(False)
        kiosk.app._device_panel.keepers["speaker"].want(True)
        await asyncio.sleep(1.0)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(5.0)
        await idle(kiosk)
        await kiosk.visitor.hold(0.05)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.bill) == 1

    shell(body)


def test_toggle_and_hybrid(shell):
    async def toggle(kiosk):
        await kiosk.visitor.hold(0.1)
        await asyncio.sleep(2.0)
        await kiosk.visitor.hold(0.1)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1

    async def hybrid(kiosk):
        await toggle(kiosk)
        await kiosk.visitor.hold(2.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 2

    shell(toggle, "mode=toggle")
    shell(hybrid, "mode=hybrid")


def test_a_conversation_is_opened_by_a_press_and_goes_on_until_nobody_speaks(shell):
    """The stamps are loud, so that the service's detector hears speech. Silence ends it."""

    async def body(kiosk):
        microphone = kiosk.microphone
        quiet = [True]

        def tick():
            if not quiet[0]:
                return microphone.stamp()
            return microphone.hear(bytes(microphone._block * 2))

        microphone.listen_to(tick)
        await asyncio.sleep(0.5)  # so that the pre-roll is quiet, too
        kiosk.button.press()
        await asyncio.sleep(0.1)
        kiosk.button.release()
        for turn in (1, 2):
            assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 20.0)
            quiet[0] = False
            await asyncio.sleep(1.5)
            assert kiosk.state == "HEARING"
            quiet[0] = True
            assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
            appended = kiosk.server.ledger.appended.total()
            while kiosk.state in ("SPEAKING", "DRAINING"):
                assert not kiosk.app.intake.is_open
                assert kiosk.server.ledger.appended.total() == appended  # the gate is shut
                await asyncio.sleep(0.02)
            assert len(kiosk.server.audit) == turn
        assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 20.0)
        await asyncio.sleep(36.0)
        assert kiosk.state == "IDLE"
        assert len(kiosk.server.bill) == 2

    shell(body, "mode=conversation")


def hear(kiosk, sound):
    """The microphone hears this, block by block, instead of its stamps."""
    microphone = kiosk.microphone
    size = microphone._block * 2

    def tick():
        block = bytes(itertools.islice(sound, size))
        microphone.hear(block)

    microphone.listen_to(tick)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heard", "cue", "cause"),
    [
        (bytes(96_000), Cue.DEVICE, "microphone_silent"),
        (b"\x39\x30" * 48_000, Cue.DEVICE, "microphone_stuck"),
        (ROOM, Cue.UNHEARD, "nothing_said"),
    ],
    ids=["zeros", "stuck", "room"],
)
@pytest.mark.parametrize("mode", ["hold", "toggle"])
def test_a_press_that_can_not_have_been_speech_is_told_and_not_paid_for(shell, mode, heard, cue, cause):
    async def body(kiosk):
        hear(kiosk, itertools.cycle(heard))
        await asyncio.sleep(1.0)
        if mode == "hold":
            await kiosk.visitor.hold(1.5)
        else:
            await kiosk.visitor.hold(0.2)
            await asyncio.sleep(1.5)
            await kiosk.visitor.hold(0.2)
        assert await kiosk.until(lambda: kiosk.state == "NOTICE", 0.3)
        await idle(kiosk, 7.0)
        assert render(cue) in played(kiosk)
        assert (kiosk.server.audit, kiosk.server.bill) == ([], [])
        assert [e["id"] for e in kiosk.events if e["event"] == "cause"] == [cause]
        hear(kiosk, itertools.cycle(stamps(0, 24_000)))
        await asyncio.sleep(0.5)
        await kiosk.visitor.hold(0.2 if mode == "toggle" else 1.0)
        if mode == "toggle":
            await asyncio.sleep(1.0)
            await kiosk.visitor.hold(0.2)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert [billed.status for billed in kiosk.server.bill] == ["completed"]

    shell(body, f"mode={mode}")


def test_what_is_bad_about_speech_is_told_to_the_journal_only(shell, caplog):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)  # the stamps have an offset
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert cues(kiosk) == []
        assert len(kiosk.server.bill) == 1
        return kiosk.app.snapshot()["counters"]

    counters = shell(body)
    assert counters["edged_cause_microphone_offset_total"] == 1
    assert any("microphone_offset: The utterance was sent" in record.message for record in caplog.records)


def test_closed_capture_runs_the_microphone_only_while_the_gate_is_open(shell):
    async def body(kiosk):
        assert kiosk.microphone.handed == 0
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.3)
        handed = kiosk.microphone.handed
        assert 20_000 < handed < 24_000 + RELEASE.delay + 2 * RELEASE.block
        await asyncio.sleep(5.0)
        assert kiosk.microphone.handed == handed
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1

    shell(body, "microphone.capture=closed")


def test_a_microphone_lost_in_a_press_that_runs_for_presses_only_needs_no_restart(shell):
    async def body(kiosk):
        def gone(hand, lost):
            raise DeviceError("not there", "microphone_lost")

        start = kiosk.microphone.start
        kiosk.button.press()
        await asyncio.sleep(1.003)
        kiosk.microphone.stop()
        kiosk.microphone.start = gone
        kiosk.microphone._lost(DeviceError("unplugged", "microphone_lost"))
        await asyncio.sleep(0.01)
        kiosk.button.release()
        await asyncio.sleep(3.0)
        await idle(kiosk)
        assert kiosk.app.appliance.light is Light.ERROR_SOUND
        kiosk.microphone.start = start
        assert await kiosk.until(lambda: kiosk.app.snapshot()["microphone"], 5.0)
        assert kiosk.app.appliance.light is Light.READY
        handed = kiosk.microphone.handed
        await asyncio.sleep(3.0)
        assert kiosk.microphone.handed == handed  # it opens once, and is then closed again
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 2

    shell(body, "microphone.capture=closed")


def test_what_devices_and_queues_let_go_of_is_counted_for_whoever_looks(shell):
    async def body(kiosk):
        assert not {"microphone_gaps", "speech_dropped_bytes"} & kiosk.app.snapshot()["counters"].keys()
        kiosk.microphone.gaps, kiosk.speaker.gaps = 2, 3
        kiosk.app.utterances.longest_bytes = 48_000
        await kiosk.visitor.hold(1.5)
        counters = kiosk.app.snapshot()["counters"]
        assert (counters["microphone_gaps"], counters["speaker_gaps"]) == (2, 3)
        assert counters["speech_dropped_bytes"] > 20_000

    shell(body)


def test_a_press_over_the_control_socket_is_the_same_press(shell):
    async def body(kiosk):
        kiosk.app.appliance.gesture(Gesture.PRESS)
        assert kiosk.app.appliance.light is Light.RECORDING
        assert kiosk.lamp.level == 1
        kiosk.app.appliance.gesture(Gesture.RELEASE)
        await asyncio.sleep(1.0)
        await idle(kiosk)

    shell(body)


STATES = {
    "IDLE": lambda k: asyncio.sleep(0),
    "ARMED": lambda k: asyncio.sleep(0.05),
    "LISTENING": lambda k: asyncio.sleep(1.0),
    "TRAILING": lambda k: asyncio.sleep(0.1),
    "THINKING": lambda k: k.until(lambda: k.state == "THINKING", 5.0),
    "SPEAKING": lambda k: k.until(lambda: k.state == "SPEAKING", 5.0),
    "DRAINING": lambda k: k.until(lambda: k.state == "DRAINING", 5.0),
    "NOTICE": lambda k: k.until(lambda: k.state == "NOTICE", 5.0),
    "COMMITTING": lambda k: k.until(lambda: k.state == "COMMITTING", 5.0),
}


@pytest.mark.parametrize("dns_hangs", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_it_ends_within_a_second_from_every_state(lab_run, state, dns_hangs):
    net = SimNet(latency_ms=10)

    async def main():
        async with kiosk_of(net, think_ms=300) as kiosk:
            loop = asyncio.get_running_loop()
            if state in ("ARMED", "LISTENING"):
                kiosk.button.press()
            elif state == "NOTICE":
                await kiosk.visitor.hold(0.1)
            elif state != "IDLE":
                if state == "COMMITTING":
                    net.set(no_route=True)
                    net.strike("reset_client")
                await kiosk.visitor.hold(1.0)
            await STATES[state](kiosk)
            assert kiosk.state == state
            if dns_hangs:
                net.set(dns_delay_ms=60_000, hole_up=True, hole_down=True)
                net.strike("reset_client")
            began = loop.time()
            kiosk.app.stop()
            assert await kiosk._task == 0
            assert loop.time() - began <= 1.0
            assert kiosk.lamp.level == 0
            handed = kiosk.microphone.handed
            await asyncio.sleep(1.0)
            assert kiosk.microphone.handed == handed

    lab_run(main(), net=net)


@pytest.mark.hours
@pytest.mark.parametrize("hours", [6, pytest.param(24, marks=pytest.mark.nightly)])
def test_hours_without_a_network_write_few_lines(lab_run, caplog, hours):
    net = SimNet(latency_ms=10)

    async def main():
        async with kiosk_of(net, "microphone.backend=null") as kiosk:
            kiosk.microphone.stop()
            net.set(no_route=True)
            net.strike("reset_client")
            await asyncio.sleep(hours * 3600)
            assert kiosk.app.link.cause == "offline"
            assert kiosk.app.appliance.light is Light.NEEDS_NETWORK

    with caplog.at_level("INFO"):
        lab_run(main(), net=net)
    assert hours <= len(caplog.records) <= 12 + 1.5 * hours  # one line at the change, and then one an hour


@pytest.mark.hours
def test_a_day_of_troubles_that_take_turns_writes_less_than_a_hundred_lines(lab_run):
    net, written = SimNet(latency_ms=10), io.StringIO()
    troubles = {"offline": "no_route", "unreachable": "refuse", "handshake_timeout": "hole_up", None: ""}
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    seen = set()

    async def main():
        loop = asyncio.get_running_loop()
        async with kiosk_of(net, "microphone.backend=null") as kiosk:
            kiosk.microphone.stop()
            setup("info", written, env={}, now_ms=lambda: round(loop.time() * 1000))
            for n in range(24 * 12):
                trouble = list(troubles.values())[n % 4]
                net.set(**{name: name == trouble for name in troubles.values() if name})
                net.strike("reset_client")
                await asyncio.sleep(300)
                seen.add(kiosk.app.link.cause)

    try:
        lab_run(main(), net=net)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert seen == set(troubles)
    assert 4 * 5 < len(written.getvalue().splitlines()) <= 100


@pytest.mark.slow
def test_the_same_seed_is_the_same_run():
    from instruments.lab.hours import live

    first, second = (live(11, 0.1, faults_an_hour=60) for _ in range(2))
    assert first.digest == second.digest
    assert first.verdict == second.verdict
    assert live(12, 0.1, faults_an_hour=60).digest != first.digest


@pytest.mark.hours
@pytest.mark.parametrize("seed", range(12))
def test_an_hour_with_drops_ends_healthy(seed):
    from instruments.lab.hours import live

    report = live(seed, 1.0)
    assert report.verdict.violations == []
    assert report.verdict.counts["committed"] > 0


def test_every_cue_can_be_told_apart():
    sounds = [render(cue) for cue in Cue if cue is not Cue.NONE]
    assert len(set(sounds)) == len(sounds)
