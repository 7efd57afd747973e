"""How phrases behave among presses: they stop, wait, are not repeated, follow the language, and can be replaced."""

import asyncio

import numpy as np
import pytest

from edged.announcer import GAP_MS
from edged.audio.playout.cues import render
from edged.causes import CAUSES, Cue, Phrase
from edged.config import change
from edged.config import load as load_config
from edged.errors import DeviceError
from edged.phrases.library import PhraseBook, load
from edged.phrases.texts import LANGUAGES, TEXTS
from edged.turn import Event
from instruments.phrases.listening import ALIKE, after, begins_with, correlation, phrases_in
from tests.kiosk.test_shell import idle, played, states
from tests.kiosk.test_voice import Dial, Ear, run, told
from tests.phrases.test_library import own
from tests.phrases.test_wave_file import sine, written

BOOK = load(LANGUAGES, (), "").book
TWO = "buttons=[{role: talk, gpio: 5, language: de-AT}, {role: talk, gpio: 6, language: nl}]"
MS = 48


def spoken(phrase, language="en"):
    return BOOK.of(phrase, language).sound


def said(heard, cue, language="en"):
    """The phrase after a tone, if there is one."""
    rest = after(heard, cue, GAP_MS)
    if not rest:
        return None
    found = phrases_in(rest, BOOK, language)
    best = max(found, key=found.get)
    return best if found[best] > ALIKE else None


async def tap(kiosk, button=None):
    button = button or kiosk.button
    button.press()
    await asyncio.sleep(0.05)
    button.release()


@pytest.mark.parametrize("after_s", [0.3, 0.9, 1.7])
def test_a_press_stops_a_phrase_at_once_and_it_is_repeated_once(lab_run, after_s):
    async def body(kiosk):
        ear = Ear(kiosk)
        kiosk.app.appliance.post(Event.PRESS_REFUSED, "answer_lost")
        await asyncio.sleep(after_s + 0.003)
        first = ear.heard()
        await kiosk.visitor.hold(1.0)  # the gate is open meanwhile
        rest = ear.heard()
        assert len(rest) <= 20 * MS + 5 * MS  # a block that was under way, and the fade
        whole = render(Cue.FAILED) + bytes(GAP_MS * MS) + spoken(Phrase.ANSWER_LOST)
        assert first in whole
        assert len(first) / MS == pytest.approx(after_s * 1000, abs=25)
        await idle(kiosk)
        again = ear.heard()[: len(whole)]
        assert said(again, Cue.FAILED) is Phrase.ANSWER_LOST

    run(lab_run, body)


def test_the_answer_comes_after_the_phrase_and_none_of_it_is_lost(lab_run):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10.0)
        kiosk.app.appliance.report("busy")
        await idle(kiosk)
        heard = played(kiosk)
        phrase = spoken(Phrase.ONE_MOMENT)
        assert phrase in heard
        (answer,) = kiosk.voice.answers
        assert answer[-24_000:] in heard[heard.index(phrase) :]

    run(lab_run, body)


def test_who_presses_again_and_again_hears_the_phrase_once_and_then_the_tone(lab_run):
    async def body(kiosk):
        kiosk.app.command("mute", None)
        phrases = []
        for _ in range(6):
            ear = Ear(kiosk)
            await tap(kiosk)
            await idle(kiosk)
            await asyncio.sleep(0.2)
            phrases.append(said(ear.heard(), Cue.MUTED))
        assert phrases == [Phrase.MICROPHONE_OFF, *[None] * 5]
        assert len(told(kiosk)) == 6
        await asyncio.sleep(11)
        ear = Ear(kiosk)
        await tap(kiosk)
        await idle(kiosk)
        await asyncio.sleep(0.2)
        assert said(ear.heard(), Cue.MUTED) is Phrase.MICROPHONE_OFF

    run(lab_run, body)


