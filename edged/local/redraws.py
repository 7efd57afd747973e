"""Messages of services whose events have other fields than OpenAI's. Pure.

Each function takes one message and returns the messages to send in its place.
"""

from base64 import b64decode
from typing import Any

from edged.wire import TRANSCRIPTION_UPDATED, Dialect, ServerName, to_dialect

Json = dict[str, Any]
XAI_STATUS = "unimplemented"  # the recorded status_details of every response


def xai_response(message: Json) -> list[Json]:
    """The details are a word. The usage stands beside the response, with the seconds that are billed."""
    response = message["response"]
    usage = response["usage"]
    message["response"] = {**response, "status_details": XAI_STATUS, "usage": {}}
    if usage is None:
        return [message]
    tokens = usage["output_token_details"]["audio_tokens"]
    seconds = tokens / 20  # OpenAI's tokens a second, in which the embedded service counts
    return [
        {**message, "usage": {**usage, "output_audio_seconds": seconds, "billable_audio_seconds": seconds}}
    ]


def xai_part_done(message: Json) -> list[Json]:
    return [{name: value for name, value in message.items() if name != "part"}]


def xai_delta(message: Json) -> list[Json]:
    ms = len(b64decode(message["delta"])) / 48
    return [{**message, "rid": message["response_id"], "latency": 0.0, "audio_duration_ms": ms, "ts": 0}]


def xai_heard(message: Json) -> list[Json]:
    """A part of a transcript is sent with all that was heard before it."""
    delta = message.pop("delta")
    return [{**message, "type": TRANSCRIPTION_UPDATED, "transcript": delta}]


def xai_transcribed(message: Json) -> list[Json]:
    return [{**message, "status": status} for status in ("in_progress", "completed")]


def azure_part(message: Json) -> list[Json]:
    """The part is there twice."""
    return [{**message, "content": message["part"]}]


def localai_error(message: Json) -> list[Json]:
    """All errors are of one type. An event that does not exist is not JSON that it can read."""
    error = {**message["error"], "type": "invalid_request_error"}
    if error["param"] == "type":
        error["code"] = "invalid_json"
    return [{**message, "error": error}]


def speech_to_speech_error(message: Json) -> list[Json]:
    """What cannot be read is one kind of error, with its own text."""
    error = message["error"]
    if error["type"] == "unknown_or_invalid_event":
        error = {**error, "message": f"Unknown or invalid event: {error['message']}"}
    return [{**message, "error": error}]


def created_item(message: Json) -> list[Json]:
    """An item that was added has beta's name in a session of GA."""
    return [{**message, "type": to_dialect(ServerName.ITEM_ADDED, Dialect.BETA)}]
