"""How a response ended, from the listener's point of view."""

import pytest

from edged.link.session.ending import MOST_CALLS, ended_of, is_of_service
from edged.link.session.events import ResponseEnded, ResponseEnding, ToolCall
from edged.wire import ResponseDone, ServerError
from edged.wire.bounds import MOST_NAME

CALL = {"type": "function_call", "call_id": "c1", "name": "lamp", "arguments": '{"on": true}'}


def done(status="completed", **fields):
    return ResponseDone("resp_1", status, **fields)


def failed(code=None, type=None, status="failed"):  # noqa: A002 the wire's word
    return done(status, error=ServerError("why", type=type, code=code))


@pytest.mark.parametrize(
    ("status", "sounded", "kind", "cause"),
    [
        ("completed", True, ResponseEnding.AUDIO, None),
        ("completed", False, ResponseEnding.SILENT, None),
        ("incomplete", True, ResponseEnding.AUDIO, None),
        ("incomplete", False, ResponseEnding.FAILED, "answer_failed"),
        ("failed", True, ResponseEnding.FAILED, "answer_failed"),
        ("failed", False, ResponseEnding.FAILED, "answer_failed"),
        ("cancelled", True, ResponseEnding.CANCELLED, None),
        ("cancelled", False, ResponseEnding.CANCELLED, None),
    ],
)
@pytest.mark.parametrize("output", [(), (CALL,)])
def test_the_status_decides_then_whether_a_tool_is_called_then_whether_it_sounded(
    status, sounded, kind, cause, output
):
    calls = ()
    if output and kind in (ResponseEnding.AUDIO, ResponseEnding.SILENT):
        kind, calls = ResponseEnding.TOOL, (ToolCall("c1", "lamp", '{"on": true}'),)
    warning = ended_of(done(status, output=output, reason="so it was"), sounded=sounded)
    assert warning == ResponseEnded("resp_1", kind, sounded, cause, "so it was", calls)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("insufficient_quota", "quota_exceeded"),
        ("billing_hard_limit_reached", "quota_exceeded"),
        ("rate_limit_exceeded", "server_busy"),
        ("invalid_api_key", "key_refused"),
        ("model_not_found", "model_refused"),
        ("no_idea", "answer_failed"),
        (None, "answer_failed"),
    ],
)
@pytest.mark.parametrize("status", ["failed", "incomplete"])
def test_a_failure_has_the_cause_of_its_code(code, cause, status):
    assert ended_of(failed(code, "server_error", status), sounded=False).cause == cause


def test_the_text_is_that_of_the_error_or_the_reason_or_nothing():
    assert ended_of(done(reason="late", error=ServerError("why")), sounded=True).text == "why"
    assert ended_of(done(reason="late", error=ServerError("")), sounded=True).text == "late"
    assert ended_of(done(reason="late"), sounded=True).text == "late"
    assert ended_of(done(), sounded=True).text == ""


def test_only_functions_are_called_and_what_the_service_leaves_out_is_empty():
    output = ({"type": "message", "name": "lamp"}, CALL, {"type": "function_call"}, {})
    warning = ended_of(done(output=output), sounded=False)
    assert warning.calls == (ToolCall("c1", "lamp", '{"on": true}'), ToolCall("", "", ""))


def test_32_calls_of_a_response_are_answered_and_names_are_bounded_but_arguments_are_not():
    call = {"type": "function_call", "call_id": "c" * 600, "name": "n" * 600, "arguments": "a" * 600}
    warning = ended_of(done(output=({"type": "message"}, *[call] * 40)), sounded=False)
    assert MOST_CALLS == len(warning.calls) == 32
    assert set(warning.calls) == {ToolCall("c" * MOST_NAME, "n" * MOST_NAME, "a" * 600)}


def test_a_failure_is_the_services_own_by_its_code_or_where_there_is_none_by_its_type():
    assert is_of_service(failed("server_error"))
    assert is_of_service(failed("server_error", "invalid_request_error"))
    assert is_of_service(failed(None, "server_error"))
    assert not is_of_service(failed("rate_limit_exceeded", "server_error"))
    assert not is_of_service(failed())
    assert not is_of_service(failed("server_error", status="incomplete"))
    assert not is_of_service(done("failed"))
    assert not is_of_service(done())
