"""Carries out the commands that come from the broker, one after the other, and says what became of each."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from edged.companion.mqtt.commands import RemoteCommand, RemoteCommands, RemoteRefusalError, answered, result
from edged.companion.ports import KnownKiosk
from edged.errors import ConfigError, EdgedError
from edged.seen.plain import plain

log = logging.getLogger(__name__)

MOST_WAITING = 16
_MOST_TEXT, _MOST_PROBLEMS = 300, 1000
_NOT_DONE = "the connection to the broker has ended before this command was carried out (send it again)"
_UNKNOWN = "the connection to the broker has ended before the kiosk has answered"


class CommandRunner:
    """For one connection. `answer` gets the results; `state` is what `status` answers with."""

    def __init__(
        self,
        kiosk: KnownKiosk,
        commands: RemoteCommands,
        answer: Callable[[Mapping[str, Any]], None],
        state: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._kiosk, self._commands, self._answer, self._state = kiosk, commands, answer, state
        self._waiting: asyncio.Queue[RemoteCommand] = asyncio.Queue(MOST_WAITING)

    def take(self, name: str, payload: bytes, *, retained: bool) -> None:
        """Line up the command in a message, or refuse it. Returns at once."""
        now_s = asyncio.get_running_loop().time()
        try:
            command = self._commands.take(name, payload, now_s, retained=retained)
        except RemoteRefusalError as error:
            self._answer(result(name, error.number, str(error)))
            return
        if command is None:
            return
        try:
            self._waiting.put_nowait(command)
        except asyncio.QueueFull:
            self._commands.forget(command)
            self._answer(result(name, command.number, f"{MOST_WAITING} commands wait already"))

    async def run(self) -> None:
        """Carry out what was lined up, until cancelled. What is not carried out then is answered, too."""
        command: RemoteCommand | None = None
        try:
            while True:
                command = await self._waiting.get()
                log.info("mqtt: %s", command.command)
                found = await self._carried_out(command)
                command = None
                self._answer(found)
        finally:
            if command is not None:
                self._answer(result(command.name, command.number, _UNKNOWN))
            while not self._waiting.empty():
                waits = self._waiting.get_nowait()
                self._commands.forget(waits)
                self._answer(result(waits.name, waits.number, _NOT_DONE))

    async def _carried_out(self, command: RemoteCommand) -> Mapping[str, Any]:
        try:
            state = await self._kiosk.ask(command.command, **command.more)
        except ConfigError as error:
            problems = plain("; ".join(error.problems), _MOST_PROBLEMS)
            return result(command.name, command.number, problems)
        except EdgedError as error:
            return result(command.name, command.number, plain(error, _MOST_TEXT))
        found = answered(command, state)
        return {**found, "state": self._state()} if command.command == "status" else found
