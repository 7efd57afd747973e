import pytest

from edged.causes import CAUSES, Cue, Phrase
from edged.phrases.library import PhraseBook, SpokenPhrase
from edged.phrases.speech import MOST_QUEUED, Manner, Speech
from edged.phrases.texts import TEXTS

BOTH = {
    tag: {phrase: SpokenPhrase(f"{tag}:{phrase}", bytes(4), tag) for phrase in Phrase} for tag in ("en", "de")
}
BOOK = PhraseBook(BOTH)
BUTTONS = {"german": "de-AT", "dutch": "nl"}


@pytest.fixture
def speech():
    speech = Speech()
    speech.book = BOOK
    speech.language_of = lambda by: BUTTONS.get(by, "")
    speech.configure(Manner.BOTH, {})
    return speech


def of(speech, cause, queued=0, now_ms=0):
    cue, spoken = speech.of(cause, queued=queued, now_ms=now_ms)
    return cue, spoken and spoken.text


def test_the_manner_chooses_tone_and_phrase(speech):
    assert of(speech, "busy") == (Cue.BUSY, "en:one_moment")
    speech.configure(Manner.TONE, {"muted": Manner.BOTH})
    assert of(speech, "busy") == (Cue.BUSY, None)
    assert of(speech, "muted") == (Cue.MUTED, "en:microphone_off")
    speech.configure(Manner.PHRASE, {"busy": Manner.TONE})
    assert of(speech, "busy") == (Cue.BUSY, None)
    assert of(speech, "muted") == (Cue.NONE, "en:microphone_off")


@pytest.mark.parametrize("manner", Manner)
def test_a_cause_without_a_phrase_has_its_tone_in_each_manner(speech, manner):
    speech.configure(manner, {})
    for cause in CAUSES.values():
        cue, text = of(speech, cause.id)
        if cause.phrase is None:
            assert (cue, text) == (cause.cue, None)
        else:
            assert text or cue is not Cue.NONE


def test_without_phrases_the_tones_are_left(speech):
    speech.book = PhraseBook({})
    speech.configure(Manner.PHRASE, {})
    assert of(speech, "busy") == (Cue.BUSY, None)
    assert speech.words_of("busy") == ("One moment, please.", "en")
    speech.configure(Manner.TONE, {}, first="es-MX")
    assert speech.words_of("busy") == (TEXTS[Phrase.ONE_MOMENT]["es"], "es")
    speech.asked("german")
    assert speech.words_of("busy") == ("Einen Moment, bitte.", "de")
    speech.configure(Manner.TONE, {}, first="xx")
    speech.forget()
    assert speech.language == "en"


def test_at_most_one_phrase_waits(speech):
    assert of(speech, "busy", queued=MOST_QUEUED - 1) == (Cue.BUSY, "en:one_moment")
    assert of(speech, "busy", queued=MOST_QUEUED) == (Cue.BUSY, None)


def test_the_same_phrase_is_not_said_again_at_once_in_phrase_mode_either(speech):
    speech.configure(Manner.PHRASE, {})
    said = speech.begins("busy", 0)
    assert of(speech, "pressed_too_fast", now_ms=1) == (Cue.BUSY, None)  # it has the same phrase
    speech.done(said, 900, heard=True)
    assert of(speech, "busy", now_ms=1_000) == (Cue.BUSY, None)
    assert of(speech, "busy", now_ms=12_000) == (Cue.NONE, "en:one_moment")


def test_the_language_is_that_of_the_last_press_until_the_visitor_is_forgotten(speech):
    assert speech.language == "en"
    speech.asked("german")
    assert of(speech, "busy") == (Cue.BUSY, "de:one_moment")
    assert speech.words_of("busy") == ("de:one_moment", "de")
    speech.asked("dutch")
    assert speech.language == "en"  # it has no phrases
    speech.asked("german")
    speech.asked("a button without a language of its own")
    assert speech.language == "en"
    speech.asked("german")
    speech.forget()
    assert speech.language == "en"


def test_a_mode_may_have_another_phrase(speech):
    speech.configure(Manner.BOTH, {}, {Phrase.HOLD_BUTTON: Phrase.PRESS_AND_SPEAK})
    assert of(speech, "too_short") == (Cue.TOO_SHORT, "en:press_and_speak")
    assert speech.words_of("too_short") == ("en:press_and_speak", "en")
    assert speech.begins("too_short", 0) == (Phrase.PRESS_AND_SPEAK, "en")


def test_programs_get_the_language_of_the_text_not_the_one_that_was_asked_for(speech):
    """A screen marks text with its language, and chooses a voice for it by that."""
    hang_up = {Phrase.HANG_UP: SpokenPhrase("Riagganciare", bytes(4), "it")}
    speech.book = PhraseBook({"en": BOTH["en"], "it": hang_up})
    speech.language_of = lambda _: "it"
    speech.asked("italian")
    assert speech.words_of("off_hook") == ("Riagganciare", "it")
    assert speech.words_of("busy") == ("en:one_moment", "en")  # as it is spoken
    speech.book = PhraseBook({"it": hang_up})
    assert speech.words_of("busy") == ("One moment, please.", "en")  # nothing is spoken
