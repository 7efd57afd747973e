"""The ports for a microphone, a speaker and a pace.

Sound is PCM16, mono, in whole samples: 24 kHz, and from a microphone the rate of the service.

All devices follow these rules. `start` and `stop` may block; the caller cuts off a call that hangs. They
come from one caller, one at a time. `lost` may be called from any thread, once per start; the owner still
calls `stop` after it. `stop` leaves nothing running, may be called twice, and never raises.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from edged.errors import DeviceError

Lost = Callable[[DeviceError], None]


class Urgency(Enum):
    """How soon the blocks of a microphone are needed."""

    NOW = "now"
    """Somebody speaks: each block is needed as soon as it comes."""
    SOON = "soon"
    """The sound is kept for a possible press. All of it is needed, but blocks may come late."""
    NONE = "none"
    """Nobody wants the sound. The blocks only show that the microphone works. What the device holds when
    this urgency ends is dropped."""


class Microphone(Protocol):
    """Hands over blocks from `start` to `stop`, at the device's pace, from its own thread or the loop.

    A block is what the device had ready, of any length.
    """

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin; raises DeviceError naming device and remedy. `hand` must not wait."""

    def stop(self) -> None:
        """Close the device. No `hand` is called after the return."""

    def set_urgency(self, urgency: Urgency) -> None:
        """Set how soon blocks are needed, from now on and across restarts; NOW until it is set.

        Called from the loop's thread. Does not wait. It lets a device save power where it can. A device may
        treat every urgency as NOW if it hands over its blocks as they come.
        """


class Source(Protocol):
    """What a speaker pulls its sound from."""

    on_work: Callable[[], None] | None
    """Set by the speaker. Called on the loop's thread when `idle` has become False. Must not wait."""

    on_cut: Callable[[], None] | None
    """Set by a speaker that can take sound back. A flush or a hush calls it on the loop's thread while the
    device may still hold some of that sound. Must not wait. The sound that was taken now belongs to the
    speaker: it fades out, drops what the device holds, and calls `cut_done`, from its own thread or
    within this call. Until then every take returns silence, so the speaker need not take anything."""

    def take(self, n_bytes: int) -> bytes:
        """Return the next sound: exactly `n_bytes`, padded with silence. Never waits."""
        ...

    @property
    def ready_bytes(self) -> int:
        """How many bytes a take would return now before it reaches silence.

        A speaker may take this much ahead, and no more. A larger take would look like an underrun to the
        source, although the rest of the sound is still on its way.
        """
        ...

    def set_latency(self, ms: float) -> None:
        """Report how much sound the device holds: taken, but not heard yet.

        The thread that takes calls it before the first take, and again whenever the speaker knows a better
        value. The next take adds to this amount. Without a new report, further takes leave the amount
        unchanged.
        """
        ...

    def cut_done(self, unheard_bytes: int) -> None:
        """Report that the last `unheard_bytes` that were taken, silence included, will never be heard.

        If half a second is taken after `on_cut` without this call, the sound counts as played to its end. A
        speaker that is lost need not call it.
        """
        ...

    @property
    def idle(self) -> bool:
        """Whether nothing sounds and no work is left. The speaker may then rest until `on_work`."""
        ...


class Speaker(Protocol):
    """Pulls its source from `start` to `stop`, at the device's pace. Rests while the source is idle."""

    def start(self, source: Source, lost: Lost) -> None:
        """Open the device and begin; raises DeviceError naming device and remedy."""

    def stop(self) -> None:
        """Close the device. No `take` is called after the return."""

    @property
    def latency_ms(self) -> int:
        """How much sound the device holds: taken, but not heard yet. Known after `start`."""
        ...


@runtime_checkable
class Gapped(Protocol):
    """A device that counts its gaps: a speaker that ran dry with sound to play, or a microphone that ran over."""

    @property
    def gaps(self) -> int:
        """The number of gaps so far, over all starts."""
        ...


