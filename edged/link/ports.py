"""What the link needs from outside. All of it is called on the loop; see dial/ports.py too."""

from typing import Literal, Protocol

from edged.dial.service_facts import ServiceFacts
from edged.link.session.events import SessionEvent


class OutgoingEntry(Protocol):
    """One step of the log of utterances."""

    @property
    def kind(self) -> Literal["sound", "end", "abort", "close"]: ...
    @property
    def uid(self) -> int: ...
    @property
    def pcm(self) -> bytes: ...


class Outgoing(Protocol):
    """The log of what visitors said, read at a cursor. All return at once."""

    def next(self, most_bytes: int) -> OutgoingEntry | None:
        """The entry at the cursor, which moves on; adjacent sound is joined up to `most_bytes`. None: nothing yet."""
        ...

    def rewind(self) -> None:
        """Begin again with the oldest utterance that the service has not acknowledged."""
        ...

    def committed(self, uid: int | None = None) -> int | None:
        """The utterance `uid`, or the oldest, read to its end, is the service's now; its id, None: it does not wait."""
        ...

    def refused(self, uid: int | None = None) -> int | None:
        """The same utterance was refused and is gone; its id, None: it does not wait."""
        ...


class Memory(Protocol):
    """What is known of one service over restarts; on the loop."""

    async def recall(self) -> ServiceFacts:
        """What was remembered last. Waits for the disk, a second at most; raises nothing."""
        ...

    def remember(self, known: ServiceFacts) -> None:
        """Keep this in place of what was; returns at once."""
        ...


class LinkListener(Protocol):
    """Who is told; all calls on the loop, none may wait."""

    @property
    def idle(self) -> bool:
        """Nobody speaks, nothing is on its way and nothing sounds."""

    def on_link(self, *, up: bool, cause: str | None, text: str) -> None:
        """The line came up, or was lost. Told at every change, not at every attempt.

        `cause` of a line that is up: what the service does otherwise than asked.
        """

    def on_session(self, event: SessionEvent) -> None:
        """A session event, in order."""

    def on_sent(self, entry: OutgoingEntry) -> None:
        """An entry of the log was taken by the socket."""
