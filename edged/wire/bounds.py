"""Limits how much one message may hold. The check runs before any object is built from the message. Pure.

Rules:
1. The cost of a message is its objects, not its bytes: five million empty lists are 14 MB on the wire and 400 MB as
   objects. So readers build known fields only, and the number of elements is checked before a message is read.
2. Sound is one string. It may be as long as the socket allows. Any other event has at most `MOST_EVENT` bytes.
3. Elements are not counted in messages of up to `SMALL` bytes: those cannot hold enough of them to do harm.
"""

MOST_EVENT = 2**20  # bytes; a session with all its tools and instructions takes a tenth of this
MOST_ELEMENTS = 20_000  # elements of lists and objects; the text of one hour of talk has fewer commas
CROWDED = f"more than {MOST_ELEMENTS} elements"
SMALL = 64 * 2**10  # bytes
MOST_NAME = 512  # characters of an id, a code or a type
MOST_WORDS = 4000  # characters of an error; words.py reads no more than this


def elements(text: str | bytes) -> int:
    """An upper bound for the number of values in a JSON text: commas and brackets inside strings count too."""
    if isinstance(text, str):
        return 1 + text.count(",") + text.count("[") + text.count("{")
    return 1 + text.count(b",") + text.count(b"[") + text.count(b"{")


def crowded(text: str | bytes) -> bool:
    """Whether the message has more elements than one message may have."""
    return len(text) > SMALL and elements(text) > MOST_ELEMENTS
