"""Follows the response under way, and ends it for the client where the service does not. Pure.

Rules:
1. A service without `response.cancel` cannot stop a response. The client gets its end at once, and nothing more of it.
2. Some services report the failure of a response by an error only. The client then also gets its end.
3. A client gets one end of a response: if the service's own end comes later, it is left out.

Not here: which service does this (shape.py).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from edged.wire.bounds import MOST_NAME
from edged.wire.names import ServerName

Json = dict[str, Any]


class _ResponseId(msgspec.Struct):
    id: str | None = None


class _Of(msgspec.Struct):
    """What says whose a message is. Nothing else of it is built: it may be large (bounds.py)."""

    response_id: str | None = None
    response: _ResponseId | None = None


_OF = msgspec.json.Decoder(_Of)


class RunningResponse:
    """The response under way of one connection."""

    def __init__(self) -> None:
        self._id = ""  # empty: no response runs
        self._ended = ""  # the last response that was ended here

    def created(self, response: Any) -> None:
        found = response.get("id") if isinstance(response, Mapping) else None
        self._id = found if isinstance(found, str) and len(found) <= MOST_NAME else ""

    def done(self) -> None:
        self._id = ""

    def cancelled(self, event_id: str) -> Json | None:
        """The end of the response, for a client that cancels it; None where no response runs."""
        return self._end("cancelled", {"reason": "client_cancelled"}, event_id)

    def failed(self, error: Mapping[str, Any], event_id: str) -> Json | None:
        """The end of the response after an error that ends it; None where no response runs."""
        details = {name: error.get(name) for name in ("type", "code", "message")}
        return self._end("failed", {"error": details}, event_id)

    def is_over(self, text: str) -> bool:
        """Whether a message belongs to a response that was ended here."""
        if not self._ended:
            return False
        try:
            of = _OF.decode(text)
        except (ValueError, RecursionError):
            return False
        if (
            of.response is not None and self._ended == of.response.id
        ):  # the service's own end of it; nothing follows
            self._ended = ""
            return True
        return self._ended == of.response_id

    def _end(self, status: str, details: Json, event_id: str) -> Json | None:
        if not self._id:
            return None
        self._ended, self._id = self._id, ""
        return {
            "type": str(ServerName.RESPONSE_DONE),
            "event_id": event_id,
            "response": {
                "id": self._ended,
                "object": "realtime.response",
                "status": status,
                "status_details": {"type": status, **details},
                "output": [],
                "usage": None,
            },
        }
