"""Every cause of the table is shown, heard and logged as its row says, in each language: a test that listens."""

import asyncio

import pytest

from edged.announcer import GAP_MS
from edged.audio.playout.cues import render
from edged.causes import CAUSES, Cue, Light, Retry, Unspoken
from edged.errors import DeviceError, LinkError
from edged.phrases.library import load
from edged.phrases.speech import Manner
from edged.phrases.texts import LANGUAGES, TEXTS
from edged.system.journal import fields_of
from edged.turn import Event
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet
from instruments.phrases.listening import ALIKE, after, begins_with, phrases_in, sounding

BOOK = load(LANGUAGES, (), "").book
SPOKEN = [row.id for row in CAUSES.values() if row.phrase]
# What a connection, a dial or a session reports: the light shows it while the link is down.
OF_THE_LINK = [
    row.id
    for row in CAUSES.values()
    if row.phrase and row.retry is not Retry.NONE and row.cue is not Cue.DEVICE
]
OF_THE_MICROPHONE = [row.id for row in CAUSES.values() if row.cue is Cue.DEVICE and row.retry is Retry.LOCAL]
OF_A_TURN = [row for row in SPOKEN if row not in (*OF_THE_LINK, *OF_THE_MICROPHONE)]
QUICK = ("offline", "key_refused")
MUTED = ("muted", "switches_unreadable")
SAID_WITHIN_S = 8.0  # a tone, the longest phrase, and the wait before a link is explained
PAUSE_S = 11.0  # after it, the same phrase may be said again
EACH = pytest.mark.parametrize(
    "language", ["en", *(pytest.param(each, marks=pytest.mark.slow) for each in LANGUAGES if each != "en")]
)
figures = {"own": [], "others": []}


class Ear:
    """Hears what the speaker was given since the last look."""

    def __init__(self, kiosk):
        self._kiosk, self._at = kiosk, len(kiosk.speaker.takes)
        self.first_s = 0.0

    def heard(self):
        takes = self._kiosk.speaker.takes[self._at :]
        self._at = len(self._kiosk.speaker.takes)
        loud = [at for at, block in takes if block.strip(b"\0")]
        self.first_s = loud[0] if loud else 0.0
        return sounding(b"".join(block for _, block in takes))


class Dial:
    """Every attempt fails for one cause."""

    def __init__(self, cause):
        self.cause = cause

    def prepare(self, planned):
        pass

    async def __call__(self, endpoint, timeout_s):
        raise LinkError("it does not work", self.cause)


def assert_heard(heard, cause, language, manner=Manner.BOTH):
    """The sound is the tone of the row, its phrase, or both, and no other phrase."""
    row = CAUSES[cause]
    assert heard, cause
    tone = row.cue if manner is not Manner.PHRASE else Cue.NONE
    if tone is not Cue.NONE:
        assert begins_with(heard, tone) > ALIKE, cause
        assert max(begins_with(heard, each) for each in Cue if len(render(each)) and each is not tone) < ALIKE
    if manner is Manner.TONE:
        assert heard == sounding(render(row.cue))
        return
    rest = after(heard, tone, GAP_MS)
    found = phrases_in(rest, BOOK, language)
    own = found.pop(row.phrase)
    figures["own"].append(own)
    figures["others"].append(max(found.values()))
    assert own > ALIKE, (cause, own)
    assert max(found.values()) < ALIKE, (cause, found)


def assert_logged(caplog, cause):
    entries = [dict(fields_of(record)) for record in caplog.records]
    (entry, *_) = [each for each in entries if each.get("EDGED_CAUSE") == cause]
    assert entry["MESSAGE_ID"] == CAUSES[cause].message_id
    assert CAUSES[cause].remedy in entry["MESSAGE"]


def told(kiosk, kind="cause"):
    return [
        (event["id"], event["phrase"], event["language"]) for event in kiosk.events if event["event"] == kind
    ]


def run(lab_run, body, *settings, **options):
    net = SimNet(latency_ms=10)

    async def main():
        async with kiosk_of(net, *settings, **options) as kiosk:
            await body(kiosk)

    lab_run(main(), net=net)


def test_each_cause_belongs_to_one_of_these_tests():
    assert sorted((*OF_THE_LINK, *OF_THE_MICROPHONE, *OF_A_TURN)) == sorted(SPOKEN)
    assert {"offline", "key_refused", "server_busy"} <= set(OF_THE_LINK)
    assert {"microphone_lost", "device_busy", "memory_short"} <= set(OF_THE_MICROPHONE)
    assert {"too_short", "answer_late", "muted", "microphone_silent"} <= set(OF_A_TURN)


