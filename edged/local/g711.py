"""ITU-T G.711, the telephone's codec: mu-law and A-law to PCM16 and back, one byte per sample. Pure."""

from array import array
from functools import cache
from itertools import chain

from edged.pcm import Format

ULAW = Format(8_000, "g711_ulaw")
ALAW = Format(8_000, "g711_alaw")


def ulaw_from_pcm(pcm: bytes) -> bytes:
    """Encode PCM16 as mu-law, one byte per sample. Raises ValueError for half a sample."""
    return bytes(map(_ulaw_codes().__getitem__, _unsigned(pcm)))


def pcm_from_ulaw(codes: bytes) -> bytes:
    """Decode mu-law to PCM16."""
    return array("h", map(_ulaw_levels().__getitem__, codes)).tobytes()


def alaw_from_pcm(pcm: bytes) -> bytes:
    """Encode PCM16 as A-law, one byte per sample. Raises ValueError for half a sample."""
    return bytes(map(_alaw_codes().__getitem__, _unsigned(pcm)))


def pcm_from_alaw(codes: bytes) -> bytes:
    """Decode A-law to PCM16."""
    return array("h", map(_alaw_levels().__getitem__, codes)).tobytes()


def _unsigned(pcm: bytes) -> "array[int]":
    samples = array("H")
    samples.frombytes(pcm)
    return samples


# G.711 has eight segments of sixteen steps. The steps of a segment are twice as wide as those of the segment before.
# The index of a table of codes is the sample, read as unsigned: first 0 .. 32767, then -32768 .. -1. Each table
# consists of 128 runs, so building it takes microseconds instead of a loop over 65536 samples.


@cache
def _ulaw_codes() -> bytes:
    # A 14-bit code with a bias of 33. The bias cuts the first step to 1, and the last step takes all that clips.
    # The 14 bits of a negative sample are rounded away from zero, so -4 .. -1 has the magnitude 1.
    widths = [1, *([2] * 15), *(2 << step // 16 for step in range(16, 127)), 513]
    magnitudes = b"".join(bytes([code]) * width for code, width in enumerate(widths))[:8193]
    plus = bytes(chain.from_iterable(zip(*[magnitudes[:-1]] * 4, strict=True)))
    minus = bytes(chain.from_iterable(zip(*[magnitudes[:0:-1]] * 4, strict=True)))
    return plus.translate(_flip(0xFF)) + minus.translate(_flip(0x7F))


@cache
def _alaw_codes() -> bytes:
    # A 13-bit code. The first two segments have steps of the same width, and the two halves mirror each other.
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
