"""The two threads that hand sound over, put before all others at their first call (system/realtime.py)."""

from collections.abc import Callable

from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.ports import Source
from edged.system.realtime import RealtimePriority


class PrioritySource(SourceWrapper):
    """A source whose `take` puts the thread that calls it forward: the speaker's."""

    def __init__(self, source: Source, realtime: RealtimePriority) -> None:
        super().__init__(source)
        self._take = realtime.first(source.take)

    def take(self, n_bytes: int) -> bytes:
        """The source's."""
        return self._take(n_bytes)


def hand(call: Callable[[bytes], None], realtime: RealtimePriority | None) -> Callable[[bytes], None]:
    """What a microphone calls; without `realtime` its thread stays as it is."""
    return realtime.first(call) if realtime else call
