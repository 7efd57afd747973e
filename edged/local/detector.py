"""Where speech begins and ends, by its energy. Pure; time is the sound that came in.

Not a model: loud noise is speech to it. The threshold's 0..1 is mapped on -60 .. 0 dBFS, so that the usual 0.5 is
-30 dBFS.
"""

from dataclasses import dataclass

from edged import pcm

FRAME_MS = 20
LEAST_SPEECH_MS = 60  # shorter bursts are clicks


@dataclass(frozen=True, slots=True)
class Started:
    at_ms: int  # including the padding before


@dataclass(frozen=True, slots=True)
class Stopped:
    at_ms: int


class Detector:
    """Feed it all sound of a session; positions are milliseconds since its start."""

    def __init__(self) -> None:
        self.configure(0.5, 300, 500)
        self._rest = b""
        self._at_ms = 0
        self._speech_ms = 0
        self._quiet_ms = 0
        self.speaking = False

    def configure(self, threshold: float, prefix_padding_ms: int, silence_duration_ms: int) -> None:
        """From now on; what was heard so far stays heard."""
        self._least_rms = 32768 * 10 ** (-60 * (1 - threshold) / 20)
        self._padding_ms, self._silence_ms = prefix_padding_ms, silence_duration_ms

    def feed(self, sound: bytes) -> list[Started | Stopped]:
        """What happened in this sound."""
        events: list[Started | Stopped] = []
        sound = self._rest + sound
        step = pcm.PCM16.bytes_of(FRAME_MS)
        whole = len(sound) - len(sound) % step
        self._rest = sound[whole:]
        for start in range(0, whole, step):
            self._at_ms += FRAME_MS
            event = self._frame(loud=pcm.rms(sound[start : start + step]) >= self._least_rms)
            if event is not None:
                events.append(event)
        return events

    def _frame(self, *, loud: bool) -> Started | Stopped | None:
        if loud:
            self._speech_ms, self._quiet_ms = self._speech_ms + FRAME_MS, 0
            if not self.speaking and self._speech_ms >= LEAST_SPEECH_MS:
                self.speaking = True
                return Started(max(0, self._at_ms - self._speech_ms - self._padding_ms))
            return None
        self._quiet_ms += FRAME_MS
        if not self.speaking:
            self._speech_ms = 0
        elif self._quiet_ms >= self._silence_ms:
            self.speaking, self._speech_ms = False, 0
            return Stopped(self._at_ms)
        return None
