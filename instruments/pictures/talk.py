"""The screen of `edged talk`, as Textual itself draws it, after two turns of a conversation."""

import asyncio
import re
from html import escape

from edged.talk.tui import TalkScreen
from edged.talk.view import TalkView

TITLE = "edged talk: two turns, the second answer is under way"
_MARKS = (
    ("press", 0),
    ("first_audio_sent", 2),
    ("release", 2480),
    ("commit_sent", 2731),
    ("committed", 2752),
    ("first_delta", 2968),
    ("first_sound", 3014),
    ("response_done", 4120),
    ("drained", 7900),
)
_USED = {
    "input_tokens": 96,
    "output_tokens": 151,
    "input_token_details": {"audio_tokens": 50, "text_tokens": 46, "cached_tokens": 0},
    "output_token_details": {"audio_tokens": 121, "text_tokens": 30},
}


class NoPartner:
    """Nobody presses in a picture."""

    async def run(self, hear):
        return 0

    def command(self, name):
        pass

    def stop(self):
        pass


def events():
    """What a kiosk has reported by the time of the picture."""
    link = {"up": True, "cause": None, "dialect": "ga", "session": "sess_C8aFk29dQ1"}
    yield {"event": "snapshot", "state": "IDLE", "mode": "hybrid", "muted": False, "lost": {}, "link": link}
    yield from _turn(1, 0, "When does the museum open?", "At ten o'clock, and on Mondays not at all.")
    yield from _turn(2, 20_000, "Where is the tower?", "", until="first_sound")
    yield {"event": "transcript", "role": "assistant", "text": "Behind the second courtyard, to the left."}
    yield {"event": "turn", "state": "SPEAKING"}
    for _ in range(20):
        yield {"event": "level", "rms_dbfs": -58.2, "peak_dbfs": -41.0, "clipped": False}


def _turn(number, began_ms, asked, answered, until="drained"):
    names = [name for name, _ in _MARKS]
    for name, at_ms in _MARKS[: names.index(until) + 1]:
        yield {"event": "mark", "name": name, "turn": number, "at_ms": began_ms + at_ms}
        if name == "committed":
            yield {"event": "transcript", "role": "user", "text": asked}
        if name == "first_delta" and answered:
            yield {"event": "transcript", "role": "assistant", "text": answered}
    if until == "drained":
        yield {"event": "usage", "status": "completed", "usage": _USED}


def svg() -> str:
    """The picture."""
    return asyncio.run(_drawn())


async def _drawn() -> str:
    screen = TalkScreen(TalkView("openai gpt-realtime, this microphone"), NoPartner())
    async with screen.run_test(size=(80, 20)) as pilot:
        for event in events():
            screen.hear(event)
        await pilot.pause()
        return _alone(screen.export_screenshot())


def _alone(text: str) -> str:
    """Without the fonts of another site, and without parts that only cut off what does not overflow."""
    text = re.sub(r"\s*@font-face \{.*?\}", "", text, flags=re.DOTALL)
    text = re.sub(r'\s*clip-path="url\([^)]*\)"', "", text)
    text = re.sub(r"<clipPath.*?</clipPath>", "", text, flags=re.DOTALL)
    text = text.replace("Fira Code", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas")
    head, rest = text.split(">", 1)
    lines = [line.rstrip() for line in f'{head} role="img"><title>{escape(TITLE)}</title>{rest}'.splitlines()]
    return "\n".join(line for line in lines if line) + "\n"
