"""The input audio buffer of one session, with the detector that listens to it. Pure.

Rules:
1. With a detector, the buffer holds no more than the padding before speech, and speech ends after `MOST_MS`.
2. Without a detector, the buffer holds all sound until a commit or a clear, and at most `MOST_MS`.
3. The item that is made from speech gets its id with the first sound of that speech.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from edged.local.detector import LEAST_SPEECH_MS, Detector, VoiceStarted, VoiceStopped
from edged.pcm import PCM16, Format
from edged.wire import BadClientEvent

LEAST_COMMIT_MS = 100
MOST_MS = 11 * 60_000  # 32 MB; the longest turn that edged can be configured for is 10 minutes


@dataclass(frozen=True, slots=True)
class HeardStart:
    at_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class HeardStop:
    at_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody spoke for `idle_timeout_ms`."""

    from_ms: int
    to_ms: int
    item_id: str


Heard = HeardStart | HeardStop | Idle


class Hearing:
    def __init__(self, new_id: Callable[[], str]) -> None:
        """`new_id()` gives the id of the item that the sound becomes."""
        self._new_id = new_id
        self._buffer = bytearray()
        self._detector: Detector | None = None
        self._idle_ms: int | None = None
        self._idle_from_ms: int | None = None
        self._item_id: str | None = None
        self._came_ms = 0.0  # sound received since the session began
        self.fmt = PCM16

    def configure(self, detection: dict[str, Any] | None, fmt: Format) -> None:
        """Apply these settings from now on. A new format empties the buffer: old sound would be noise in it."""
        if fmt != self.fmt:
            self._buffer.clear()
            self.fmt, self._detector = fmt, None
        if detection is None or self._detector is None:
            self._item_id, self._idle_from_ms = None, None  # the end of this speech will not be detected
        self._idle_ms = (detection or {}).get("idle_timeout_ms")
        if detection is None:
            self._detector = None
        else:
            self._detector = self._detector or Detector(fmt, round(self._came_ms))
            self._detector.configure(detection, fmt)

    @property
    def held_ms(self) -> int:
        return self.fmt.ms_of(len(self._buffer))

    def append(self, sound: bytes) -> Iterator[Heard]:
        """Add sound and yield what is heard in it, frame by frame.

        A commit at `HeardStop` therefore takes no sound from after the speech.

        Raises:
            BadClientEvent: The buffer would exceed `MOST_MS`. Raised by the call itself, before it adds anything.
        """
        held = len(self._buffer) if self._detector is None else 0
        if self.fmt.ms_of(held + len(sound)) > MOST_MS:
            raise BadClientEvent(
                "invalid_value", f"The input audio buffer holds {MOST_MS // 60_000} minutes at most.", "audio"
            )
        return self._listened(sound)

    def _listened(self, sound: bytes) -> Iterator[Heard]:
        self._came_ms += len(sound) / self.fmt.bytes_per_ms
        if self._detector is None:
            self._buffer += sound
            return
        at = 0
        while at < len(sound):  # frame by frame, so that an utterance ends where its silence ends
            frame = sound[at : at + self._detector.wants_bytes]
            at += len(frame)
            self._buffer += frame
            for event in self._detector.feed(frame):
                yield self._heard(event, self._detector)
            if self._detector.speaking and self.held_ms >= MOST_MS:
                self._detector.clear()
                yield HeardStop(self._detector.at_ms, self._item_id or self._new_id())
            if self._item_id is None:
                self._keep_last(self._detector.padding_ms + LEAST_SPEECH_MS)
                yield from self._idled(self._detector)

    def wait_for_speech(self) -> None:
        """An answer has ended: start the wait for `idle_timeout_ms`, if one is set."""
        if self._detector is not None and not self._detector.speaking:
            self._idle_from_ms = self._detector.at_ms

    def take(self, *, detected: bool = False) -> tuple[str, bytes]:
        """Commit the buffer: (the id of the item, its sound). `detected`: the detector commits, not the client.

        Raises:
            BadClientEvent: The buffer holds too little for a commit by the client.
        """
        if not detected:
            self.need_sound()
        sound = bytes(self._buffer)
        item_id = self._item_id or self._new_id()
        self.clear()
        return item_id, sound

    def need_sound(self) -> None:
        """Raises BadClientEvent if the buffer holds too little for a commit by the client."""
        if self.held_ms < LEAST_COMMIT_MS:
            n_bytes = len(self._buffer)
            raise BadClientEvent(
                "input_audio_buffer_commit_empty",
                f"Error committing input audio buffer: buffer too small. Expected at least {LEAST_COMMIT_MS}ms "
                f"of audio, but buffer only has {n_bytes / self.fmt.bytes_per_ms:.2f}ms of audio.",
            )

    def clear(self) -> int:
        """Empty the buffer. Returns how many bytes were discarded."""
        thrown = len(self._buffer)
        self._buffer.clear()
        self._item_id = None
        if self._detector is not None:
            self._detector.clear()
        return thrown

    def _heard(self, event: VoiceStarted | VoiceStopped, detector: Detector) -> Heard:
        if isinstance(event, VoiceStopped):
            return HeardStop(event.at_ms, self._item_id or self._new_id())
        self._keep_last(detector.at_ms - event.at_ms)
        self._item_id, self._idle_from_ms = self._new_id(), None
        return HeardStart(event.at_ms, self._item_id)

    def _keep_last(self, ms: int) -> None:
        spare = len(self._buffer) - self.fmt.bytes_of(ms)
        if spare > 0:
            del self._buffer[: spare - spare % self.fmt.sample_bytes]

    def _idled(self, detector: Detector) -> Iterator[Idle]:
        start = self._idle_from_ms
        if self._idle_ms is not None and start is not None and detector.at_ms - start >= self._idle_ms:
            self._idle_from_ms, self._item_id = None, self._new_id()
            yield Idle(start, detector.at_ms, self._item_id)