@EACH
@pytest.mark.parametrize(
    "manner",
    [Manner.BOTH, *(pytest.param(each, marks=pytest.mark.slow) for each in (Manner.TONE, Manner.PHRASE))],
)
def test_each_cause_of_a_turn(lab_run, caplog, language, manner):
    """By the door through which each of them goes: a refused press reports the cause to the visitor."""

    async def body(kiosk):
        await asyncio.sleep(1.0)
        for cause in OF_A_TURN:
            if cause in MUTED:
                kiosk.app.command("mute", None)
            ear, lights = Ear(kiosk), len(kiosk.lights)
            kiosk.app.appliance.post(Event.PRESS_REFUSED, cause)
            assert await kiosk.until(lambda: kiosk.state == "IDLE", SAID_WITHIN_S), cause
            await asyncio.sleep(0.2)
            assert_heard(ear.heard(), cause, language, manner)
            assert told(kiosk)[-1] == (cause, TEXTS[CAUSES[cause].phrase][language], language)
            assert_logged(caplog, cause)
            light = CAUSES[cause].light
            if light is Light.NOTICE:
                assert light.value in [each for _, each in kiosk.lights[lights:]]
            elif cause in MUTED:
                assert kiosk.lights[-1][1] == light.value
                kiosk.app.command("unmute", None)
            await asyncio.sleep(PAUSE_S)

    run(lab_run, body, f"visitor.languages={language}", f"visitor.voice={manner}")


@EACH
@pytest.mark.parametrize(
    "cause", [each if each in QUICK else pytest.param(each, marks=pytest.mark.slow) for each in OF_THE_LINK]
)
def test_each_cause_of_the_link_is_told_to_a_visitor_whose_question_waits(lab_run, caplog, language, cause):
    async def body(kiosk):
        kiosk.app._dial = Dial(cause)
        kiosk.app._change_link()
        await asyncio.sleep(1.0)
        assert kiosk.lights[-1][1] == CAUSES[cause].light.value
        ear = Ear(kiosk)
        await kiosk.visitor.hold(1.5)
        await asyncio.sleep(SAID_WITHIN_S)
        assert_heard(ear.heard(), cause, language)
        assert told(kiosk, "waiting") == [(cause, TEXTS[CAUSES[cause].phrase][language], language)]
        assert not told(kiosk)
        lines = [record for record in caplog.records if "it does not work" in record.getMessage()]
        entry = dict(fields_of(lines[0]))
        assert entry["MESSAGE_ID"] == CAUSES[cause].message_id
        assert await kiosk.until(lambda: kiosk.state == "IDLE", 45.0)
        assert_heard(ear.heard(), "utterance_too_old", language)

    run(lab_run, body, f"visitor.languages={language}")


@EACH
def test_each_cause_of_the_microphone_is_told_to_a_visitor_who_speaks(lab_run, caplog, language):
    async def body(kiosk):
        for cause in OF_THE_MICROPHONE:
            ear, start = Ear(kiosk), kiosk.microphone.start

            def refuse(hand, lost, cause=cause):
                raise DeviceError("it does not work", cause)

            kiosk.button.press()
            await asyncio.sleep(1.5)
            kiosk.microphone.start = refuse
            kiosk.microphone._lost(DeviceError("it does not work", cause))
            await asyncio.sleep(0.3)
            kiosk.button.release()
            await asyncio.sleep(1.0)
            assert kiosk.lights[-1][1] == CAUSES[cause].light.value
            assert await kiosk.until(lambda: kiosk.state == "IDLE", 30.0)
            heard = ear.heard()
            assert_heard(heard[: heard_until(heard, cause, language)], cause, language)
            assert (cause, TEXTS[CAUSES[cause].phrase][language], language) in told(kiosk)
            assert_logged(caplog, cause)
            kiosk.microphone.start = start
            assert await kiosk.until(lambda: "microphone" not in kiosk.app.snapshot()["lost"], 10.0)
            await asyncio.sleep(PAUSE_S)

    def heard_until(heard, cause, language):
        """Where the cue ends: the answer to what was said until then follows it."""
        return (
            len(render(CAUSES[cause].cue)) + 48 * GAP_MS + len(BOOK.of(CAUSES[cause].phrase, language).sound)
        )

    run(lab_run, body, f"visitor.languages={language}")


@EACH
def test_a_receiver_off_the_hook_is_told(lab_run, caplog, language):
    async def body(kiosk):
        kiosk.microphone.listen_to(lambda: kiosk.microphone.hear(bytes(960)))
        await asyncio.sleep(1.0)
        ear = Ear(kiosk)
        kiosk.button.press()
        await asyncio.sleep(10)
        assert kiosk.state == "OFF_HOOK"
        assert kiosk.lights[-1][1] == CAUSES["off_hook"].light.value
        cause = told(kiosk)[-1][0]
        assert_heard(ear.heard(), cause, language)
        await asyncio.sleep(60)
        assert_heard(ear.heard(), "off_hook", language)
        assert_logged(caplog, "off_hook")

    settings = ("mode=handset", "turn.idle_s=2", f"visitor.languages={language}")
    run(lab_run, body, *settings)


def test_what_has_no_phrase_says_nothing(lab_run):
    async def body(kiosk):
        for row in CAUSES.values():
            if row.phrase is None:
                assert isinstance(row.speech, Unspoken)
                ear = Ear(kiosk)
                kiosk.app.appliance.report(row.id)
                await asyncio.sleep(1.0)
                assert ear.heard() == b"", row.id

    run(lab_run, body)


def test_no_phrase_could_be_taken_for_another(record_property):
    """Runs last: how sure the recognition was."""
    own, others = min(figures["own"], default=1.0), max(figures["others"], default=0.0)
    record_property("own", own)
    record_property("others", others)
    assert own > others + 0.1
