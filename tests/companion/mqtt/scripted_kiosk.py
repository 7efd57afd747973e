"""A kiosk that says what a test wants, and keeps what it was asked."""

from edged.companion.kiosk_view import KioskView
from edged.companion.ports import KioskGoneError
from edged.errors import CommandError

SNAPSHOT = {
    "event": "snapshot",
    "edged": "0.1.0",
    "state": "IDLE",
    "light": "ready",
    "mode": "hold",
    "link": {"up": True, "resting": False, "cause": None, "dialect": "ga", "session": "sess_1"},
    "pending": 0,
    "muted": False,
    "volume": 50,
    "quiet_hours": False,
    "headset": None,
    "microphone": True,
    "speaker": True,
    "turns": 3,
    "usage": {
        "date": "2026-11-30",
        "day": {
            "requests": 3,
            "unfinished": 0,
            "audio_s": 12,
            "minutes": 5.2,
            "tokens": 2140,
            "money": "$0.0512",
        },
        "month": {
            "requests": 9,
            "unfinished": 1,
            "audio_s": 40,
            "minutes": 9.0,
            "tokens": 9000,
            "money": "unknown",
        },
        "budget": [{"limit": "budget.day.usd", "used": "$0.0512", "most": "$5.00", "reached": False}],
    },
    "troubles": [],
}
ANSWER = (
    *(("press", 1000), ("first_audio_sent", 1018), ("release", 2040), ("commit_sent", 2215)),
    *(("committed", 2217), ("first_delta", 2371), ("first_sound", 2432), ("response_done", 4022)),
    ("drained", 5100),
)


class ScriptedKiosk:
    """`asked` has each command with its members. `ask` refuses the commands in `refuses`."""

    def __init__(self, **snapshot):
        self.view, self.asked, self.refuses = KioskView(), [], {}
        self._heard = []
        self.say({**SNAPSHOT, **snapshot})

    def listen(self, hear):
        self._heard.append(hear)
        return lambda: self._heard.remove(hear)

    async def ask(self, command, **more):
        if not self.view.is_up:
            raise KioskGoneError(self.view.why_gone)
        self.asked.append((command, more))
        if command in self.refuses:
            raise CommandError(self.refuses[command])
        if command == "volume":
            self.say({**SNAPSHOT, **self.view.snapshot, **more})
        return dict(self.view.snapshot)

    def say(self, event):
        self.view.hear(event, 0.0)
        for hear in list(self._heard):
            hear(event)

    def turn(self, number=4, marks=ANSWER):
        """A whole turn, and the snapshot after it."""
        for name, at_ms in marks:
            self.say({"event": "mark", "name": name, "turn": number, "at_ms": at_ms})
        self.say({**SNAPSHOT, "turns": number})
