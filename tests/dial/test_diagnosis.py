"""Words that no test of the whole daemon has: in statuses, closes and errors, alone and combined."""

import json

import pytest

from edged.causes import CAUSES
from edged.dial import diagnosis
from edged.dial.refusal_phrases import ROWS
from edged.dial.service_words import ServiceWords, said_in
from edged.wire.words import Words
from tests.dial.said import REFUSALS


@pytest.mark.parametrize(
    ("code", "reason", "cause"),
    [
        (
            1008,
            "models/x is not found for API version v1beta, or is not supported for this method",
            "model_refused",
        ),
        (1008, "Project `123` is not allowed to use Publisher Model `x`", "model_refused"),
        (1008, "Model gpt-4o-realtime-preview has been retired, use gpt-realtime", "model_refused"),
        (4000, "invalid_model: x is not supported on this endpoint", "model_refused"),
        (1008, "Your API key was reported as leaked. Please use another API key.", "key_refused"),
        (
            1008,
            "Request had invalid authentication credentials. Expected OAuth 2 access token",
            "key_refused",
        ),
        (1008, "Method doesn't allow unregistered callers", "key_refused"),
        (1008, "Missing API key", "key_refused"),
        (1008, "auth failed", "key_refused"),
        (1008, "invalid_token", "key_refused"),
        (4001, "Token expired", "key_refused"),
        (4001, "authentication required", "key_refused"),
        (3000, "", "key_refused"),
        (3000, "no more today", "service_refused"),
        (4401, "", "key_refused"),
        (4403, "", "service_refused"),
        (4404, "", "model_refused"),
        (4429, "", "server_busy"),
        (4001, "not today", "service_refused"),
        (
            1008,
            "Generative Language API has not been used in project 123 before or it is disabled.",
            "account_refused",
        ),
        (1008, "Upstream realtime handshake rejected with HTTP 403", "service_refused"),
        (1008, "Upstream realtime handshake rejected with HTTP 429", "server_busy"),
        (1008, "Upstream realtime handshake rejected with HTTP 502", "server_error"),
        (1008, "This API is not available in your region", "region_refused"),
        (1008, "Response blocked by safety settings", "policy_refused"),
        (1008, "Maximum number of sessions reached", "server_busy"),
        (1008, "You have reached the limit of concurrent connections", "server_busy"),
        (1011, "Your prepayment credits are depleted.", "quota_exceeded"),
        (1011, "The service is currently unavailable.", "server_error"),
        (1011, "Deadline expired before operation could complete.", "server_error"),
        (1011, "upstream connection lost", "server_error"),
        (1011, "upstream broke", "link_closed"),
        (1012, "Service restart", "link_closed"),
        (1014, "", "server_error"),
        (1001, "going away", "link_closed"),
        (1003, "unsupported data", "not_offered"),
        (1007, "", "link_closed"),
        (1007, "Invalid JSON payload received. Unknown name: Cannot find field.", "service_refused"),
        (4000, "closed because the connection was idle", "link_closed"),
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
def test_a_close(code, reason, cause):
    assert diagnosis.of_close(code, reason) == cause


STATUS = {
    200: "captive_portal",
    302: "captive_portal",
    307: "captive_portal",
    400: "model_refused",
    401: "key_refused",
}
STATUS |= {
    403: "service_refused",
    404: "model_refused",
    429: "server_busy",
    500: "server_error",
    502: "server_error",
}
STATUS |= {503: "server_busy", 504: "server_error", 511: "captive_portal"}


@pytest.mark.parametrize(("status", "cause"), STATUS.items())
def test_a_status(status, cause):
    assert diagnosis.of_status(status) == cause


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (429, {"error": {"message": "You have run out of credits", "code": "credit_balance_exhausted"}}, "quota_exceeded"),
        (503, {"error": {"message": "The server is overloaded.", "type": "service_unavailable_error"}}, "server_busy"),
        (429, {"error": {"message": "Slow down", "code": "slow_down"}}, "server_busy"),
        (401, {"error": {"message": "Invalid Authentication"}}, "key_refused"),
        (403, {"code": "no", "error": "Invalid API key provided: xai-abc"}, "key_refused"),
        (401, {"code": "InvalidApiKey", "message": "Invalid API-key provided."}, "key_refused"),
        (403, {"detail": "Not authenticated"}, "key_refused"),
        (403, {"message": "Missing Authentication Token"}, "key_refused"),
        (400, {"error": {"message": "Missing required header: Authorization"}}, "key_refused"),
        (403, {"error": "unauthorized"}, "key_refused"),
        (500, {"error": {"message": "litellm.AuthenticationError: Incorrect API key provided"}}, "key_refused"),
        (404, {"error": {"message": "The key is not found"}}, "model_refused"),
        (429, {"error": {"message": "The API key is not allowed more"}}, "server_busy"),
        (400, {"code": "Model.AccessDenied", "message": "Model access denied."}, "model_refused"),
        (400, {"status": "failure", "message": "Either x-portkey-config or x-portkey-provider header is required"}, "model_refused"),
        (400, {"error": {"message": "you must provide a model parameter"}}, "model_refused"),
        (403, {"message": "Forbidden"}, "service_refused"),
        (403, {"error": "access_denied"}, "service_refused"),
        (403, {"reason": "host not in the register"}, "service_refused"),
        (418, "I am a teapot", "service_refused"),
        (400, 'Can "Upgrade" only to "WebSocket".', "service_refused"),
        (426, "Upgrade Required", "model_refused"),
        (403, "<title>ERROR: The request could not be satisfied</title>", "service_refused"),
        (403, "<title>Access Denied</title>Reference #18.abc https://errors.edgesuite.net/18.abc", "firewall_refused"),
        (403, "<title>Access denied | voice.example used Cloudflare to restrict access</title>", "firewall_refused"),
        (429, "<title>Verify you are human</title>", "firewall_refused"),
        (403, {"message": "User is not authorized to access this resource with an explicit deny"}, "account_refused"),
        (401, {"error": {"message": "You have insufficient permissions for this operation. Missing scopes: api.model.request"}}, "account_refused"),
        (403, {"error": {"message": "Realtime API access is not enabled for this project"}}, "account_refused"),
        (403, {"error": {"message": "Terms of service must be accepted"}}, "account_refused"),
        (403, {"message": "A Virtual Network is configured for this resource."}, "address_refused"),
        (403, {"message": "Access from your location is prohibited"}, "region_refused"),
        (403, {"error": {"type": "unsupported_location_error", "message": "No."}}, "region_refused"),
        (522, "<title>voice.example | 522: Connection timed out</title>", "server_error"),
        (530, "error code: 1033", "server_error"),
        (407, "Proxy Authentication Required", "proxy_refused"),
        (446, {"error": {"message": "The guardrail checks defined in the config failed"}}, "policy_refused"),
        (403, {"error": "temporarily unavailable, please try again"}, "server_error"),
        (200, "<title>Please log in to the network</title>", "captive_portal"),
        (200, {"error": {"code": "invalid_api_key", "message": "No."}}, "key_refused"),
        (402, "", "quota_exceeded"),
        (451, "", "region_refused"),
    ],
)  # fmt: skip
def test_an_answer(status, body, cause):
    raw = body if isinstance(body, str) else json.dumps(body)
    assert diagnosis.of_answer(status, said_in(raw.encode())) == cause


