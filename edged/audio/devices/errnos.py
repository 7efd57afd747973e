"""What each error number of ALSA, USB and the kernel means for a sound device, and what helps. Pure.

Rules:
1. The numbers are those that the sources return: alsa-lib and its plugins; the kernel's sound core, USB audio, usbcore
   with its host controllers, ASoC with the codecs and I2S, I2C and DMA drivers of a Raspberry Pi. `KNOWN` has all.
2. The same number means different things at different stages. EACCES of an opening is a permission; of a driver that is
   set up, it is not. EPIPE of a USB driver is a request that the device refuses; of a device in use, it is a gap.
3. A name that is no card's (`pulse`, `default`) has other causes: a definition, a plugin, a sound server.
4. A number that is not known has no advice. The library's own words are in the message in any case.
"""

import errno
from enum import Enum
from typing import NamedTuple

LOST, BUSY, DENIED, SERVER = "lost", "device_busy", "device_denied", "sound_server"
ENOTSUPP, EPROBE_DEFER, ENOIOCTLCMD = 524, 517, 515
"""The kernel's own numbers. They should not reach programs, but some drivers let them pass."""
RESTART = (errno.ERESTART, 512, 513, 514, 516)
"""EINTR, as the kernel calls it within itself."""
INCOMPATIBLE = 500_000
"""ALSA's own number: the library and a plugin or a server are of different versions (SND_ERROR_BEGIN in error.h)."""
OWN_WORDS = {
    ENOTSUPP: "the driver does not support this",
    EPROBE_DEFER: "the driver waits for another part",
    ENOIOCTLCMD: "the driver does not know this request",
    **dict.fromkeys(RESTART, "interrupted"),
}
"""For numbers that the C library does not name."""
AGAIN = frozenset({errno.EINTR, *RESTART})
"""The call was interrupted, and may be made again."""


class Stage(Enum):
    """What a device was asked when it answered with an error."""

    OPEN = "cannot be opened"
    SET = "cannot be set up"
    USE = "failed"


class Meaning(NamedTuple):
    """`cause`: a row in causes.py; `lost` stands for microphone_lost or speaker_lost. `advice` follows the error."""

    cause: str
    advice: str


def _lost(advice: str) -> Meaning:
    return Meaning(LOST, advice)


_GONE = _lost("it was unplugged or has restarted: check its cable, its power supply and the USB hub")
_USB = _lost(
    "the USB transfer fails: use another cable or port, a hub with its own power supply, or fewer USB devices"
)
_USB_ASLEEP = _lost(
    "USB has put it to sleep: switch USB autosuspend off for it, or unplug it and plug it in again"
)
_BANDWIDTH = _lost(
    "the USB bus has no bandwidth left: move the card or a camera to another port, not behind the same hub"
)
_UNFIT = _lost("its driver refuses the settings, or a definition of this name in asound.conf is wrong")
_DRIVER = _lost("its driver fails: unplug it and plug it in again, and update the system")
_NOT_READY = _lost("its driver is not ready yet; edged tries again")
_NO_ANSWER = _lost("the card does not answer: unplug it and plug it in again, and check its power supply")
_MEMORY = _lost("there is not enough memory")
_FILES = _lost("too many files are open: raise LimitNOFILE=")
_PATH = _lost("a path in asound.conf, or /dev/snd, is wrong: the file is missing, or is of another kind")
_SERVER = Meaning(SERVER, "no sound server can be reached")
_SHARED = _lost(
    "what dmix or dsnoop share with other programs is broken or used up: stop these programs, or name hw:"
)
_NO_NODE = _lost(
    "the kernel has this card, but /dev/snd has no file for it: pass /dev/snd to the container, or restart the computer"
)
_NO_PLUGIN = _lost(
    "its plugin for ALSA is missing (apt-get install libasound2-plugins), or the card behind it is"
)

