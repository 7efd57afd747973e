"""The life of one device: what it may do until it is left, and what is remembered of it after that (keeper.py)."""

from collections.abc import Callable

from edged.app.hung_devices import HungDevices
from edged.audio.devices.ladder import SERVER
from edged.audio.devices.listing import LetGoError
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

    was_taken = False
    """Whether the speaker has taken sound."""

    def __init__(self, source: Source, gate: Gate) -> None:
        super().__init__(source)
        gate.on_shut(self._shut)

    def take(self, n_bytes: int) -> bytes:
        self.was_taken = True
        return self._source.take(n_bytes)

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


class _Trial:
    """Whether the open device has worked for long; if it fails before that, others are tried before it."""

    def __init__(
        self, what: str, hung: HungDevices, name: Callable[[], str], is_used: Callable[[], bool]
    ) -> None:
        self._what, self._hung, self._name, self._is_used = what, hung, name, is_used
        self._is_over = False

    def begin(self) -> None:
        self._is_over = False

    def worked(self) -> None:
        if self._is_used() and not self._is_over:
            self._is_over = True
            self._hung.worked(self._what, self._name())

    def failed(self, error: DeviceError) -> None:
        is_fault = error.cause != SERVER and not isinstance(error, LetGoError)
        if self._name() and is_fault and not self._is_over:
            self._hung.failed(self._what, self._name(), str(error).partition("; there ")[0])


def life(
    what: str,
    device: object,
    start: Callable[[Lost], None],
    stop: Callable[[], None],
    hung: HungDevices,
    gate: Gate,
    is_used: Callable[[], bool] = lambda: True,
) -> Life:
    """The life of `device`, the kiosk's part `what`. `start` and all that it begins respect the gate.

    `is_used`: whether the open device has done something. A speaker may be open for days before it has to play.
    """
    tries = device.tries if isinstance(device, Choosy) else None
    left = ""  # the name that was left

    def name() -> str:
        return tries.trying if tries is not None else ""

    trial = _Trial(what, hung, name, is_used)

    def avoided() -> frozenset[str]:
        return hung.avoided(what)

    def checked_start(lost: Lost) -> None:
        if "" in avoided():
            raise DeviceError(f"the {what} is left out: it has not answered", "device_hung")
        trial.begin()
        start(lost)

    def leave() -> None:
        nonlocal left
        left = name()
        gate.shut()
        hung.left(what, left)

    if tries is not None:
        tries.avoided, tries.behind = avoided, lambda: hung.behind(what)
    return Life(
        checked_start,
        stop,
        name,
        lambda: tries is not None and tries.others,
        leave,
        lambda: hung.returned(what, left),
        trial.worked,
        trial.failed,
    )