def test_the_button_chooses_the_language_until_the_visitor_is_forgotten(lab_run):
    async def body(kiosk):
        german, dutch = kiosk.buttons

        async def refused(button):
            ear = Ear(kiosk)
            await tap(kiosk, button)
            await idle(kiosk)
            await asyncio.sleep(0.2)
            heard, (_, text, language) = ear.heard(), told(kiosk)[-1]
            assert text == TEXTS[Phrase.HOLD_BUTTON][language]
            assert said(heard, Cue.TOO_SHORT, language) is Phrase.HOLD_BUTTON
            await asyncio.sleep(11)
            return language

        assert [await refused(each) for each in (kiosk.button, german, dutch, german)] == [
            "en",
            "de",
            "en",
            "de",
        ]
        kiosk.app.appliance.report("nothing_to_repeat")
        await asyncio.sleep(5)
        assert told(kiosk)[-1][2] == "de"
        await asyncio.sleep(30)
        kiosk.app.appliance.report("nothing_to_repeat")
        assert told(kiosk)[-1][2] == "en"

    run(lab_run, body, TWO, "turn.forget_after_s=30")


def test_a_language_without_phrases_is_named_once(lab_run, caplog):
    async def body(kiosk):
        for _ in range(3):
            await tap(kiosk, kiosk.buttons[1])
            await asyncio.sleep(1)
        assert [each["text"] for each in kiosk.app.snapshot()["troubles"]] == [
            "there are no phrases in the language nl"
        ]

    run(lab_run, body, TWO)
    assert caplog.text.count("the language nl") == 1


@pytest.mark.parametrize("mode", ["hold", "toggle"])
def test_too_short_says_how_the_button_of_this_mode_works(lab_run, mode):
    async def body(kiosk):
        ear = Ear(kiosk)
        kiosk.button.press()
        await asyncio.sleep(0.06)
        kiosk.button.release()
        await asyncio.sleep(0.03)
        if mode == "toggle":
            await tap(kiosk)
        await idle(kiosk)
        await asyncio.sleep(0.2)
        phrase = {"hold": Phrase.HOLD_BUTTON, "toggle": Phrase.PRESS_AND_SPEAK}[mode]
        assert said(ear.heard(), Cue.TOO_SHORT) is phrase
        assert told(kiosk) == [("too_short", TEXTS[phrase]["en"], "en")]

    run(lab_run, body, f"mode={mode}")


def test_an_own_recording_is_heard_and_a_broken_one_is_named_while_the_usual_phrase_is_said(
    lab_run, caplog, tmp_path
):
    own(tmp_path, "de/microphone_off.wav", written(sine(44_100, 1.0), 44_100, channels=2))
    own(tmp_path, "de/microphone_off.txt", b"Psst!")
    broken = own(tmp_path, "de/nothing_to_repeat.wav", b"ID3 is no WAV")

    async def body(kiosk):
        ear = Ear(kiosk)
        kiosk.app.appliance.report("muted")
        await asyncio.sleep(3)
        heard = after(ear.heard(), Cue.MUTED, GAP_MS)
        wanted = np.round(32767 * sine(24_000, 1.0)).astype(np.int16).tobytes()
        assert correlation(heard, wanted) > 0.99
        assert told(kiosk)[-1] == ("muted", "Psst!", "de")
        kiosk.app.appliance.report("nothing_to_repeat")
        await asyncio.sleep(6)
        assert said(ear.heard(), Cue.SILENT, "de") is Phrase.NOTHING_TO_REPEAT
        (trouble,) = kiosk.app.snapshot()["troubles"]
        assert trouble["text"] == f"{broken}: it is not a WAV file"

    run(lab_run, body, "visitor.languages=de", f"visitor.phrases_dir={tmp_path}")
    lines = [record for record in caplog.records if str(broken) in record.getMessage()]
    assert len(lines) == 1
    assert CAUSES["phrases_unusable"].remedy in lines[0].getMessage()


def load_again(kiosk):
    """As after a start."""
    kiosk.app._voice.speech.book = PhraseBook({})
    kiosk.app._voice.configure(kiosk.app._config)


