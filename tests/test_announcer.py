import pytest

from edged import pcm
from edged.announcer import ENOUGH, GAP_MS, UNTOLD_MOST, Announcer
from edged.audio.playout.cue_queue import MOST_CUES
from edged.audio.playout.cues import render
from edged.causes import CAUSES, Cue, Phrase
from edged.phrases.library import PhraseBook, SpokenPhrase
from edged.phrases.speech import Manner, Speech

SPOKEN = {
    phrase: SpokenPhrase(f"say {phrase}", bytes([n, 1]) * 1000, "en") for n, phrase in enumerate(Phrase)
}


class Speaker:
    """Stands in for the queue of cues. A phrase is listed behind the tone."""

    def __init__(self):
        self.cues = []

    def cue(self, name, sound, enough=0.5):
        tone = render(Cue(name))
        assert sound.startswith(tone)
        rest = sound[len(tone) :]
        if tone and rest:
            gap = pcm.silence(pcm.PCM16.bytes_of(GAP_MS))
            assert rest.startswith(gap)
            rest = rest[len(gap) :]
        said = [phrase for phrase, spoken in SPOKEN.items() if spoken.sound == rest]
        assert len(said) == bool(rest)
        assert enough == (ENOUGH if said else 0.5)
        self.cues.append((name, *said) if said else name)


@pytest.fixture
def rig():
    speaker, events = Speaker(), []
    return Announcer(speaker, events.append, Speech(), lambda: 0), speaker, events


@pytest.fixture
def talker():
    """An announcer with phrases, and its clock."""
    speaker, events, speech, now = Speaker(), [], Speech(), [0]
    speech.book = PhraseBook({"en": SPOKEN})
    speech.configure(Manner.BOTH, {})
    announcer = Announcer(speaker, events.append, speech, lambda: now[0])
    announcer.clock, announcer.speech = now, speech
    return announcer, speaker, events


def test_told_is_a_sound_an_event_a_count_and_a_line(rig, caplog):
    announcer, speaker, events = rig
    announcer.tell("answer_lost", gate_open=False)
    assert speaker.cues == ["failed"]
    assert [event["id"] for event in events] == ["answer_lost"]
    assert announcer.counters == {"edged_cause_answer_lost_total": 1}
    assert "answer_lost: The connection broke before the answer came." in caplog.text
    assert not announcer.silent
    assert announcer.cue_done(heard=True)
    assert announcer.silent


def test_nothing_sounds_while_the_gate_is_open_and_all_of_it_when_it_is_shut(rig):
    announcer, speaker, events = rig
    for cause in ("utterance_too_old", "answer_cut"):
        announcer.tell(cause, gate_open=True)
    assert speaker.cues == events == []
    announcer.gate_shut()
    assert speaker.cues == ["discarded", "cut"]
    announcer.gate_shut()
    assert speaker.cues == ["discarded", "cut"]
    assert not announcer.cue_done(heard=True)
    assert announcer.cue_done(heard=True)


def test_what_could_not_be_heard_sounds_again_and_is_counted_once(rig):
    announcer, speaker, events = rig
    announcer.tell("utterance_too_old", gate_open=False)
    announcer.cue_done(heard=False)
    assert speaker.cues == ["discarded"]
    announcer.gate_shut()
    assert speaker.cues == ["discarded", "discarded"]
    assert len(events) == announcer.counters["edged_cause_utterance_too_old_total"] == 1


def test_who_presses_over_a_hint_has_understood_it(rig):
    announcer, speaker, _ = rig
    announcer.tell("too_short", gate_open=False)
    announcer.cue_done(heard=False)
    announcer.gate_shut()
    assert speaker.cues == ["too_short"]


def test_the_same_cause_sounds_once_at_a_time(rig):
    announcer, speaker, events = rig
    for _ in range(3):
        announcer.tell("utterance_too_old", gate_open=False)
    assert speaker.cues == ["discarded"]
    assert len(events) == 3
    announcer.cue_done(heard=True)
    announcer.tell("utterance_too_old", gate_open=False)
    assert speaker.cues == ["discarded", "discarded"]


