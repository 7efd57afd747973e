"""Writes the events of a session as messages, in the way of the service that is imitated. Pure."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from edged import wire
from edged.local import bent
from edged.local.traits import Conduct
from edged.wire import Dialect, ServerEvent


class Rendering:
    def __init__(self, conduct: Conduct, dialect: Dialect, new_id: Callable[[], str]) -> None:
        """`new_id()` gives the id of an event."""
        self._conduct, self._dialect, self._new_id = conduct, dialect, new_id

    @property
    def reports_done(self) -> bool:
        """Whether items are reported as done, too."""
        asked = self._conduct.item_done
        return self._dialect is Dialect.GA if asked is None else asked

    def messages(self, events: Iterable[ServerEvent]) -> list[str]:
        sent = (event for event in map(self._replaced, events) if self._is_sent(event))
        return [message for event in sent for message in self._written(event)]

    def ping(self, now: float) -> str:
        """An event that some services send all the time; it means nothing."""
        message = json.loads(wire.encode(wire.Unknown(wire.PING), self._dialect, self._id()))
        return json.dumps({**message, "timestamp": int(now * 1000)})

    def _is_sent(self, event: ServerEvent) -> bool:
        if isinstance(event, wire.ItemDone) and not self.reports_done:
            return False
        return not isinstance(event, self._conduct.unsent)

    def _replaced(self, event: ServerEvent) -> ServerEvent:
        """The event that takes the place of this one, where a failure ends without a response.done."""
        if not self._conduct.fails_by_error or not isinstance(event, wire.ResponseDone):
            return event
        return wire.ErrorEvent(event.error) if event.status == "failed" and event.error else event

    def _written(self, event: ServerEvent) -> list[str]:
        # Beta has no event for an item that is done. A service that sends it all the same uses GA's name.
        dialect = Dialect.GA if isinstance(event, wire.ItemDone) else self._dialect
        message = wire.encode(event, dialect, self._id())
        if isinstance(event, wire.ErrorEvent):
            message = self._error(message)
        redraw = self._conduct.redraws.get(type(event))
        return [message] if redraw is None else [json.dumps(each) for each in redraw(json.loads(message))]

    def _error(self, message: str) -> str:
        error: dict[str, Any] = json.loads(message)["error"]
        code = error["code"]
        if code in self._conduct.codes:
            message = bent.altered(message, error={**error, "code": self._conduct.codes[code]})
        match self._conduct.errors:
            case "codeless":
                return bent.bare(message, code_in_type=False)
            case "in_type" if code is not None:
                return bent.bare(message, code_in_type=True)
        return message

    def _id(self) -> str:
        return self._conduct.event_id or self._new_id()
