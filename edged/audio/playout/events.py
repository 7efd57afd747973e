"""The events that report what happens to answers on their way through the speaker."""

from dataclasses import dataclass

from edged.wire.parts import HeardPart, Part


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """The first sample of a response was taken; it belongs to `part`."""

    part: Part


@dataclass(frozen=True, slots=True)
class Underrun:
    """A response ran dry, and then more of it came: a gap."""


@dataclass(frozen=True, slots=True)
class PlaybackDrained:
    """The last sample of a completed response was heard. Another response may sound already."""


@dataclass(frozen=True, slots=True)
class PlaybackFlushed:
    """How much of each part was heard of the responses that `flush` cut off, in order of play."""

    heard: tuple[HeardPart, ...]


AnswerEvent = PlaybackStarted | Underrun | PlaybackDrained | PlaybackFlushed
