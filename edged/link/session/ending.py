"""Judges how a response ended, from the listener's point of view. Pure."""

from itertools import islice

from edged import wire
from edged.dial import error_codes
from edged.link.session.events import ResponseEnded, ResponseEnding, ToolCall
from edged.wire.bounds import MOST_NAME

MOST_CALLS = 32  # per response; edged answers each call with a message


def is_of_service(event: wire.ResponseDone) -> bool:
    """Whether the service itself failed, and neither the question nor the account was the reason."""
    error = event.error
    return event.status == "failed" and error is not None and (error.code or error.type) == "server_error"


def ended_of(event: wire.ResponseDone, *, sounded: bool) -> ResponseEnded:
    """How one of our responses ended; `sounded`: some of its sound was received."""
    made = (item for item in event.output if item.get("type") == "function_call")
    calls = tuple(
        ToolCall(
            str(item.get("call_id", ""))[:MOST_NAME],
            str(item.get("name", ""))[:MOST_NAME],
            str(item.get("arguments", "")),
        )
        for item in islice(made, MOST_CALLS)
    )
    error = event.error
    text = (error.message if error else "") or event.reason or ""
    if event.status == "failed" or (event.status == "incomplete" and not sounded):
        code = (error.code if error else None) or ""
        cause = error_codes.FAILED_RESPONSE.get(code, "answer_failed")
        return ResponseEnded(event.response_id, ResponseEnding.FAILED, sounded, cause, text)
    if event.status == "cancelled":
        return ResponseEnded(event.response_id, ResponseEnding.CANCELLED, sounded, None, text)
    if calls:
        return ResponseEnded(event.response_id, ResponseEnding.TOOL, sounded, None, text, calls)
    return ResponseEnded(
        event.response_id, ResponseEnding.AUDIO if sounded else ResponseEnding.SILENT, sounded, None, text
    )