@dataclass(frozen=True, slots=True)
class OpenDevice:
    """A device as it was opened, and how it was found."""

    backend: str
    name: str
    """As the backend names it."""
    rate_hz: int
    channels: int = 1
    sample: str = "s16"
    wanted: str = ""
    """The name in the configuration that led to it."""
    why: str = ""
    """Why that name means this device, if it leaves a choice."""
    tried: tuple[tuple[str, str], ...] = ()
    """The names that were tried before it in vain, each with the reason."""
    trouble: str = ""
    """A cause that somebody should know of although this device was opened; empty: none."""
    card: str = ""
    """The kernel's id of its card; empty: it is not a card, or the backend does not know it."""
    card_name: str = ""
    control: str = ""
    """ALSA's name for the mixer of this device; empty: it has none."""


@runtime_checkable
class Inspectable(Protocol):
    """A device that says what it has opened."""

    @property
    def opened(self) -> OpenDevice | None:
        """The device that opened last; None before that."""
        ...


@dataclass(frozen=True, slots=True)
class Companion:
    """The other device of a kiosk, as far as the choice of a default depends on it."""

    names: tuple[str, ...] = ()
    """Its names in the configuration."""
    card: str = ""
    """The kernel's id of the card that it is open on; empty: it is not open, or not on a card."""


ALONE = Companion()


class Chooser(Protocol):
    """How a device is chosen among those that are there, each time it is opened."""

    companion: Companion
    """Set by the owner before each start, and before `has_better`."""

    def has_better(self) -> bool:
        """Whether a start would now try a better device than the open one, which was not there before. May block.

        Call it only after a start.
        """
        ...


@runtime_checkable
class Selective(Protocol):
    """A device that is chosen among several."""

    @property
    def chooser(self) -> Chooser | None:
        """None: there is no choice at the moment."""
        ...


class Tries(Protocol):
    """The names that a device tries when it is opened. The thread that opens it writes `trying` and `others`."""

    avoided: Callable[[], frozenset[str]]
    """Set by the owner: the names that must not be tried now. Called on any thread."""
    behind: Callable[[], dict[str, str]]
    """Set by the owner: the names to try after all others, in order, each with the reason. Called on any thread."""
    trying: str
    """The name that is tried, or that is open; empty: none yet."""
    others: bool
    """Whether there is another name to try after that one."""


@runtime_checkable
class Choosy(Protocol):
    """A device that tries several names when it is opened."""

    @property
    def tries(self) -> Tries: ...

    def use(self, tries: Any) -> None:
        """Keep account of the tries there from now on."""

    def afresh(self) -> Any:
        """Return another device like this one, with its memory; for use while a call of this one does not return.

        None: its library cannot be used by another one meanwhile.
        """
        ...


class CardMemory(Protocol):
    """What the names of a device in the configuration have meant so far. May be read from any thread."""

    def recall(self, facts: object) -> bool:
        """Add what was kept before a restart, below what was noted since. Returns whether all of it could be read."""
        ...

    def facts(self) -> dict[str, Any]:
        """What is to be kept, as JSON; a few kilobytes at most."""
        ...

    def news(self) -> str:
        """What a person should know about the card that was opened last; empty: nothing. Once."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A device whose names keep their meaning, also over restarts."""

    @property
    def memory(self) -> CardMemory | None:
        """None: it has no names."""
        ...


class Jacks(Protocol):
    """The sockets for headphones of all cards."""

    def start(self, changed: Callable[[dict[str, bool]], None]) -> None:
        """Call `changed` with each socket and whether something is in it, now and at each change; from any thread."""

    def look_again(self) -> None:
        """A card may have come. Does not wait."""

    def stop(self) -> None:
        """Stop. No call comes after the return."""


class NullJacks:
    """No sockets."""

    def start(self, changed: Callable[[dict[str, bool]], None]) -> None:
        pass

    def look_again(self) -> None:
        pass

    def stop(self) -> None:
        pass


class Pace(Protocol):
    """A timer for devices that have no pace of their own."""

    def start(self, period_s: float, tick: Callable[[], None]) -> None:
        """Call `tick` every `period_s`, without drift, until `stop`."""

    def stop(self) -> None:
        """Stop. No tick comes after the return."""

    def park(self) -> None:
        """Stop the ticks until `unpark`. Called from within a tick."""

    def unpark(self) -> None:
        """Resume, the first tick one period from now. Does nothing when not parked. From the loop's thread."""
