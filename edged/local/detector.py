"""Voice activity detection: where speech starts and stops. Pure; time is the amount of sound received, in ms.

`server_vad` looks at energy. It maps the threshold 0 .. 1 to -60 .. 0 dBFS, so the usual 0.5 is -30 dBFS. It is not
a model: it takes loud noise for speech. `semantic_vad` looks at how the speech ended. A speaker whose voice falls has
finished; a speaker who stops at full voice is thinking. It never waits longer than the ceiling of its eagerness; the
ceilings are OpenAI's (8, 4 and 2 s).
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from edged import pcm
from edged.local.sounds import linear
from edged.pcm import PCM16, Format

FRAME_MS = 20
LEAST_SPEECH_MS = 60  # shorter bursts are clicks
CEILINGS_MS = {"low": 8000, "medium": 4000, "auto": 4000, "high": 2000}
FALLEN = 0.6  # the voice has fallen if its end is below this fraction of the level of the whole speech
FALL_MS = 200
SURE_MS = 400  # the wait after a voice that fell
SEMANTIC_THRESHOLD, SEMANTIC_PADDING_MS = 0.4, 300


@dataclass(frozen=True, slots=True)
class VoiceStarted:
    at_ms: int  # including the padding before the speech


@dataclass(frozen=True, slots=True)
class VoiceStopped:
    at_ms: int


class Detector:
    """Feed it all sound of a session. Positions are milliseconds since the session started."""

    def __init__(self, fmt: Format = PCM16, at_ms: int = 0) -> None:
        self.configure({}, fmt)
        self._rest = b""
        self.at_ms = at_ms
        self._speech_ms = 0
        self._quiet_ms = 0
        self.speaking = False
        self._levels: deque[float] = deque(maxlen=FALL_MS // FRAME_MS)
        self._level_sum, self._level_count = 0.0, 0

    def configure(self, detection: dict[str, Any], fmt: Format = PCM16) -> None:
        """Apply settings from now on, without forgetting speech. `detection` is a `turn_detection` of either type."""
        self._fmt = fmt
        self._frame_bytes = fmt.bytes_of(FRAME_MS)
        semantic = detection.get("type") == "semantic_vad"
        threshold = SEMANTIC_THRESHOLD if semantic else detection.get("threshold", 0.5)
        self._least_rms = 32768 * 10 ** (-60 * (1 - threshold) / 20)
        self.padding_ms = SEMANTIC_PADDING_MS if semantic else detection.get("prefix_padding_ms", 300)
        self._silence_ms = detection.get("silence_duration_ms", 500)
        self._ceiling_ms = CEILINGS_MS[detection.get("eagerness", "auto")] if semantic else None

    @property
    def wants_bytes(self) -> int:
        """How many bytes complete the current frame."""
        return self._frame_bytes - len(self._rest)

    def feed(self, sound: bytes) -> list[VoiceStarted | VoiceStopped]:
        """The events in this sound, which has the format given to `configure`."""
        events: list[VoiceStarted | VoiceStopped] = []
        sound = self._rest + sound
        whole = len(sound) - len(sound) % self._frame_bytes
        self._rest = sound[whole:]
        for start in range(0, whole, self._frame_bytes):
            self.at_ms += FRAME_MS
            level = pcm.rms(linear(sound[start : start + self._frame_bytes], self._fmt))
            event = self._loud(level) if level >= self._least_rms else self._quiet()
            if event is not None:
                events.append(event)
        return events

    def clear(self) -> None:
        """Forget the speech, because the buffer was committed or cleared. The next sound starts at a whole sample."""
        self.at_ms += self._fmt.ms_of(len(self._rest))
        self._rest = b""
        self._forget()

    def _forget(self) -> None:
        self.speaking, self._speech_ms, self._quiet_ms = False, 0, 0
        self._levels.clear()
        self._level_sum, self._level_count = 0.0, 0

    def _loud(self, level: float) -> VoiceStarted | None:
        self._speech_ms, self._quiet_ms = self._speech_ms + FRAME_MS, 0
        self._levels.append(level)
        self._level_sum, self._level_count = self._level_sum + level, self._level_count + 1
        if not self.speaking and self._speech_ms >= LEAST_SPEECH_MS:
            self.speaking = True
            return VoiceStarted(max(0, self.at_ms - self._speech_ms - self.padding_ms))
        return None

    def _quiet(self) -> VoiceStopped | None:
        self._quiet_ms += FRAME_MS
        if not self.speaking:
            self._forget()  # the level of a click says nothing about the voice that may follow
            return None
        if self._quiet_ms < self._patience_ms():
            return None
        self._forget()
        return VoiceStopped(self.at_ms)

    def _patience_ms(self) -> int:
        if self._ceiling_ms is None:
            return int(self._silence_ms)
        end = sum(self._levels) / max(1, len(self._levels))
        fell = end < FALLEN * self._level_sum / max(1, self._level_count)
        return SURE_MS if fell else self._ceiling_ms