async def is_muted(kiosk):
    """Hears that the microphone is off; returns the phrase."""
    ear = Ear(kiosk)
    kiosk.app.appliance.report("muted")
    await asyncio.sleep(5)
    assert told(kiosk)[-1] == ("muted", TEXTS[Phrase.MICROPHONE_OFF]["en"], "en")
    heard = ear.heard()
    assert begins_with(heard, Cue.MUTED) > ALIKE
    return said(heard, Cue.MUTED)


def test_until_a_slow_disk_answers_the_tone_is_heard_and_the_phrase_afterwards(lab_run):
    async def body(kiosk):
        kiosk.app._ports.offload.delay_s = 20
        load_again(kiosk)
        assert await is_muted(kiosk) is None
        await asyncio.sleep(20)
        assert await is_muted(kiosk) is Phrase.MICROPHONE_OFF
        assert kiosk.app.snapshot()["troubles"] == []

    run(lab_run, body)


def test_a_disk_that_hangs_leaves_the_tone_and_is_named(lab_run):
    async def body(kiosk):
        kiosk.app._ports.offload.hangs = True
        load_again(kiosk)
        await asyncio.sleep(200)
        assert await is_muted(kiosk) is None
        assert [each["what"] for each in kiosk.app.snapshot()["troubles"]] == ["phrases"]
        assert kiosk.app._ports.offload.hung == 1

    run(lab_run, body)


def test_a_link_that_is_soon_back_is_not_explained(lab_run):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        kiosk.net.set(no_route=False)
        assert await kiosk.until(lambda: "SPEAKING" in states(kiosk), 20.0)
        assert told(kiosk, "waiting") == []

    run(lab_run, body)


def test_nothing_is_explained_while_somebody_speaks(lab_run):
    async def body(kiosk):
        kiosk.app._dial = Dial("offline")
        kiosk.app._change_link()
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.7)
        ear = Ear(kiosk)
        await kiosk.visitor.hold(3.0)
        assert (told(kiosk, "waiting"), ear.heard()) == ([], b"")
        await asyncio.sleep(2.5)
        assert [cause for cause, *_ in told(kiosk, "waiting")] == ["offline"]

    run(lab_run, body)


def test_a_changed_configuration_changes_the_voice_and_names_a_fault_no_second_time(lab_run, caplog):
    async def body(kiosk):
        def adopt(*sets):
            url = f"provider.url={kiosk.server.url}"
            config = load_config(None, env={}, sets=[url, "control.socket=", "state.dir=", *sets]).config
            kiosk.app.adopt(config, None, kiosk.app.front, change(kiosk.app._config, config))

        async def heard(cue):
            await asyncio.sleep(0.1)
            ear = Ear(kiosk)
            kiosk.app.appliance.report("muted")
            await asyncio.sleep(16)
            sound = ear.heard()
            return begins_with(sound, Cue.MUTED) > ALIKE, said(sound, cue, "fr")

        adopt("visitor.languages=[fr, xx]")
        assert await heard(Cue.MUTED) == (True, Phrase.MICROPHONE_OFF)
        adopt("visitor.languages=[fr, xx]", "visitor.voice=phrase")
        assert await heard(Cue.NONE) == (False, Phrase.MICROPHONE_OFF)
        assert kiosk.app.snapshot()["troubles"]
        adopt("visitor.languages=[fr, xx]", "visitor.voice=tone")
        assert await heard(Cue.MUTED) == (True, None)
        assert kiosk.app.snapshot()["troubles"] == []

    run(lab_run, body)
    assert caplog.text.count("there are no phrases in the language xx") == 1


def test_a_disk_that_failed_is_asked_again(lab_run):
    async def body(kiosk):
        calls, disk = [], kiosk.app._voice._disk

        async def fails_once(call, *args, deadline_s):
            calls.append(call)
            if len(calls) == 1:
                raise DeviceError("it has not returned", "device_hung")
            return await disk(call, *args, deadline_s=deadline_s)

        kiosk.app._voice._disk = fails_once
        load_again(kiosk)
        await asyncio.sleep(1)
        assert await is_muted(kiosk) is None
        await asyncio.sleep(60)
        assert await is_muted(kiosk) is Phrase.MICROPHONE_OFF
        assert len(calls) == 2

    run(lab_run, body)
