"""Runs a kiosk in its own process, presses once, and watches Python: `python -m tests.app.one_turn URL CA_FILE`.

Prints a JSON object: the states, what was collected between the press and the end of the answer, and what was loaded
and built since the kiosk was put together. The first connection counts, too.
"""

import asyncio
import gc
import json
import ssl
import sys

from edged.app import App, devices, machine
from edged.audio.devices.pace import ThreadPace
from edged.audio.devices.wav import read_wav
from edged.config import load
from edged.local import clips

HOLD_S = 1.5
WITHIN_S = 10.0


async def main(url: str, ca_file: str) -> dict[str, object]:
    sets = ["microphone.backend=wav", "speaker.backend=null"]
    sets += [f"{part}.backend=none" for part in ("button", "light")]
    sets += [f"provider.url={url}", f"provider.ca_file={ca_file}", "control.socket=", "state.dir="]
    config = load(None, env={}, sets=sets).config
    front = devices(config, ThreadPace)
    events: list[dict[str, object]] = []
    app = App(config, key=None, ports=machine(config), front=front, listeners=(events.append,))
    turn = Watch()
    kiosk = asyncio.create_task(app.run())
    await until(lambda: app.intake.blocks > 5)
    turn.collected.clear()
    front.microphone.say(read_wav(clips("question.wav")))
    front.button.press()
    await asyncio.sleep(HOLD_S)
    front.button.release()
    await until(lambda: any(event.get("name") == "drained" for event in events))
    await until(app.quiet)
    seen = turn.seen()
    seen["states"] = [event["state"] for event in events if event["event"] == "turn"]
    seen["links"] = [event["up"] for event in events if event["event"] == "link"]
    app.stop()
    await kiosk
    return seen


async def until(is_so) -> None:
    """Wait at most so long that the caller of this program can still read the result."""
    for _ in range(round(WITHIN_S / 0.02)):
        if is_so():
            return
        await asyncio.sleep(0.02)


class Watch:
    """Begins to watch when it is made."""

    def __init__(self) -> None:
        self.collected: list[int] = []
        self.built = 0
        build = ssl.SSLContext.__new__

        def counting(kind, *args, **more):
            self.built += 1
            return build(kind, *args, **more)

        ssl.SSLContext.__new__ = counting
        gc.callbacks.append(self._on_gc)
        self.loaded = set(sys.modules)

    def _on_gc(self, phase, info):
        if phase == "start":
            self.collected.append(info["generation"])

    def seen(self) -> dict[str, object]:
        gc.callbacks.remove(self._on_gc)
        return {
            "loaded": sorted(set(sys.modules) - self.loaded),
            "collected": self.collected,
            "contexts": self.built,
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
