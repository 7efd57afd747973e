"""The edges of a sound that is cut into: straight ramps of a few milliseconds, so that it does not click."""

from edged import pcm


def fade_out(sound: bytes, last: bytes, length: int) -> bytes:
    """`sound`, or as much of it as there is and its last sample for the rest of `length` bytes, down to nothing.

    `last` is the sample that left before it, for a sound of none.
    """
    width = len(last)
    missing = (length - len(sound)) // width
    return pcm.ramp(sound + (sound[-width:] or last) * missing, 1.0, 0.0)


def fade_in(sound: bytes, done: int, length: int, width: int) -> bytes:
    """`sound` as it rises; `done` of the rise's `length` bytes lie before it. `width`: a sample's bytes."""
    rising = min(length - done, len(sound))
    if rising <= 0:
        return sound
    last = done + rising - width
    return pcm.ramp(sound[:rising], done / length, last / length) + sound[rising:]
