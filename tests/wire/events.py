"""Every kind of server event, with any content that a server may send."""

from typing import get_args, get_origin, get_type_hints, is_typeddict

from hypothesis import strategies as st

from edged import wire
from edged.wire import Dialect
from edged.wire.server_objects import (
    ContentObject,
    ItemObject,
    RateLimitObject,
    Scalar,
    SessionObject,
    UsageObject,
)

WORDS = st.text(max_size=12)
MAYBE = st.none() | WORDS
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
)
COUNTS = st.integers(0, 2**53)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=3)


def known(form) -> st.SearchStrategy[dict]:
    """Objects with the fields that a client knows, and any scalars in them."""
    return st.fixed_dictionaries({}, optional={name: of(kind) for name, kind in get_type_hints(form).items()})


def of(kind) -> st.SearchStrategy:
    """Values of a type in wire/server_objects.py."""
    if is_typeddict(kind):
        return known(kind)
    if get_origin(kind) is list:
        return st.lists(of(*get_args(kind)), max_size=2)
    return SCALARS if kind == Scalar else st.one_of(*map(of, get_args(kind))) if get_args(kind) else SCALARS


SESSIONS, ITEMS, CONTENTS, USAGES, LIMITS = map(
    known, (SessionObject, ItemObject, ContentObject, UsageObject, RateLimitObject)
)
SOUND = st.binary(max_size=40)
PARTS = st.builds(wire.Part, WORDS, COUNTS)
ERRORS = st.builds(
    wire.ServerError, st.text(min_size=1, max_size=12), type=MAYBE, code=MAYBE, param=MAYBE, event_id=MAYBE
)
IN_PART = (WORDS, PARTS, COUNTS)
IN_CALL = (WORDS, WORDS, COUNTS, WORDS)

NAMES = {wire.to_dialect(name, dialect) for name in wire.ServerName for dialect in Dialect}

EVENTS_OF_BOTH = {
    wire.ErrorEvent: st.builds(wire.ErrorEvent, ERRORS),
    wire.SessionCreated: st.builds(wire.SessionCreated, SESSIONS),
    wire.SessionUpdated: st.builds(wire.SessionUpdated, SESSIONS),
    wire.ConversationCreated: st.builds(wire.ConversationCreated, WORDS),
    wire.ItemAdded: st.builds(wire.ItemAdded, ITEMS, MAYBE),
    wire.ItemRetrieved: st.builds(wire.ItemRetrieved, ITEMS),
    wire.ItemDeleted: st.builds(wire.ItemDeleted, WORDS),
    wire.ItemTruncated: st.builds(wire.ItemTruncated, PARTS, COUNTS),
    wire.TranscriptionDelta: st.builds(wire.TranscriptionDelta, PARTS, WORDS),
    wire.TranscriptionCompleted: st.builds(wire.TranscriptionCompleted, PARTS, WORDS, USAGES),
    wire.TranscriptionFailed: st.builds(wire.TranscriptionFailed, PARTS, ERRORS),
    wire.Committed: st.builds(wire.Committed, WORDS, MAYBE),
    wire.Cleared: st.builds(wire.Cleared),
    wire.SpeechStarted: st.builds(wire.SpeechStarted, COUNTS, WORDS),
    wire.SpeechStopped: st.builds(wire.SpeechStopped, COUNTS, WORDS),
    wire.ResponseCreated: st.builds(wire.ResponseCreated, WORDS, MAYBE),
    wire.ResponseDone: st.builds(
        wire.ResponseDone,
        WORDS,
        st.sampled_from(["completed", "cancelled", "incomplete", "failed"]),
        reason=MAYBE,
        error=st.none() | st.builds(wire.ServerError, st.text(min_size=1, max_size=12), MAYBE, MAYBE),
        output=st.lists(ITEMS, max_size=2).map(tuple),
        usage=USAGES,
        conversation_id=MAYBE,
    ),
    wire.OutputItemAdded: st.builds(wire.OutputItemAdded, WORDS, COUNTS, ITEMS),
    wire.OutputItemDone: st.builds(wire.OutputItemDone, WORDS, COUNTS, ITEMS),
    wire.PartAdded: st.builds(wire.PartAdded, *IN_PART, CONTENTS),
    wire.PartDone: st.builds(wire.PartDone, *IN_PART, CONTENTS),
    wire.AudioDelta: st.builds(wire.AudioDelta, *IN_PART, SOUND),
    wire.AudioDone: st.builds(wire.AudioDone, *IN_PART),
    wire.AudioTranscriptDelta: st.builds(wire.AudioTranscriptDelta, *IN_PART, WORDS),
    wire.AudioTranscriptDone: st.builds(wire.AudioTranscriptDone, *IN_PART, WORDS),
    wire.TextDelta: st.builds(wire.TextDelta, *IN_PART, WORDS),
    wire.TextDone: st.builds(wire.TextDone, *IN_PART, WORDS),
    wire.ArgumentsDelta: st.builds(wire.ArgumentsDelta, *IN_CALL, WORDS),
    wire.ArgumentsDone: st.builds(wire.ArgumentsDone, *IN_CALL, st.just(""), WORDS),
    wire.RateLimits: st.builds(wire.RateLimits, st.lists(LIMITS, max_size=2).map(tuple)),
    wire.Unknown: st.builds(wire.Unknown, WORDS.filter(lambda name: name not in NAMES)),
}
EVENTS_OF_GA = EVENTS_OF_BOTH | {
    wire.TimeoutTriggered: st.builds(wire.TimeoutTriggered, COUNTS, COUNTS, WORDS),
    wire.TranscriptionSegment: st.builds(wire.TranscriptionSegment, PARTS, WORDS),
    wire.ItemDone: st.builds(wire.ItemDone, ITEMS, MAYBE),
    wire.ArgumentsDone: st.builds(wire.ArgumentsDone, *IN_CALL, WORDS, WORDS),
}


def events(dialect: Dialect) -> st.SearchStrategy[wire.ServerEvent]:
    """Any event of the dialect."""
    kinds = EVENTS_OF_GA if dialect is Dialect.GA else EVENTS_OF_BOTH
    return st.one_of(*kinds.values())
