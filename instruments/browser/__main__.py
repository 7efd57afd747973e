"""Draws the pictures of docs/companion.md: the page of a kiosk that has answered some questions, in Chromium."""

import asyncio
from pathlib import Path

from instruments.browser.chromium import browser
from tests.companion.page.kiosk import MARKS, READY, RecordingKiosk, site

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SHAPES = {"page": (960, 1290, False), "page-phone-dark": (360, 1290, True)}
SPOKEN = (1480, 2210, 1730, 3120, 1900, 2480, 1650)
WAITED = (0, 140, -90, 420, 60, 980, -130)
"""Milliseconds of speech, and how much later than the first the answers came."""


def busy() -> RecordingKiosk:
    """A kiosk in the middle of an ordinary day."""
    kiosk = RecordingKiosk()
    for number in range(1, 43):
        spoke_ms, later_ms = SPOKEN[number % 7] - MARKS["release"] + MARKS["press"], WAITED[number * 3 % 7]
        spoken = {
            name: at_ms + spoke_ms * (name not in ("press", "first_audio_sent"))
            for name, at_ms in MARKS.items()
        }
        late = ("first_delta", "first_sound", "response_done", "drained")
        kiosk.a_turn(number, **{name: at_ms + later_ms * (name in late) for name, at_ms in spoken.items()})
    kiosk.tell(
        {
            "event": "cause",
            "id": "dns_failed",
            "phrase": "I have no connection at the moment.",
            "remedy": "The name of the service cannot be looked up. Check the network and its name server.",
        },
    )
    kiosk.a_turn(43, **{name: at_ms for name, at_ms in MARKS.items() if name != "drained"})
    said = {"event": "transcript", "turn": 43}
    kiosk.tell(
        {**said, "role": "user", "text": "When does the museum open tomorrow?"},
        {
            **said,
            "role": "assistant",
            "text": "It opens at nine, and the first tour begins at half past nine.",
        },
        {
            **READY,
            "devices": {
                "microphone": {
                    "backend": "alsa",
                    "name": "hw:CARD=USB,DEV=0",
                    "card": "Jabra SPEAK 510 USB",
                    "rate_hz": 48000,
                    "channels": 1,
                    "why": "the only microphone",
                },
                "speaker": {
                    "backend": "alsa",
                    "name": "hw:CARD=USB,DEV=0",
                    "card": "Jabra SPEAK 510 USB",
                    "rate_hz": 48000,
                    "channels": 2,
                    "why": "the card that the microphone is on",
                },
            },
            "light": "speaking",
            "state": "SPEAKING",
        },
        {"event": "level", "rms_dbfs": -21.0, "peak_dbfs": -9.0, "clipped": False},
    )
    return kiosk


async def draw() -> None:
    async with browser() as chromium, site(busy(), transcripts=True) as here:
        for name, (width, height, dark) in SHAPES.items():
            tab = await chromium.tab()
            await tab.shape(width, height, dark=dark)
            await tab.goto(here.url)
            await tab.until("!document.getElementById('controls').hidden")
            await tab.until("document.getElementById('level').value > 0")
            await tab.picture(PICTURES / f"{name}.png")
            await tab.close()


if __name__ == "__main__":
    asyncio.run(draw())
