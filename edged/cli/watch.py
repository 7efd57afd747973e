"""`edged status --watch`: shows the state of a daemon as it changes, also over its restarts, until Ctrl+C."""

import argparse
import json
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

from edged.cli.screen import Screen, is_live
from edged.cli.status import lines, printable, socket_paths
from edged.errors import EXIT_OK, CommandError
from edged.system.control_client import ControlClient

AGAIN_S = 1.0
REFRESH_S = 0.2  # events within this time are shown together
MOST_EVENTS = 10
LEFT_OUT = ("mark", "session", "usage")


def watch(args: argparse.Namespace) -> int:
    """Show until Ctrl+C, which is the usual end."""
    is_screen = is_live(sys.stdout) and not args.json
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the terminal is left as it was
    try:
        with Screen(sys.stdout) if is_screen else nullcontext() as screen:
            shown = _Drawn(screen) if screen is not None else _Printed(as_json=args.json)
            while True:
                try:
                    with ControlClient(*socket_paths(args)) as client:
                        _follow(client, shown)
                except CommandError as error:
                    shown.silent(str(error))
                time.sleep(AGAIN_S)
    except KeyboardInterrupt:
        return EXIT_OK


def _follow(client: ControlClient, shown: "_Drawn | _Printed") -> None:
    shown.state(client.snapshot)
    while True:
        events = list(client.events(REFRESH_S))
        if events:
            shown.events(events)
            shown.state(client.command("status"))


class _Drawn:
    """On a terminal: the state, and below it what has happened last."""

    def __init__(self, screen: Screen, wall: Callable[[], float] = time.time) -> None:
        self._screen, self._wall = screen, wall
        self._state: list[str] = []
        self._events: deque[str] = deque(maxlen=MOST_EVENTS)

    def state(self, snapshot: Mapping[str, Any]) -> None:
        self._state = list(lines(snapshot))
        self._draw()

    def events(self, events: Iterable[Mapping[str, Any]]) -> None:
        self._events += [f"{_clock(self._wall())}  {text}" for event in events if (text := words(event))]

    def silent(self, why: str) -> None:
        if self._state != [why]:
            self._state = [why]
            self._draw()

    def _draw(self) -> None:
        self._screen.draw([*self._state, "", *self._events, "", "Ctrl+C ends"])


class _Printed:
    """Anywhere else: the state once after each connection, and then a line for each event."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json, self._is_known, self._why = as_json, False, ""

    def state(self, snapshot: Mapping[str, Any]) -> None:
        if not self._is_known:
            print(json.dumps(snapshot) if self._as_json else "\n".join(lines(snapshot)), flush=True)
        self._is_known, self._why = True, ""

    def events(self, events: Iterable[Mapping[str, Any]]) -> None:
        for event in events:
            if self._as_json:
                print(json.dumps(event), flush=True)
            elif text := words(event):
                print(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text}", flush=True)

    def silent(self, why: str) -> None:
        if why != self._why:
            print(json.dumps({"type": "error", "error": why}) if self._as_json else why, flush=True)
        self._is_known, self._why = False, why


def words(event: Mapping[str, Any]) -> str:
    """An event (docs/control-socket.md) in words; empty if it says nothing to a person."""
    match event["event"]:
        case "turn":
            text = f"state     {event['state']} ({event['by']})"
        case "link" if event["up"] and not event.get("cause"):
            text = "link      up"
        case "link" if event.get("resting"):
            text = "link      closed until the next press"
        case "link":
            text = f"link      {'up' if event['up'] else 'down'}: {event['cause'] or 'connecting'}: {event['text']}"
        case "device":
            text = f"devices   {event['name']}: {'there' if event['up'] else event['cause']}"
        case "light":
            text = f"light     {event['light']}"
        case "cause":
            text = f"cause     {event['id']}: {event['remedy']}"
        case "transcript":
            text = f"said      {event['role']}: {event['text']}"
        case name:
            text = "" if name in LEFT_OUT else str(name)
    return printable(text)


def _clock(wall_s: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(wall_s))
