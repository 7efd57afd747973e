"""Encodes a journal entry as bytes: systemd's native protocol. Pure.

A field is KEY=VALUE and a line break. If the value contains a line break, the field is KEY, a line break, the length in
eight bytes (little endian), the value, and a line break (systemd.io, "Native Journal Protocol"). So no text can begin
another field.
"""

import re
from collections.abc import Iterable, Mapping

MOST_VALUE = 16 * 1024  # enough for a stack; a datagram holds some 200 KiB, and more would need a file
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return one datagram. Keys consist of capitals, digits and underscores; raises ValueError for any other."""
    return b"".join(_field(key, value) for key, value in fields)


def _field(key: str, value: str) -> bytes:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of a journal field: {key!r}")
    data = value.encode(errors="replace")[:MOST_VALUE]
    if b"\n" in data:
        return key.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
    return key.encode() + b"=" + data + b"\n"


def own(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return edged's own fields by their journal names: `cause` becomes EDGED_CAUSE. Leaves out None."""
    return [(f"EDGED_{name.upper()}", str(value)) for name, value in fields.items() if value is not None]
