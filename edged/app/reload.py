"""Applies a changed configuration to a running kiosk.

Rules:
1. It is read and checked first. A configuration that cannot be used changes nothing, and the caller gets the reasons.
2. The class of each changed key decides. `live` and `reopen` keys apply at once, or as soon as nobody is speaking and
   no answer is under way. `restart` keys keep their value, and the answer lists them. If the other keys cannot work
   with these values, as with a pin that a button keeps until the restart, nothing is changed.
3. The service's key is read again each time. If it has changed, or if the service refused, the link tries again at
   once.

Only the devices that a changed key affects are reopened.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from edged.app.adapters import Devices, Ports, renewed
from edged.app.service import planned
from edged.app.settings import reopened
from edged.audio.ports import Pace
from edged.config import Change, Config, Loaded, Secret, change, clashes, in_use, resolve_key, usable_now
from edged.errors import CommandError, ConfigError, DeviceError
from edged.system.offload import OneAtATime
from edged.system.own_names import OwnName

log = logging.getLogger(__name__)

READ_WITHIN_S = 4.0  # the client waits for five
LOOK_S = 0.25  # how often to look whether the kiosk is quiet


class ConfigSource(Protocol):
    """The source of the configuration."""

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each value comes from that was read last, by its key (config/loader.py)."""
        ...

    def read(self) -> tuple[Config, Secret | None]:
        """Load and check it, and read the key; may block. Raises ConfigError."""
        ...

    def devices(self, present: Devices, config: Config, parts: frozenset[str]) -> Devices:
        """Make the devices of `parts` again, without opening them, and keep the others."""
        ...


class FileSource:
    """Reads the files again that the command line named."""

    def __init__(
        self,
        load: Callable[[], Loaded],
        env: Mapping[str, str],
        pace: Callable[[str], Pace],
        origins: Mapping[str, str],
    ) -> None:
        """`origins` are those of the configuration that the kiosk starts with."""
        self._load, self._env, self._pace = load, env, pace
        self.origins = origins

    def read(self) -> tuple[Config, Secret | None]:
        loaded = self._load()
        self.origins = loaded.origins
        return loaded.config, resolve_key(loaded.config, self._env, origins=loaded.origins)

    def devices(self, present: Devices, config: Config, parts: frozenset[str]) -> Devices:
        return renewed(present, config, self._pace, parts)


class Kiosk(Protocol):
    """The kiosk to change."""

    def quiet(self, before: Config | None = None) -> bool:
        """Whether nobody is speaking, no answer is under way, and `before` could be adopted now."""
        ...

    def refused(self) -> bool:
        """Whether the service refuses the kiosk, and waiting will not change that."""
        ...

    def adopt(self, config: Config, key: Secret | None, front: Devices, changes: Change) -> None:
        """Use these from now on, and reopen what `changes` names."""
        ...


