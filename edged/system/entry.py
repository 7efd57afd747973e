"""An entry of the journal as bytes: systemd's native protocol. Pure.

KEY=VALUE and a line break; a value that holds one itself goes as KEY, a line break, its length in eight bytes (little
endian), the value, a line break (systemd.io, "Native Journal Protocol"). So no text can begin another field.
"""

import re
from collections.abc import Iterable, Mapping

MOST_VALUE = 16 * 1024  # a stack; a datagram holds some 200 KiB, and what is larger would need a file
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """One datagram. A key is of capitals, digits and underscores; raises ValueError for another."""
    return b"".join(_field(key, value) for key, value in fields)


def _field(key: str, value: str) -> bytes:
    if not _KEY.fullmatch(key):
        raise ValueError(f"no key of a journal field: {key!r}")
    data = value.encode(errors="replace")[:MOST_VALUE]
    if b"\n" in data:
        return key.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
    return key.encode() + b"=" + data + b"\n"


def own(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """Our own fields, by the names our code gives them: `cause` is EDGED_CAUSE. None is left out."""
    return [(f"EDGED_{name.upper()}", str(value)) for name, value in fields.items() if value is not None]
