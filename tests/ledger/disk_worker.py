"""A process whose file layer kills it: it forks one kiosk's bookkeeping for each line of its input.

A line: the folder, the step at which the process dies (-1: never), whether half of a write still happens, and what it
does: `live` (a scripted hour) or `recover` (the start after a death, and an orderly end).
"""

import asyncio
import ctypes
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from edged.app.adapters import Ports
from edged.app.audience import Audience
from edged.app.usage import Bookkeeping
from edged.config import load
from edged.ledger.slate_file import SlateFile
from edged.ledger.sqlite_books import SqliteBooks
from edged.system.notify import NullManager

STEP_MS = 400
USAGE = {
    "input_tokens": 30,
    "input_token_details": {"text_tokens": 10, "audio_tokens": 20},
    "output_tokens": 5,
    "output_token_details": {"audio_tokens": 5},
}
SCRIPT = (
    *("connect", "usage", "usage", "wait", "usage", "disconnect"),
    *("connect", "usage", "transcription", "usage", "disconnect"),
)


class WorkerClock:
    def __init__(self, ms):
        self.ms = ms

    def monotonic_ms(self):
        return self.ms

    def wall(self):
        return 1_796_000_000.0 + self.ms / 1000

    def local(self):
        return datetime.fromtimestamp(self.wall(), UTC).replace(tzinfo=None)


async def at_once(call, /, *args, deadline_s):
    return call(*args)


def bookkeeping(folder, clock):
    for name in ("state", "run"):
        (folder / name).mkdir(exist_ok=True)
    ports = Ports(
        *(clock, None, None, None, at_once, None),
        boot="one boot",
        books=SqliteBooks(folder / "state"),
        slate=SlateFile(folder / "run"),
    )
    config = load(None, env={}, sets=["provider.name=xai"]).config
    return Bookkeeping(config, ports, Audience(NullManager(), dict), lambda: None, lambda: (0, 0))


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def live(folder, said):
    """Say each thing once it has happened: what the service bills, and the time for which connections were open."""
    clock = WorkerClock(1_000_000)
    books = bookkeeping(folder, clock)
    await books.recall()
    running = asyncio.create_task(books.run())
    number = open_ms = 0
    for at, what in enumerate(SCRIPT):
        clock.ms += STEP_MS
        open_ms += STEP_MS if number else 0
        said(f"open {open_ms}")
        about = {"id": f"response number {at}", "turn": 1, "conversation": 1}
        match what:
            case "connect":
                number = books.connected()
            case "disconnect":
                books.disconnected(number)
                number = 0
            case "usage":
                books({"event": "usage", "status": "completed", "usage": USAGE, **about})
            case "transcription":
                books({"event": "transcription_usage", "usage": USAGE, **about})
        said(what)
        await settled()
        said(f"kept {at}")
    running.cancel()
    await books.close()
    said("closed")


async def recover(folder, said):
    books = bookkeeping(folder, WorkerClock(2_000_000))
    await books.recall()
    await books.close()
    said("recovered")


def main():
    layer = ctypes.CDLL(None)
    for line in sys.stdin:
        order = json.loads(line)
        folder = Path(order["folder"])
        child = os.fork()
        if not child:
            notes = os.open(f"{folder}.notes", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            acts = os.open(f"{folder}.{order['do']}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

            def said(text, acts=acts):
                os.write(acts, f"{text}\n".encode())
                layer.disk_mark(text.encode())

            layer.disk_watch(str(folder).encode(), notes)
            layer.disk_kill(ctypes.c_long(order["step"]), order["half"])
            asyncio.run({"live": live, "recover": recover}[order["do"]](folder, said))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps({"status": status}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
