"""A session of the embedded service with its client, without a socket. The test advances `now` itself."""

import itertools
import json

from edged import wire
from edged.local.answer import Tempo
from edged.local.bill import Ledger
from edged.local.planner import VoicePlanner
from edged.local.session import LocalSession
from edged.local.voice import VoiceAnswer
from edged.wire import Dialect, Settings

MS = 48
GA, BETA = Dialect.GA, Dialect.BETA


class Fixed:
    """Gives the same answer to everything."""

    def __init__(self, ms=1000):
        self.pcm = bytes(range(256)) * (ms * MS // 256 + 1)
        self.pcm = self.pcm[: ms * MS]

    def answer(self, utterance):
        return VoiceAnswer(self.pcm, "so it is")


class Desk:
    """A session and its client. The test advances `now` itself."""

    def __init__(
        self,
        dialect=GA,
        voice=None,
        planner=None,
        settings=None,
        *,
        transcribes=False,
        undecided=False,
        **options,
    ):
        numbers = itertools.count(1)
        self.ledger = Ledger(keep_audio=True)
        self.now = 0.0
        self.session = LocalSession(
            session_id="sess_1",
            model="" if transcribes else "m",
            dialect=dialect,
            planner=planner or VoicePlanner(voice or Fixed()),
            settings=settings,
            transcribes=transcribes,
            undecided=undecided,
            ledger=self.ledger,
            new_id=lambda prefix: f"{prefix}_{next(numbers)}",
            tempo=Tempo(**{"think_s": 0.1, "delta_ms": 200, "pace": 4.0, **options}),
        )
        self.dialect = dialect
        self.greeting = self.events(self.session.greet())

    def events(self, texts):
        return [json.loads(text) for text in texts]

    def send(self, text):
        return self.events(self.session.receive(text, self.now))

    def ask(self, kind, **fields):
        """Send an event of type `kind`."""
        return self.send(json.dumps({"type": kind, "event_id": "e1", **fields}))

    def say(self, ms):
        sound = bytes(ms * MS)
        return self.send(wire.append(sound))

    def run(self, until_s=60.0):
        """All events that the session sends without being asked, up to `until_s`: [(time, event)]."""
        out = []
        while (due := self.session.due()) is not None and due <= until_s:
            self.now = due
            out += [(due, event) for event in self.events(self.session.advance(due))]
        self.now = until_s
        return out

    def update(self, **changes):
        session = wire.to_wire(Settings(turn_detection=changes.pop("turn_detection", None)), self.dialect)
        return self.send(
            json.dumps({"type": "session.update", "event_id": "u1", "session": {**session, **changes}})
        )

    def asked(self, ms=500):
        """Append a question, commit it and ask for a response."""
        self.update()
        self.say(ms)
        self.send(wire.commit("c1"))
        return self.send(wire.response_create("r1"))


def types(events):
    return [event["type"] for event in events]


def error(events):
    (event,) = events
    assert event["type"] == "error"
    return event["error"]["code"], event["error"]["param"], event["error"]["event_id"]


def loud(ms):
    return b"\x00\x40" * (ms * 24)
