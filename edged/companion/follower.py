"""The companion's one connection to the kiosk, through its control socket.

Rules:
1. A kiosk that ends is found again (`retry.keep`). What was known of it stays visible, as that of a kiosk that is gone.
2. A kiosk proves by its answers that it runs: the state is asked for every `ASK_S`, and soon after a change. If an
   answer takes longer than `ANSWER_S`, the kiosk hangs, and the connection is made again. It answers one command after
   the other, so behind another command the state has `SLOW_S`.
3. What the kiosk says is heard in its order. A state that is older than an event must not replace what the event said.
4. What the kiosk says may come faster than anybody reads it. Each listener returns at once, and bounds what it keeps.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from edged.companion.kiosk_view import KioskView
from edged.companion.ports import Hear, KioskGoneError
from edged.companion.together import until_first_end
from edged.errors import CommandError, ConfigError, EdgedError
from edged.retry import Proof, Wake, keep
from edged.system.control_stream import ControlStream

log = logging.getLogger(__name__)

ASK_S = 5.0
SOON_S = 0.5
ANSWER_S = 5.0
SLOW_S = 30.0  # for commands that do something slow first, such as reload
MOST_ASKED = 64  # commands without an answer yet
ALWAYS = ("status", "release")
"""Sent even then: without the first the kiosk seems to hang, and without the second its microphone stays open."""
STREAMS = ("levels", "wire")
"""Commands that switch on events which are not sent otherwise."""
_CHANGING = frozenset(
    {
        "turn",
        "light",
        "link",
        "session",
        "device",
        "cause",
        "headset",
        "usage",
        "unfinished",
        "budget",
        "reloaded",
    }
)
"""Events after which the snapshot has changed in ways that they do not say."""


class _Asked(NamedTuple):
    command: str
    answer: asyncio.Future[dict[str, Any]]


class FollowedKiosk:
    """The daemon at the first of these paths that answers. `wall` is the wall clock, in seconds."""

    def __init__(self, *paths: str, rng: Random, wall: Callable[[], float] = time.time) -> None:
        self.view = KioskView()
        self._paths, self._rng, self._wall = paths, rng, wall
        self._wake = Wake()
        self._listeners: list[Hear] = []
        self._stream: ControlStream | None = None
        self._asked: dict[int, _Asked] = {}
        self._wanted: dict[str, set[object]] = {name: set() for name in STREAMS}
        self._changed = asyncio.Event()

    def listen(self, hear: Hear) -> Callable[[], None]:
        """See KnownKiosk."""
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    def want(self, stream: str, who: object, *, wanted: bool) -> None:
        """Somebody looks at the levels or the wire, or does not any more. A kiosk that knows no `wire` ignores it."""
        before = bool(self._wanted[stream])
        (self._wanted[stream].add if wanted else self._wanted[stream].discard)(who)
        if before != bool(self._wanted[stream]) and self._stream is not None:
            self._stream.command(stream, on=wanted)

    async def ask(self, command: str, **more: object) -> dict[str, Any]:
        """See KnownKiosk."""
        stream = self._stream
        if stream is None or not self.view.is_up:
            raise KioskGoneError(self.view.why_gone)
        if len(self._asked) >= MOST_ASKED and command not in ALWAYS:
            raise CommandError(f"{MOST_ASKED} commands wait for their answers already: try again in a moment")
        within_s = SLOW_S if self._asked or command != "status" else ANSWER_S
        number = stream.command(command, **more)
        asked = self._asked[number] = _Asked(command, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(within_s):
                answer = await asked.answer
        except TimeoutError as error:
            raise KioskGoneError("the kiosk does not answer") from error
        finally:
            self._asked.pop(number, None)
        if problems := answer.get("problems"):
            raise ConfigError([*map(str, problems), str(answer.get("error"))])
        if not answer.get("ok"):
            raise CommandError(str(answer.get("error")))
        state: dict[str, Any] = answer.get("state") or {}
        return state

    async def run(self) -> None:
        """Follow the kiosk until cancelled."""
        await keep(self._follow, rng=self._rng, wake=self._wake, failed=self._failed)

    async def _follow(self, proof: Proof) -> None:
        try:
            stream = await ControlStream.connect(*self._paths)
        except CommandError as error:
            raise KioskGoneError(str(error)) from error
        self._stream = stream
        try:
            self._say({"event": "back", "run": stream.snapshot.get("run")})
            self._say({**stream.snapshot, "edged": stream.release, "event": "snapshot"})
            proof()
            for name, looking in self._wanted.items():
                if looking:
                    stream.command(name)
            await until_first_end(self._read(stream), self._ask_again())
        except CommandError as error:
            raise KioskGoneError(str(error)) from error
        finally:
            self._stream = None
            for asked in self._asked.values():
                if not asked.answer.done():
                    asked.answer.set_exception(KioskGoneError("the kiosk has ended before its answer"))
            await stream.close()

    async def _read(self, stream: ControlStream) -> None:
        async for message in stream.messages():
            if message.get("type") == "event":
                self._say(message)
                if str(message.get("event")) in _CHANGING:
                    self._changed.set()
            elif message.get("type") == "answer":
                self._answered(message)

    def _answered(self, message: dict[str, Any]) -> None:
        number, state = message.get("id"), message.get("state")
        asked = self._asked.get(number) if isinstance(number, int) else None
        if asked is None or asked.answer.done():
            return
        if asked.command == "status" and isinstance(state, dict):
            self._say({**state, "event": "snapshot"})
        elif asked.command not in ("status", "config"):
            self._changed.set()
        asked.answer.set_result(message)

    async def _ask_again(self) -> None:
        """Ask for the state now and then, and soon after a change."""
        while True:
            self._changed.clear()
            await self.ask("status")
            try:
                async with asyncio.timeout(ASK_S):
                    await self._changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(SOON_S)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        text = str(error)
        if self.view.is_up or text != self.view.why_gone:
            log.warning(
                "kiosk: %s; next try in %.1f s", text, wait_s, extra={"edged": {"cause": error.cause}}
            )
        self._say({"event": "gone", "text": text})

    def _say(self, event: Mapping[str, Any]) -> None:
        self.view.hear(event, self._wall())
        for hear in list(self._listeners):
            hear(event)
