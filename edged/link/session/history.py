"""The recent conversation, for the next session when this one is gone. Pure: the time is an argument, in seconds.

Rules:
1. It keeps text only, because no service takes its own sound back. It has the visitor's side only if that is
   transcribed.
2. An answer that was cut off is left out: it is unknown which of its words were heard.
3. It is bounded: the oldest lines are dropped.
4. It has no more turns than the service keeps (context.py).
5. After `forget_after_s` of quiet the next speaker counts as another visitor, and everything is forgotten. The quiet
   counts over drops, and while the link is down.
"""

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

MOST_CHARACTERS = 6000  # about 1500 tokens, billed as input at every renewal


class Remark(NamedTuple):
    """`role` is user or assistant."""

    role: str
    text: str


class History:
    """With `most_lines` 0 it remembers nothing; with `forget_after_s` 0 it never forgets."""

    def __init__(self, most_lines: int, forget_after_s: float = 0.0) -> None:
        self._most, self._forget_after_s = most_lines, forget_after_s
        self._quiet_since = -inf  # inf: something is under way
        self._quiet_before: float | None = None  # since when it was quiet before a text that nobody asked for
        self._lines: list[Remark] = []
        self._turn = 0
        self._turns: list[int] = []  # of each line
        self._of_answer = 0  # how many of the last lines belong to the current answer
        self._announces = False  # what sounds, or sounded last, is a text that nobody asked for

    def said(self, role: str, text: str) -> None:
        """Add a finished transcript. The visitor's may come after the answer's, but is placed before it."""
        if not text.strip() or not self._most:
            return
        if role == "assistant":
            at, self._of_answer = len(self._lines), self._of_answer + 1
        else:
            at = len(self._lines) - self._of_answer
        self._lines.insert(at, Remark(role, text))
        self._turns.insert(at, self._turns[at] if at < len(self._turns) else self._turn)
        while len(self._lines) > self._most or sum(len(line.text) for line in self._lines) > MOST_CHARACTERS:
            del self._lines[0], self._turns[0]
        self._of_answer = min(self._of_answer, len(self._lines))

    def asked(self) -> None:
        """Another utterance or answer begins: the answer before it was heard to its end, and stays."""
        self._of_answer = 0
        self._announces = False
        self._quiet_before = None

    def announces(self) -> None:
        """A text is about to be said that nobody asked for: it does not prolong what is known of a visitor."""
        self._announces = True
        if self._quiet_since != inf:
            self._quiet_before = self._quiet_since

    def cut(self) -> None:
        """The current answer was cut off. A text that nobody asked for has no lines: the answer before it was heard."""
        if self._announces:
            return
        del self._turns[len(self._lines) - self._of_answer :]
        del self._lines[len(self._lines) - self._of_answer :]
        self._of_answer = 0

    def turn_over(self) -> None:
        """What is said from now on belongs to the next turn."""
        self._turn += 1

    def keep(self, turns: int) -> None:
        """Drop what is older than so many turns."""
        old = sum(turn < self._turn - turns for turn in self._turns)
        del self._lines[:old], self._turns[:old]
        self._of_answer = min(self._of_answer, len(self._lines))

    @property
    def turns(self) -> int:
        """Of how many turns that have ended it has lines."""
        return len({turn for turn in self._turns if turn < self._turn})

    def begins(self, now: float) -> None:
        """Something is under way from now on: somebody speaks, or an answer is on its way or sounds."""
        self.look(now)
        self._quiet_since = inf

    def ends(self, now: float) -> None:
        """Nothing is under way from now on."""
        self._quiet_since = now if self._quiet_before is None else self._quiet_before
        self._quiet_before = None

    def under_way(self, now: float) -> None:
        """Something was under way until now."""
        self.look(now)
        self._quiet_since = now

    def idle_s(self, now: float) -> float:
        """How long nothing has been under way; negative while something is."""
        return now - self._quiet_since

    def look(self, now: float) -> None:
        """Forget a visitor who has left."""
        if self._forget_after_s and self.idle_s(now) >= self._forget_after_s:
            self.forget()

    def forget(self) -> None:
        """Forget everything: the next visitor must hear nothing of it."""
        self._lines.clear()
        self._turns.clear()
        self._of_answer = 0

    def __iter__(self) -> Iterator[Remark]:
        return iter(tuple(self._lines))

    def __len__(self) -> int:
        return len(self._lines)
