"""How services refuse, from the reports of users and the source code of gateways. One row each."""

import json
from typing import NamedTuple

JSON = "application/json"
HTML = "text/html; charset=UTF-8"


class Case(NamedTuple):
    """With a `body`, the answer to a handshake with the status `code`. Else a close, after an `error` if there is one."""

    cause: str
    code: int
    words: str  # that must be shown
    reason: str = ""
    body: str | None = None
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    error: dict | None = None

    @property
    def name(self):
        return f"{self.code}-{self.cause}-{self.words[:30] or 'nothing'}"


def openai(cause, status, message, code=None, kind="invalid_request_error", words=None):
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Case(cause, status, message if words is None else words, body=json.dumps({"error": error}))


def answer(cause, status, words, body, kind=JSON, **headers):
    sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Case(
        cause,
        status,
        words,
        body=body if isinstance(body, str) else json.dumps(body),
        kind=kind,
        headers=sent,
    )


def page(cause, status, title, **headers):
    body = f"<!DOCTYPE html><html><head><title>{title}</title><script>var a = 1 < 2;</script></head><body><h1>Sorry</h1></body></html>"
    return answer(cause, status, title, body, HTML, **headers)


def close(cause, code, reason="", words=None):
    return Case(cause, code, reason if words is None else words, reason)


def error(cause, close_with, reason="", words=None, **fields):
    fields = {
        "type": "invalid_request_error",
        "code": None,
        "message": "",
        "param": None,
        "event_id": None,
    } | fields
    return Case(cause, close_with, words or fields["message"], reason, error=fields)


