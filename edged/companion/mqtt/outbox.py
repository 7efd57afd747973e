"""What is to be published, in order, while the broker is slow or away. Pure.

Rules:
1. A retained topic has one value: a newer one takes the place of one that waits.
2. Of everything else at most `MOST_EVENTS` messages wait. The oldest are dropped, and counted.
3. `take` keeps a message under way until `sent` or `give_back`. What was under way when a connection ended is sent
   again, so a message may arrive twice.
4. A broker may forget what it retained. After each connection, `replay` lines up the newest value of each topic.
"""

from collections import deque
from dataclasses import dataclass

MOST_EVENTS = 100


@dataclass(frozen=True, slots=True)
class Publication:
    """A message for the broker."""

    topic: str
    payload: bytes
    retained: bool = False


class Outbox:
    """Grows with the number of retained topics only, of which there are a few."""

    def __init__(self, most_events: int = MOST_EVENTS) -> None:
        self.dropped = 0
        self._events: deque[Publication] = deque()
        self._most_events = most_events
        self._retained: dict[str, Publication] = {}  # what waits
        self._latest: dict[str, Publication] = {}  # what was put, by its topic
        self._under_way: Publication | None = None

    def __len__(self) -> int:
        return len(self._retained) + len(self._events) + (self._under_way is not None)

    def put(self, message: Publication) -> bool:
        """Line up a message; False: this value of the topic was put before, so there is nothing to do."""
        if message.retained:
            if self._latest.get(message.topic) == message:
                return False
            self._latest[message.topic] = self._retained[message.topic] = message
            return True
        self._events.append(message)
        if len(self._events) > self._most_events:
            self._events.popleft()
            self.dropped += 1
        return True

    def replay(self) -> None:
        """Line up all retained topics again."""
        self._retained = dict(self._latest)

    def forget(self, topic: str) -> None:
        """Let the next value of a retained topic be news, even if it is the same."""
        self._latest.pop(topic, None)

    def take(self) -> Publication | None:
        """The next message; None: nothing waits. Retained topics come first."""
        if self._under_way is None:
            if self._retained:
                self._under_way = self._retained.pop(next(iter(self._retained)))
            elif self._events:
                self._under_way = self._events.popleft()
        return self._under_way

    def sent(self) -> None:
        """The broker has the message under way."""
        self._under_way = None

    def give_back(self) -> None:
        """Nobody knows whether the broker has the message under way."""
        message, self._under_way = self._under_way, None
        if message is None:
            return
        if not message.retained:
            self._events.appendleft(message)
        elif self._latest.get(message.topic) == message:
            self._retained = {message.topic: message, **self._retained}
