"""Daemons, gateways and services together, and the result of each visit."""

import contextlib
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from instruments.gateways.kiosk import Kiosk, noise, write_sound
from instruments.gateways.programs import KEY, MASTER_KEY, ConsoleRelay, Gateway, LiteLLM, Portkey, Service
from instruments.gateways.visits import VISITS

GATEWAYS = ("portkey-ga", "portkey-beta", "litellm")
# the last copies its whole answer at each delta, so it gets no long answers
IN_BETWEEN = (*GATEWAYS, "console")
AT_ONCE = 6  # visits at once; they wait most of the time


class Stage:
    """A context manager. The visits that tests ask for take place beforehand, several at once."""

    def __init__(self, folder: Path) -> None:
        self.gateways: list[Gateway] = []
        self._folder = folder
        self._heard = folder / "heard.wav"
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._starting = ThreadPoolExecutor(1)
        self._services: dict[tuple[str, str], Service] = {}
        self._shared: dict[str, Future[Gateway]] = {}
        self._visits: dict[tuple[str, str], Future[Any]] = {}

    def __enter__(self) -> "Stage":
        write_sound(self._heard, noise())
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._starting.shutdown(cancel_futures=True)
        self._stack.close()

    def invite(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Let these visits take place: gateway and name of each."""
        wanted = list(dict.fromkeys(wanted))
        for gateway, name in wanted:
            folder = self._folder / f"{gateway}-{name}"
            folder.mkdir()
            service = Service(folder, VISITS[name].script, VISITS[name].served)
            self._services[gateway, name] = self._stack.enter_context(service)
        for gateway in sorted({gateway for gateway, _ in wanted}):
            self._shared[gateway] = self._starting.submit(self._start, gateway, gateway, self._folder)
        # the longest ones first
        for pair in sorted(wanted, key=lambda pair: not VISITS[pair[1]].own):
            self._visits[pair] = self._pool.submit(self._visit, *pair)

    def saw(self, gateway: str, name: str) -> Any:
        """The result of a visit; raises whatever went wrong in it."""
        return self._visits[gateway, name].result()

    def until_all_are_over(self) -> None:
        """Wait until every visit that was asked for is over, successful or not."""
        wait(self._visits.values())

    def shared(self, gateway: str) -> Gateway:
        """The gateway that most visits share."""
        return self._shared[gateway].result()

    def _start(self, kind: str, log: str, folder: Path) -> Gateway:
        gateway: Gateway
        if kind == "litellm":
            mine = {name: service for (of, name), service in self._services.items() if of == kind}
            gateway = LiteLLM(folder, log, mine)
        elif kind == "console":
            gateway = ConsoleRelay(folder, log)
        else:
            gateway = Portkey(folder, kind.removeprefix("portkey-"))
        self.gateways.append(gateway)
        with self._lock:
            self._stack.callback(gateway.stop)
        gateway.start()
        return gateway

    def _visit(self, gateway: str, name: str) -> Any:
        folder, visit = self._folder / f"{gateway}-{name}", VISITS[name]
        service = self._services[gateway, name]
        through = self._start(gateway, name, folder) if visit.own else self.shared(gateway)
        key = visit.key or (MASTER_KEY if gateway == "litellm" else KEY)
        provider = {**through.settings(service, name), **visit.settings.get("provider", {})}
        others = {section: keys for section, keys in visit.settings.items() if section != "provider"}
        seen: dict[str, Any] = {}
        with Kiosk(folder, provider, key, self._heard, **others) as kiosk:
            visit.act(kiosk, through, seen)
            seen |= {"ledger": service.ledger(), "after": kiosk.command("status")}
        taken = seen["ledger"].audit
        return SimpleNamespace(
            **seen,
            folder=folder,
            log=kiosk.log(),
            exit_code=kiosk.exit_code,
            links=kiosk.links,
            downs=kiosk.downs,
            causes=kiosk.notices,
            usages=[event["status"] for event in kiosk.of("usage")],
            played=kiosk.played(),
            bill=[row["status"] for row in seen["ledger"].bill],
            audit=taken,
            stretches=[kiosk.stretch(row) for row in taken],
        )