REFUSALS = (
    # the key
    openai("key_refused", 401, "Incorrect API key provided.", "invalid_api_key"),
    openai("key_refused", 401, "You didn't provide an API key.", words="provide an API key"),
    openai("key_refused", 401, "Your API key has expired."),
    openai("key_refused", 401, "This API key has been revoked.", "invalid_api_key"),
    openai("key_refused", 401, "The OpenAI-Project header does not match the project of this API key.", "mismatched_project"),
    answer("key_refused", 401, "invalid subscription key", {"error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint."}}),
    answer("key_refused", 401, "HTTP 401", ""),
    answer("key_refused", 403, "No API key provided", {"detail": "No API key provided"}),
    answer("key_refused", 403, "Invalid API key", "Invalid API key", "text/plain"),
    answer("key_refused", 400, "API key not valid", {"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}),
    answer("key_refused", 401, "Invalid token", {"status": "failure", "message": "Invalid token"}),
    answer("key_refused", 401, "Unauthorized", "<html><head><title>401 Unauthorized</title></head></html>", HTML),
    answer("key_refused", 401, "token has expired", "", www_authenticate='Bearer error="invalid_token", error_description="The token has expired"'),
    answer("key_refused", 403, "security token", "<Error><Code>InvalidToken</Code><Message>The provided security token is invalid.</Message></Error>", "application/xml"),
    close("key_refused", 3000, "invalid_request_error.invalid_api_key"),
    close("key_refused", 1008, "Upstream realtime handshake rejected with HTTP 401"),
    close("key_refused", 1008, "Invalid authentication credentials"),
    close("key_refused", 4003, "invalid token"),
    error("key_refused", 1008, message="Upstream realtime handshake rejected with HTTP 401", type="server_error"),
    close("key_refused", 4401, "Unauthorized"),
    close("key_refused", 1007, "API key not valid. Please pass a valid API key."),
    error("key_refused", 1011, message="litellm.AuthenticationError: Incorrect API key provided", words="Incorrect API key provided"),
    # where the machine connects from
    openai("region_refused", 403, "Country, region, or territory not supported", "unsupported_country_region_territory", "request_forbidden"),
    answer("region_refused", 400, "User location is not supported", {"error": {"code": 400, "message": "User location is not supported for the API use.", "status": "FAILED_PRECONDITION"}}),
    answer("region_refused", 451, "HTTP 451", ""),
    answer("region_refused", 403, "error code: 1009", "error code: 1009", "text/plain"),
    answer("region_refused", 403, "not available in your country", {"message": "This service is not available in your country."}),
    close("region_refused", 1007, "User location is not supported for the API use."),
    close("region_refused", 1008, "unsupported_country_region_territory"),
    openai("address_refused", 401, "Your request IP does not match the configured IP allowlist.", "ip_not_authorized"),
    answer("address_refused", 403, "Firewall rules", {"error": {"code": "403", "message": "Access denied due to Virtual Network/Firewall rules."}}),
    answer("address_refused", 403, "Public access is disabled", {"error": {"code": "403", "message": "Public access is disabled. Please configure private endpoint."}}),
    answer("address_refused", 403, "IP address is not allowed", {"detail": "Your IP address is not allowed to access this resource"}),
    # a firewall
    page("firewall_refused", 403, "Just a moment...", cf_mitigated="challenge", server="cloudflare"),
    page("firewall_refused", 403, "Attention Required! | Cloudflare"),
    page("firewall_refused", 503, "Just a moment..."),
    answer("firewall_refused", 403, "error code: 1020", "error code: 1020", "text/plain"),
    answer("firewall_refused", 403, "Request Rejected", "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Your support ID is: 123</body></html>", HTML),
    answer("firewall_refused", 403, "captcha", {"error": "Please complete the captcha"}),
    # account
    openai("account_refused", 403, "Your organization must be verified to use the model.", words="organization must be verified"),
    openai("account_refused", 401, "You must be a member of an organization to use the API", words="member of an organization"),
    answer("account_refused", 403, "The caller does not have permission", {"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}),
    openai("account_refused", 403, "Your account has been suspended."),
    # quota
    openai("quota_exceeded", 429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota"),
    openai("quota_exceeded", 429, "Your account is not active, please check your billing details on our website.", "billing_not_active"),
    answer("quota_exceeded", 402, "Insufficient credits", {"error": {"message": "Insufficient credits"}}),
    answer("quota_exceeded", 400, "Budget has been exceeded", {"error": {"message": "Budget has been exceeded! Current cost: 10.5, Max budget: 10.0", "type": "budget_exceeded", "code": "400"}}),
    answer("quota_exceeded", 403, "account is in good standing", {"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing.", "request_id": "5f0c"}),
    close("quota_exceeded", 1011, "You exceeded your current quota, please check your plan and billing details."),
    close("quota_exceeded", 4000, "insufficient_quota"),
    # model
    openai("model_refused", 404, "The model does not exist or you do not have access to it.", "model_not_found"),
    openai("model_refused", 403, "Project does not have access to model", "model_not_found"),
    openai("model_refused", 400, "This model has been deprecated.", words="model has been deprecated"),
    answer("model_refused", 404, "deployment for this resource does not exist", {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}),
    answer("model_refused", 401, "key not allowed to access model", {"error": {"message": "key not allowed to access model. This key can only access models=[]", "type": "key_model_access_denied", "code": "401"}}),
    answer("model_refused", 400, "Invalid model name", {"error": {"message": "Invalid model name passed in model=x", "type": "None", "code": "400"}}),
    page("model_refused", 404, "404 Not Found"),
    answer("model_refused", 405, "Method Not Allowed", {"detail": "Method Not Allowed"}),
    answer("model_refused", 400, "HTTP 400", ""),
    close("model_refused", 1008, "Publisher model `x` was not found in region", words="Publisher model"),
    close("model_refused", 1008, "invalid model"),
    close("model_refused", 4000, "invalid_request_error.model_not_found"),
    error("model_refused", 4000, message="The model is not supported in realtime mode."),
    # busy
    openai("server_busy", 429, "Rate limit reached for requests", "rate_limit_exceeded", "requests"),
    answer("server_busy", 429, "HTTP 429", ""),
    answer("server_busy", 503, "model is currently loading", {"error": "The model is currently loading"}),
    answer("server_busy", 403, "Too many concurrent sessions", {"error": "Too many concurrent sessions"}),
    answer("server_busy", 503, "error code: 1015", "error code: 1015", "text/plain"),
    close("server_busy", 1008, "All session slots are in use"),
    close("server_busy", 1013, "Try again later"),
    close("server_busy", 1011, "RESOURCE_EXHAUSTED: quota exceeded for requests per minute"),
    error("server_busy", 1008, message="All session slots are in use", type="connection_limit_reached"),
    # the service's own errors
    answer("server_error", 500, "Internal Server Error", "Internal Server Error", "text/plain"),
    page("server_error", 502, "502 Bad Gateway"),
    answer("server_error", 504, "upstream request timeout", "upstream request timeout", "text/plain"),
    answer("server_error", 403, "something went wrong", {"error": "Sorry, something went wrong. Try again."}),
    close("server_error", 1008, "We are sorry, something went wrong. You are not charged for this request."),
    close("server_error", 1011, "Internal error encountered."),
    error("server_error", 1000, message="The server had an error while processing your request.", type="server_error"),
    # not offered
    close("not_offered", 1008, "Operation is not implemented, or supported, or enabled."),
    answer("not_offered", 501, "Not Implemented", "Not Implemented", "text/plain"),
    answer("not_offered", 400, "not supported", {"detail": "Realtime is not supported by this provider"}),
    # content
    close("policy_refused", 1008, "Blocked by our content policy"),
    openai("policy_refused", 400, "Your request was flagged as violating our usage policies.", "content_policy_violation"),
    # time
    close("session_expired", 1001, "Your session hit the maximum duration of 60 minutes."),
    close("session_expired", 1008, "Session timeout: the session has exceeded its time limit"),
    # unknown reasons
    answer("service_refused", 403, "HTTP 403", ""),
    answer("service_refused", 403, "Forbidden", {"detail": "Forbidden"}),
    page("service_refused", 403, "403 Forbidden"),
    answer("service_refused", 403, "Access denied", "Access denied", "text/plain"),
    answer("service_refused", 400, "invalid argument", {"error": {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}}),
    answer("service_refused", 409, "another client", {"message": "another client has taken over"}),
    close("service_refused", 1008, ""),
    close("service_refused", 1008, "policy violation"),
    close("service_refused", 1007, "Request contains an invalid argument."),
    close("service_refused", 4003, "closed by the administrator"),
    close("link_closed", 1011, ""),
    close("link_closed", 1000, "closed due to inactivity"),
)  # fmt: skip
