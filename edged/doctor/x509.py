"""Reads from a certificate who issued it, and for which hosts it is, also if nobody trusts it. Pure.

Python's ssl module tells this only of a certificate that is valid. With one that is not, the issuer is what a person
needs: an inspecting proxy has its own name there.

Layout: RFC 5280, in DER (X.690). Whatever does not fit is left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

MOST_NAMES, MOST_TEXT = 5, 80
_SEQUENCE, _SET, _EXTENSIONS, _DNS, _IP = 0x30, 0x31, 0xA3, 0x82, 0x87
_TEXTS = (0x0C, 0x13, 0x14, 0x16)  # UTF8String, PrintableString, T61String, IA5String
_COMMON, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_ALTERNATIVE = b"\x06\x03\x55\x1d\x11"  # the OID of the subject's alternative names


class ShownCertificate(NamedTuple):
    """`issuer`: its organisation or name. `names`: the hosts that it is for."""

    issuer: str
    names: tuple[str, ...]


def read(der: bytes) -> ShownCertificate:
    """What the certificate says; empty texts where it cannot be read."""
    try:
        outer = next(_parts(der))[1]
        parts = list(_parts(next(_parts(outer))[1]))
    except (StopIteration, IndexError):
        return ShownCertificate("", ())
    # [version], serial number, algorithm, issuer, validity, subject, ...
    sequences = [body for tag, body in parts if tag == _SEQUENCE]
    issuer = _named(sequences[1]) if len(sequences) > 1 else ""
    names = next((tuple(_alternative(body)) for tag, body in parts if tag == _EXTENSIONS), ())
    return ShownCertificate(
        issuer, names[:MOST_NAMES] or ((_named(sequences[3]),) if len(sequences) > 3 else ())
    )


def _named(name: bytes) -> str:
    found: dict[bytes, str] = {}
    for tag, body in _parts(name):
        for _, attribute in _parts(body) if tag == _SET else ():
            kind, *values = list(_parts(attribute))
            if values and values[0][0] in _TEXTS:
                found[kind[1]] = values[0][1].decode(errors="replace")[:MOST_TEXT]
    return found.get(_ORGANISATION) or found.get(_COMMON, "")


def _alternative(extensions: bytes) -> Iterator[str]:
    """The DNS names and addresses in the extensions."""
    for _, listed in _parts(extensions):
        for _, extension in _parts(listed):
            if extension.startswith(_ALTERNATIVE):
                *_, (_, value) = _parts(extension)
                for _, names in _parts(value):
                    for tag, name in _parts(names):
                        if tag == _DNS:
                            yield name.decode(errors="replace")[:MOST_TEXT]
                        elif tag == _IP and len(name) == 4:
                            yield ".".join(map(str, name))


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each tag with its content; ends at one that is not well formed."""
    while len(data) >= 2:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            count = length & 0x7F
            length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
        if start + length > len(data):
            return
        yield tag, data[start : start + length]
        data = data[start + length :]
