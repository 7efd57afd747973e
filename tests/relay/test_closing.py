"""How the end of one side becomes the close of the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.dial.diagnosis import of_status
from edged.relay.closing import ConnectionEnd, fit, of_refusal, passed_on


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1013, 3000, 4000, 4999])
def test_a_close_passes_on_as_it_is(code):
    assert passed_on(ConnectionEnd("upstream", code, "why")) == (code, "why")


@pytest.mark.parametrize(
    ("by", "code", "passed"),
    [
        ("upstream", 1005, (1000, "")),
        ("upstream", 1006, (1011, "upstream connection lost")),
        ("client", 1006, (1011, "client connection lost")),
        ("upstream", 1015, (1011, "upstream connection lost")),
        ("upstream", 1004, (1011, "upstream connection lost")),
        ("upstream", 2999, (1011, "upstream connection lost")),
        ("upstream", 5000, (1011, "upstream connection lost")),
    ],
)
def test_codes_that_may_not_be_sent_become_ones_that_may(by, code, passed):
    assert passed_on(ConnectionEnd(by, code, "")) == passed


@given(st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: text * 20))
def test_a_reason_fits_a_frame_and_no_character_is_cut(reason):
    fitted = fit(reason)
    assert reason.startswith(fitted)
    size = len(fitted.encode())
    assert size <= 123
    if fitted != reason:
        assert size > 123 - 4


def test_a_half_character_is_no_bug():
    assert fit("a\ud800b") == "a?b"


@pytest.mark.parametrize(
    ("status", "code", "close"),
    [
        (401, "invalid_api_key", 3000),
        (403, "upstream_unreachable", 1011),
        (402, "insufficient_quota", 1011),
        (429, "rate_limit_exceeded", 1013),
        (503, "rate_limit_exceeded", 1013),
        (404, "upstream_unreachable", 1011),
        (500, "upstream_unreachable", 1011),
        (None, "upstream_unreachable", 1011),
    ],
)
def test_a_service_that_refuses_is_an_error_and_a_close(status, code, close):
    event, end = of_refusal("voice.example refused", of_status(status) if status else "unreachable")
    assert event.error.code == code
    assert "voice.example refused" in event.error.message
    assert (end.by, end.code) == ("relay", close)
    assert end.reason in ("voice.example refused", "invalid_request_error.invalid_api_key")


def test_a_refusal_is_what_its_words_mean_and_a_client_gets_them():
    event, end = of_refusal("voice.example refused", "region_refused", "Country not supported")
    assert event.error.message == "voice.example refused: Country not supported."
    assert (event.error.code, end.code) == ("upstream_unreachable", 1011)
    assert of_refusal("x", "key_refused")[1].code == 3000
