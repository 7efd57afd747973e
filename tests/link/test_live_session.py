"""One connection: which events count before its settings are confirmed, and how long the link waits for that."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from edged import wire
from edged.dial.endpoint import endpoint
from edged.dial.provider import READY_S
from edged.dial.providers import PROVIDERS
from edged.errors import LinkError
from edged.link.live_session import REFUSED_S, open_session
from edged.link.session.session import LinkSession
from edged.wire import PLAIN, Dialect, Settings, Shape, TurnDetection
from tests.link.test_link import Connection

GA = Dialect.GA
ASKED = Settings(instructions="Be brief.", voice="marin")
OTHERS = Settings(instructions="Be brief.", voice="verse")
KEEPS = Shape(may_keep_detection=True)
NO = wire.ErrorEvent(wire.ServerError("session.voice: no such voice", type="invalid_request_error"))


def updated(settings):
    return wire.SessionUpdated({**wire.to_wire(settings, GA), "id": "s"})


@pytest.fixture
def opened(lab_run):
    """Open a connection on which the service sends these (seconds, event); returns how it ended, and when."""

    def run(*says, closes=None, provider="custom", greets=True, shape=PLAIN, says_of_close="gone"):
        async def main():
            loop, far = asyncio.get_running_loop(), Connection(confirms=False, settings=ASKED, greets=greets)
            far.bends = False
            for after_s, event in says:
                loop.call_later(after_s, far.say, event)
            if closes is not None:
                loop.call_later(closes[0], far.drop, closes[1], says_of_close)
            numbers = itertools.count(1)
            session = run.session = LinkSession(replace(ASKED, shape=shape), GA, lambda: f"e{next(numbers)}")
            began = loop.time()

            async def dial(*_):
                return far

            at = endpoint(provider, url="ws://localhost/", model="m", key="k", dialect=GA)
            try:
                await open_session(dial, at, session, hear=lambda _: None, known=True)
            except LinkError as error:
                assert far.closed
                return error, loop.time() - began
            return None, loop.time() - began

        return lab_run(main())

    return run


def test_ours_is_waited_for_behind_what_others_are_confirmed(opened):
    error, took_s = opened(
        (0.1, updated(OTHERS)), (READY_S - 1, updated(OTHERS)), (READY_S - 0.5, updated(ASKED))
    )
    assert error is None
    assert took_s == pytest.approx(READY_S - 0.5)


def test_where_it_does_not_come_the_last_is_judged_in_its_words(opened):
    error, took_s = opened((0.1, updated(OTHERS)))
    assert (error.cause, took_s) == ("settings_refused", pytest.approx(READY_S))
    assert "audio.output.voice is 'verse', not 'marin'" in str(error)


def test_a_refusal_that_names_nothing_is_told_in_its_words_a_moment_later(opened):
    error, took_s = opened((0.5, NO), (0.7, updated(OTHERS)), (1.2, updated(OTHERS)))
    assert (error.cause, error.said) == ("settings_refused", "session.voice: no such voice")
    assert took_s == pytest.approx(0.5 + REFUSED_S)


@pytest.mark.parametrize("cause", ["server_busy", "key_refused", "model_refused"])
def test_a_close_behind_it_that_says_more_is_the_cause(opened, cause):
    error, took_s = opened((0.5, NO), closes=(0.8, cause))
    assert (error.cause, took_s) == (cause, pytest.approx(0.8))


def test_one_that_says_no_more_is_not(opened):
    error, took_s = opened((0.5, NO), closes=(0.8, "link_closed"))
    assert (error.cause, error.said) == ("settings_refused", "session.voice: no such voice")
    assert took_s == pytest.approx(0.8)


def test_a_link_that_is_lost_behind_what_others_are_confirmed_is_lost(opened):
    error, _ = opened((0.5, updated(OTHERS)), closes=(0.8, "link_closed"))
    assert error.cause == "link_closed"


def test_a_service_that_takes_it_after_all_is_used(opened):
    error, took_s = opened((0.5, NO), (0.9, updated(ASKED)))
    assert (error, took_s) == (None, pytest.approx(0.9))


def detecting(detection):
    return updated(replace(ASKED, turn_detection=detection))


def test_a_service_that_ignores_the_null_in_silence_keeps_its_detection(opened):
    own = TurnDetection(silence_duration_ms=200)
    patient = TurnDetection(
        threshold=0.5,
        prefix_padding_ms=300,
        silence_duration_ms=1500,
        create_response=False,
        interrupt_response=False,
    )
    error, took_s = opened((0.1, detecting(own)), (READY_S + 0.5, detecting(patient)), shape=KEEPS)
    assert (error, took_s) == (None, pytest.approx(READY_S + 0.5))
    assert opened.session.confirming.flaw[0] == "detection_kept"
    assert "turn_detection is {'type': 'server_vad'" in opened.session.confirming.flaw[1]


def test_one_that_ignores_every_detection_in_silence_keeps_its_own(opened):
    own = detecting(TurnDetection(silence_duration_ms=200))
    times = (0.1, READY_S + 0.1, READY_S + 0.2, READY_S + 0.3)
    error, took_s = opened(*((at_s, own) for at_s in times), shape=KEEPS)
    assert (error, took_s) == (None, pytest.approx(READY_S + 0.3))
    assert "are billed" in opened.session.confirming.flaw[1]


def test_no_detection_is_asked_for_where_anything_else_differs_or_null_is_known_to_be_good(opened):
    detection = TurnDetection(silence_duration_ms=200)
    for differs, shape in ((OTHERS, KEEPS), (ASKED, PLAIN)):
        error, took_s = opened((0.1, updated(replace(differs, turn_detection=detection))), shape=shape)
        assert (error.cause, took_s) == ("settings_refused", pytest.approx(READY_S))


# -- what a provider's row adds ---------------------------------------------------------------------------


def test_a_service_that_loads_its_models_has_longer(opened):
    greeting = wire.SessionCreated({**wire.to_wire(ASKED, GA), "id": "s"})
    error, took_s = opened((90, greeting), (91, updated(ASKED)), provider="localai", greets=False)
    assert (error, took_s) == (None, pytest.approx(91))
    error, took_s = opened(provider="localai", greets=False)
    assert (error.cause, took_s) == ("handshake_timeout", pytest.approx(180))


def test_once_it_has_said_something_it_has_not(opened):
    greeting = wire.SessionCreated({**wire.to_wire(ASKED, GA), "id": "s"})
    error, took_s = opened((90, greeting), (91, updated(OTHERS)), provider="localai", greets=False)
    assert (error.cause, took_s) == ("settings_refused", pytest.approx(90 + READY_S))


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (wire.ServerError("Wrong.", code="invalid_api_key"), "key_refused", "the key is LiteLLM's own"),
        (wire.ServerError("No such model.", param="session.model"), "model_refused", "must be a model_name"),
        (
            wire.ServerError("Upstream realtime handshake rejected with HTTP 401", type="server_error"),
            "key_refused",
            "LiteLLM's key for the service behind it",
        ),
    ],
)
def test_a_refusal_in_the_session_ends_with_the_providers_remedy(opened, error, cause, remedy):
    error, _ = opened((0.5, wire.ErrorEvent(error)), provider="litellm")
    assert error.cause == cause
    assert str(error).count(remedy) == 1


def test_an_error_that_explains_a_close_ends_with_the_remedy_of_its_own_cause(opened):
    said = wire.ErrorEvent(wire.ServerError("Unauthorized", type="odd"))
    error, _ = opened((0.5, said), closes=(0.8, "link_closed"), provider="xai")
    assert error.cause == "key_refused"
    assert str(error).endswith("create a key at console.x.ai")


def test_the_remedy_of_a_cause_that_was_wrong_is_left_out(opened):
    said = wire.ErrorEvent(wire.ServerError("Unauthorized", type="odd"))
    remedies = PROVIDERS["litellm"].remedies
    error, _ = opened(
        (0.5, said),
        closes=(0.8, "service_refused"),
        says_of_close="gone; " + remedies["service_refused"],
        provider="litellm",
    )
    assert error.cause == "key_refused"
    assert remedies["service_refused"] not in str(error)
    assert str(error).endswith(remedies["key_refused"])
