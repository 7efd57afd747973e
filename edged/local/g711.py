"""ITU-T G.711, both laws, to and from PCM16. Pure."""

from array import array
from functools import cache
from itertools import chain

from edged.pcm import Format

ULAW = Format(8_000, "g711_ulaw")
ALAW = Format(8_000, "g711_alaw")


def ulaw_from_pcm(pcm: bytes) -> bytes:
    """ITU-T G.711 mu-law, a byte a sample. PCM16 of whole samples, else ValueError."""
    return bytes(map(_ulaw_codes().__getitem__, _unsigned(pcm)))


def pcm_from_ulaw(codes: bytes) -> bytes:
    """PCM16 of ITU-T G.711 mu-law."""
    return array("h", map(_ulaw_levels().__getitem__, codes)).tobytes()


def alaw_from_pcm(pcm: bytes) -> bytes:
    """ITU-T G.711 A-law, a byte a sample. PCM16 of whole samples, else ValueError."""
    return bytes(map(_alaw_codes().__getitem__, _unsigned(pcm)))


def pcm_from_alaw(codes: bytes) -> bytes:
    """PCM16 of ITU-T G.711 A-law."""
    return array("h", map(_alaw_levels().__getitem__, codes)).tobytes()


def _unsigned(pcm: bytes) -> "array[int]":
    samples = array("H")
    samples.frombytes(pcm)
    return samples


# G.711 is eight segments of sixteen steps; a step of a segment is twice as wide as one of the segment before.
# The tables of codes are indexed by the sample read as unsigned (first 0 .. 32767, then -32768 .. -1) and are
# made of 128 runs each, so making them costs microseconds, not a loop over 65536.


@cache
def _ulaw_codes() -> bytes:
    # A 14-bit code with a bias of 33: the first step is cut to 1 by it, and the last takes what clips.
    # The 14 bits of a negative sample are rounded away from zero, so -4 .. -1 is magnitude 1.
    widths = [1, *([2] * 15), *(2 << step // 16 for step in range(16, 127)), 513]
    magnitudes = b"".join(bytes([code]) * width for code, width in enumerate(widths))[:8193]
    plus = bytes(chain.from_iterable(zip(*[magnitudes[:-1]] * 4, strict=True)))
    minus = bytes(chain.from_iterable(zip(*[magnitudes[:0:-1]] * 4, strict=True)))
    return plus.translate(_flip(0xFF)) + minus.translate(_flip(0x7F))


@cache
def _alaw_codes() -> bytes:
    # A 13-bit code; the first two segments have steps of the same width, and the halves mirror each other.
    plus = b"".join(bytes([code]) * (16 << max(0, code // 16 - 1)) for code in range(128))
    return plus.translate(_flip(0xD5)) + plus[::-1].translate(_flip(0x55))


@cache
def _ulaw_levels() -> tuple[int, ...]:
    levels = [((step % 16 * 8 + 132) << step // 16) - 132 for step in range(127, -1, -1)]
    return (*(-level for level in levels), *levels)


@cache
def _alaw_levels() -> tuple[int, ...]:
    levels = [
        (step % 16 * 16 + 8) if step < 16 else (step % 16 * 16 + 264) << (step // 16 - 1)
        for step in range(128)
    ]
    return tuple((1 if code & 0x80 else -1) * levels[(code ^ 0x55) & 0x7F] for code in range(256))


def _flip(mask: int) -> bytes:
    return bytes(code ^ mask for code in range(256))