_NUMBERS: dict[Meaning, tuple[int, ...]] = {
    _GONE: (errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN, errno.ENOTTY),
    _USB: (
        *(errno.EPROTO, errno.EILSEQ, errno.EOVERFLOW, errno.ECOMM, errno.ETIME, errno.EXDEV, errno.ENOSR),
        *(errno.EMSGSIZE, errno.EFBIG, errno.ENOLINK, errno.ECONNRESET),
    ),
    _USB_ASLEEP: (errno.EHOSTUNREACH,),
    _BANDWIDTH: (errno.ENOSPC,),
    _UNFIT: (
        *(errno.EINVAL, errno.ERANGE, errno.EDOM, errno.ENOTSUP, ENOTSUPP, errno.ENOSYS, errno.E2BIG),
        *(errno.ENOPROTOOPT, ENOIOCTLCMD, errno.EOPNOTSUPP),
    ),
    _DRIVER: (
        *(
            errno.EFAULT,
            errno.EDEADLK,
            errno.EDEADLOCK,
            errno.ENOEXEC,
            errno.EBADR,
            errno.EBADRQC,
            errno.EBADMSG,
        ),
        *(errno.ECANCELED, errno.EUNATCH, errno.ENOMSG, errno.EBADF, errno.ESRCH, errno.EBADE, errno.EMLINK),
    ),
    _NOT_READY: (errno.EALREADY, errno.EINPROGRESS, errno.ETXTBSY, errno.EISCONN, EPROBE_DEFER, errno.EAGAIN),
    _NO_ANSWER: (errno.ETIMEDOUT,),
    _MEMORY: (errno.ENOMEM, errno.ENOBUFS),
    _FILES: (errno.EMFILE, errno.ENFILE),
    _PATH: (errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EROFS),
    _SERVER: (errno.ECONNREFUSED, errno.EHOSTDOWN, errno.ENOTCONN, errno.ECONNABORTED),
    _SHARED: (errno.EIDRM, errno.EEXIST),
    _lost("ALSA knows no device of this name"): (errno.ENOENT,),
    _lost("the card fails: check its power supply, and for a HAT its dtoverlay= in config.txt"): (errno.EIO,),
    _lost(
        "the codec does not answer on I2C: check that the HAT sits firmly, and its dtoverlay= in config.txt"
    ): (errno.EREMOTEIO,),
    _lost("its sound depends on another device, which does not run: name another device"): (errno.ENODATA,),
    _lost("the system interrupted it; edged tries again"): tuple(AGAIN),
    _lost("it cannot start again after a gap in the sound"): (errno.EPIPE,),
    _lost("it cannot start again after the computer was suspended"): (errno.ESTRPIPE,),
    _lost("another program has changed its state, or it was unplugged"): (errno.EBADFD,),
    _lost("the parts of ALSA have different versions: update the system"): (INCOMPATIBLE,),
    _lost("its driver does not let edged use it: check its power supply, and update the system"): (
        errno.EACCES,
        errno.EPERM,
    ),
    _lost("its driver is busy with something else, such as the card's other direction at another rate"): (
        errno.EBUSY,
    ),
}
_MEANINGS = {number: each for each, numbers in _NUMBERS.items() for number in numbers}
_REFUSED = _lost("it refuses a request: use another cable or port, or unplug it and plug it in again")
_AT_STAGE: dict[tuple[Stage, int], Meaning] = {
    (Stage.OPEN, errno.EBUSY): Meaning(BUSY, ""),
    (Stage.OPEN, errno.EAGAIN): Meaning(BUSY, ""),
    (Stage.OPEN, errno.EACCES): Meaning(DENIED, ""),
    (Stage.OPEN, errno.EPERM): Meaning(DENIED, ""),
    (Stage.OPEN, errno.EPIPE): _REFUSED,
    (Stage.SET, errno.EPIPE): _REFUSED,
    # Another program has the card's one clock, or its other direction has.
    (Stage.SET, errno.EBUSY): Meaning(
        BUSY, "another program, or the other direction of the card, uses it with other settings"
    ),
    (Stage.SET, errno.ENOENT): _GONE,  # its USB interface
    (Stage.USE, errno.ENOENT): _GONE,
}
_WITHOUT_CARD = {
    errno.ENXIO: _NO_PLUGIN,
    errno.EIO: _lost("the sound server has ended, or refuses edged: restart it, or name a card"),
    errno.ECONNRESET: _SERVER,
    errno.EPROTO: _SERVER,
    errno.ETIMEDOUT: _SERVER,
    errno.EHOSTUNREACH: _SERVER,
    errno.ENOSPC: _SHARED,
}
KNOWN = frozenset(_MEANINGS)
"""All numbers with a meaning."""


def meaning(
    number: int, what: str, stage: Stage = Stage.OPEN, *, of_card: bool = True, no_node: bool = False
) -> Meaning:
    """The meaning of an error number at a microphone or a speaker. A number that is not known has no advice.

    `of_card`: the device is a card's, not a plugin's or a sound server's. `no_node`: the card has no file in /dev/snd.
    """
    found = _MEANINGS.get(number, Meaning(LOST, ""))
    found = _AT_STAGE.get((stage, number), found)
    if not of_card:
        found = _WITHOUT_CARD.get(number, found)
    if no_node and stage is Stage.OPEN and number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        found = _NO_NODE
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
