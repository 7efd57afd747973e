"""Asks the kernel whether a Wi-Fi interface saves power, as `iw dev wlan0 get power_save` does. Pure.

The answer comes by generic netlink: first the number of the family nl80211, then its answer for the interface.
Layouts: linux/netlink.h, linux/genetlink.h, linux/nl80211.h; all in host byte order.
"""

import struct
from collections.abc import Iterator

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_GENERIC = struct.Struct("=BBH")  # struct genlmsghdr: command, version, reserved
_ATTRIBUTE = struct.Struct("=HH")  # struct nlattr: length, type
_NUMBER, _SHORT = struct.Struct("=I"), struct.Struct("=H")
_REQUEST = 0x1  # NLM_F_REQUEST
_CONTROL, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2  # GENL_ID_CTRL, CTRL_CMD_…, CTRL_ATTR_…
_GET_POWER_SAVE, _INTERFACE, _STATE = 62, 3, 93  # NL80211_CMD_…, NL80211_ATTR_…


def ask_family() -> bytes:
    """The request for the number of nl80211, which differs from one start to the next."""
    return _request(_CONTROL, _GET_FAMILY, _FAMILY_NAME, b"nl80211\0")


def family(answer: bytes) -> int | None:
    """That number; None where there is no Wi-Fi."""
    found = _found(answer, _CONTROL, _FAMILY_ID)
    return _SHORT.unpack_from(found)[0] if len(found) >= _SHORT.size else None


def ask_power_save(number: int, interface: int) -> bytes:
    """The request to the family with this number, about the interface with this index."""
    return _request(number, _GET_POWER_SAVE, _INTERFACE, _NUMBER.pack(interface))


def power_save(answer: bytes, number: int) -> bool | None:
    """Whether it saves power; None if the kernel or the driver does not say."""
    found = _found(answer, number, _STATE)
    return bool(_NUMBER.unpack_from(found)[0]) if len(found) >= _NUMBER.size else None


def _request(kind: int, command: int, attribute: int, value: bytes) -> bytes:
    padded = value + bytes(-len(value) % 4)
    body = _GENERIC.pack(command, 1, 0) + _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), attribute) + padded
    return _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST, 1, 0) + body


def _found(answer: bytes, kind: int, wanted: int) -> bytes:
    """The value of an attribute in an answer of that kind; empty if it is an error, or another answer."""
    if len(answer) < _HEADER.size + _GENERIC.size or _HEADER.unpack_from(answer)[1] != kind:
        return b""
    attributes = answer[_HEADER.size + _GENERIC.size :]
    return next((value for each, value in _attributes(attributes) if each == wanted), b"")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if not _ATTRIBUTE.size <= length <= len(data):
            return
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
