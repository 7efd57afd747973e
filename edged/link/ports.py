"""The interfaces of the link, to the outside and between its parts. Called on the loop. See dial/ports.py, too."""

from collections.abc import Sequence
from typing import Literal, Protocol

from edged.dial.service_facts import ServiceFacts
from edged.link.session.events import SessionEvent


class OutgoingEntry(Protocol):
    """One entry of the log of utterances."""

    @property
    def kind(self) -> Literal["sound", "end", "abort", "close"]: ...
    @property
    def uid(self) -> int: ...
    @property
    def pcm(self) -> bytes: ...


class Outgoing(Protocol):
    """The log of what visitors said, read at a cursor. All methods return at once."""

    def read(self, most: int, most_bytes: int) -> Sequence[OutgoingEntry]:
        """Up to `most` entries after the cursor, all of one utterance, each with up to `most_bytes` of sound."""
        ...

    def took(self, count: int) -> None:
        """The socket took `count` of the entries that were read last: the cursor moves past them."""
        ...

    def rewind(self) -> None:
        """Move the cursor back to the oldest utterance that the service has not acknowledged."""
        ...

    def committed(self, uid: int | None = None) -> int | None:
        """The service has the utterance `uid`, or else the oldest one that was read to its end.

        Returns its id; None where no such utterance waits.
        """
        ...

    @property
    def pending(self) -> int:
        """How many utterances the service has not acknowledged, with the one that is being spoken."""
        ...

    def refused(self, uid: int | None = None) -> int | None:
        """The service refused the utterance, chosen as for `committed`, and the log drops it.

        Returns its id; None where no such utterance waits.
        """
        ...


class CommitPolicy(Protocol):
    """How the service treats commits, for the one connection in use."""

    rests: bool  # whether the log must not be sent now

    def sent(self, uid: int) -> None:
        """The end of this utterance was sent."""
        ...

    def hear(self, event: SessionEvent, now: float) -> SessionEvent | None:
        """The event, with the id of the utterance that it acknowledges; None where nothing waits for the event."""
        ...

    def passed(self, now: float, *, trip_s: float) -> None:
        """A commit has been passed over so far: the session may have to send another message."""
        ...

    def overdue(self, now: float) -> bool:
        """Whether the service has not confirmed a detection in time."""
        ...


class Memory(Protocol):
    """The facts about one service, kept over restarts; on the loop."""

    async def recall(self) -> ServiceFacts:
        """The facts that were stored last. Waits for the disk, at most a second; raises nothing."""
        ...

    def remember(self, known: ServiceFacts) -> None:
        """Store these facts in place of the old ones; returns at once."""
        ...


class LinkListener(Protocol):
    """The owner of the link. Called on the loop; must not block. It calls `Link.on_idle` when it gets idle or busy."""

    def on_link(self, *, up: bool, cause: str | None, text: str) -> None:
        """The link came up or was lost. Called at every change, not at every attempt.

        `cause` of a link that is up names a setting that the service does not follow.
        """

    def on_rest(self) -> None:
        """The link has ended its session, because nobody needs one. The next utterance opens another."""

    def on_session(self, event: SessionEvent) -> None:
        """A session event, in order."""

    def on_sent(self, entries: Sequence[OutgoingEntry]) -> None:
        """The socket took these entries of the log. An utterance begins or ends with them."""
