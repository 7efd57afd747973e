"""Recordings that a simulated microphone hears: one at each opening of the gate, and silence at all other times.

What is left of a recording when the gate shuts is dropped, so the next question does not begin with it.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from edged import pcm
from edged.audio.devices.wav import LONGEST_S, WavMicrophone, read_wav
from edged.errors import DeviceError, UsageError
from edged.turn import OPEN

MOST_FILES = 100
NAMED_IN = "--in"


def recordings(path: Path) -> list[bytes]:
    """The sound of a WAV file, or of all WAV files in a folder by their names.

    Raises:
        UsageError: there is none, or one is unfit, or together they are longer than `LONGEST_S`.
    """
    found = sorted(path.glob("*.wav"))[: MOST_FILES + 1] if path.is_dir() else [path]
    if not found:
        raise UsageError(f"--in: there is no WAV file (*.wav) in {path}")
    if len(found) > MOST_FILES:
        raise UsageError(f"--in: {path} has more than {MOST_FILES} WAV files")
    sounds, left = [], pcm.PCM16.bytes_of(LONGEST_S * 1000)
    for each in found:
        try:
            sounds.append(read_wav(each, NAMED_IN))
        except DeviceError as error:
            raise UsageError(f"--in: {error}") from error
        left -= len(sounds[-1])
        if left < 0:
            raise UsageError(f"--in: the recordings are longer than {LONGEST_S} s together")
    return sounds


class HeardRecordings:
    """A listener of the kiosk that has this microphone."""

    def __init__(self, microphone: WavMicrophone, sounds: Sequence[bytes]) -> None:
        self._microphone, self._sounds = microphone, cycle(sounds)
        self._is_open = False

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Receive an event."""
        if event["event"] != "turn":
            return
        was, self._is_open = self._is_open, event["state"] in OPEN
        if self._is_open and not was:
            self._microphone.say(next(self._sounds))
        elif was and not self._is_open:
            self._microphone.hush()