def test_the_key_is_blamed_by_no_status_but_those_that_mean_it():
    blamed = {status for status in range(200, 600) if diagnosis.of_status(status) == "key_refused"}
    assert blamed == {401, 498}


def test_the_key_is_blamed_by_no_code_of_a_close_but_those_that_mean_it():
    blamed = {code for code in range(1000, 5000) if diagnosis.of_close(code, "") == "key_refused"}
    assert blamed == {3000, 4401, 4498}


def test_every_cause_named_has_its_row():
    named = {*diagnosis.CODES.values(), *(row.cause for row in ROWS), diagnosis.UNKNOWN}
    named |= {diagnosis.of_status(status) for status in range(200, 600)}
    assert named <= CAUSES.keys()


def test_a_code_alone_means_the_same_in_a_close_and_in_an_error():
    for code, cause in diagnosis.CODES.items():
        assert diagnosis.of_words(ServiceWords("", code)) == cause
        assert diagnosis.of_close(4000, f"invalid_request_error.{code}") in (
            cause,
            diagnosis.of_close(4000, code),
        )


def test_the_services_own_words_pass_the_door_whole():
    words = Words()
    for case in REFUSALS:
        text = said_in(case.body.encode(), case.kind).text if case.body else case.reason
        assert "…" not in words.filtered(text)


def test_a_long_text_is_judged_in_no_time():
    for text in (
        "model " * 5000,
        "not " * 5000,
        "key not " * 3000,
        "your your your country " * 2000,
        "a" * 50_000,
    ):
        diagnosis.of_words(ServiceWords(text))
