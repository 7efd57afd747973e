"""How often people may press, and ask. Pure: the time is a parameter.

Rules:
1. Each has a bucket, which refills one by one. A press that opens the gate, or a question, takes from its bucket.
2. A press while one of the buckets is empty is refused. It takes nothing, so somebody who goes on pressing is heard
   again and again, but no more often than the bucket refills.

The figures are beyond what people do who want an answer, even if they try out how fast the kiosk is. They bound what
children and a broken contact cost: a press sends the pre-roll, and a question is billed.
"""

PRESSES = (20, 1.0)  # at once, and how many seconds until the next one
QUESTIONS = (60, 6.7)  # at most 600 in any hour


class _Bucket:
    def __init__(self, at_once: int, every_s: float) -> None:
        self._at_once, self._every_ms = at_once, every_s * 1000
        self._spent = 0.0
        self._at_ms = 0

    def is_empty(self, now_ms: int) -> bool:
        self._spent = max(0.0, self._spent - (now_ms - self._at_ms) / self._every_ms)
        self._at_ms = now_ms
        return self._spent > self._at_once - 1

    def take(self, now_ms: int) -> None:
        self.is_empty(now_ms)
        self._spent += 1


class PressPace:
    """One kiosk; times are monotonic milliseconds."""

    def __init__(self) -> None:
        self._presses, self._questions = _Bucket(*PRESSES), _Bucket(*QUESTIONS)

    def pressed(self, now_ms: int) -> None:
        """A press was accepted."""
        self._presses.take(now_ms)

    def asked(self, now_ms: int) -> None:
        """A press, or its end, has sent a question."""
        self._questions.take(now_ms)

    def too_fast(self, now_ms: int) -> bool:
        """Whether a press must be refused now."""
        return self._presses.is_empty(now_ms) or self._questions.is_empty(now_ms)
