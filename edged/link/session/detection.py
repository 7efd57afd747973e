"""What ends the utterances of one session, and a change of it while the session is in use. Pure.

Rules:
1. Such a change sends nothing but the detection: a voice that is sent again after the first sound is refused.
2. What is asked for here is what the session is judged by from then on (confirming.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

from edged import pcm, wire
from edged.link.session.commits import Commits
from edged.link.session.confirming import Confirming
from edged.wire import Dialect, TurnDetection


class Detection:
    """`asked`: what was asked for last. `send` takes the messages that follow; `commits` is the session's, too."""

    def __init__(
        self,
        asked: TurnDetection | None,
        confirming: Confirming,
        commits: Commits,
        new_id: Callable[[], str],
        send: Callable[[str], None],
    ) -> None:
        self.asked, self._confirming, self._commits = asked, confirming, commits
        self._new_id, self._send = new_id, send
        self.waits = False  # for what was asked for in between
        self.silence = b""  # what ends an utterance in place of a commit; nothing where commits are honoured
        self.detects = asked is not None

    @property
    def detects(self) -> bool:
        """Whether the service ends utterances, and begins answers, by itself, as it was asked or found to do.

        One that keeps its detection against our will commits by itself, but may begin no answer (confirming.py).
        """
        return self._detects

    @detects.setter
    def detects(self, detects: bool) -> None:
        self._detects = detects and self._confirming.lets_answer
        self._commits.detects = self._confirming.detects = detects or bool(self._confirming.kept)

    @property
    def sent_ms(self) -> float:
        """How much sound the session was given, in all."""
        return pcm.PCM16.ms_of(self._commits.sent_bytes)

    def ask(self, detection: TurnDetection | None, dialect: Dialect) -> None:
        """Ask for this from now on; `confirms` tells when it is so."""
        self._confirming.wants(detection)
        self.asked, self.waits, self.detects = detection, True, detection is not None
        self._send(wire.detection_update(detection, dialect, self._new_id()))

    def give_back(self, dialect: Dialect) -> None:
        """Ask again for what was agreed when the session was set up: none, or what the service does not do without."""
        agreed = self._confirming.agreed
        self.ask(agreed if agreed is None or isinstance(agreed, TurnDetection) else self.asked, dialect)
        self.detects = False

    def confirms(self, session: Mapping[str, Any], dialect: Dialect) -> bool:
        """Whether this is what was asked for last, the first time; others are reported, too."""
        if not self.waits or not wire.detects(self.asked, session, dialect):
            return False
        self.waits = False
        return True

    def hush(self, silence: bytes) -> None:
        """Let the service hear silence after an utterance."""
        self._commits.hushed(len(silence))
        self._send(wire.append(silence))

    def passed(self) -> None:
        """Wait for no reply to the commits that are out."""
        self._commits.passed()

    def throw_away(self) -> None:
        """What the service holds is not to become an utterance."""
        event_id = self._new_id()
        self._commits.cleared(event_id)
        self._send(wire.clear(event_id))

    def settle(self, item_id: str, *, twice: bool) -> None:
        """A late reply brought this item. `twice`: detection has the same utterance; else it is not to have it, too."""
        if not twice:
            self.throw_away()
        elif item_id:
            self._send(wire.item_delete(self._new_id(), item_id))
