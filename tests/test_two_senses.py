"""What a visitor is told reaches those who do not see and those who do not hear: a light and a sound for each cause."""

import pytest

from edged.causes import CAUSES, Cue, Fault, Light
from edged.turn import TABLES, Tell

# The light changes although the row has none: the turn itself shows it.
BY_THE_TURN = {
    "utterance_limit": "the light of the open microphone goes out, and that of thinking comes",
    "nothing_to_repeat": "the light of an answer does not come",
    "shutdown_unanswered": "the kiosk goes on as if nothing had been pressed",
}
# No sound, and why none is needed.
WITHOUT_SOUND = {"interrupted": "the visitor has asked for silence"}


def told():
    """The causes of which a visitor learns: they have words or a sound, or the turn reports them."""
    of_turns = {
        effect.cause
        for table in TABLES.values()
        for step in table.values()
        for effect in step.effects
        if isinstance(effect, Tell) and effect.cause
    }
    return sorted({each.id for each in CAUSES.values() if each.phrase or each.cue is not Cue.NONE} | of_turns)


@pytest.mark.parametrize("cause", told())
def test_each_cause_that_a_visitor_meets_is_seen(cause):
    assert CAUSES[cause].light is not None or cause in BY_THE_TURN


@pytest.mark.parametrize("cause", told())
def test_each_cause_that_a_visitor_meets_is_heard(cause):
    assert CAUSES[cause].cue is not Cue.NONE or cause in WITHOUT_SOUND


def test_the_visitors_own_mistakes_are_always_told():
    own = {each.id for each in CAUSES.values() if each.fault is Fault.VISITOR}
    assert own <= set(told()) | {"interrupted"}


def test_the_exceptions_are_causes():
    assert CAUSES.keys() >= BY_THE_TURN.keys() | WITHOUT_SOUND.keys()


def test_no_exception_has_become_superfluous():
    assert {CAUSES[cause].light for cause in BY_THE_TURN} == {None}
    assert {CAUSES[cause].cue for cause in WITHOUT_SOUND} == {Cue.NONE}


def test_a_question_that_cannot_be_sent_is_told():
    """A link that is down is told to the one who asks something, and so is the end of the wait for it."""
    assert CAUSES["utterance_too_old"].cue is not Cue.NONE
    assert CAUSES["utterance_too_old"].light is Light.NOTICE
