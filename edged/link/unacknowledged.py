"""Utterances that went in whole to a service that ignores commits, and which of them it is that it heard. Pure.

Rules:
1. Its detection says at which millisecond of all sound of the session speech ended: what went before that is older.
2. It may tell of one utterance up to three times: the end of speech, its commit, its answer. Only the first counts.

Not here: how long it is waited for (acknowledgements.py).
"""

from typing import Literal

Sign = Literal["speech", "commit", "answer"]
_AFTER: dict[Sign, frozenset[Sign]] = {
    "speech": frozenset({"commit", "answer"}),
    "commit": frozenset({"speech", "answer"}),
    "answer": frozenset(),
}


class UnacknowledgedCommits:
    """One session's. Tell it of each end, and at which millisecond of all sound it went out."""

    def __init__(self) -> None:
        self._ends_ms: dict[int, float] = {}  # by utterance, oldest first
        self._expected: frozenset[Sign] = frozenset()  # what still comes of the one that was heard last

    def ended(self, uid: int, at_ms: float) -> None:
        self._ends_ms[uid] = at_ms

    def settled(self, uid: int) -> None:
        """It was heard, or given up."""
        self._ends_ms.pop(uid, None)

    def before(self, at_ms: float) -> tuple[int, ...]:
        """Those in which no speech was heard, for it ended at `at_ms` only; none where that is after all of them."""
        older = tuple(uid for uid, end_ms in self._ends_ms.items() if end_ms < at_ms)
        return older if len(older) < len(self._ends_ms) else ()

    def speaks(self) -> None:
        """Speech begins: what comes now is of another utterance."""
        self._expected -= {"speech", "commit"}

    def is_news(self, sign: Sign) -> bool:
        """Whether the sign is the first of its utterance."""
        if sign in self._expected:
            self._expected -= {sign}
            return False
        self._expected = _AFTER[sign]
        return True
