"""How much one message may hold, known before anything of it is built. Pure.

Rules:
1. A message costs what is built of it, not its bytes: five million empty lists are 14 MB on the wire and 400 MB as
   objects. So events are read for known fields only, and what a list of those may hold is bounded before it is read.
2. Sound is one string, and may be as long as a socket lets a message be. Any other event has `MOST_EVENT` bytes.
3. Whoever may be told by a short message only is not asked to count: `SMALL` bytes hold no more than is harmless.
"""

MOST_EVENT = 2**20  # bytes; a session with all its tools and instructions is a tenth of it
MOST_ELEMENTS = 20_000  # of lists and objects; an hour of talk in words has fewer commas
CROWDED = f"more than {MOST_ELEMENTS} elements"
SMALL = 64 * 2**10  # bytes
MOST_NAME = 512  # characters of an id, a code, a type
MOST_WORDS = 4000  # characters of an error; more is read by nobody (words.py)


def elements(text: str | bytes) -> int:
    """At least as many values as a JSON text has; commas and brackets inside strings count too."""
    if isinstance(text, str):
        return 1 + text.count(",") + text.count("[") + text.count("{")
    return 1 + text.count(b",") + text.count(b"[") + text.count(b"{")


def crowded(text: str | bytes) -> bool:
    """Whether it has more elements than may be built of one message."""
    return len(text) > SMALL and elements(text) > MOST_ELEMENTS
