"""Opens one device by its name in ALSA's configuration, and says why it does not open.

Rules:
1. A device of a sound server fails with the cause `sound_server`, whatever its plug-in answers. Each plug-in has its
   own numbers, and they mean something else for a card.
2. For a name that somebody has defined, ALSA's own report says more than its number. So such a device is opened once
   more, if it failed at once, and ALSA is listened to meanwhile.
"""

import errno
import time
from ctypes import byref, c_void_p

from edged.audio.devices import libasound as lib
from edged.audio.devices.alsa_config import SHARING, End, end, is_defined, own_part
from edged.audio.devices.alsa_reports import reports
from edged.audio.devices.libasound import failure, library
from edged.errors import DeviceError

_AT_ONCE_S = 0.5
_SHARED = (
    "another program has the card. It is shared only with programs that use dmix or dsnoop, too, and by a service only"
    " with PrivateIPC=no in its unit (docs/devices.md)"
)
_ABSENT = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO})


def open_handle(what: str, name: str) -> c_void_p:
    """Open a device, non-blocking. Raises DeviceError."""
    began = time.monotonic()
    code, at = _open(what, name)
    if code < 0:
        raise _refused(what, name, code, is_quick=time.monotonic() - began < _AT_ONCE_S)
    return at


def server_of(what: str, name: str) -> str:
    """The sound server that a name leads to; empty: none."""
    return "" if _is_card(name) else end(what, name).server


def _open(what: str, name: str) -> tuple[int, c_void_p]:
    """ALSA's answer, and the device."""
    at, own, stream = c_void_p(), own_part(), lib.CAPTURE if what == "microphone" else lib.PLAYBACK
    if own is None:
        return int(library().snd_pcm_open(byref(at), name.encode(), stream, lib.NONBLOCK)), at
    return int(library().snd_pcm_open_lconf(byref(at), name.encode(), stream, lib.NONBLOCK, own)), at


def _is_card(name: str) -> bool:
    """Whether it is a name that ALSA itself makes for a card."""
    return "CARD=" in name


def _refused(what: str, name: str, code: int, *, is_quick: bool) -> DeviceError:
    if _is_card(name):
        is_shared = name.partition(":")[0] in SHARING
        return failure(what, name, code, why=_SHARED if is_shared and code == -errno.EBUSY else "")
    found = end(what, name)
    if found.server:
        return failure(what, name, code, server=found.server)
    if found.is_shared and code == -errno.EBUSY:
        return failure(what, name, code, why=_SHARED)
    why = _card_missing(found, code) if is_defined(name.partition(":")[0]) else ""
    if not why and is_quick:
        why = _reported(what, name)
    return failure(what, name, code, why=why)


def _card_missing(found: End, code: int) -> str:
    if found.kind != "hw" or -code not in _ABSENT:
        return ""
    where = f"its definition in asound.conf leads to the card {found.card!r}, which is not there"
    if found.card.isdigit():
        return f"{where}: the numbers of cards change, so write the id of the card there"
    return where


def _reported(what: str, name: str) -> str:
    """What ALSA reports while it fails to open the device; empty: nothing."""
    with reports() as found:
        code, at = _open(what, name)
    if code >= 0:
        library().snd_pcm_close(at)
    if not found:
        return ""
    is_missing = found[0].startswith("Cannot open shared library libasound_module_")
    advice = ". Many plug-ins come with apt-get install libasound2-plugins" if is_missing else ""
    return f"ALSA reports: {found[0]}{advice}"
