import pytest

from edged.causes import CAUSES
from edged.dial import faults


@pytest.mark.parametrize(
    ("code", "reason", "cause"),
    [
        (1000, "", "link_closed"),
        (1005, "", "link_closed"),
        (1001, "Your session hit the maximum duration of 60 minutes.", "session_expired"),
        (1001, "session_expired", "session_expired"),
        (1001, "", "link_closed"),
        (1006, "", "link_closed"),
        (None, "", "link_closed"),
        (1008, "Upstream realtime handshake rejected with HTTP 401", "key_refused"),
        (1008, "All session slots are in use", "server_busy"),
        (1011, "", "link_closed"),
        (1013, "", "server_busy"),
        (3000, "invalid_request_error.invalid_api_key", "key_refused"),
        (4000, "invalid_request_error.beta_api_shape_disabled", "dialect_refused"),
        (4000, "invalid_request_error.something", "model_refused"),
    ],
)
def test_what_a_close_means(code, reason, cause):
    assert faults.of_close(code, reason) == cause


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "key_refused"),
        (403, "service_refused"),
        (404, "model_refused"),
        (400, "model_refused"),
        (429, "server_busy"),
        (503, "server_busy"),
        (500, "server_error"),
        (502, "server_error"),
        (504, "server_error"),
        (200, "captive_portal"),
        (302, "captive_portal"),
        (307, "captive_portal"),
        (511, "captive_portal"),
    ],
)
def test_what_a_refused_handshake_means(status, cause):
    assert faults.of_status(status) == cause


def test_every_cause_named_has_its_row():
    for cause in {*faults.FATAL.values(), *faults.FAILED_RESPONSE.values()}:
        assert cause in CAUSES
