"""What each error number of ALSA, USB and the kernel means for a sound device, and what helps. Pure."""

import errno
from typing import NamedTuple

LOST, BUSY, DENIED, SERVER = "lost", "device_busy", "device_denied", "sound_server"
ENOTSUPP = 524
"""The kernel's own number for what a driver does not support. It should not reach programs, but it does."""


class Meaning(NamedTuple):
    """`cause`: a row in causes.py; `lost` stands for microphone_lost or speaker_lost. `advice` follows the error."""

    cause: str
    advice: str


_GONE = Meaning(LOST, "it was unplugged or has restarted: check its cable, its power supply and the USB hub")
_USB = Meaning(
    LOST,
    "the USB transfer fails: use another cable or port, a hub with its own power supply, or fewer USB devices",
)
_UNFIT = Meaning(
    LOST, "its driver refuses the settings, or a definition of this name in asound.conf is wrong"
)
_SERVER = Meaning(SERVER, "no sound server can be reached")
_FILES = Meaning(LOST, "too many files are open: raise LimitNOFILE=")
MEANINGS = {
    errno.ENOENT: Meaning(LOST, "ALSA knows no device of this name"),
    errno.ENODEV: _GONE,
    errno.ENXIO: _GONE,
    errno.ESHUTDOWN: _GONE,
    errno.EBUSY: Meaning(BUSY, ""),
    errno.EAGAIN: Meaning(BUSY, ""),
    errno.EACCES: Meaning(DENIED, ""),
    errno.EPERM: Meaning(DENIED, ""),
    errno.EINVAL: _UNFIT,
    errno.ERANGE: _UNFIT,
    errno.ENOTSUP: _UNFIT,
    ENOTSUPP: _UNFIT,
    errno.ENOSYS: _UNFIT,
    errno.ENOTTY: _UNFIT,
    errno.ENOSPC: Meaning(
        LOST,
        "the USB bus has no bandwidth left: move the card or a camera to another port, not behind the same hub",
    ),
    errno.EPROTO: _USB,
    errno.EILSEQ: _USB,
    errno.EOVERFLOW: _USB,
    errno.ECOMM: _USB,
    errno.ETIME: _USB,
    errno.ETIMEDOUT: Meaning(
        LOST, "the card does not answer: unplug it and plug it in again, and check its power supply"
    ),
    errno.EIO: Meaning(
        LOST, "the card fails: check its power supply, and for a HAT its dtoverlay= in config.txt"
    ),
    errno.EREMOTEIO: Meaning(
        LOST,
        "the codec does not answer on I2C: check that the HAT sits firmly, and its dtoverlay= in config.txt",
    ),
    errno.ENOMEM: Meaning(LOST, "there is not enough memory"),
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ECONNREFUSED: _SERVER,
    errno.EHOSTDOWN: _SERVER,
    errno.EPIPE: Meaning(LOST, "it cannot start again after a gap in the sound"),
    errno.ESTRPIPE: Meaning(LOST, "it cannot start again after the computer was suspended"),
    errno.EBADFD: Meaning(LOST, "another program has changed its state, or it was unplugged"),
}


def meaning(number: int, what: str) -> Meaning:
    """The meaning of an error number at a microphone or a speaker. An unknown number has no advice."""
    found = MEANINGS.get(number, Meaning(LOST, ""))
    return found if found.cause != LOST else Meaning(f"{what}_lost", found.advice)


_PACKAGES = {"PulseAudio": "libasound2-plugins", "PipeWire": "pipewire-alsa", "JACK": "libasound2-plugins"}
_UNREACHED = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTDOWN, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTSUP}
)


def at_server(number: int, server: str) -> Meaning:
    """The meaning of an error number at a device of a sound server."""
    if number == errno.ENXIO:
        package = _PACKAGES[server]
        return Meaning(
            SERVER,
            f"ALSA's plug-in for the sound server {server} is not installed: apt-get install {package}",
        )
    does = "cannot be reached" if number in _UNREACHED else "fails"
    return Meaning(SERVER, f"the sound server {server} {does}")
