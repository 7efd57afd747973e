"""What the service keeps of the conversation, and is told to delete because it charges for it in each answer. Pure.

Rules:
1. A turn is what came into the conversation between two moments of quiet: questions, answers, calls and their results.
   The lines of an earlier session are the first turn of this one.
2. If there are more turns than wanted, the oldest are deleted until half of the wanted ones are left. A deletion makes
   the service read everything after it again, without its cache, which costs more than the old sound. So it is rare.
3. Nothing is deleted while an answer is asked for or runs. What was not deleted then is deleted after a later turn.
4. An error that answers a deletion, other than that the item has gone, means that the service refuses all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from edged import wire

MOST_ITEMS = 4000  # an hour of conversation has a few hundred; what is beyond cannot be deleted any more
MOST_UNANSWERED = 256
MOST_ID = 256  # characters


def left_of(most_turns: int) -> int:
    """How many turns stay when there are more than wanted."""
    return (most_turns + 1) >> 1


class Context:
    """`send` takes the messages to the service."""

    def __init__(self, new_id: Callable[[], str], send: Callable[[str], None]) -> None:
        self._new_id, self._send = new_id, send
        self._turn = 0
        self._items: dict[str, int] = {}  # the turn of each item, in the order in which they came
        self._unanswered: dict[str, str] = {}  # deletions: the id of the item by the id of the message

    @property
    def waits(self) -> bool:
        """Whether the service has not answered a deletion yet."""
        return bool(self._unanswered)

    def hear(self, event: wire.ServerEvent) -> None:
        """Note the items of the conversation. Every event but sound comes here."""
        match event:
            case wire.ItemAdded(item=item) | wire.OutputItemAdded(item=item):
                self._add(item)
            case wire.Committed(item_id=item_id):
                self._add({"id": item_id})
            case wire.ResponseDone(output=output, conversation_id=str()):
                for item in output:
                    self._add(item)
            case wire.ItemDeleted(item_id=item_id):
                self._items.pop(item_id, None)
                for name in [name for name, of in self._unanswered.items() if of == item_id]:
                    del self._unanswered[name]

    def turn_over(self, most_turns: int, *, may_delete: bool) -> tuple[bool, int | None]:
        """It is quiet. Returns whether a turn has ended, and how many turns are left if some were deleted."""
        has_ended = self._turn in self._items.values()
        self._turn += has_ended
        turns = sorted(set(self._items.values()))
        if not (most_turns and may_delete) or len(turns) <= most_turns:
            return has_ended, None
        kept = left_of(most_turns)
        first = turns[-kept]
        for item_id in [item_id for item_id, turn in self._items.items() if turn < first]:
            self._delete(item_id)
        return has_ended, kept

    def refuses(self, event_id: str | None, *, is_quiet: bool) -> bool:
        """Whether this error refuses a deletion. Without an id, which gateways may omit, it does if nothing is owed."""
        is_ours = event_id in self._unanswered or (event_id is None and is_quiet and self.waits)
        if is_ours:
            self._unanswered.clear()
        return is_ours

    def gone(self, event_id: str | None) -> None:
        """The service does not know the item of this deletion."""
        self._unanswered.pop(event_id or "", None)

    def _add(self, item: Mapping[str, Any]) -> None:
        item_id = item.get("id")
        if isinstance(item_id, str) and 0 < len(item_id) <= MOST_ID and item_id not in self._items:
            self._items[item_id] = self._turn
            if len(self._items) > MOST_ITEMS:
                del self._items[next(iter(self._items))]

    def _delete(self, item_id: str) -> None:
        del self._items[item_id]
        event_id = self._new_id()
        self._unanswered[event_id] = item_id
        if len(self._unanswered) > MOST_UNANSWERED:
            del self._unanswered[next(iter(self._unanswered))]
        self._send(wire.item_delete(event_id, item_id))
