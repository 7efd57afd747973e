"""What a microphone, a speaker and a rhythm are to edged. Sound is PCM16, mono, 24 kHz, whole samples.

Common to the devices: `start` and `stop` may block (who calls them cuts off a call that hangs) and
come from one caller, one at a time; `lost` may be called from any thread, once a start, and after it
the owner still calls `stop`. `stop` leaves nothing running, may be called twice, and never raises.
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol, runtime_checkable

from edged.errors import DeviceError

Lost = Callable[[DeviceError], None]


class Urgency(Enum):
    """What becomes of what a microphone hands: how soon it has to."""

    NOW = "now"
    """Somebody speaks: each block as it comes."""
    SOON = "soon"
    """It is kept, for a press that may come: all of it, some blocks late."""
    NONE = "none"
    """Nobody wants it: blocks that show that it lives. What it holds when that ends is dropped."""


class Microphone(Protocol):
    """Hands blocks from `start` to `stop`, at the device's pace, from its own thread or the loop.

    A block is what the device had, of any length.
    """

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin; raises DeviceError naming device and remedy. `hand` must not wait."""

    def stop(self) -> None:
        """Close the device: no `hand` after the return."""

    def set_urgency(self, urgency: Urgency) -> None:
        """How soon, from now on and over every start; NOW until it is set. From the loop's thread. Does not wait.

        For those that can do it cheaper: a device may take each for NOW, if it hands its blocks as they come.
        """


class Source(Protocol):
    """What a speaker pulls."""

    on_work: Callable[[], None] | None
    """Set by the speaker; called on the loop's thread when `idle` has turned False. Must not wait."""

    on_cut: Callable[[], None] | None
    """Set by a speaker that can take sound back; called on the loop's thread by a flush, or a hush, while something
    of it may lie in the device. Must not wait. What was taken belongs to the speaker now: it fades and drops what it
    holds, and calls `cut_done`, from its thread or from within. Until then takes are silence, so none need be made."""

    def take(self, n_bytes: int) -> bytes:
        """The next sound, exactly so many bytes, silence where there is nothing. Never waits."""
        ...

    @property
    def ready_bytes(self) -> int:
        """How much can be taken at once without meeting silence.

        A speaker may take so much ahead and no more: who is asked for what has not come yet takes itself for dry.
        """
        ...

    def set_latency(self, ms: float) -> None:
        """How much the device holds that was taken and is not heard yet.

        Before the first take, and from then on whenever the speaker knows better, by the thread that takes. The next
        take adds to it; who takes again without a new report holds so much always.
        """
        ...

    def cut_done(self, unheard_bytes: int) -> None:
        """The last so many bytes that were taken, silence included, were never heard, and never will be.

        Half a second of takes after `on_cut` without it counts as played to the end; a lost speaker owes nothing.
        """
        ...

    @property
    def idle(self) -> bool:
        """Nothing sounds and nothing is to be done: a speaker may rest until `on_work`."""
        ...


class Speaker(Protocol):
    """Pulls its source from `start` to `stop`, at the device's pace; rests while the source is idle."""

    def start(self, source: Source, lost: Lost) -> None:
        """Open the device and begin; raises DeviceError naming device and remedy."""

    def stop(self) -> None:
        """Close the device: no `take` after the return."""

    @property
    def latency_ms(self) -> int:
        """How much sound the device holds that was taken and is not heard yet; known after `start`."""
        ...


@runtime_checkable
class Gapped(Protocol):
    """A device that can tell when it ran dry while there was sound for it, or over."""

    @property
    def gaps(self) -> int:
        """How often so far, over all starts."""
        ...


class Pace(Protocol):
    """A rhythm for devices that have none of their own."""

    def start(self, period_s: float, tick: Callable[[], None]) -> None:
        """Call `tick` every `period_s`, without drift, until `stop`."""

    def stop(self) -> None:
        """No tick after the return."""

    def park(self) -> None:
        """No ticks until `unpark`. Called from within a tick."""

    def unpark(self) -> None:
        """Go on, one period from now; nothing when not parked. From the loop's thread."""
