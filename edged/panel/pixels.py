"""What a row of coloured pixels on an SPI bus is sent, to the bit. Pure.

APA102 and SK9822 have a clock of their own. Sources: the datasheets of the APA102 (Shiji Lighting) and the SK9822
(OPSCO). 32 zero bits start; each pixel gets 111, five bits of current, then blue, green, red. Both take over a pixel's
value only after more clocks: another 32 zero bits for the SK9822, and half a clock for each pixel to move the last
values to the end of the row. Zeros light nothing if there are more pixels than the configuration says.

WS2812 has no clock: the length of a high level is the value of a bit. Source: the WS2812B datasheet (Worldsemi): 0 is
high for 0.40 µs and low for 0.85 µs, 1 is high for 0.80 µs and low for 0.45 µs, each ± 0.15 µs; green, red, blue, the
highest bit first; at least 0.28 ms low show the values (0.05 ms in older ones). At 2.4 MHz a bit on the bus takes
0.417 µs, so three of them make one: 100 or 110.
"""

from collections.abc import Callable
from typing import NamedTuple

from edged.panel.light import Colour

APA102_HZ = 1_000_000  # 300 pixels take 10 ms; long wires do not mind
WS2812_HZ = 2_400_000
LATCH_BYTES = 90  # 0.3 ms
_FULL_CURRENT = 0xFF

Encoder = Callable[[int, bytes], bytes]
"""Makes what the bus sends for so many pixels, all with these three bytes."""


def in_order(level: float, colour: Colour, order: str) -> bytes:
    """The three bytes of a pixel, in the order in which the wire wants them, such as `grb`."""
    parts = dict(zip("rgb", colour, strict=True))
    return bytes(round(255 * level * parts[name]) for name in order)


def apa102(count: int, values: bytes) -> bytes:
    """For APA102 and SK9822."""
    return bytes(4) + (bytes([_FULL_CURRENT]) + values) * count + bytes(4) + bytes((count + 15) // 16)


def ws2812(count: int, values: bytes) -> bytes:
    """For WS2812. The low level before and after separates it from what the bus did before."""
    return bytes(LATCH_BYTES) + _spread(values) * count + bytes(LATCH_BYTES)


def _spread(values: bytes) -> bytes:
    bits = "".join("110" if byte >> place & 1 else "100" for byte in values for place in range(7, -1, -1))
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


class Row(NamedTuple):
    """A kind of pixels: what is sent, how fast, and in which order the colours usually are."""

    encode: Encoder
    speed_hz: int
    order: str


ROWS = {"apa102": Row(apa102, APA102_HZ, "bgr"), "ws2812": Row(ws2812, WS2812_HZ, "grb")}
