"""The responses of one session: one at a time in the conversation, and a few out of band beside it. Pure.

Every response is billed when it ends, whatever its status. Its input tokens are those of all items that it sees;
tokens at its beginning that the response before it saw, too, count as cached.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from edged import wire
from edged.local.answer import Running, Step, Tempo
from edged.local.bill import Billed, Ledger
from edged.local.conversation import ConversationItems
from edged.local.item import CHARACTERS_A_TOKEN, ConversationItem
from edged.local.planner import Planner, Question
from edged.local.schema import missing
from edged.local.settings import Answering
from edged.local.sounds import ClientSound
from edged.wire import BadClientEvent, ServerEvent

Json = dict[str, Any]
_Weight = tuple[str, int, int]
"""What an input begins with or goes on with: its name, text tokens, audio tokens."""
MOST_OUT_OF_BAND = 8
REQUESTS_A_MINUTE, TOKENS_A_MINUTE = 1000, 1_000_000


@dataclass(slots=True, eq=False)
class _Sending:
    """A response under way and its next step."""

    running: Running
    steps: Iterator[Step]
    due: float
    step: Callable[[], list[ServerEvent]] | None = None


class Responses:
    """`utterance` is the last utterance (item id, sound), which a voice answers."""

    def __init__(
        self,
        session_id: str,
        conversation: ConversationItems,
        planner: Planner,
        ledger: Ledger,
        new_id: Callable[[str], str],
        tempo: Tempo,
    ) -> None:
        self._session_id, self._conversation, self._planner = session_id, conversation, planner
        self._ledger, self._new_id, self._tempo = ledger, new_id, tempo
        self._sending: list[_Sending] = []
        self._seen: list[_Weight] = []  # the input of the response before
        self._ended = 0
        self._tokens = 0
        self.utterance = "", ClientSound()
        self.sounded = False

    @property
    def active(self) -> str | None:
        """The id of the conversation's own response; None if none is under way."""
        sending = self._own()
        return sending.running.response_id if sending else None

    def due(self) -> float | None:
        """When to call `advance`; None if no response is under way."""
        return min((sending.due for sending in self._sending), default=None)

    def begin(self, answering: Answering, now: float) -> Iterator[ServerEvent]:
        """Begin a response.

        Raises:
            BadClientEvent: Another response is under way, too many are out of band, or the chosen tool is unknown.
        """
        if not answering.out_of_band and self.active is not None:
            raise BadClientEvent(
                "conversation_already_has_active_response",
                f"Conversation already has an active response in progress: {self.active}. "
                "Wait until the response is finished before creating a new one.",
            )
        if answering.out_of_band and self._beside() >= MOST_OUT_OF_BAND:
            raise BadClientEvent("rate_limit_exceeded", "Too many responses at a time.")
        tools = answering.tool_use
        items = list(self._conversation) if answering.input is None else self._given(answering.input)
        weights = self._weigh(items, answering)
        same = takewhile(lambda pair: pair[0] == pair[1], zip(weights, self._seen, strict=False))
        running = Running(
            self._new_id("resp"),
            self._planner.plan(Question(items, self._heard(items), tools)),
            answering,
            self._conversation,
            self._new_id,
            _sum(weights),
            _sum(weight for weight, _ in same),
        )
        if not answering.out_of_band:
            self._seen = weights
        sending = _Sending(running, running.steps(self._tempo), now)
        self._look_ahead(sending, now)
        self._sending.append(sending)
        yield running.created()

    def advance(self, now: float) -> list[ServerEvent]:
        """The events that are due from all responses under way."""
        events: list[ServerEvent] = []
        for sending in tuple(self._sending):
            while sending in self._sending and sending.due <= now:
                if sending.step is not None:
                    events += sending.step()
                if not self._look_ahead(sending, sending.due):
                    events += self._complete(sending)
        self.sounded = self.sounded or any(isinstance(event, wire.AudioDelta) for event in events)
        return events

    def cancel(self, response_id: str | None, reason: str) -> list[ServerEvent]:
        """Stop the response with this id; None means the conversation's own.

        Raises:
            BadClientEvent: There is no such response.
        """
        named = (each for each in self._sending if each.running.response_id == response_id)
        sending = self._own() if response_id is None else next(named, None)
        if sending is None:
            raise BadClientEvent(
                "response_cancel_not_active", "Cancellation failed: no active response found"
            )
        return self._finish(sending, "cancelled", reason)

    def _own(self) -> _Sending | None:
        return next((each for each in self._sending if not each.running.answering.out_of_band), None)

    def _beside(self) -> int:
        return sum(each.running.answering.out_of_band for each in self._sending)

    def _given(self, raws: list[Json]) -> list[ConversationItem]:
        """The items that a response answers, which the client gives by value or by reference."""
        items: list[ConversationItem] = []
        for index, raw in enumerate(raws):
            path = f"response.input[{index}]"
            if raw.get("type") != "item_reference":
                items.append(self._conversation.check(raw, self._new_id("item"), path=path, beside=items))
            elif "id" not in raw:
                raise missing(f"{path}.id")
            else:
                items.append(self._conversation.refer(str(raw["id"]), f"{path}.id"))
        return items

    def _heard(self, items: list[ConversationItem]) -> ClientSound:
        """The sound of the last utterance among the items."""
        item_id, sound = self.utterance
        last = next((item for item in reversed(items) if item.role == "user"), None)
        if last is None:
            return ClientSound()
        if last.id == item_id:
            return sound
        return ClientSound(bytes(last.kept.get(0, b"")), last.fmt)

    def _weigh(self, items: list[ConversationItem], answering: Answering) -> list[_Weight]:
        """The input: the instructions and the items."""
        text = -(-len(answering.instructions) // CHARACTERS_A_TOKEN)
        return [(answering.instructions, text, 0), *((item.id, *item.tokens()) for item in items)]

    def _look_ahead(self, sending: _Sending, from_s: float) -> bool:
        """Fetch the next step; False if there is none.

        Its time counts from the step before, so one late step does not delay the rest.
        """
        step = next(sending.steps, None)
        if step is not None:
            sending.due, sending.step = from_s + step[0], step[1]
        return step is not None

    def _complete(self, sending: _Sending) -> list[ServerEvent]:
        plan = sending.running.plan
        if sending.running.cut:
            return self._finish(sending, "incomplete", "max_output_tokens")
        return self._finish(sending, plan.status, plan.reason)

    def _finish(self, sending: _Sending, status: str, reason: str | None = None) -> list[ServerEvent]:
        self._sending.remove(sending)
        running = sending.running
        closing = running.closing(status)
        done = running.done(status, reason)
        self._ledger.bill.append(Billed(self._session_id, running.response_id, status, done.usage))
        self._ended += 1
        self._tokens += done.usage["total_tokens"]
        return [*closing, done, wire.RateLimits((self._limit("requests"), self._limit("tokens")))]

    def _limit(self, name: str) -> Json:
        limit, used = {
            "requests": (REQUESTS_A_MINUTE, self._ended),
            "tokens": (TOKENS_A_MINUTE, self._tokens),
        }[name]
        left = limit - used % limit
        return {"name": name, "limit": limit, "remaining": left, "reset_seconds": 60 * (limit - left) / limit}


def _sum(weights: Iterable[_Weight]) -> tuple[int, int]:
    """All tokens: (text tokens, audio tokens)."""
    found = list(weights)
    return sum(text for _, text, _ in found), sum(sound for _, _, sound in found)
