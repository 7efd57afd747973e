"""A `Source` around another one. Everything between the playout and the speaker derives from it."""

from collections.abc import Callable

from edged.audio.ports import Source


class SourceWrapper:
    """Behaves like `source`; a subclass changes part of that."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def take(self, n_bytes: int) -> bytes:
        return self._source.take(n_bytes)

    @property
    def on_work(self) -> Callable[[], None] | None:
        return self._source.on_work

    @on_work.setter
    def on_work(self, call: Callable[[], None] | None) -> None:
        self._source.on_work = call

    @property
    def on_cut(self) -> Callable[[], None] | None:
        return self._source.on_cut

    @on_cut.setter
    def on_cut(self, call: Callable[[], None] | None) -> None:
        self._source.on_cut = call

    @property
    def ready_bytes(self) -> int:
        return self._source.ready_bytes

    def set_latency(self, ms: float) -> None:
        self._source.set_latency(ms)

    def cut_done(self, unheard_bytes: int) -> None:
        self._source.cut_done(unheard_bytes)

    @property
    def idle(self) -> bool:
        return self._source.idle
