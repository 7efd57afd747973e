"""Controls how the utterances of one session end, and changes this while the session is in use. Pure.

Rules:
1. A change sends the detection only: the service refuses an update with a voice after the first sound.
2. From then on the session is compared with the detection that was asked for here (confirming.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

from edged import wire
from edged.link.session.commits import Commits
from edged.link.session.confirming import Confirming
from edged.wire import Dialect, TurnDetection


class Detection:
    """`asked` is the detection that was asked for last. `send` takes the messages. `commits` are the session's."""

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
        self.waits = False  # for the confirmation of a change
        self.silence = b""  # ends an utterance in place of a commit; empty where commits are honoured
        self.detects = asked is not None

    @property
    def detects(self) -> bool:
        """Whether the service ends utterances and starts answers on its own: it was asked to, or was found to do so.

        A service that keeps its detection against our will commits on its own, but may start no answer (confirming.py).
        """
        return self._detects

    @detects.setter
    def detects(self, detects: bool) -> None:
        self._detects = detects and self._confirming.lets_answer
        self._commits.detects = self._confirming.detects = detects or bool(self._confirming.kept)

    @property
    def sent_ms(self) -> float:
        """How much sound was sent in this session."""
        return self._commits.sent_ms

    def ask(self, detection: TurnDetection | None, dialect: Dialect) -> None:
        """Ask for this detection from now on; `confirms` recognises the confirmation."""
        self._confirming.wants(detection)
        self.asked, self.waits, self.detects = detection, True, detection is not None
        self._send(wire.detection_update(detection, dialect, self._new_id(), self._confirming.shape))

    def give_back(self, dialect: Dialect) -> None:
        """Ask again for the detection agreed at the start: none, or the one that the service insists on."""
        agreed = self._confirming.agreed
        self.ask(agreed if agreed is None or isinstance(agreed, TurnDetection) else self.asked, dialect)
        self.detects = False

    def confirms(self, session: Mapping[str, Any], dialect: Dialect) -> bool:
        """Whether this session is the first to confirm the detection that was asked for last."""
        if not self.waits or not wire.detects(self.asked, session, dialect, self._confirming.shape):
            return False
        self.waits = False
        return True

    def hush(self, silence: bytes) -> None:
        """Send silence after an utterance."""
        self._commits.hushed(len(silence))
        self._send(wire.append(silence))

    def passed(self) -> None:
        """Stop waiting for the replies to the commits sent so far."""
        self._commits.passed()

    def throw_away(self, *, copy: bool = False) -> None:
        """Clear the sound that the service holds, so that it does not become an utterance.

        `copy`: the sound is the second copy of an utterance.
        """
        event_id = self._new_id()
        self._commits.cleared(event_id, of_copy=copy)
        self._send(wire.clear(event_id))

    def settle(self, item_id: str, *, twice: bool) -> None:
        """A late reply brought this item.

        `twice`: detection has taken the same utterance, so the item is deleted. Else the sound is cleared, so that
        detection does not take the utterance, too.
        """
        if not twice:
            self.throw_away(copy=True)
        else:
            self.delete(item_id)

    def delete(self, item_id: str) -> None:
        """Delete the item of an utterance that the service has twice. Some services do not name it."""
        if item_id:
            self._send(wire.item_delete(self._new_id(), item_id))
