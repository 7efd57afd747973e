"""Microphone and speaker for a configuration. Adapters are imported here and only when they are chosen."""

from collections.abc import Callable
from pathlib import Path

from edged.audio.ports import Microphone, Pace, Speaker
from edged.config import model


def microphone(wanted: model.Microphone, pace: Callable[[str], Pace]) -> Microphone:
    """What hears; not opened yet. `pace` gives one that is not real its rhythm."""
    match chosen(wanted.backend):
        case "alsa":
            from edged.audio.alsa import AlsaMicrophone

            return AlsaMicrophone(wanted.device, block_ms=wanted.block_ms)
        case "pyaudio":
            from edged.audio.portaudio import PyAudioMicrophone

            return PyAudioMicrophone(wanted.device, block_ms=wanted.block_ms)
        case "wav":
            from edged.audio.wav import WavMicrophone, read_wav

            speech = read_wav(Path(wanted.file)) if wanted.file else None
            return WavMicrophone(pace("microphone"), block_ms=wanted.block_ms, speech=speech)
        case _:
            from edged.audio.null import NullMicrophone

            return NullMicrophone(pace("microphone"), block_ms=wanted.block_ms)


def speaker(wanted: model.Speaker, pace: Callable[[str], Pace]) -> Speaker:
    """What speaks; not opened yet."""
    match chosen(wanted.backend):
        case "alsa":
            from edged.audio.alsa import AlsaSpeaker

            return AlsaSpeaker(wanted.device)
        case "pyaudio":
            from edged.audio.portaudio import PyAudioSpeaker

            return PyAudioSpeaker(wanted.device)
        case "wav":
            from edged.audio.wav import WavSpeaker

            return WavSpeaker(Path(wanted.file), pace("speaker"))
        case _:
            from edged.audio.null import NullSpeaker

            return NullSpeaker(pace("speaker"))


def chosen(backend: str) -> str:
    """What `auto` is on this machine: alsa where there is a card, else what can be imported."""
    if backend != "auto":
        return backend
    from edged.audio import alsa

    return "alsa" if alsa.available() else "pyaudio"
