"""IMA ADPCM: PCM16 in four bits for each sample, and back. Pure.

Follows "Recommended Practices for Enhancing Digital Audio Compatibility in Multimedia Systems" (Interactive Multimedia
Association, 1992), in the blocks of a WAV file (format 17, mono): the first sample, the index of the step, a zero byte,
then two samples in each byte, the earlier one in its lower half.

`encode` keeps every sample within range, so `decode` needs no limits. It decodes without a loop of its own, because a
small board decodes a whole language at the start.
"""

import struct
from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise
from operator import add

BLOCK_BYTES = 1024
BLOCK_SAMPLES = 2 * (BLOCK_BYTES - 4) + 1

_STEPS = (
    *(
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        16,
        17,
        19,
        21,
        23,
        25,
        28,
        31,
        34,
        37,
        41,
        45,
        50,
        55,
        60,
        66,
        73,
        80,
        88,
        97,
    ),
    *(
        107,
        118,
        130,
        143,
        157,
        173,
        190,
        209,
        230,
        253,
        279,
        307,
        337,
        371,
        408,
        449,
        494,
        544,
        598,
        658,
        724,
        796,
    ),
    *(
        876,
        963,
        1060,
        1166,
        1282,
        1411,
        1552,
        1707,
        1878,
        2066,
        2272,
        2499,
        2749,
        3024,
        3327,
        3660,
        4026,
        4428,
    ),
    *(4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350),
    *(22385, 24623, 27086, 29794, 32767),
)
_MOVES = (-1, -1, -1, -1, 2, 4, 6, 8)
_LOW = bytes(byte & 15 for byte in range(256))
_HIGH = bytes(byte >> 4 for byte in range(256))


def _change(index: int, code: int) -> int:
    """How far a code moves the sample, at this index of the step."""
    step = _STEPS[index]
    size = (step >> 3) + sum(step >> shift for bit, shift in ((4, 0), (2, 1), (1, 2)) if code & bit)
    return -size if code & 8 else size


def _next(index: int, code: int) -> int:
    return max(0, min(len(_STEPS) - 1, index + _MOVES[code & 7]))


# Sixteen entries for each index. A position in them is a state: sixteen times the index, plus the code.
_CHANGES = tuple(_change(index, code) for index in range(len(_STEPS)) for code in range(16))
_NEXTS = tuple(16 * _next(index, code) for index in range(len(_STEPS)) for code in range(16))


def decode(sound: bytes, samples: int) -> bytes:
    """Return the first `samples` samples of whole blocks as PCM16. Raises ValueError if the blocks are damaged."""
    out: array[int] = array("h")
    for at in range(0, len(sound), BLOCK_BYTES):
        try:
            out.extend(_block(sound[at : at + BLOCK_BYTES]))
        except (struct.error, IndexError, OverflowError) as error:
            raise ValueError("the blocks of the sound are damaged") from error
    if len(out) < samples:
        raise ValueError("the sound is shorter than its header says")
    return out[:samples].tobytes()


def _block(block: bytes) -> Iterator[int]:
    first, index = struct.unpack_from("<hBx", block)
    codes = bytearray(2 * (len(block) - 4))
    codes[0::2], codes[1::2] = block[4:].translate(_LOW), block[4:].translate(_HIGH)
    indexes = accumulate(codes, lambda base, code: _NEXTS[base + code], initial=16 * index)
    changes = map(_CHANGES.__getitem__, map(add, indexes, codes))
    return accumulate(changes, initial=first)


def encode(pcm: bytes) -> bytes:
    """Return PCM16 as whole blocks; the last one is filled with silence."""
    samples = array("h", pcm)
    samples.extend([0] * (-len(samples) % BLOCK_SAMPLES))
    starts = range(0, len(samples) + 1, BLOCK_SAMPLES)
    index, blocks = 0, []
    for begin, end in pairwise(starts):
        block, index = _encoded(samples[begin:end], index)
        blocks.append(block)
    return b"".join(blocks)


def _encoded(samples: "array[int]", index: int) -> tuple[bytes, int]:
    head = struct.pack("<hBx", samples[0], index)
    at, codes = samples[0], []
    for wanted in samples[1:]:
        code = _nearest(wanted - at, index)
        if not -32768 <= at + _CHANGES[16 * index + code] <= 32767:
            code = _nearest_within(wanted, at, index)
        at, index = at + _CHANGES[16 * index + code], _next(index, code)
        codes.append(code)
    halves = bytes(low | high << 4 for low, high in zip(codes[0::2], codes[1::2], strict=True))
    return head + halves, index


def _nearest(change: int, index: int) -> int:
    """The code whose change is nearest to the wanted one."""
    sign = 8 if change < 0 else 0
    return sign | min(7, 4 * abs(change) // _STEPS[index])


def _nearest_within(wanted: int, at: int, index: int) -> int:
    """The code that comes nearest to `wanted` without leaving the range of a sample."""
    reached = {code: at + _CHANGES[16 * index + code] for code in range(16)}
    return min(
        (code for code in reached if -32768 <= reached[code] <= 32767),
        key=lambda code: abs(wanted - reached[code]),
    )
