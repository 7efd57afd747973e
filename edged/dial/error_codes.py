"""The meaning of the service's error codes in a session: their rows in causes.py. Pure tables.

The codes were seen at OpenAI, Azure, LiteLLM, Portkey's gateway and speech-to-speech. The words of a refusal or a close
are for dial/diagnosis.py.
"""

from edged.dial.diagnosis import CODES

# Codes after which the session is useless, whenever they come.
FATAL = {
    code: cause
    for code, cause in CODES.items()
    if cause not in ("server_busy", "server_error", "policy_refused")
}

# Codes that only mean that two messages crossed on the way.
HARMLESS = frozenset(
    {
        "response_cancel_not_active",
        "item_truncate_invalid_item_id",
        "item_delete_invalid_item_id",
        "item_retrieve_invalid_item_id",
    }
)

# Codes of an error about a setting; such an error may lack the id of the message that it answers.
OF_SETTINGS = frozenset(
    {
        "missing_required_parameter",
        "unknown_parameter",
        "invalid_value",
        "invalid_type",
        "cannot_update_voice",
    }
)

# Codes that mean that the service gives no session now, whatever the settings.
NOT_NOW = {
    "rate_limit_exceeded": "server_busy",
    "session_limit_reached": "server_busy",
    "server_error": "server_error",
}

COMMIT_REFUSED = frozenset({"input_audio_buffer_commit_empty"})
ANSWER_ACTIVE = "conversation_already_has_active_response"

# Codes of a failed response, with the cause that the visitor hears and the light shows.
FAILED_RESPONSE = {
    code: cause
    for code, cause in CODES.items()
    if cause in ("quota_exceeded", "server_busy", "key_refused", "model_refused")
}
