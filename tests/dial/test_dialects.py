"""What counts as a refusal of a dialect, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.dial.dialects import Attempt, Refusal, asks_beta, headers_for, of_close, other, refuses
from edged.wire import Dialect
from tests.effort import examples

GA, BETA = Dialect.GA, Dialect.BETA
HEADER = {"OpenAI-Beta": "realtime=v1"}

OF_DIALECT = [
    "beta_api_shape_disabled",
    "invalid_request_error.beta_api_shape_disabled",
    "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
    "missing_beta_header",
    "invalid_request_error.missing_beta_header",
    "You must provide the 'OpenAI-Beta: realtime=v1' header to access the Realtime API.",
    "Missing required header: openai-beta",
    "Unsupported beta header",
    "unsupported_beta",
    "invalid_beta",
    "beta_disabled",
    "server_error.beta_not_supported",
    "Invalid OpenAI-Beta header value",
    "Unknown beta requested: 'realtime'.",
    "beta header required",
    "Please remove the OpenAI-Beta header.",
    "header x-portkey-openai-beta is not allowed",
    "API version mismatch. You cannot start a Realtime beta session with a GA client secret.",
    "api_version_mismatch",
    "The ga shape of the realtime API is not served here.",
    "invalid_request_error.dialect_refused",
    "voice.example takes neither dialect of the protocol.",
    "This service supports the beta protocol only",
    "only GA sessions are served here",
    "Realtime beta is no longer available",
    "The Realtime API (beta) has been retired.",
    "The Realtime API beta support was removed.",
    '{"error": {"message": "no", "code": "missing_beta_header", "type": "invalid_request_error"}}',
    b'{"error": {"code": "beta_api_shape_disabled"}}',
    "<html><body>Unsupported header: <b>OpenAI-Beta: realtime=v1</b></body></html>",
]
OF_SOMETHING_ELSE = [
    "",
    None,
    b"",
    b"\xff\xfe\x00",
    "invalid_api_key",
    "invalid_request_error.model_not_found",
    "The model `gpt-4o-realtime-beta` does not exist or you do not have access to it.",
    "model openai/gpt-realtime-beta-2 is not supported",
    "The model vendor.voice-beta has been retired",
    "Country, region, or territory not supported",
    "You have to join the beta program first",
    "Your account has no beta access",
    "missing beta access",
    "API version not supported",
    "Resource not found: /v1/realtime",
    "Cannot GET /realtime/v1/sessions",
    "Missing required parameter: 'session.type'.",
    "Unknown parameter: 'session.modalities'.",
    "Unsupported protocol",
    "All session slots are in use",
    "alphabeta header",
    "no agape api",
]


@pytest.mark.parametrize("words", OF_DIALECT)
def test_a_refusal_of_the_dialect_is_known_by_its_words(words):
    assert refuses(words)
    assert refuses(None, "no", words)


@pytest.mark.parametrize("words", OF_SOMETHING_ELSE)
def test_other_refusals_are_none_of_the_dialect(words):
    assert not refuses(words)


@examples(50)
@given(st.text() | st.binary())
def test_whatever_is_said_is_looked_at(words):
    assert refuses(words) in (True, False)


def test_words_without_end_are_not_read_to_it():
    assert not refuses("x-" * 50_000 + " missing_beta_header")
    assert refuses("missing_beta_header " + "x-" * 50_000)


@pytest.mark.parametrize(
    ("code", "reason", "refusal"),
    [
        (4000, "invalid_request_error.beta_api_shape_disabled", Refusal.OF_DIALECT),
        (1008, "missing_beta_header", Refusal.OF_DIALECT),
        (4000, "", Refusal.DOUBTFUL),
        (4000, "invalid_request_error.model_not_found", Refusal.OTHER),
        (1000, "", Refusal.OTHER),
        (None, "", Refusal.OTHER),
    ],
)
def test_a_close_says_what_it_refuses(code, reason, refusal):
    assert of_close(code, reason) is refusal


def test_a_close_without_a_word_after_an_error_adds_nothing():
    assert of_close(4000, "", explained=True) is Refusal.OTHER
    assert of_close(4000, "missing_beta_header", explained=True) is Refusal.OF_DIALECT


@pytest.mark.parametrize("first", Dialect)
@pytest.mark.parametrize("refusal", [Refusal.OF_DIALECT, Refusal.DOUBTFUL])
def test_a_refused_dialect_is_followed_by_the_other_once(first, refusal):
    attempt = Attempt(first)
    assert attempt.refused(refusal, configured=False)
    assert attempt.asked is other(first)
    assert not attempt.both
    assert not attempt.refused(Refusal.OF_DIALECT, configured=False)
    assert attempt.both


def test_what_is_configured_is_asked_for_only():
    attempt = Attempt(GA)
    assert not attempt.refused(Refusal.OF_DIALECT, configured=True)
    assert (attempt.asked, attempt.both) == (GA, False)


def test_another_refusal_is_followed_by_nothing():
    attempt = Attempt(GA)
    assert not attempt.refused(Refusal.OTHER, configured=False)
    assert (attempt.asked, attempt.both) == (GA, False)


def test_two_closes_without_a_word_say_nothing_of_the_dialect():
    attempt = Attempt(GA)
    assert attempt.refused(Refusal.DOUBTFUL, configured=False)
    assert not attempt.refused(Refusal.DOUBTFUL, configured=False)
    assert not attempt.both


def test_the_other_dialect_s_own_trouble_is_not_a_refusal_of_both():
    attempt = Attempt(GA)
    attempt.refused(Refusal.OF_DIALECT, configured=False)
    assert not attempt.refused(Refusal.OTHER, configured=False)
    assert not attempt.both


def test_the_header_goes_with_the_dialect():
    assert headers_for(BETA, {"A": "b"}) == {**HEADER, "A": "b"}
    assert headers_for(BETA, {"openai-beta": "other=v2"}) == {"openai-beta": "other=v2"}
    assert headers_for(GA, {"openai-beta": " realtime=v1", "A": "b"}) == {"A": "b"}
    assert headers_for(GA, {"OpenAI-Beta": "other=v2"}) == {"OpenAI-Beta": "other=v2"}
    assert asks_beta({"openai-BETA": "realtime=v1"})
    assert not asks_beta({"OpenAI-Beta": "other=v2", "A": "realtime=v1"})
