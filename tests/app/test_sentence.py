import pytest

from edged.app.sentence import sentence
from edged.causes import CAUSES
from edged.turn import State


def of(**more):
    whole = {"state": "IDLE", "link": {"up": True, "cause": None}, "pending": 0, "muted": False, "lost": {}}
    return sentence(whole | more)


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_words(state):
    assert of(state=state.value).endswith(".")


def test_a_kiosk_that_is_well_says_what_it_does():
    assert of() == "Waiting for a press."
    assert of(state="SPEAKING") == "Answering."


def test_a_missing_link_is_told_with_its_remedy_and_with_what_waits():
    said = of(link={"up": False, "cause": "key_refused"}, pending=2)
    state = "Waiting for a press, no link to the service (key_refused), questions waiting: 2"
    assert said == f"{state}. {CAUSES['key_refused'].remedy}"
    assert of(link={"up": False, "cause": None}) == "Waiting for a press, connecting."


def test_missing_devices_and_a_mute_are_told():
    said = of(lost={"microphone": "microphone_lost"}, muted=True)
    assert (
        said
        == f"Waiting for a press, microphone missing (microphone_lost), muted. {CAUSES['microphone_lost'].remedy}"
    )
