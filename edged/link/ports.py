"""What the link needs from outside, and its parts of each other. Called on the loop; see dial/ports.py too."""

from collections.abc import Sequence
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

    def read(self, most: int, most_bytes: int) -> Sequence[OutgoingEntry]:
        """The entries behind the cursor, `most` at most and of one utterance, with `most_bytes` of sound in each."""
        ...

    def took(self, count: int) -> None:
        """The socket took so many of the entries that were read last: the cursor moves behind them."""
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


class CommitPolicy(Protocol):
    """What a service makes of commits, for the one connection in use."""

    rests: bool  # nothing of the log is to go out

    def sent(self, uid: int) -> None:
        """The end of this utterance went out."""
        ...

    def hear(self, event: SessionEvent, now: float) -> SessionEvent | None:
        """The event, with the utterance that the service has by it; None: it is about nothing that waits."""
        ...

    def passed(self, now: float, *, trip_s: float) -> None:
        """A commit is passed over so far: something else may have to be said."""
        ...

    def overdue(self, now: float) -> bool:
        """The service does not say whether it does what it was asked for."""
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
    """Who hears of it; on the loop, none may wait. It calls `Link.on_idle` when it comes to rest, or ceases to be."""

    def on_link(self, *, up: bool, cause: str | None, text: str) -> None:
        """The link came up, or was lost: at every change, not at every attempt.

        `cause` of a link that is up: what the service does otherwise than asked.
        """

    def on_session(self, event: SessionEvent) -> None:
        """A session event, in order."""

    def on_sent(self, entries: Sequence[OutgoingEntry]) -> None:
        """The socket took these entries of the log: an utterance begins with them, or ends."""
