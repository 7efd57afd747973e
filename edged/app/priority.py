"""Gives the two threads that hand sound over a real-time priority, at their first call (system/realtime.py)."""

from collections.abc import Callable

from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.ports import Source
from edged.system.realtime import RealtimePriority


class PrioritySource(SourceWrapper):
    """A source whose `take` gives its thread, the speaker's, the priority."""

    def __init__(self, source: Source, realtime: RealtimePriority) -> None:
        super().__init__(source)
        self._take = realtime.first(source.take)

    def take(self, n_bytes: int) -> bytes:
        """Take sound from the wrapped source."""
        return self._take(n_bytes)


def hand(call: Callable[[bytes], None], realtime: RealtimePriority | None) -> Callable[[bytes], None]:
    """Return the function that a microphone calls. Without `realtime`, its thread stays as it is."""
    return realtime.first(call) if realtime else call
