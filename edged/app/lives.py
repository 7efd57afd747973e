"""The life of one device: what it may do until it is left, and what is remembered of it after that (keeper.py)."""

from collections.abc import Callable

from edged.app.hung_devices import HungDevices
from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.ports import Choosy, Source
from edged.errors import DeviceError
from edged.keeper import Life, Lost


class Gate:
    """Open until the life is left. Any thread may ask."""

    is_open = True

    def __init__(self) -> None:
        self._on_shut: list[Callable[[], None]] = []

    def on_shut(self, call: Callable[[], None]) -> None:
        """Call this when the gate is shut."""
        self._on_shut.append(call)

    def shut(self) -> None:
        self.is_open = False
        for call in self._on_shut:
            call()


class GatedSource(SourceWrapper):
    """A source that its speaker cannot reach any more once the gate is shut."""

    def __init__(self, source: Source, gate: Gate) -> None:
        super().__init__(source)
        gate.on_shut(self._shut)

    def _shut(self) -> None:
        source, self._source = self._source, Nothing()
        source.on_work = source.on_cut = None


class Nothing:
    """A source without any sound."""

    on_work: Callable[[], None] | None = None
    on_cut: Callable[[], None] | None = None
    ready_bytes = 0
    idle = True

    def take(self, n_bytes: int) -> bytes:
        """Return silence."""
        return bytes(n_bytes)

    def set_latency(self, ms: float) -> None:
        """Does nothing."""

    def cut_done(self, unheard_bytes: int) -> None:
        """Does nothing."""


def life(
    what: str,
    device: object,
    start: Callable[[Lost], None],
    stop: Callable[[], None],
    hung: HungDevices,
    gate: Gate,
) -> Life:
    """The life of `device`, the kiosk's part `what`. `start` and all that it begins respect the gate."""
    tries = device.tries if isinstance(device, Choosy) else None
    left = ""  # the name that was left

    def avoided() -> frozenset[str]:
        return hung.avoided(what)

    def name() -> str:
        return tries.trying if tries is not None else ""

    def checked_start(lost: Lost) -> None:
        if "" in avoided():
            raise DeviceError(f"the {what} is left out: it has not answered", "device_hung")
        start(lost)

    def leave() -> None:
        nonlocal left
        left = name()
        gate.shut()
        hung.left(what, left)

    if tries is not None:
        tries.avoided = avoided
    return Life(
        checked_start,
        stop,
        name,
        lambda: tries is not None and tries.others,
        leave,
        lambda: hung.returned(what, left),
        lambda: hung.worked(what, name()),
    )
