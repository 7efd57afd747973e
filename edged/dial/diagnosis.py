"""Finds the cause (a row of causes.py) of a refusal, a close or an error from the service's words. Pure tables.

Rules:
1. A code with only one meaning decides. Else the words decide, by the first row that matches (refusal_phrases.py).
   Else the HTTP status or the close code decides.
2. The cause is the key only for HTTP 401, or where the words say so. HTTP 403 alone does not mean the key, and neither
   does close 1008: services use both to refuse countries and models, too, and so do firewalls.
3. Unknown words get no known cause: the cause is then `service_refused`, with the words.

The codes, reasons and pages were seen at OpenAI, Azure, Google, xAI, Alibaba, LiteLLM, Portkey's gateway,
speech-to-speech, Cloudflare, and in public reports of users. wire/words.py decides which of the words may be shown.
"""

import re

from edged.dial import dialects
from edged.dial.http_answer import usual_phrase
from edged.dial.refusal_phrases import ROWS
from edged.dial.service_words import ServiceWords

UNKNOWN, DIALECT_REFUSED = "service_refused", "dialect_refused"
MOST_READ = 1000  # characters that are searched

_NAMES = {
    "key_refused": """
        invalid_api_key incorrect_api_key missing_api_key api_key_expired expired_api_key invalid_token token_expired
        token_revoked account_deactivated invalid_authentication mismatched_project invalid_project
        mismatched_organization invalid_organization
    """,
    "quota_exceeded": """
        insufficient_quota billing_hard_limit_reached billing_not_active budget_exceeded arrearage
        insufficient_balance insufficient_funds payment_required
    """,
    "model_refused": """
        model_not_found invalid_model unsupported_model model_not_supported model_deprecated deployment_not_found
        key_model_access_denied team_model_access_denied model_load_error operation_not_supported
        opperation_not_supported
    """,
    "region_refused": "unsupported_country_region_territory unsupported_country",
    "address_refused": "ip_not_authorized ip_not_allowed ip_blocked",
    "account_refused": "organization_not_verified organization_must_be_verified account_suspended",
    "policy_refused": "content_policy_violation content_filter responsible_ai_policy_violation",
    "server_busy": """
        rate_limit_exceeded rate_limit_error too_many_requests connection_limit_reached session_limit_reached
        overloaded_error
    """,
    "server_error": "server_error internal_error internal_server_error",
    "dialect_refused": "beta_api_shape_disabled missing_beta_header api_version_mismatch",
    "session_expired": "session_expired max_duration",
}
CODES = {code: cause for cause, codes in _NAMES.items() for code in codes.split()}
"""Codes that have only one meaning, wherever they occur."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,40}(?:[_-][A-Za-z0-9]{1,40}){0,8}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STATUS = re.compile(r"\b(?:http|status|code|error)(?: code| status)?:? ?([45]\d\d)\b")
_IDLE = re.compile(r"\bidle\b|inactiv|no activity")

# The cause by HTTP status, where no words say more.
_OF_STATUS = {
    401: "key_refused", 402: "quota_exceeded", 403: UNKNOWN, 407: "proxy_refused", 408: "server_error",
    420: "server_busy", 425: "server_error", 429: "server_busy", 446: "policy_refused", 451: "region_refused",
    498: "key_refused", 501: "not_offered", 503: "server_busy", 511: "captive_portal", 529: "server_busy",
}  # fmt: skip
_OF_CODE = {1008: UNKNOWN, 1013: "server_busy", 1014: "server_error"}
_PORTAL = frozenset({200, 300, 301, 302, 303, 307, 308})
# Statuses that can mean many things: only their words say which.
_AMBIGUOUS = frozenset({400, 403, 406, 409, 412, 415, 418, 421, 422, 423, 424, 428})
# Causes from words that say less than most statuses and close codes do.
_IMPRECISE = frozenset({UNKNOWN, "not_offered", "server_error"})
# Causes by status that words about a key do not change.
_NOT_OF_KEYS = frozenset({"server_busy", "quota_exceeded", "model_refused"})
# Causes from words that are more precise than HTTP 401, or than an error type of the service.
_PRECISE = frozenset(
    {
        "region_refused",
        "address_refused",
        "firewall_refused",
        "account_refused",
        "quota_exceeded",
        "model_refused",
        "server_busy",
        DIALECT_REFUSED,
    }
)
OF_WHO_ASKS = _PRECISE | {"key_refused"}
"""Causes of a refusal that depend on who asks, not on what was asked for."""


def of_status(status: int) -> str:
    """The cause of an HTTP answer to the handshake, by its status alone."""
    if status in _PORTAL:
        return "captive_portal"
    return _OF_STATUS.get(status, "server_error" if status >= 500 else "model_refused")


def of_answer(status: int, said: ServiceWords) -> str:
    """The cause of an HTTP answer to the handshake that is not a switch of protocols."""
    by_status, known = of_status(status), of_words(said)
    if known is None or known == "session_expired":
        plain = said.message.casefold().removeprefix(str(status)).strip(" .") in _phrases(status)
        return UNKNOWN if status in _AMBIGUOUS and not plain else by_status
    if by_status == "proxy_refused" or (known in _IMPRECISE and status not in _AMBIGUOUS):
        return by_status
    if known == "key_refused" and by_status in _NOT_OF_KEYS and status not in _AMBIGUOUS:
        return by_status
    # Any page may mention logging in.
    if by_status == "key_refused" or (status in _PORTAL and not said.code):
        return known if known in _PRECISE else by_status
    return known


def of_close(code: int | None, reason: str) -> str:
    """The cause of a close that edged did not ask for, by its code and reason. Every such close is a drop."""
    if _IDLE.search(reason.casefold()):
        return "link_closed"
    by_code, known = _of_code(code, reason), of_words(ServiceWords(reason))
    if known is None or (known in _IMPRECISE and by_code not in (UNKNOWN, "link_closed", "model_refused")):
        return by_code
    return known


def of_words(said: ServiceWords) -> str | None:
    """The cause that the words name; None where they match nothing known."""
    for text in (said.code, said.message[:MOST_READ], said.type):
        for name in _NAME.findall(text):
            # A gateway calls each failure of the service behind it a server's error. Its message then says which.
            if (cause := CODES.get(_snake(name))) and not (text is said.type and cause in _IMPRECISE):
                return cause
    if dialects.refuses(said.code, said.message):
        return DIALECT_REFUSED
    for text in (f"{said.code} {said.message}", said.type):
        plain = _HUMP.sub(" ", text[:MOST_READ]) if " " not in text.strip() else text[:MOST_READ]
        plain = " ".join(plain.replace("_", " ").casefold().split())
        for row in ROWS:
            if row.fits(plain):
                return row.cause
        if (status := _STATUS.search(plain)) is not None:
            return of_status(int(status[1]))
    return None


def _of_code(code: int | None, reason: str) -> str:
    match code:
        case 1008 | 1013 | 1014:
            return _OF_CODE[code]
        case 1002 | 1003 | 1007 | 1009 | 1010 if reason:
            return UNKNOWN  # the reason says what the service rejects
        case 3000 if not reason:
            return "key_refused"  # IANA's registry names this code Unauthorized
        case 4000 if not reason or reason.startswith("invalid_request_error"):
            return "model_refused"
        case int() if 4400 <= code < 4600:
            return of_status(code - 4000)
        case int() if 3000 <= code < 5000:
            return UNKNOWN
        case _:
            return "link_closed"


def _phrases(status: int) -> frozenset[str]:
    """Texts that say no more than the status does."""
    usual = usual_phrase(status).casefold()
    return frozenset({"", usual, f"{usual} ({status})", "error"})


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).replace("-", "_").casefold()
