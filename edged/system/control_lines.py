"""Lines of the control socket: parses requests, and encodes messages. Pure."""

import json
from functools import cached_property
from typing import Any

from edged.errors import CommandError
from edged.system.redactor import REDACTOR

MOST_LINE = 8 * 1024  # bytes of a request


def request_of(line: bytes) -> dict[str, Any]:
    """Return an object with any command; raises CommandError."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CommandError("a request must be one JSON object on one line") from error
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        raise CommandError('a request must be an object with a "command"')
    return request


def number_of(request: dict[str, Any]) -> int | str | None:
    """Return the client's id of its request. It is a plain value, so that it can be sent back; raises CommandError."""
    number = request.get("id")
    if number is None or type(number) in (int, str):
        return number
    raise CommandError("the id of a request must be a whole number or a string")


class ControlLine:
    """A message. `encoded` encodes at its first use, because encoding takes as long as half a press."""

    def __init__(self, message: dict[str, Any]) -> None:
        """`message` must not change afterwards."""
        self._message = message

    @cached_property
    def encoded(self) -> bytes:
        """The line as it is sent, without secrets."""
        return json.dumps(REDACTOR.redacted_in(self._message)).encode() + b"\n"
