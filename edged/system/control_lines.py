"""Lines on the control socket: requests as they are read, and what is said, as it is written. Pure."""

import json
from functools import cached_property
from typing import Any

from edged.errors import CommandError
from edged.system.redactor import REDACTOR

MOST_LINE = 8 * 1024  # bytes of a request


def request_of(line: bytes) -> dict[str, Any]:
    """An object with a command, whatever that is; raises CommandError."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CommandError("a request is one JSON object on one line") from error
    if not isinstance(request, dict) or not isinstance(request.get("command"), str):
        raise CommandError('a request is an object with a "command"')
    return request


def number_of(request: dict[str, Any]) -> int | str | None:
    """What the client calls its request. Said back it is flat, whatever was sent; raises CommandError."""
    number = request.get("id")
    if number is None or type(number) in (int, str):
        return number
    raise CommandError("the id of a request is a whole number or a text")


class ControlLine:
    """A message; `encoded` when it is first asked for, for putting one into words takes as long as half a press."""

    def __init__(self, message: dict[str, Any]) -> None:
        """`message` is not changed from here on."""
        self._message = message

    @cached_property
    def encoded(self) -> bytes:
        """The line as it is sent, without what is secret."""
        return json.dumps(REDACTOR.redacted_in(self._message)).encode() + b"\n"
