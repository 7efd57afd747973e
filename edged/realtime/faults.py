"""What the service's error codes and the connection's closes mean: their rows in causes.py. Pure tables.

Codes and close reasons were seen at OpenAI, Azure, LiteLLM, Portkey's gateway and speech-to-speech.
"""

from edged.dial import dialects

# Codes that end the session's use, whenever they come.
FATAL = {
    "session_expired": "session_expired",
    "beta_api_shape_disabled": "dialect_refused",
    "missing_beta_header": "dialect_refused",
    "api_version_mismatch": "dialect_refused",
    "invalid_api_key": "key_refused",
    "account_deactivated": "key_refused",
    "insufficient_quota": "quota_exceeded",
    "billing_hard_limit_reached": "quota_exceeded",
    "model_not_found": "model_refused",
    "invalid_model": "model_refused",
}

# Codes that say no more than that two messages crossed on the way.
HARMLESS = frozenset(
    {
        "response_cancel_not_active",
        "item_truncate_invalid_item_id",
        "item_delete_invalid_item_id",
        "item_retrieve_invalid_item_id",
    }
)

# Codes of an error about a setting, where the error does not say which message it answers.
OF_SETTINGS = frozenset(
    {
        "missing_required_parameter",
        "unknown_parameter",
        "invalid_value",
        "invalid_type",
        "cannot_update_voice",
    }
)

# Codes that say that a session can not be had now, whatever its settings.
NOT_NOW = {"rate_limit_exceeded": "server_busy", "server_error": "server_error"}

COMMIT_REFUSED = frozenset({"input_audio_buffer_commit_empty"})
ANSWER_ACTIVE = "conversation_already_has_active_response"

# Codes of a failed response: its cause for the visitor and for the light.
FAILED_RESPONSE = {
    "insufficient_quota": "quota_exceeded",
    "billing_hard_limit_reached": "quota_exceeded",
    "rate_limit_exceeded": "server_busy",
    "invalid_api_key": "key_refused",
    "model_not_found": "model_refused",
}


def of_close(code: int | None, reason: str) -> str:
    """The cause of a close we did not ask for, by its code and reason; every one of them is a drop."""
    if dialects.refuses(reason):
        return "dialect_refused"
    text = reason.lower()
    for known, cause in FATAL.items():
        if known in text:
            return cause
    if "maximum duration" in text:
        return "session_expired"
    if code == 1008:
        return "server_busy" if "slot" in text else "key_refused"
    if code == 1013:
        return "server_busy"
    if code in (3000, 4000):
        return "model_refused"
    return "link_closed"


def of_status(status: int) -> str:
    """The cause of an HTTP answer to the handshake that is not a switch of protocols."""
    if status in (401, 403):
        return "key_refused"
    if status in (429, 503):
        return "server_busy"
    if status in (200, 301, 302, 303, 307, 308, 511):
        return "captive_portal"
    if status >= 500:
        return "server_error"
    return "model_refused"
