"""Whether the microphone hears what the speaker plays. Pure.

A speaker that opens may still be silent: its volume, its amplifier, its cable, or another output. Only something that
hears knows. A headphone, or a speaker far from the microphone, is not heard either, so this is a warning.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import WARNING, Check, DoctorFinding

CHECK = Check(
    "speaker_heard",
    "sound",
    "a sound that the speaker plays: whether the microphone hears it, how late, and how much echo is left",
    {"speaker_unheard": WARNING},
    needs=("microphone", "speaker"),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """`level_dbfs`: how loud it arrived. `erle_db`: by how much the echo canceller reduces it; None: there is none."""

    delay_ms: float
    level_dbfs: float
    erle_db: float | None = None

    def __str__(self) -> str:
        left = f", the echo canceller removes {self.erle_db:.0f} dB" if self.erle_db is not None else ""
        return f"heard after {self.delay_ms:.0f} ms at {self.level_dbfs:.0f} dBFS{left}"


def judge(heard: Heard | None, *, said_heard: bool | None) -> Iterator[DoctorFinding]:
    """`said_heard`: what somebody at the terminal has answered; None: nobody was asked."""
    if heard is None and not said_heard:
        by = "nobody heard" if said_heard is False else "the microphone did not hear"
        yield CHECK.found("speaker_unheard", f"{by} what the speaker played")
