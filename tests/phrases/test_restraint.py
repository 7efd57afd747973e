from edged.causes import Phrase
from edged.phrases.restraint import AGAIN_MS, Restraint

P = Phrase.ONE_MOMENT


def test_a_phrase_that_was_heard_is_not_said_again_for_a_while():
    restraint = Restraint()
    assert restraint.allows(P, "en", 0)
    restraint.begins(P, "en", 0)
    restraint.done(P, "en", 3_000, heard=True)
    assert not restraint.allows(P, "en", 3_000 + AGAIN_MS - 1)
    assert restraint.allows(P, "en", 3_000 + AGAIN_MS)


def test_a_phrase_that_was_cut_off_is_said_once_more_and_no_more():
    restraint = Restraint()
    for at in (0, 1_000):
        assert restraint.allows(P, "en", at)
        restraint.begins(P, "en", at)
        restraint.done(P, "en", at + 300, heard=False)
    assert not restraint.allows(P, "en", 2_000)
    assert restraint.allows(P, "en", AGAIN_MS)
    restraint.begins(P, "en", AGAIN_MS)
    restraint.done(P, "en", AGAIN_MS + 300, heard=False)
    assert restraint.allows(P, "en", AGAIN_MS + 400)


def test_a_phrase_that_sounds_or_waits_is_not_queued_again():
    restraint = Restraint()
    restraint.begins(P, "en", 0)
    assert not restraint.allows(P, "en", 10 * AGAIN_MS)


def test_other_phrases_and_languages_are_free():
    restraint = Restraint()
    restraint.begins(P, "en", 0)
    assert restraint.allows(P, "de", 0)
    assert restraint.allows(Phrase.HANG_UP, "en", 0)
