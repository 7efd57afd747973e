"""A text that a program lets the kiosk say: what it may be, and whether it may be said now. Pure.

Rules:
1. It is said at rest only: it interrupts nobody, and never opens the gate.
2. What cannot be heard is not asked for, because it would be paid for: without a speaker, or while the kiosk is closed.
3. It does not wait for a link that is down: an announcement is about this moment.
4. A program that does not stop is held back: each text is billed.
"""

import unicodedata
from typing import NamedTuple

from edged.errors import CommandError

MOST_CHARACTERS = 500  # a minute of speech
# Categories of Unicode: control characters, breaks of lines and paragraphs, halves of characters. Others that cannot be
# printed belong to a text: a blank that keeps a line together, the joiners of Persian, of Hindi and of emoji.
_UNFIT = frozenset({"Cc", "Zl", "Zp", "Cs"})
AT_ONCE, EVERY_S = 10, 6.0  # so many texts in a row, and how many seconds until the next one


class Unsaid(NamedTuple):
    """Why a text is not said. `cause` is a row of causes.py, or None if there is no such row."""

    cause: str | None
    text: str = ""
    remedy: str = ""


BUSY = Unsaid(None, "somebody speaks, or an answer is under way", "Wait for the end of the turn.")
ON_HOOK = Unsaid(
    None, "the receiver is on the hook, so nobody would hear it", "Say it while the receiver is lifted."
)
CONNECTING = Unsaid(None, "the link to the service is not up yet", "Try again in a moment.")
TOO_OFTEN = Unsaid(
    None, f"{AT_ONCE} texts were said in a row", f"Say one text in {EVERY_S:g} seconds at most."
)


def line_of(text: object) -> str:
    """The text of a request: one line, 1 to `MOST_CHARACTERS` characters. Raises CommandError."""
    if not isinstance(text, str) or not (line := text.strip()):
        raise CommandError('say needs a text, such as: say "We close in ten minutes."')
    if len(line) > MOST_CHARACTERS:
        raise CommandError(
            f"a text to say has {MOST_CHARACTERS} characters at most; this one has {len(line)}"
        )
    if any(unicodedata.category(each) in _UNFIT for each in line):
        raise CommandError("a text to say is one line without control characters")
    return line


class SayingPace:
    """How often texts may be said; `now_ms` is monotonic."""

    def __init__(self) -> None:
        self._spent, self._at_ms = 0.0, 0

    def may_say(self, now_ms: int) -> bool:
        """Whether another text may be said now."""
        self._spent = max(0.0, self._spent - (now_ms - self._at_ms) / (EVERY_S * 1000))
        self._at_ms = now_ms
        return self._spent <= AT_ONCE - 1

    def said(self) -> None:
        """One text was said."""
        self._spent += 1
