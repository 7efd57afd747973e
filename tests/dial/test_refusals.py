"""The meaning of each kind of refusal: its cause, and with it the reaction."""

import pytest

from edged.causes import CAUSES, Retry
from edged.dial import refusals
from edged.dial.refusals import retry_after_s


@pytest.mark.parametrize(
    ("code", "behind", "cause", "retry"),
    [
        (9, False, "clock_unset", Retry.LOCAL),
        (9, True, "clock_unset", Retry.LOCAL),
        (20, True, "clock_unset", Retry.LOCAL),
        (10, False, "tls_failed", Retry.REFUSED),
        (18, False, "tls_failed", Retry.REFUSED),
        (19, False, "tls_failed", Retry.REFUSED),
        (20, False, "tls_failed", Retry.REFUSED),
        (23, False, "tls_failed", Retry.REFUSED),
        (62, False, "captive_portal", Retry.REFUSED),
        (64, False, "captive_portal", Retry.REFUSED),
    ],
)
def test_a_certificate(code, behind, cause, retry):
    found, words = refusals.of_certificate(code, "openssl's words", clock_behind=behind)
    assert found == cause
    assert CAUSES[found].retry is retry
    assert "expired" in words or "openssl's words" in words


def test_an_unknown_authority_names_the_key_that_helps():
    _, words = refusals.of_certificate(20, "", clock_behind=False)
    assert "provider.ca_file" in words


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("WRONG_VERSION_NUMBER", "captive_portal"),
        ("HTTP_REQUEST", "captive_portal"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "tls_failed"),
        ("", "tls_failed"),
    ],
)
def test_no_tls(reason, cause):
    assert refusals.of_tls(reason)[0] == cause


ANSWERS = {
    400: "model_refused",
    401: "key_refused",
    403: "service_refused",
    404: "model_refused",
    429: "server_busy",
}
ANSWERS |= {
    500: "server_error",
    502: "server_error",
    503: "server_busy",
    504: "server_error",
    511: "captive_portal",
}
OF_PROXIES = {
    407: "proxy_refused",
    403: "proxy_refused",
    405: "proxy_refused",
    502: "unreachable",
    503: "unreachable",
}
OF_PROXIES |= {504: "unreachable"}
RETRY = {
    **dict.fromkeys(("captive_portal", "key_refused", "model_refused", "proxy_refused"), Retry.REFUSED),
    **dict.fromkeys(("server_error", "service_refused", "unreachable"), Retry.REMOTE),
    "server_busy": Retry.THROTTLED,
}


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(("status", "cause"), ANSWERS.items())
def test_an_answer(status, cause, secure):
    found, words = refusals.of_answer(status, "", secure=secure)
    assert found == cause
    assert CAUSES[found].retry is RETRY[cause]
    assert str(status) in words


@pytest.mark.parametrize("status", [200, 301, 302, 303, 307, 308])
def test_a_page_or_a_redirect_is_a_portal_unless_it_has_the_services_certificate(status):
    assert refusals.of_answer(status, "http://login.lan/x", secure=False)[0] == "captive_portal"
    assert refusals.of_answer(status, "https://other.example/x", secure=True)[0] == "model_refused"


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("http://login.lan/?token=x", "to login.lan,"),
        ("/else", "to another address,"),
        ("http://[", "to another address,"),
        ("", "to another address,"),
    ],
)
def test_of_a_redirect_only_the_host_is_told(location, named):
    _, words = refusals.of_answer(302, location, secure=False)
    assert named in words
    assert "token" not in words


@pytest.mark.parametrize(("status", "cause"), OF_PROXIES.items())
def test_a_proxy(status, cause):
    found, _ = refusals.of_proxy(status)
    assert found == cause
    assert CAUSES[found].retry is RETRY[cause]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("100000000000", 1e11),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_each_of_its_forms(value, seconds):
    assert retry_after_s(value, wall=100.0) == seconds
