"""Matches complete utterances with the signs of a service that ignores commits. Pure.

Rules:
1. The service's detection reports the end of speech in milliseconds of all the session's sound. An utterance that ended
   before that is older than the one that was heard.
2. One utterance may have up to three signs: the end of speech, the service's own commit, and the answer. Only the first
   counts.

Not here: how long edged waits for a sign (acknowledgements.py).
"""

from typing import Literal

Sign = Literal["speech", "commit", "answer"]
_AFTER: dict[Sign, frozenset[Sign]] = {
    "speech": frozenset({"commit", "answer"}),
    "commit": frozenset({"speech", "answer"}),
    "answer": frozenset(),
}


class UnacknowledgedCommits:
    """The unacknowledged utterances of one session. `at_ms` counts the milliseconds of all sound sent."""

    def __init__(self) -> None:
        self._ends_ms: dict[int, float] = {}  # the end of each utterance, oldest first
        self._expected: frozenset[Sign] = frozenset()  # further signs of the utterance that was heard last

    def ended(self, uid: int, at_ms: float) -> None:
        self._ends_ms[uid] = at_ms

    def settled(self, uid: int) -> None:
        """The utterance was heard, or given up."""
        self._ends_ms.pop(uid, None)

    def before(self, at_ms: float) -> tuple[int, ...]:
        """The utterances without speech: those that were over before the speech that ended at `at_ms`.

        Empty where this would be all of them.
        """
        older = tuple(uid for uid, end_ms in self._ends_ms.items() if end_ms < at_ms)
        return older if len(older) < len(self._ends_ms) else ()

    def speaks(self) -> None:
        """Speech begins: the next signs belong to another utterance."""
        self._expected -= {"speech", "commit"}

    def is_news(self, sign: Sign) -> bool:
        """Whether this is the first sign of its utterance."""
        if sign in self._expected:
            self._expected -= {sign}
            return False
        self._expected = _AFTER[sign]
        return True