def test_a_cause_without_a_sound_is_told_all_the_same(rig):
    announcer, speaker, events = rig
    announcer.tell("interrupted", gate_open=False)
    assert announcer.silent
    assert speaker.cues == []
    assert len(events) == 1


def test_what_waits_for_the_gate_is_bounded(rig):
    announcer, _, events = rig
    for _ in range(UNTOLD_MOST + 3):
        announcer.tell("answer_cut", gate_open=True)
    announcer.gate_shut()
    assert len(events) == UNTOLD_MOST


def test_a_tone_comes_before_the_phrase_and_programs_get_the_words(talker):
    announcer, speaker, events = talker
    announcer.tell("answer_lost", gate_open=False)
    assert speaker.cues == [("failed", Phrase.ANSWER_LOST)]
    assert events[0] == {
        "event": "cause",
        "id": "answer_lost",
        "phrase": "say answer_lost",
        "language": "en",
        "remedy": CAUSES["answer_lost"].remedy,
    }


def test_a_phrase_that_was_cut_off_is_repeated_once_and_then_the_tone_alone(talker):
    announcer, speaker, events = talker
    announcer.tell("answer_lost", gate_open=False)
    for _ in range(3):
        announcer.cue_done(heard=False)
        announcer.gate_shut()
    assert speaker.cues == [("failed", Phrase.ANSWER_LOST)] * 2 + ["failed"] * 2
    announcer.cue_done(heard=True)
    announcer.gate_shut()
    assert len(speaker.cues) == 4
    assert len(events) == 1


def test_who_presses_again_and_again_hears_the_phrase_once(talker):
    announcer, speaker, events = talker
    for _ in range(5):
        announcer.tell("muted", gate_open=False)
        announcer.cue_done(heard=True)
        announcer.clock[0] += 3_000
    assert speaker.cues == [
        ("muted", Phrase.MICROPHONE_OFF),
        *["muted"] * 3,
        ("muted", Phrase.MICROPHONE_OFF),
    ]
    assert len(events) == 5


def test_at_most_one_phrase_waits(talker):
    announcer, speaker, _ = talker
    for cause in ("answer_cut", "utterance_too_old", "utterance_refused", "answer_late"):
        announcer.tell(cause, gate_open=False)
    assert speaker.cues == [("cut", Phrase.ANSWER_CUT), ("discarded", Phrase.NOT_SENT), "discarded", "failed"]


def test_why_a_question_waits_is_said_but_neither_logged_nor_counted_nor_repeated(talker, caplog):
    announcer, speaker, events = talker
    announcer.explain("offline")
    assert speaker.cues == [("offline", Phrase.NO_NETWORK)]
    assert events == [{"event": "waiting", "id": "offline", "phrase": "say no_network", "language": "en"}]
    assert not caplog.records
    assert not announcer.counters
    assert announcer.cue_done(heard=False)
    announcer.gate_shut()
    assert len(speaker.cues) == 1


def test_a_phrase_alone_has_neither_tone_nor_pause(talker):
    announcer, speaker, _ = talker
    announcer.speech.configure(Manner.PHRASE, {"busy": Manner.TONE})
    announcer.tell("muted", gate_open=False)
    announcer.tell("busy", gate_open=False)
    assert speaker.cues == [("none", Phrase.MICROPHONE_OFF), "busy"]


def test_the_queue_of_cues_is_never_overfull(talker):
    """Else it would drop one that waits, and report it while the first one still sounds."""
    announcer, speaker, events = talker
    told = [cause.id for cause in CAUSES.values() if cause.cue is not Cue.NONE][: MOST_CUES + 4]
    for cause in told:
        announcer.tell(cause, gate_open=False)
    assert [event["id"] for event in events] == told
    assert len(speaker.cues) == MOST_CUES
    for _ in range(MOST_CUES - 1):
        assert not announcer.cue_done(heard=True)
    assert announcer.cue_done(heard=True)
