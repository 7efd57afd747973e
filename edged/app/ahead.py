"""The two threads that hand sound over, put before all others at their first call (system/realtime.py)."""

from collections.abc import Callable

from edged.audio.jitter import JitterBuffer
from edged.audio.playout import Playout
from edged.system.realtime import Realtime


class AheadPlayout(Playout):
    """A playout whose `take` puts the thread that calls it forward."""

    def __init__(
        self,
        jitter: JitterBuffer,
        *,
        notify: Callable[[], None],
        now_ms: Callable[[], float] | None,
        realtime: Realtime,
    ) -> None:
        super().__init__(jitter, notify=notify, now_ms=now_ms)
        self._take = realtime.first(super().take)

    def take(self, n_bytes: int) -> bytes:
        return self._take(n_bytes)


def playout(
    jitter: JitterBuffer,
    *,
    notify: Callable[[], None],
    now_ms: Callable[[], float] | None = None,
    realtime: Realtime | None,
) -> Playout:
    """What a speaker pulls; without `realtime` its thread stays as it is."""
    if realtime is None:
        return Playout(jitter, notify=notify, now_ms=now_ms)
    return AheadPlayout(jitter, notify=notify, now_ms=now_ms, realtime=realtime)


def hand(call: Callable[[bytes], None], realtime: Realtime | None) -> Callable[[bytes], None]:
    """What a microphone calls."""
    return realtime.first(call) if realtime else call
