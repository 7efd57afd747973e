"""What was said lately, to be put into the next session when this one is gone. Pure: the time is given, in seconds.

Rules: text only (no service takes its own sound back), the visitor's side only where it is transcribed. An answer that
was cut off is left out: nobody knows which words of it were heard. Bounded: the oldest go. After `forget_after_s` of
quiet it is another visitor's, who hears nothing of it: over links that come and go, and while there is none.
"""

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

MOST_CHARACTERS = 6000  # some 1500 tokens, billed as input at every renewal


class Remark(NamedTuple):
    """`role` is user or assistant."""

    role: str
    text: str


class History:
    """`most_lines` 0 remembers nothing; `forget_after_s` 0 forgets nobody."""

    def __init__(self, most_lines: int, forget_after_s: float = 0.0) -> None:
        self._most, self._forget_after_s = most_lines, forget_after_s
        self._quiet_since = -inf  # inf: something is under way
        self._lines: list[Remark] = []
        self._of_answer = 0  # so many of the last lines are of the present answer

    def said(self, role: str, text: str) -> None:
        """A finished transcript. The visitor's may come after the answer's, and goes before it all the same."""
        if not text.strip() or not self._most:
            return
        if role == "assistant":
            self._lines.append(Remark(role, text))
            self._of_answer += 1
        else:
            self._lines.insert(len(self._lines) - self._of_answer, Remark(role, text))
        while len(self._lines) > self._most or sum(len(line.text) for line in self._lines) > MOST_CHARACTERS:
            del self._lines[0]
        self._of_answer = min(self._of_answer, len(self._lines))

    def asked(self) -> None:
        """Another utterance, or answer, begins: what was answered before was heard, and stays."""
        self._of_answer = 0

    def cut(self) -> None:
        """The answer under way was cut off."""
        del self._lines[len(self._lines) - self._of_answer :]
        self._of_answer = 0

    def begins(self, now: float) -> None:
        """Something is under way from now on: it is said, on its way, or sounds."""
        self.look(now)
        self._quiet_since = inf

    def ends(self, now: float) -> None:
        """Nothing is under way from now on."""
        self._quiet_since = now

    def under_way(self, now: float) -> None:
        """Something was under way until now."""
        self.look(now)
        self._quiet_since = now

    def idle_s(self, now: float) -> float:
        """For how long nothing was under way; less than nothing while something is."""
        return now - self._quiet_since

    def look(self, now: float) -> None:
        """Forget a visitor who has gone."""
        if self._forget_after_s and self.idle_s(now) >= self._forget_after_s:
            self.forget()

    def forget(self) -> None:
        """Another visitor, who hears nothing of what this one said."""
        self._lines.clear()
        self._of_answer = 0

    def __iter__(self) -> Iterator[Remark]:
        return iter(tuple(self._lines))

    def __len__(self) -> int:
        return len(self._lines)
