"""Reads a WAV file as people and programs write it, and writes the ones that edged brings along. Pure.

Rules:
1. Read are whole numbers of 8, 16, 24 and 32 bits, floating point of 32 bits, and IMA ADPCM (mono, the blocks of
   adpcm.py); 1 to 8 channels, whose mean is taken; any rate from 8000 to 192000 Hz.
2. The result is `pcm.PCM16`. The rate changes only where it differs, because the filter needs numpy.
3. Nothing in a file is trusted: its sizes are compared with what is there. A file that was cut off is refused, because
   its last words say what to do. A program that writes to a pipe does not know the size, and writes the largest one.
4. Whatever else is wrong is a ValueError that says what would be right.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from math import isnan

from edged import pcm
from edged.phrases import adpcm
from edged.resample import Resampler

_WHOLE, _FLOAT, _ADPCM, _EXTENSIBLE = 1, 3, 17, 0xFFFE
_RATES = (8_000, 192_000)
_MOST_CHANNELS = 8
_STREAM = 0x7FFF0000  # from this size on, a part reaches to the end of the file
_FLUSH_MS = 10  # more than the filter holds back

assert sys.byteorder == "little"  # see pcm.py, rule 3


def sound_of(file: bytes, longest_s: float) -> bytes:
    """Return the sound of a WAV file as PCM16, 24 kHz, mono. Raises ValueError."""
    parts = dict(_parts(file))
    if b"fmt " not in parts or b"data" not in parts:
        raise ValueError("it is not a complete WAV file")
    tag, channels, rate_hz, block, bits = _format(parts[b"fmt "])
    if not 1 <= channels <= _MOST_CHANNELS or not _RATES[0] <= rate_hz <= _RATES[1] or not block:
        what = f"it has {channels} channels at {rate_hz} Hz (use 1 to {_MOST_CHANNELS} channels, 8000 to 192000 Hz)"
        raise ValueError(what)
    if len(parts[b"data"]) > longest_s * rate_hz * block:
        raise ValueError(f"it is longer than {longest_s:g} s")
    blocks = tag == _ADPCM
    mono = (
        _of_blocks(parts, channels, block) if blocks else _mean(_samples(parts[b"data"], tag, bits), channels)
    )
    if len(mono) > longest_s * rate_hz * pcm.SAMPLE_BYTES:
        raise ValueError(f"it is longer than {longest_s:g} s")
    return _at_our_rate(mono, rate_hz)


def of_sound(sound: bytes) -> bytes:
    """Return a WAV file of PCM16, 24 kHz, mono, in IMA ADPCM."""
    blocks, rate_hz = adpcm.encode(sound), pcm.PCM16.rate_hz
    per_s = rate_hz * adpcm.BLOCK_BYTES // adpcm.BLOCK_SAMPLES
    layout = (_ADPCM, 1, rate_hz, per_s, adpcm.BLOCK_BYTES, 4, 2, adpcm.BLOCK_SAMPLES)
    parts = (
        (b"fmt ", struct.pack("<HHIIHHHH", *layout)),
        (b"fact", struct.pack("<I", pcm.PCM16.samples_of(len(sound)))),
        (b"data", blocks),
    )
    body = b"".join(name + struct.pack("<I", len(part)) + part for name, part in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _parts(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise ValueError("it is not a WAV file")
    at = 12
    while at + 8 <= len(file):
        name, size = struct.unpack_from("<4sI", file, at)
        part = file[at + 8 : at + 8 + size]
        if len(part) < size < _STREAM and name == b"data":
            raise ValueError(f"it is cut off: it has {len(part)} of {size} bytes of sound (copy it again)")
        yield name, part
        at += 8 + size + size % 2


def _format(part: bytes) -> tuple[int, int, int, int, int]:
    if len(part) < 16:
        raise ValueError("it is not a complete WAV file")
    tag, channels, rate_hz, _, block, bits = struct.unpack_from("<HHIIHH", part)
    if tag == _EXTENSIBLE and len(part) >= 26:
        (tag,) = struct.unpack_from("<H", part, 24)
    return tag, channels, rate_hz, block, bits


def _of_blocks(parts: dict[bytes, bytes], channels: int, block: int) -> bytes:
    if channels != 1 or block != adpcm.BLOCK_BYTES or len(parts.get(b"fact", b"")) != 4:
        raise ValueError("its kind of ADPCM is not one that edged reads (write whole numbers of 16 bits)")
    (samples,) = struct.unpack("<I", parts[b"fact"])
    return adpcm.decode(parts[b"data"], samples)


def _samples(data: bytes, tag: int, bits: int) -> "array[int]":
    """The samples of all channels, as 16 bits."""
    match tag, bits:
        case (1, 8):
            return array("h", ((byte - 128) << 8 for byte in data))
        case (1, 16):
            return array("h", data[: len(data) // 2 * 2])
        case (1, 24):
            high = bytearray(len(data) // 3 * 2)
            whole = data[: len(data) // 3 * 3]
            high[0::2], high[1::2] = whole[1::3], whole[2::3]
            return array("h", bytes(high))
        case (1, 32):
            return array("h", data[: len(data) // 4 * 4])[1::2]
        case (3, 32):
            return array("h", map(_whole, array("f", data[: len(data) // 4 * 4])))
        case _:
            what = f"its kind of samples (format {tag}, {bits} bits) is not one that edged reads"
            raise ValueError(f"{what} (write whole numbers of 16 bits)")


def _whole(value: float) -> int:
    if isnan(value):
        return 0
    return max(-pcm.FULL_SCALE - 1, min(pcm.FULL_SCALE, round(max(-2.0, min(2.0, value)) * pcm.FULL_SCALE)))


def _mean(samples: "array[int]", channels: int) -> bytes:
    if channels == 1:
        return samples.tobytes()
    whole = len(samples) // channels * channels
    columns = [samples[at:whole:channels] for at in range(channels)]
    return array("h", (sum(each) // channels for each in zip(*columns, strict=True))).tobytes()


def _at_our_rate(mono: bytes, rate_hz: int) -> bytes:
    if rate_hz == pcm.PCM16.rate_hz:
        return mono
    changed = Resampler(rate_hz, pcm.PCM16.rate_hz).feed(
        mono + pcm.silence(pcm.Format(rate_hz).bytes_of(_FLUSH_MS))
    )
    return changed[: pcm.PCM16.bytes_of(pcm.Format(rate_hz).duration_ms(len(mono)) + _FLUSH_MS)]
