"""A hundred thousand broken messages: no exception escapes, no memory grows, no foreign sound is heard."""

import json
import random
import resource
from base64 import b64encode
from collections import Counter
from pathlib import Path

import pytest

from edged import wire
from edged.link.session.events import AnswerSound, SessionFailed
from edged.link.session.session import LinkSession
from edged.wire import Dialect, Part, Settings
from tests.link.session.sending import control
from tests.link.session.test_session import created, ready, says
from tests.local.test_fuzz import broken, changed

OURS = b"\x11\x22" * 240
FOREIGN = b"\x33\x44" * 240
ITEM = {"id": "item_1", "object": "realtime.item", "type": "message", "role": "assistant", "content": []}


def messages(dialect):
    """One event of every kind, without those that end the session."""
    part = Part("item_1", 0)
    events = [
        wire.SessionCreated({"id": "s", "expires_at": 1_700_000_000, "type": "realtime"}),
        wire.ConversationCreated("c"),
        wire.ItemAdded(ITEM, None),
        wire.ItemTruncated(part, 10),
        wire.TranscriptionCompleted(part, "words", {"type": "duration", "seconds": 1}),
        wire.Committed("item_2", None),
        wire.Cleared(),
        wire.SpeechStarted(1, "item_2"),
        wire.OutputItemAdded("resp_1", 0, ITEM),
        wire.PartAdded("resp_1", part, 0, {"type": "audio"}),
        wire.AudioDelta("resp_1", part, 0, OURS),
        wire.AudioDelta("resp_other", part, 0, FOREIGN),
        wire.AudioTranscriptDone("resp_1", part, 0, "words"),
        wire.ArgumentsDone("resp_1", "item_3", 0, "call_1", "", "{}"),
        wire.ResponseDone("resp_other", "completed", usage={"total_tokens": 3}),
        wire.RateLimits(({"name": "requests", "limit": 1, "remaining": 1, "reset_seconds": 1.0},)),
        wire.ErrorEvent(wire.ServerError("no", code="x")),
        wire.SessionUpdated({"id": "s"}),
    ]
    return [json.loads(wire.encode(event, dialect, "event_1")) for event in events]


def play(dialect, rng, n):
    """Give n broken messages to sessions; returns how many were skipped as broken."""
    templates, skipped = messages(dialect), 0
    session = None
    for _ in range(n):
        if session is None:
            session = ready(dialect=dialect)
            session.ask()
            says(session, created("resp_1"), dialect)
            says(session, wire.AudioDelta("resp_1", Part("item_1", 0), 0, OURS), dialect)  # by its name
            control(session)
        message = rng.choice(templates)
        for _ in range(rng.randrange(3)):
            message = changed(rng, message) if message else message
        text = json.dumps(message)
        if rng.random() < 0.4:
            text = broken(rng, text)
        raw = text.encode(errors="surrogatepass") if rng.random() < 0.1 else text
        before = session.counters["bad_message"]
        for event in session.receive(raw):
            if isinstance(event, AnswerSound):
                assert FOREIGN[:64] not in event.pcm
                assert len(event.pcm) % 2 == 0
            if isinstance(event, SessionFailed):
                session = None
                break
        if session is not None:
            skipped += session.counters["bad_message"] - before
            control(session)
    return skipped


@pytest.mark.slow
@pytest.mark.parametrize("dialect", Dialect)
def test_fifty_thousand_broken_messages_of_each_dialect(dialect):
    rng = random.Random(f"server {dialect.value}")
    skipped = play(dialect, rng, 10_000)
    before = int(Path("/proc/self/statm").read_text().split()[1])
    skipped += play(dialect, rng, 40_000)
    grown = (int(Path("/proc/self/statm").read_text().split()[1]) - before) * resource.getpagesize()
    assert skipped > 10_000
    assert grown < 12 * 2**20, f"grew by {grown / 2**20:.1f} MiB"


@pytest.mark.slow
@pytest.mark.parametrize("dialect", Dialect)
def test_broken_greetings_and_confirmations_are_a_mismatch_at_most(dialect):
    rng = random.Random(f"set up {dialect.value}")
    asked = Settings(instructions="Be brief.", voice="marin", speed=1.25, temperature=0.8)
    granted = {**wire.to_wire(asked, dialect), "id": "s", "expires_at": 1_700_000_000}
    greeting, confirmation = (
        json.loads(wire.encode(event, dialect, "event_1"))
        for event in (wire.SessionCreated(granted), wire.SessionUpdated(granted))
    )
    fates = Counter()
    for _ in range(3000):
        session = LinkSession(asked, dialect, lambda: "edged_1")
        session.receive(json.dumps(changed(rng, greeting)))
        session.configure()
        events = session.receive(json.dumps(changed(rng, confirmation)))
        fates.update(type(event).__name__ for event in events)
        fates["mismatch"] += session.confirming.verdict is not None
    assert fates["SessionReady"] > 100
    assert fates["mismatch"] > 100
    assert fates["Broken"] == 0


@pytest.mark.parametrize("dialect", Dialect)
def test_broken_messages_are_skipped_and_the_answer_goes_on(dialect):
    assert play(dialect, random.Random(dialect.value), 1500) > 100
    session = ready(dialect=dialect)
    session.ask()
    says(session, created("resp_1"), dialect)
    session.receive("{")
    (sound,) = session.receive(
        json.dumps(
            {
                "type": "response.audio.delta",
                "response_id": "resp_1",
                "item_id": "item_1",
                "output_index": 0,
                "content_index": 0,
                "delta": b64encode(OURS).decode(),
            }
        )
    )
    assert sound.pcm == OURS
