"""Makes the microphone and speaker for a configuration. An adapter is imported here, and only if it is chosen."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from edged import arrays
from edged.app.auto_sound import AutoMicrophone, AutoSpeaker
from edged.audio.dsp.echo import EchoCanceller
from edged.audio.ports import Microphone, Pace, Speaker
from edged.config import model
from edged.config.part import names_of
from edged.errors import ConfigError, DeviceError
from edged.origin import how_to_add
from edged.pcm import PCM16, Format

if TYPE_CHECKING:
    from edged.audio.devices.opening import Package

WITHOUT_LIVEKIT = f"the package livekit is missing (run {how_to_add('aec')}, or set echo_cancel to false)"


def microphone(
    wanted: model.MicrophoneConfig, pace: Callable[[str], Pace], fmt: Format = PCM16
) -> Microphone:
    """Make the microphone, which delivers `fmt`, without opening it. `pace` drives a simulated one."""
    if wanted.backend == "auto":
        return AutoMicrophone(lambda backend: _microphone(backend, wanted, pace, fmt), lambda: chosen("auto"))
    return _microphone(wanted.backend, wanted, pace, fmt)


def _microphone(
    backend: str, wanted: model.MicrophoneConfig, pace: Callable[[str], Pace], fmt: Format
) -> Microphone:
    match backend:
        case "alsa":
            from edged.audio.devices.alsa import AlsaMicrophone

            return AlsaMicrophone(
                *names_of(wanted.device), block_ms=wanted.block_ms, channel=wanted.channel, fmt=fmt
            )
        case "pyaudio":
            from edged.audio.devices.portaudio import PyAudioMicrophone

            return PyAudioMicrophone(
                *names_of(wanted.device), block_ms=wanted.block_ms, channel=wanted.channel, fmt=fmt
            )
        case "sounddevice":
            from edged.audio.devices.desktop import DesktopMicrophone

            return DesktopMicrophone(
                *names_of(wanted.device), block_ms=wanted.block_ms, channel=wanted.channel, fmt=fmt
            )
        case "wav":
            from edged.audio.devices.wav import WavMicrophone

            speech = Path(wanted.file) if wanted.file else None
            return WavMicrophone(pace("microphone"), block_ms=wanted.block_ms, speech=speech, fmt=fmt)
        case _:
            from edged.audio.devices.null import NullMicrophone

            return NullMicrophone(pace("microphone"), block_ms=wanted.block_ms, fmt=fmt)


def speaker(wanted: model.SpeakerConfig, pace: Callable[[str], Pace]) -> Speaker:
    """Make the speaker, without opening it."""
    if wanted.backend == "auto":
        return AutoSpeaker(lambda backend: _speaker(backend, wanted, pace), lambda: chosen("auto"))
    return _speaker(wanted.backend, wanted, pace)


def _speaker(backend: str, wanted: model.SpeakerConfig, pace: Callable[[str], Pace]) -> Speaker:
    match backend:
        case "alsa":
            from edged.audio.devices.alsa import AlsaSpeaker

            return AlsaSpeaker(*names_of(wanted.device))
        case "pyaudio":
            from edged.audio.devices.portaudio import PyAudioSpeaker

            return PyAudioSpeaker(*names_of(wanted.device))
        case "sounddevice":
            from edged.audio.devices.desktop import DesktopSpeaker

            return DesktopSpeaker(*names_of(wanted.device))
        case "wav":
            from edged.audio.devices.wav import WavSpeaker

            return WavSpeaker(Path(wanted.file), pace("speaker"))
        case _:
            from edged.audio.devices.null import NullSpeaker

            return NullSpeaker(pace("speaker"))


def echo_canceller(wanted: model.MicrophoneConfig, fmt: Format = PCM16) -> EchoCanceller | None:
    """Make the echo canceller, which removes the machine's own voice from what it hears; None if it is not wanted.

    Raises:
        ConfigError: its library or its memory is missing.
    """
    if not wanted.echo_cancel:
        return None
    try:
        arrays.load()  # before livekit imports numpy; see arrays.py
        from edged.audio.dsp.echo_livekit import LivekitEchoCanceller
    except DeviceError as error:
        raise ConfigError(
            [f"microphone.echo_cancel: {error}: raise the limit, or set echo_cancel to false"]
        ) from error
    except ImportError as error:
        raise ConfigError([f"microphone.echo_cancel: {WITHOUT_LIVEKIT}"]) from error
    return LivekitEchoCanceller(fmt)


def chosen(backend: str) -> str:
    """Return the backend that `auto` chooses now: alsa if there are cards or may be, else what is installed."""
    if backend != "auto":
        return backend
    from edged.audio.devices import alsa

    if alsa.available() or alsa.may_come():
        return "alsa"
    return next((name for name in ("pyaudio", "sounddevice") if find_spec(name)), "alsa")


def portaudio_package(backend: str) -> "Package":
    """The package behind a backend of PortAudio."""
    if backend == "pyaudio":
        from edged.audio.devices import portaudio

        return portaudio.PACKAGE
    from edged.audio.devices import desktop

    return desktop.PACKAGE


def is_real() -> bool:
    """Whether this machine has real devices to hear and speak with."""
    from edged.audio.devices import alsa, portaudio

    return alsa.available() or portaudio.available()
