"""What the service's error codes mean in a session: their rows in causes.py. Pure tables.

Codes were seen at OpenAI, Azure, LiteLLM, Portkey's gateway and speech-to-speech. What the words of a refusal and of a
close mean: dial/diagnosis.py.
"""

from edged.dial.diagnosis import CODES

# Codes that end the session's use, whenever they come.
FATAL = {
    code: cause
    for code, cause in CODES.items()
    if cause not in ("server_busy", "server_error", "policy_refused")
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

# Codes that say that a session cannot be had now, whatever its settings.
NOT_NOW = {"rate_limit_exceeded": "server_busy", "server_error": "server_error"}

COMMIT_REFUSED = frozenset({"input_audio_buffer_commit_empty"})
ANSWER_ACTIVE = "conversation_already_has_active_response"

# Codes of a failed response: its cause for the visitor and for the light.
FAILED_RESPONSE = {
    code: cause
    for code, cause in CODES.items()
    if cause in ("quota_exceeded", "server_busy", "key_refused", "model_refused")
}
