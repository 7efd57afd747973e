"""The embedded service with a probe: when each relevant message arrived or left, on the common clock.

    python -m instruments.bench.card.service DIRECTORY --port PORT [--answer-ms MS] [--pace X]

Every answer is a ruler. When the service ends, it writes what it saw to DIRECTORY/marks, one JSON object per line,
with `at` in monotonic seconds. DIRECTORY/appended holds the sound that arrived.
"""

import argparse
import asyncio
import base64
import json
import re
import signal
import time
from pathlib import Path

from edged.local.connection import ClientConnection
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer
from edged.wire.names import ClientName, ServerName
from instruments.bench.card.ruler import ruler

TYPE = re.compile(r'"type": ?"([a-z_.]+)"')
SEEN = 400  # the first characters of a message; its type is always among them
CAME = {ClientName.COMMIT, ClientName.ITEM_TRUNCATE, ClientName.RESPONSE_CANCEL, ClientName.RESPONSE_CREATE}
WENT = {ServerName.RESPONSE_CREATED, ServerName.RESPONSE_DONE, ServerName.AUDIO_DONE}


class Watch:
    """Notes what passes. It does as little as possible at that moment."""

    def __init__(self) -> None:
        self._came: list[tuple[float, str | bytes]] = []
        self._went: list[tuple[float, str]] = []

    def set(self) -> None:
        receive, send, take = ClientConnection.recv, ClientConnection.send, ClientConnection.data_received
        taken_at = 0.0

        def data_received(connection, data):
            nonlocal taken_at
            taken_at = time.monotonic()  # from here on, the time belongs to the service
            take(connection, data)

        async def recv(connection, *arguments, **options):
            message = await receive(connection, *arguments, **options)
            self._came.append((taken_at, message))
            return message

        async def sent(connection, message, *arguments, **options):
            self._went.append((time.monotonic(), message[:SEEN]))  # noted before it leaves
            await send(connection, message, *arguments, **options)

        ClientConnection.recv, ClientConnection.send, ClientConnection.data_received = (
            recv,
            sent,
            data_received,
        )

    def write(self, place: Path) -> None:
        marks, sound = [], bytearray()
        for at, message in self._came:
            kind = _type(message)
            if kind == ClientName.APPEND:
                piece = base64.b64decode(json.loads(message)["audio"])
                marks.append({"at": at, "name": "append", "from": len(sound), "bytes": len(piece)})
                sound += piece
            elif kind in CAME:
                event = json.loads(message)
                marks.append({"at": at, "name": kind, "audio_end_ms": event.get("audio_end_ms")})
        is_new = True
        for at, start in self._went:
            kind = _type(start)
            if kind == ServerName.RESPONSE_CREATED:
                is_new = True
            if kind == ServerName.AUDIO_DELTA and is_new:
                marks.append({"at": at, "name": "first_delta"})
                is_new = False
            elif kind in WENT:
                marks.append({"at": at, "name": kind})
        marks.sort(key=lambda mark: mark["at"])
        (place / "appended").write_bytes(sound)
        (place / "marks").write_text("".join(json.dumps(mark) + "\n" for mark in marks))


class RulerVoice:
    def __init__(self, ms: float) -> None:
        self._answer = VoiceAnswer(ruler(ms), "a ruler")

    def answer(self, utterance: bytes) -> VoiceAnswer:
        return self._answer


def _type(message: str | bytes) -> str:
    found = TYPE.search(message[:SEEN]) if isinstance(message, str) else None
    return found[1] if found else ""


async def serve(
    place: Path, answer_ms: float, pace: float, delta_ms: int, port: int, think_ms: float
) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    watch = Watch()
    watch.set()
    voice = RulerVoice(answer_ms)
    async with LocalServer(voice=voice, pace=pace, delta_ms=delta_ms, port=port, think_ms=think_ms):
        (place / "serving").touch()
        await ended.wait()
    watch.write(place)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("place", type=Path)
    parser.add_argument("--answer-ms", type=float, default=1000)
    parser.add_argument("--pace", type=float, default=4)
    parser.add_argument("--delta-ms", type=int, default=200)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--think-ms", type=float, default=0)
    args = parser.parse_args()
    asyncio.run(serve(args.place, args.answer_ms, args.pace, args.delta_ms, args.port, args.think_ms))


if __name__ == "__main__":
    main()