class Reload:
    """Reloads for one kiosk. `run` is a task of its own; `now` and `asked` may be called while it runs."""

    def __init__(
        self,
        source: ConfigSource | None,
        kiosk: Kiosk,
        ports: Ports,
        *,
        config: Config,
        key: Secret | None,
        front: Callable[[], Devices],
        publish: Callable[[dict[str, object]], None],
    ) -> None:
        self._source, self._kiosk, self._ports, self._front = source, kiosk, ports, front
        self._config, self._key, self._publish = config, key, publish  # the configuration and the key in use
        self._origins: Mapping[str, str] = source.origins if source is not None else {}
        # These wait until the kiosk is quiet.
        self._accepted: tuple[Config, Secret | None, Mapping[str, str]] | None = None
        self._one = asyncio.Lock()
        self._read = OneAtATime(ports.offload)
        self._asked, self._work = asyncio.Event(), asyncio.Event()

    def asked(self) -> None:
        """Request a reload without waiting for the answer (SIGHUP). The journal gets it."""
        self._asked.set()
        self._work.set()

    async def now(self) -> dict[str, object]:
        """Read and check the configuration, and apply it as soon as possible.

        Returns {"live": […], "reopen": […], "restart": […], "key": changed?, "when": "now" | "after this turn"}.

        Raises:
            ConfigError: the new configuration cannot be used; nothing has changed.
            CommandError: there is none to read, or it could not be read in time.
        """
        async with self._one:
            self._ports.manager.reloading()
            try:
                return await self._reload()
            except ConfigError as error:
                self._refuse(error)
                raise
            finally:
                self._ports.manager.ready()

    def in_use(self, start: int) -> dict[str, object]:
        """The configuration in use, from setting number `start` on (config/in_use.py)."""
        page = in_use.page(self._config, self._origins, start)
        for setting in page["settings"]:
            setting["key"] = OwnName(setting["key"])
        return page

    async def run(self) -> None:
        """Until cancelled: handle `asked`, and apply a configuration that waits for a quiet moment."""
        while True:
            # Half a dozen conditions in three packages decide whether a kiosk is quiet, so it is polled.
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._accepted is None else LOOK_S):
                    await self._work.wait()
            self._work.clear()
            if self._asked.is_set():
                self._asked.clear()
                await self._now_for_the_journal()
            if self._accepted is not None and self._kiosk.quiet(self._accepted[0]):
                self._apply()

    async def _now_for_the_journal(self) -> None:
        try:
            await self.now()
        except ConfigError:
            pass  # `now` has logged it
        except CommandError as error:
            log.error("reload: %s", error, extra={"edged": {"event": "reload_failed"}})  # noqa: TRY400 no stack

    async def _reload(self) -> dict[str, object]:
        if self._source is None:
            raise CommandError("this edged has no configuration that it can read again; restart it")
        try:
            new, key = await self._read(self._source.read, deadline_s=READ_WITHIN_S)
        except DeviceError as error:
            raise CommandError(
                f"the configuration could not be read within {READ_WITHIN_S:g} s; the current one stays in use"
            ) from error
        changes = replace(change(self._config, new), key=key != self._key)
        if problems := clashes(self._config, new):
            raise ConfigError(problems)
        wanted = usable_now(self._config, new)
        planned(wanted, key)  # raises for mistakes that only the provider can find
        kept = {name: self._origins.get(name, "default") for name in changes.restart}
        self._accepted = wanted, key, {**self._source.origins, **kept}
        when = "now" if self._kiosk.quiet(wanted) else "after this turn"
        self._tell(changes, when)
        if when == "now":
            self._apply()
        else:
            self._work.set()
        lists = {"live": list(changes.live), "reopen": list(changes.reopen), "restart": list(changes.restart)}
        self._publish({"event": "reloaded", **lists, "key": changes.key, "when": when})
        return {**lists, "key": changes.key, "when": when}

    def _apply(self) -> None:
        if self._accepted is None:
            return
        (config, key, self._origins), self._accepted = self._accepted, None
        changes = replace(change(self._config, config), key=key != self._key)
        front = self._front()
        parts = reopened(self._config, config, changes)
        if self._source is not None and parts:
            front = self._source.devices(front, config, parts)
        self._config, self._key = config, key
        self._kiosk.adopt(config, key, front, replace(changes, key=changes.key or self._kiosk.refused()))

    def _tell(self, changes: Change, when: str) -> None:
        changed = [*changes.live, *changes.reopen, *(["the key"] if changes.key else [])]
        restart = ", ".join(changes.restart) or "nothing"
        fields = {"changed": ", ".join(changed) or "nothing", "restart": restart}
        more = f"; needs a restart: {restart}" if changes.restart else ""
        log.info(
            "reload: %s, %s%s", fields["changed"], when, more, extra={"edged": {"event": "reload", **fields}}
        )

    def _refuse(self, error: ConfigError) -> None:
        for problem in error.problems:
            log.error("reload: %s", problem, extra={"edged": {"problem": problem}})
        log.error(
            "reload: refused; the current configuration stays in use",
            extra={"edged": {"event": "reload_failed"}},
        )
