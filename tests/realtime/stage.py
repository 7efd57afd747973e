"""What the tests of the client share: a service on loopback, a question, and programs that connect to the service."""

import asyncio
import wave
from functools import cache

from edged.local import clips
from edged.local.http import Admission
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.wire import Dialect

GA, BETA = Dialect.GA, Dialect.BETA
SPEAKS = [(GA,), (BETA,), (BETA, GA)]
PAUSE = bytes(48 * 1000)  # a second of silence, which ends a turn


@cache
def question():
    """A recorded question: PCM16, mono, 24 kHz."""
    with wave.open(str(clips("question.wav"))) as file:
        return file.readframes(file.getnframes())


def serving(speaks=(BETA, GA), faults=(), keys=(), **options):
    """A service that answers without delay and repeats what it hears."""
    door = Admission(speaks=speaks, keys=keys)
    return LocalServer(voice=ParrotVoice(), pace=0, think_ms=0, door=door, fault_lines=faults, **options)


def base(server):
    return server.url.removesuffix("/realtime")


def held(program, *arguments, **options):
    """Run `program(base_url, *arguments)`, without asyncio, against a service. Returns its result and the service."""

    async def main():
        async with serving(**options) as server:
            return await asyncio.to_thread(program, base(server), *arguments), server

    return asyncio.run(main())


def held_async(program, *arguments, **options):
    """The same for a program with asyncio."""

    async def main():
        async with serving(**options) as server:
            return await program(base(server), *arguments), server

    return asyncio.run(main())
