"""What the lamps of the whole kiosk show: edged under its own unit, its pins and LEDs read back over time."""

import contextlib
import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

from edged.system.control_client import ControlClient
from instruments.bench.card import kiosk as whole
from instruments.bench.card import pins
from instruments.bench.card.figures import Figures
from instruments.bench.card.loop import playing
from instruments.bench.card.ruler import ruler
from instruments.bench.card.subjects import PORT, service

WATCHED_S = 7.0  # the longest rhythm and a little
RECORDING = 22
RGB = {"red": 5, "green": 6, "blue": 13}
LED = "rig::status"
RULE = (
    f'SUBSYSTEM=="leds", KERNEL=="{LED}", ACTION!="remove", RUN+="/bin/chgrp gpio /sys%p/brightness /sys%p/trigger", '
    'RUN+="/bin/chmod g+w /sys%p/brightness /sys%p/trigger"\n'
)
ALLOWED = f"[Service]\nReadWritePaths=-/sys/class/leds/{LED}\n"
Read = Callable[[], bool]


class Watch:
    """Reads lamps again and again, and keeps their changes: seconds since the start, and the level."""

    def __init__(self, lamps: dict[str, Read]) -> None:
        self._lamps, self._over = lamps, Event()
        self.began = time.monotonic()
        self.changes: dict[str, list[tuple[float, int]]] = {name: [] for name in lamps}
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            for name, read in self._lamps.items():
                level, seen = int(read()), self.changes[name]
                if not seen or seen[-1][1] != level:
                    seen.append((round(time.monotonic() - self.began, 4), level))
            time.sleep(0.002)

    def during(self, seconds: float) -> Figures:
        """Watch for so long; returns the changes of that time, with the level at its beginning."""
        start = time.monotonic() - self.began
        time.sleep(seconds)
        cut = {}
        for name, changes in self.changes.items():
            before = [level for at, level in changes if at <= start]
            inside = [(round(at - start, 4), level) for at, level in changes if start < at <= start + seconds]
            cut[name] = [(0.0, before[-1] if before else 0), *inside]
        return cut


def lights(place: Path, *, backend: str, panel: str) -> Figures:
    """Ready, recording, thinking, muted and an error, as the pins show them; and the recording light."""
    (place / "mic.raw").write_bytes(ruler(90_000))
    colours = (
        {name: _pin(gpio) for name, gpio in RGB.items()} if "rgb" in panel else {"light": _pin(whole.LAMP)}
    )
    seen: Figures = {}
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=500, think_ms=9000))
        stack.enter_context(playing(place / "mic.raw"))
        stack.enter_context(whole.kiosk(PORT, panel=panel))
        watch = stack.enter_context(Watch({**colours, "recording": _pin(RECORDING)}))
        time.sleep(2)
        seen["ready"] = watch.during(WATCHED_S)
        whole.move(pressed=True)
        time.sleep(0.3)
        seen["recording"] = watch.during(5)
        whole.move(pressed=False)
        time.sleep(1)
        seen["state"] = whole.state()["state"]
        seen["thinking"] = watch.during(WATCHED_S)
        time.sleep(5)
        with ControlClient(whole.SOCKET) as control:
            control.command("mute")
            seen["muted"] = watch.during(WATCHED_S)
            control.command("unmute")
        seen["whole"] = watch.changes["recording"]
    time.sleep(0.5)
    seen["after the end"] = {name: read() for name, read in {**colours, "recording": _pin(RECORDING)}.items()}
    return seen


def error(place: Path, *, backend: str) -> Figures:
    """The light of a kiosk whose card does not exist."""
    with (
        service(place, answer_ms=500),
        whole.kiosk(PORT, "hw:CARD=None", ready=whole.is_connected, panel="lit gpiod"),
        Watch({"light": _pin(whole.LAMP), "recording": _pin(RECORDING)}) as watch,
    ):
        time.sleep(3)
        return {"light": whole.state()["light"], "seen": watch.during(WATCHED_S)}


def led(place: Path, *, backend: str) -> Figures:
    """An LED of the machine: what the unit and the rights say before they allow it, and its rhythm after that."""
    seen: Figures = {}
    folder = Path("/sys/class/leds") / LED
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=500))
        stack.enter_context(_led_of_the_machine())
        (folder / "trigger").write_text("timer")
        for name, unit, rule in (
            ("unit as it is", "", ""),
            ("with the rule", "", RULE),
            ("both", ALLOWED, RULE),
        ):
            _give(rule)
            with whole.kiosk(PORT, drop_in=unit, ready=whole.is_connected, panel="lit sysfs"):
                with Watch({"light": lambda: (folder / "brightness").read_text().strip() != "0"}) as watch:
                    time.sleep(4)
                    trouble = [each["text"] for each in whole.state()["troubles"] if each["what"] == "light"]
                    seen[name] = {"trouble": trouble, "seen": watch.during(WATCHED_S)}
                seen[name]["trigger"] = _trigger(folder)
            time.sleep(0.5)
            seen[name]["afterwards"] = _trigger(folder)
    return seen


def _pin(gpio: int) -> Read:
    return lambda: pins.is_high(gpio)


def _trigger(folder: Path) -> str:
    return (folder / "trigger").read_text().partition("[")[2].partition("]")[0]


def _give(rule: str) -> None:
    """Let the group have the LED, as docs/inputs.md says, or nobody."""
    Path("/etc/udev/rules.d/61-edged-led.rules").write_text(rule)
    for words in (
        ("control", "--reload"),
        ("trigger", "--action=change", "--subsystem-match=leds"),
        ("settle",),
    ):
        subprocess.run(["udevadm", *words], check=False)


@contextlib.contextmanager
def _led_of_the_machine() -> Iterator[None]:
    """Within the context, there is an LED in /sys/class/leds (linux/uleds.h: a name of 64 bytes, and an int)."""
    fd = os.open("/dev/uleds", os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(fd, struct.pack("=64si", LED.encode(), 255))
        yield
    finally:
        os.close(fd)
