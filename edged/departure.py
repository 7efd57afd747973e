"""When a visitor counts as having left: after a while in which nothing is under way.

A text that a program lets the kiosk say answers nobody, so it does not keep a visitor who was there before.
"""

import asyncio
from collections.abc import Callable


class Departure:
    """`left` is called when the visitor has left. Use it on the loop."""

    def __init__(self, left: Callable[[], None]) -> None:
        self.after_s = 0.0  # a visitor who has been quiet for so long has left; 0: never
        self._left = left
        self._timer: asyncio.TimerHandle | None = None
        self._at_s: float | None = None  # when the visitor leaves who was there before a text was said

    def on_idle(self, is_idle: bool) -> None:  # noqa: FBT001 a switch
        """True: nothing is under way any longer. False: something begins."""
        if self._timer is not None:
            self._timer.cancel()
        if is_idle and self.after_s:
            loop = asyncio.get_running_loop()
            at_s, self._at_s = self._at_s, None
            self._timer = loop.call_at(loop.time() + self.after_s if at_s is None else at_s, self._left)

    def speaks(self) -> None:
        """A visitor speaks."""
        self._at_s = None

    def announces(self) -> None:
        """A text is about to be said."""
        if self._timer is not None and self._at_s is None:
            self._at_s = self._timer.when()
