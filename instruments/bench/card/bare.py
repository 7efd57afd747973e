"""The least that a press costs any program: a line from a socket, then sound to the service. No state, no card.

python -m instruments.bench.card.bare SOCKET URL
"""

import asyncio
import base64
import json
import sys

from websockets.asyncio.client import connect

SOUND = bytes(4800)  # 100 ms: as much as edged's first append carries


async def main(path: str, url: str) -> None:
    async with connect(url, compression=None, max_size=None) as connection:

        async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            while await reader.readline():
                audio = base64.b64encode(SOUND).decode()
                await connection.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))

        async with await asyncio.start_unix_server(serve, path):
            print("READY", flush=True)
            async for _ in connection:
                pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
