"""The daemon with speech-to-speech as its service. Only silence ends an utterance there: a commit does nothing."""

import contextlib

import pytest

from edged.pcm import PCM16
from instruments.foreign import demand
from instruments.gateways.judging import at_rest
from instruments.gateways.kiosk import Kiosk, noise, write_sound
from instruments.gateways.programs import KEY, SpeechToSpeech, missing

pytestmark = pytest.mark.gateways

ANSWER_MS = 2000
ANSWERS_WITHIN_S = 60.0
TAIL_MS = 100  # of an answer, lost in the resampler
ROOM_MS = 700  # from the pre-roll, from after the release, and in blocks of the detector


@contextlib.contextmanager
def served(folder):
    demand(missing())
    folder.mkdir()
    running = SpeechToSpeech(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def service(tmp_path):
    with served(tmp_path / "service") as running:
        yield running


def kiosk(folder, service, sound, **other):
    folder.mkdir()
    heard = folder / "heard.wav"
    write_sound(heard, sound)
    return Kiosk(folder, service.provider, KEY, heard, **other)


def statuses(kiosk):
    return [event["status"] for event in kiosk.of("usage")]


def check_played(kiosk, least_ms, most_ms):
    """So much sound was played; the answers are not silent anywhere."""
    sound, block = kiosk.played(), PCM16.bytes_of(10)
    played_ms = 10 * sum(any(sound[at : at + block]) for at in range(0, len(sound), block))
    if not kiosk.after["counters"].get("underruns"):
        assert least_ms - TAIL_MS <= played_ms <= most_ms + TAIL_MS


@pytest.fixture(scope="module")
def pressed(tmp_path_factory):
    """Two questions, an answer that the next question interrupts, and that question."""
    folder = tmp_path_factory.mktemp("pressed")
    with served(folder / "service") as service, kiosk(folder / "kiosk", service, noise()) as visited:
        visited.wait_for_link()
        visited.ask(1.0)
        visited.ask(1.4)
        visited.hold(1.0)
        visited.until("an answer", lambda: visited.state == "SPEAKING", ANSWERS_WITHIN_S)
        visited.ask(1.0)
        visited.after = visited.command("status")
        visited.heard_ms = service.heard_ms()
    return visited


def test_what_was_said_while_pressing_is_heard_once_and_unbroken(pressed):
    assert len(pressed.heard_ms) == 4
    for heard, held in zip(pressed.heard_ms, (1000, 1400, 1000, 1000), strict=True):
        assert 0.8 * held < heard < held + ROOM_MS


def test_each_answer_is_played_whole_unless_somebody_speaks_over_it(pressed):
    assert len(statuses(pressed)) == 4
    assert statuses(pressed)[:2] == statuses(pressed)[-1:] * 2 == ["completed"] * 2
    check_played(pressed, 3 * ANSWER_MS, 4 * ANSWER_MS)


def test_the_link_stays_up_and_nothing_is_left_waiting(pressed):
    assert pressed.downs == []
    assert pressed.notices == []
    assert at_rest(pressed.after)
    assert pressed.exit_code == 0


def test_a_conversation_goes_on_with_the_ends_that_the_service_detects(tmp_path, service):
    said = noise()[: PCM16.bytes_of(1500)]
    sound = (
        bytes(PCM16.bytes_of(1500))
        + said
        + bytes(PCM16.bytes_of(4500))
        + said
        + bytes(PCM16.bytes_of(60_000))
    )
    with kiosk(tmp_path / "kiosk", service, sound, mode="conversation") as visited:
        visited.wait_for_link()
        visited.command("press")
        visited.until("two answers", lambda: len(visited.of("usage")) == 2, ANSWERS_WITHIN_S)
        visited.until("quiet", lambda: visited.state == "AWAITING_SPEECH", ANSWERS_WITHIN_S)
        visited.command("press")
        visited.rest()
        visited.after = visited.command("status")
    assert [abs(ms - 1500) < ROOM_MS for ms in service.heard_ms()] == [True, True]
    assert statuses(visited) == ["completed", "completed"]
    check_played(visited, 2 * ANSWER_MS, 2 * ANSWER_MS)
    assert visited.notices == []
    assert at_rest(visited.after)


def test_a_second_kiosk_is_told_why_it_may_not_come_in(tmp_path, service):
    with kiosk(tmp_path / "first", service, noise()) as first:
        first.wait_for_link()
        with kiosk(tmp_path / "second", service, noise()) as second:
            second.until("a refusal", lambda: second.downs, ANSWERS_WITHIN_S)
            assert not second.up
        first.ask(1.0)
    assert set(second.downs) == {"server_busy"}
    assert statuses(first) == ["completed"]
