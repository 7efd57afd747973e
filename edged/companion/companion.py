"""Runs the parts of the companion, and makes them again when the configuration has changed.

Rules:
1. A configuration that cannot be used ends the companion at its start (exit 78). Later it changes nothing.
2. After `edged reload` the kiosk says `reloaded`, and after a restart it has another `run`. Then the parts are made
   again, if the keys of the companion or the files that they name have changed. SIGHUP makes them again in any case.
3. A part that cannot begin with its configuration ends the companion at its start, too. Later the other parts go on.
4. A part that fails is a bug: it ends the process, and systemd starts it again. The kiosk does not notice.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from edged.companion.follower import FollowedKiosk
from edged.companion.ports import CompanionPart
from edged.errors import ConfigError
from edged.system.notify import Manager

log = logging.getLogger(__name__)

FEEDS = 4  # signs of life in the time that the manager waits


class MakeParts(Protocol):
    """Reads the configuration."""

    def __call__(self, *, only_if_changed: bool) -> Sequence[CompanionPart] | None:
        """Return the parts that it wants; None: it is as before, if `only_if_changed`. Raises ConfigError."""
        ...


class CompanionParts:
    """One companion."""

    def __init__(
        self,
        kiosk: FollowedKiosk,
        make: MakeParts,
        manager: Manager,
        *,
        watchdog_s: float | None,
    ) -> None:
        self._kiosk, self._make, self._manager = kiosk, make, manager
        self._watchdog_s = watchdog_s
        self._stopping, self._again = asyncio.Event(), asyncio.Event()
        self._names, self._was_up = "", False
        self._run_id: object = None  # of the kiosk
        self._is_asked = True
        self._unusable: list[str] = []
        """Problems of parts that could not begin."""

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopping.set()

    def reload(self) -> None:
        """Read the configuration again."""
        self._is_asked = True
        self._again.set()

    async def run(self) -> None:
        """Run until `stop`. Raises ConfigError if the first configuration cannot be used."""
        parts = self._make(only_if_changed=False) or ()
        self._is_asked = False
        self._kiosk.listen(self._hear)
        async with asyncio.TaskGroup() as group:
            life = [group.create_task(self._kiosk.run()), group.create_task(self._feed())]
            running = self._begin(group, parts, is_first=True)
            self._manager.ready()
            while await self._asked_again():
                only_if_changed, self._is_asked = not self._is_asked, False
                try:
                    made = self._make(only_if_changed=only_if_changed)
                except ConfigError as error:
                    _tell(error, "the companion goes on with its earlier configuration")
                    continue
                if made is None:
                    continue
                await _end(running)
                log.info("the companion has read its configuration again")
                running = self._begin(group, made, is_first=False)
            self._manager.stopping()
            await _end([*running, *life])
        if self._unusable:
            raise ConfigError(self._unusable)

    def _begin(
        self, group: asyncio.TaskGroup, parts: Sequence[CompanionPart], *, is_first: bool
    ) -> "list[asyncio.Task[None]]":
        if not parts:
            log.warning("the companion has nothing to do: set companion.page.listen, or another of its parts")
        self._names = ", ".join(str(part) for part in parts) or "nothing to do"
        self._tell_manager()
        return [group.create_task(self._run(part, is_first=is_first), name=str(part)) for part in parts]

    async def _run(self, part: CompanionPart, *, is_first: bool) -> None:
        try:
            await part.run()
        except ConfigError as error:
            if not is_first:
                _tell(error, f"the companion goes on without {part}")
                return
            self._unusable += error.problems
            self.stop()

    async def _asked_again(self) -> bool:
        """Wait until the configuration has to be read again; False: the end is wanted."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stopping, self._again)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._again.clear()
        return not self._stopping.is_set()

    async def _feed(self) -> None:
        while self._watchdog_s is not None:
            self._manager.alive()
            await asyncio.sleep(self._watchdog_s / FEEDS)

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event.get("event") == "reloaded":
            self._again.set()
        elif event.get("event") in ("gone", "snapshot"):
            self._tell_manager()
            if self._kiosk.view.is_up and not self._was_up:
                log.info("the kiosk answers")
            self._was_up = self._kiosk.view.is_up
            if self._was_up:
                self._look_for_a_restart(self._kiosk.view.snapshot.get("run"))

    def _look_for_a_restart(self, run: object) -> None:
        """`run` is the id of the kiosk's process; None: it has none."""
        if run != self._run_id and self._run_id is not None:
            self._again.set()
        self._run_id = run

    def _tell_manager(self) -> None:
        view = self._kiosk.view
        kiosk = "the kiosk answers" if view.is_up else f"no kiosk: {view.why_gone}"
        self._manager.status(lambda: f"{self._names}; {kiosk}")


def _tell(error: ConfigError, what: str) -> None:
    log.error("%s: %s", what, "; ".join(error.problems), extra={"edged": {"cause": error.cause}})


async def _end(tasks: "Sequence[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
