"""What visitors hear of an operator's recordings, and in which language, in the whole daemon: at the speaker."""

import asyncio
import os
from types import MappingProxyType

import numpy as np
import pytest

from edged.audio.playout.cues import render
from edged.causes import Cue, Phrase
from edged.phrases.library import load
from edged.phrases.texts import LANGUAGES, TEXTS
from edged.turn import Event
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet
from instruments.phrases.listening import ALIKE, correlation, phrases_in, sounding
from tests.phrases.test_wave_file import sine, written

BOOK = load(LANGUAGES, (), "").book
SPOKEN = {"de-AT": "de", "fr": "fr", "xx": "en", "ko": "en"}
BUTTONS = ", ".join(
    f"{{role: talk, gpio: {gpio}, language: {language}}}" for gpio, language in enumerate(SPOKEN, 5)
)
SAID_S = 8.0


class Same:
    """A configuration file that did not change."""

    origins = MappingProxyType({})

    def __init__(self, kiosk):
        self._config = kiosk.app._config

    def read(self):
        return self._config, None

    def devices(self, present, config, parts):
        return present


def run(lab_run, body, *settings, **options):
    net = SimNet(latency_ms=10)

    async def main():
        async with kiosk_of(net, *settings, **options) as kiosk:
            await body(kiosk)

    lab_run(main(), net=net)


async def told(kiosk, cause="too_short"):
    """What sounds when the kiosk tells this cause."""
    kiosk.speaker.takes.clear()
    kiosk.app.appliance.post(Event.PRESS_REFUSED, cause)
    await asyncio.sleep(SAID_S)
    return sounding(b"".join(block for _, block in kiosk.speaker.takes))


def is_said(heard, phrase, language):
    found = phrases_in(heard, BOOK, language)
    return max(found, key=found.get) is phrase and found[phrase] > 0.8


def test_the_language_is_that_of_the_button_and_of_the_first_again_when_the_visitor_has_left(lab_run):
    async def body(kiosk):
        for button, language in zip(kiosk.buttons, SPOKEN.values(), strict=True):
            kiosk.speaker.takes.clear()
            button.press()
            await asyncio.sleep(0.05)
            button.release()
            await asyncio.sleep(SAID_S)
            heard = sounding(b"".join(block for _, block in kiosk.speaker.takes))
            assert is_said(heard, Phrase.HOLD_BUTTON, language)
            (*_, event) = (each for each in kiosk.events if each["event"] == "cause")
            assert (event["phrase"], event["language"]) == (TEXTS[Phrase.HOLD_BUTTON][language], language)
            await asyncio.sleep(5.0)
        kiosk.buttons[0].press()
        await asyncio.sleep(1.0)
        kiosk.buttons[0].release()
        await asyncio.sleep(10)
        assert is_said(await told(kiosk), Phrase.HOLD_BUTTON, "de")
        await asyncio.sleep(60)
        assert is_said(await told(kiosk), Phrase.HOLD_BUTTON, "en")

    run(
        lab_run,
        body,
        f"buttons=[{BUTTONS}]",
        "turn.forget_after_s=30",
        "visitor.languages=[en]",
        "visitor.phrases_dir=",
    )


def test_a_reload_reads_the_recordings_again(lab_run, tmp_path):
    async def body(kiosk):
        assert is_said(await told(kiosk, "muted"), Phrase.MICROPHONE_OFF, "en")
        folder = tmp_path / "en"
        folder.mkdir()
        (folder / "microphone_off.wav").write_bytes(written(sine(24_000, 1.0)))
        await asyncio.sleep(10)
        kiosk.app._reload._source = Same(kiosk)
        await kiosk.app.reload()
        await asyncio.sleep(10)
        heard = await told(kiosk, "muted")
        assert heard.startswith(sounding(render(Cue.MUTED))[:4000])
        assert correlation(heard[-48_000:], written(sine(24_000, 1.0))[44:]) > ALIKE

    run(lab_run, body, f"visitor.phrases_dir={tmp_path}")


BAD = {
    "rate": written(sine(24_000), 7_000),
    "corrupt": b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff",
    "cut": written(sine(24_000))[:60],
    "empty": b"",
    "text": b"hello",
    "long": written(sine(24_000, 11)),
    "huge": bytes(3 * 2**20),
}


@pytest.mark.parametrize("kind", [*BAD, "fifo", "loop", "folder", "unreadable", "gone"])
def test_a_recording_that_cannot_be_used_leaves_the_phrase_of_edged(lab_run, tmp_path, kind):
    file = tmp_path / "en/microphone_off.wav"
    file.parent.mkdir()
    match kind:
        case "fifo":
            os.mkfifo(file)
        case "loop":
            file.symlink_to(file)
        case "folder":
            file.mkdir()
        case "gone":
            file.symlink_to(tmp_path / "nowhere")
        case "unreadable":
            file.symlink_to("/proc/self/mem")
        case _:
            file.write_bytes(BAD[kind])

    async def body(kiosk):
        assert is_said(await told(kiosk, "muted"), Phrase.MICROPHONE_OFF, "en")
        troubles = [each for each in kiosk.app.snapshot()["troubles"] if "microphone_off.wav" in str(each)]
        assert len(troubles) == 1, kiosk.app.snapshot()["troubles"]

    run(lab_run, body, f"visitor.phrases_dir={tmp_path}")


GOOD = {
    "8 kHz": (8_000, {}),
    "11 kHz": (11_025, {}),
    "44.1 kHz stereo": (44_100, {"channels": 2}),
    "96 kHz 24 bit": (96_000, {"width": 3}),
    "8 bit": (24_000, {"width": 1}),
    "32 bit 5.1": (24_000, {"width": 4, "channels": 6}),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_recording_of_any_usual_kind_is_heard(lab_run, tmp_path, kind):
    rate_hz, options = GOOD[kind]
    file = tmp_path / "en/microphone_off.wav"
    file.parent.mkdir()
    file.write_bytes(written(sine(rate_hz, 1.0), rate_hz, **options))

    async def body(kiosk):
        heard = await told(kiosk, "muted")
        assert kiosk.app.snapshot()["troubles"] == [], kiosk.app.snapshot()["troubles"]
        rest = np.frombuffer(heard[-48_000:], np.int16)
        wanted = np.frombuffer(written(sine(24_000, 1.0))[44:], np.int16)
        assert correlation(rest.tobytes(), wanted.tobytes()) > ALIKE
        assert np.abs(rest).max() / np.abs(wanted).max() > 0.95

    run(lab_run, body, f"visitor.phrases_dir={tmp_path}", "visitor.voice=phrase")
