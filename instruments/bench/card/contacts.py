"""Real contacts, run in the machine with pins and keys: what each adapter tells of them, and what its errors say.

    python -m instruments.bench.card.contacts FIGURES

A contact of edged runs in this process. What moves it is the kernel's own stand-in for a chip (gpio-sim) or for an
input device (uinput).
"""

import asyncio
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from edged.errors import DeviceError
from edged.panel import gpiod_lines
from edged.panel.ports import Contact, Lamp
from edged.panel.wiring import Wiring
from instruments.bench.card import pins
from instruments.bench.card.last_light import last_light

BUTTON, LAMP = 17, 27
IN_TIME_S = 5.0
NOBODY = 65534
Figures = dict[str, Any]
Make = Callable[..., Contact]


def gpiod(wiring: Wiring, chip: str = "") -> Contact:
    from edged.panel.gpiod_panel import GpiodContact

    return GpiodContact(wiring, chip=chip)


def gpiozero(wiring: Wiring) -> Contact:
    from edged.panel.gpiozero_panel import GpiozeroContact

    return GpiozeroContact(wiring)


def evdev(device: str = "", key: str = "", *, normally_closed: bool = False, grab: bool = False) -> Contact:
    from edged.panel.evdev_devices import InputKey
    from edged.panel.evdev_panel import EvdevContact

    return EvdevContact(InputKey(device, key, "button"), normally_closed=normally_closed, grab=grab)


class Watched:
    """A contact that was started, and what it told."""

    def __init__(self, contact: Contact) -> None:
        self.contact = contact
        self.edges: queue.Queue[tuple[bool, int | None, float]] = queue.Queue()
        self.lost: queue.Queue[DeviceError] = queue.Queue()
        self.held = contact.start(
            lambda active, at_ms=None: self.edges.put((active, at_ms, time.monotonic())), self.lost.put
        )

    def told(self) -> tuple[bool, int | None, float]:
        return self.edges.get(timeout=IN_TIME_S)

    def levels(self, for_s: float = 0.1) -> list[bool]:
        """The levels told until nothing comes for this long."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self.edges.get(timeout=for_s)[0])
        return found


@contextmanager
def watched(contact: Contact) -> Iterator[Watched]:
    try:
        yield Watched(contact)
    finally:
        contact.stop()


def error_of(contact: Contact) -> list[str]:
    """The cause and the words of the error that a start raises."""
    try:
        contact.start(lambda active, at_ms=None: None, lambda error: None)
    except DeviceError as error:
        return [error.cause, str(error)]
    finally:
        contact.stop()
    return ["", "it started"]


def as_nobody(contact: Contact) -> list[str]:
    """The same for a user who is in no group."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.write(theirs, json.dumps(error_of(contact)).encode())
        os._exit(0)
    os.close(theirs)
    os.waitpid(pid, 0)
    with os.fdopen(ours) as answer:
        return json.loads(answer.read() or '["", "it died"]')


def spread(values: list[float]) -> Figures:
    ordered = sorted(values)
    return {"n": len(ordered), "p50": round(ordered[len(ordered) // 2], 2), "worst": round(ordered[-1], 2)}


class Kiosk:
    """A process that watches a contact as edged does, and tells its gestures. It can be stopped like any process."""

    def __init__(self, contact: Contact, bounce_ms: int = 25) -> None:
        ours, theirs = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            asyncio.run(_watch(contact, bounce_ms, theirs))
        os.close(theirs)
        self._answers = os.fdopen(ours)
        self._answers.readline()  # it is ready

    def __enter__(self) -> "Kiosk":
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._answers.close()

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)

    def end(self, after_s: float = 0.6) -> Figures:
        """What it has seen, once everything had time to be noticed."""
        time.sleep(after_s)
        self.signal(signal.SIGTERM)
        seen: Figures = json.loads(self._answers.readline())
        return seen


async def _watch(contact: Contact, bounce_ms: int, answers: int) -> None:
    from edged.panel.contact import Debouncer
    from edged.panel.driver import ButtonDriver
    from edged.panel.gestures import Grammar

    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    debouncer, gestures = Debouncer(bounce_ms=bounce_ms), []
    driver = ButtonDriver(
        contact,
        debouncer,
        Grammar(),
        lambda gesture: gestures.append((gesture.value, time.monotonic())),
        loop,
        lambda: time.monotonic_ns() // 1_000_000,
    )
    await loop.run_in_executor(None, driver.start, lambda error: None)
    await asyncio.sleep(0.1)
    os.write(answers, b"ready\n")
    before = time.process_time()
    await over.wait()
    used = time.process_time() - before
    told = {
        "gestures": [name for name, _ in gestures],
        "at": [at for _, at in gestures],
        "missed": [debouncer.missed_presses, debouncer.missed_releases],
        "used_s": used,
    }
    os.write(answers, json.dumps(told).encode() + b"\n")
    os._exit(0)


# -- a contact on a pin --------------------------------------------------------------------------------


def wirings(make: Make) -> Figures:
    """Each pull with each kind of contact: what is told at rest, at a press and at a release."""
    seen: Figures = {}
    for pull in ("up", "down", "external_up", "external_down"):
        for closed in (False, True):
            wiring = Wiring(BUTTON, pull, normally_closed=closed)
            rest_high = not wiring.is_active_high
            pins.move(BUTTON, high=rest_high)  # an external resistor, or a closed contact
            with watched(make(wiring)) as it:
                pulled = pins.pull(BUTTON)
                pins.move(BUTTON, high=rest_high)  # a closed contact is stronger than the chip's resistor
                it.levels()
                levels = [it.contact.read()]
                pins.move(BUTTON, high=not rest_high)
                levels += [it.told()[0], it.contact.read()]
                pins.move(BUTTON, high=rest_high)
                levels += [it.told()[0], it.contact.read()]
            seen[f"{pull} {'closed' if closed else 'open'}"] = {"levels": levels, "pulled": pulled}
    return seen


def latency(make: Make, times: int = 50) -> Figures:
    """From the edge to the call, and the error of the time that it carries."""
    took, wrong = [], []
    with watched(make(Wiring(BUTTON))) as it:
        for turn in range(times):
            at = pins.move(BUTTON, high=bool(turn % 2))
            active, at_ms, heard = it.told()
            assert active is not bool(turn % 2)
            took.append((heard - at) * 1000)
            if at_ms is not None:
                wrong.append(abs(at_ms - at * 1000))
            time.sleep(0.01)
    return {"took_ms": spread(took), "stamp_error_ms": spread(wrong) if wrong else None}


def held(make: Make) -> Figures:
    """A contact without a resistor of the chip that is active when it is started, and later."""
    pins.move(BUTTON, high=False)
    with watched(make(Wiring(BUTTON, "external_up"))) as it:
        read = it.contact.read()
        time.sleep(1)
        later, told = it.contact.read(), it.levels()
    return {"at_start": it.held, "read": read, "read_later": later, "told": told}


def bounce(make: Make) -> Figures:
    """Many fast flips that end at the other level: what is told, and what is read at once."""
    last, wrong = [], 0
    with watched(make(Wiring(BUTTON))) as it:
        for turn in range(20):
            high = bool(turn % 2)
            for _ in range(4):
                pins.move(BUTTON, high=high)
                pins.move(BUTTON, high=not high)
            pins.move(BUTTON, high=high)
            wrong += it.contact.read() is high
            last.append((it.levels(0.05) or [None])[-1])
    return {"read_wrong": wrong, "ends_wrong": sum(end is bool(n % 2) for n, end in enumerate(last))}


def presses(make: Make, times: int = 40) -> Figures:
    """Presses of 200 ms and more, each of whose ends bounces for up to 20 ms."""
    rng, ends = random.Random(times), []
    pins.move(BUTTON, high=True)
    with Kiosk(make(Wiring(BUTTON, "external_up"))) as kiosk:
        for _ in range(times):
            _bounce(rng, high=False)
            time.sleep(rng.uniform(0.2, 0.4))
            ends.append(_bounce(rng, high=True))
            time.sleep(rng.uniform(0.1, 0.3))
        seen = kiosk.end()
    return _judged(seen, ends)


def _bounce(rng: random.Random, *, high: bool) -> float:
    """Flip the line for up to 20 ms until it stays; returns when it began to."""
    until = time.monotonic() + rng.uniform(0, 0.02)
    at = pins.move(BUTTON, high=high)
    while time.monotonic() < until:
        pins.move(BUTTON, high=not high)
        time.sleep(rng.uniform(0, 0.002))
        pins.move(BUTTON, high=high)
        time.sleep(rng.uniform(0, 0.002))
    return at


def _judged(seen: Figures, ends: list[float]) -> Figures:
    released = [at for name, at in zip(seen["gestures"], seen["at"], strict=True) if name == "release"]
    return {
        "presses": seen["gestures"].count("press"),
        "releases": seen["gestures"].count("release"),
        "expected": len(ends),
        "alternate": all(a != b for a, b in pairwise(seen["gestures"])),
        "missed": seen["missed"],
        "end_noticed_ms": spread([(at - end) * 1000 for at, end in zip(released, ends, strict=False)]),
    }


def held_up(make: Make) -> Figures:
    """The process is stopped while the contact flips more often than the kernel keeps edges, and ends elsewhere."""
    seen = []
    for ends_pressed in (True, False):
        pins.move(BUTTON, high=ends_pressed)
        with Kiosk(make(Wiring(BUTTON, "external_up"))) as kiosk:
            if not ends_pressed:  # it was held at the start
                pins.move(BUTTON, high=True)
                time.sleep(0.3)
                pins.move(BUTTON, high=False)
                time.sleep(0.3)
            kiosk.signal(signal.SIGSTOP)
            for _ in range(500):
                pins.move(BUTTON, high=not ends_pressed)
                pins.move(BUTTON, high=ends_pressed)
            pins.move(BUTTON, high=not ends_pressed)
            kiosk.signal(signal.SIGCONT)
            told = kiosk.end()
        seen.append({"gestures": told["gestures"], "missed": told["missed"]})
    return {"ends pressed": seen[0], "ends released": seen[1]}


def taken(make: Make) -> Figures:
    """A line that another program holds; then that program ends."""
    busy = []
    for _ in range(2):  # the second time, the contact has had the line before
        holder = subprocess.Popen(["gpiomon", "pinctrl-bcm2711", str(BUTTON)], stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            busy += error_of(make(Wiring(BUTTON)))
        finally:
            holder.terminate()
            holder.wait()
        busy += error_of(make(Wiring(BUTTON)))
    return {"errors": busy}


def unplugged(make: Make) -> Figures:
    """The chip is taken away while its line is watched, and comes back."""
    contact = make(Wiring(BUTTON))
    with watched(contact) as it:
        at = time.monotonic()
        with pins.taken_away():
            why: list[str] = []
            while not why and time.monotonic() < at + IN_TIME_S:
                with suppress(queue.Empty):
                    why = ["lost", str(it.lost.get(timeout=0.05))]
                if not why:
                    try:
                        contact.read()
                    except DeviceError as error:
                        why = ["read", str(error)]
            noticed = time.monotonic() - at
            contact.stop()
            missing = error_of(contact)
        with watched(contact) as again:
            pins.move(BUTTON, high=False)
            back = again.told()[0]
    return {"why": why, "noticed_ms": round(noticed * 1000), "missing": missing, "back": back}


def lamp(name: str) -> Figures:
    make, seen = _lamps(name), {}
    for active_high in (True, False):
        one, levels = make(LAMP, active_high=active_high), []
        for level in (0, 1, 0.4, 0.6):
            one.set(level)
            levels.append(pins.is_high(LAMP))
        one.stop()
        one.stop()
        seen["high" if active_high else "low"] = [*levels, pins.is_high(LAMP)]
    return seen


def idle(make: Make, for_s: float = 10) -> Figures:
    """The processor time of a contact at rest, watched as edged does it, in percent of one core."""
    pins.move(BUTTON, high=True)
    with Kiosk(make(Wiring(BUTTON, "external_up"))) as kiosk:
        return {"percent": round(kiosk.end(for_s)["used_s"] / for_s * 100, 3)}


# -- what only gpiod can say ------------------------------------------------------------------------------


def chips() -> Figures:
    """Which chip is meant, and what an error says of those that are there."""
    button = Wiring(BUTTON)
    found: dict[str, object] = {
        "name": pins.chip_name(),
        "by label": error_of(gpiod(button, "pinctrl-bcm2711")),
        "by name": error_of(gpiod(button, pins.chip_name())),
        "no such chip": error_of(gpiod(button, "pinctrl-rp1")),
        "no such line": error_of(gpiod(Wiring(58))),
        "one line by two names": refused({"button.chip": pins.chip_name(), "light.chip": "pinctrl-bcm2711"}),
        "one pin by the name of the chip": refused({"light.chip": pins.chip_name()}),
        "one pin at a start": refused({"light.chip": pins.chip_name()}, "run"),
        "two lines": refused({"light.chip": pins.chip_name(), "light.gpio": "18"}),
        "nobody": as_nobody(gpiod(button)),
    }
    with pins.chip("one", "expander"), pins.chip("two", "expander", named={3: "GPIO45"}):
        found["beside others"] = error_of(gpiod(button))
        found["header beside others"] = gpiod_lines.unusable()
        found["two of a label"] = error_of(gpiod(Wiring(3), "expander"))
        with pins.taken_away():
            found["by the line's name"] = error_of(gpiod(Wiring(45)))
            found["no header"] = error_of(gpiod(button))
            found["others alone"] = gpiod_lines.unusable()
    with pins.taken_away():
        found["no chip"] = error_of(gpiod(button))
        found["nothing"] = gpiod_lines.unusable()
    return found


def refused(sets: dict[str, str], verb: str = "config check") -> tuple[int, str]:
    """The exit code of a verb of edged and what it says, with the button at line 17 of the header."""
    wanted = {"button.backend": "gpiod", "light.backend": "gpiod", "light.gpio": str(BUTTON), **sets}
    words = [word for key, value in wanted.items() for word in ("--set", f"{key}={value}")]
    edged = [sys.executable, "-m", "edged", *verb.split()]
    done = subprocess.run([*edged, *words], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def no_library() -> Figures:
    """The package is missing; or it is version 1, as in Debian 12's python3-libgpiod."""
    kept = sys.modules.pop("gpiod", None)
    try:
        sys.modules["gpiod"] = None  # type: ignore[assignment]
        missing = error_of(gpiod(Wiring(BUTTON)))
        sys.modules["gpiod"] = type(sys)("gpiod")
        old = error_of(gpiod(Wiring(BUTTON)))
    finally:
        del sys.modules["gpiod"]
        if kept is not None:
            sys.modules["gpiod"] = kept
    return {"missing": missing, "old": old}


# -- a key ----------------------------------------------------------------------------------------------


@contextmanager
def pedal(
    name: str = "rig pedal", keys: tuple[str, ...] = ("KEY_B", "KEY_C"), product: int = 6
) -> Iterator[Any]:
    """An input device. `pedal.move("KEY_B", 1)` moves a key."""
    import evdev as library

    codes = [library.ecodes.ecodes[key] for key in keys]
    with library.UInput({library.ecodes.EV_KEY: codes}, name=name, vendor=0x79, product=product) as device:
        until = time.monotonic() + IN_TIME_S
        while not _is_there(name) and time.monotonic() < until:
            time.sleep(0.02)

        def move(key: str, value: int) -> None:
            device.write(library.ecodes.EV_KEY, library.ecodes.ecodes[key], value)
            device.syn()

        def flip(rng: random.Random, value: int) -> float:
            """The key bounces for up to 20 ms until it stays; returns when it began to."""
            until, at = time.monotonic() + rng.uniform(0, 0.02), time.monotonic()
            move("KEY_B", value)
            while time.monotonic() < until:
                move("KEY_B", 1 - value)
                time.sleep(rng.uniform(0, 0.002))
                move("KEY_B", value)
                time.sleep(rng.uniform(0, 0.002))
            return at

        device.move, device.flip = move, flip
        yield device


def _is_there(name: str) -> bool:
    import evdev as library

    for path in Path("/dev/input").glob("event*"):
        with suppress(OSError):
            device = library.InputDevice(str(path))
            found = device.name == name
            device.close()
            if found:
                return True
    return False


def key_levels() -> Figures:
    """Press, repeats and release, and the same of a contact that is normally closed."""
    seen: Figures = {}
    for closed in (False, True):
        with pedal() as device, watched(evdev("rig pedal", "KEY_B", normally_closed=closed)) as it:
            at = time.monotonic()
            device.move("KEY_B", 1)
            active, at_ms, heard = it.told()
            device.move("KEY_B", 2)
            device.move("KEY_B", 2)
            device.move("KEY_C", 1)
            read = it.contact.read()
            device.move("KEY_B", 0)
            seen["closed" if closed else "open"] = {
                "at_start": it.held,
                "told": [active, *it.levels()],
                "read": [read, it.contact.read()],
                "took_ms": round((heard - at) * 1000, 2),
                "stamp_error_ms": round(abs((at_ms or 0) - at * 1000), 2),
            }
    return seen


def key_held() -> Figures:
    with pedal() as device:
        device.move("KEY_B", 1)
        with watched(evdev("rig pedal", "KEY_B")) as it:
            return {"at_start": it.held, "read": it.contact.read(), "told": it.levels()}


def any_key() -> Figures:
    with pedal() as device, watched(evdev("rig pedal")) as it:
        for key, value in (("KEY_B", 1), ("KEY_C", 1), ("KEY_B", 0), ("KEY_C", 0)):
            device.move(key, value)
        return {"told": it.levels()}


def key_bounce() -> Figures:
    with pedal() as device, watched(evdev("rig pedal", "KEY_B")) as it:
        for _ in range(20):
            for value in (1, 0, 1, 0, 1):
                device.move("KEY_B", value)
                it.contact.read()  # it makes the kernel forget events, and none may be missed
            device.move("KEY_B", 0)
        told = it.levels()
    return {"told": len(told), "alternate": all(a is not b for a, b in pairwise(told))}


def key_presses(times: int = 40) -> Figures:
    rng, ends = random.Random(times), []
    with pedal() as device, Kiosk(evdev("rig pedal", "KEY_B")) as kiosk:
        for _ in range(times):
            device.flip(rng, 1)
            time.sleep(rng.uniform(0.2, 0.4))
            ends.append(device.flip(rng, 0))
            time.sleep(rng.uniform(0.1, 0.3))
        seen = kiosk.end()
    return _judged(seen, ends)


def key_held_up() -> Figures:
    with pedal() as device, Kiosk(evdev("rig pedal", "KEY_B")) as kiosk:
        kiosk.signal(signal.SIGSTOP)
        for _ in range(500):
            device.move("KEY_B", 1)
            device.move("KEY_B", 0)
        device.move("KEY_B", 1)
        kiosk.signal(signal.SIGCONT)
        told = kiosk.end()
    return {"gestures": told["gestures"], "missed": told["missed"]}


def key_unplugged() -> Figures:
    contact = evdev("rig pedal", "KEY_B")
    with pedal() as device:
        it = Watched(contact)
        device.move("KEY_B", 1)
        it.told()
        at = time.monotonic()
    error = it.lost.get(timeout=IN_TIME_S)
    noticed = time.monotonic() - at
    contact.stop()
    missing = error_of(contact)
    with pedal() as device, watched(contact) as it:
        device.move("KEY_B", 1)
        return {
            "why": [error.cause, str(error)],
            "noticed_ms": round(noticed * 1000),
            "missing": missing,
            "back": it.told()[0],
        }


def key_shared() -> Figures:
    """Two contacts at one device, which is grabbed: nobody else hears of it, and the second lives on alone."""
    import evdev as library

    with pedal() as device:
        first, second = evdev("rig pedal", "KEY_B", grab=True), evdev("rig pedal", "KEY_C")
        one, two = Watched(first), Watched(second)
        theirs = next(
            each
            for path in Path("/dev/input").glob("event*")
            if (each := library.InputDevice(str(path))).name == "rig pedal"
        )
        threads = sum(thread.name == "evdev" for thread in threading.enumerate())
        for key in ("KEY_B", "KEY_C"):
            device.move(key, 1)
        told = [one.told()[0], two.told()[0], one.levels(), two.levels()]
        try:
            overheard = len(list(theirs.read()))
        except BlockingIOError:
            overheard = 0
        first.stop()
        device.move("KEY_B", 0)
        device.move("KEY_C", 0)
        alone = [one.levels(), two.levels()]
        second.stop()
        theirs.grab()
        busy = error_of(evdev("rig pedal", "KEY_B", grab=True))
        theirs.ungrab()
        free = error_of(evdev("rig pedal", "KEY_B", grab=True))
        theirs.close()
    return {
        "threads": threads,
        "told": told,
        "overheard": overheard,
        "alone": alone,
        "busy": busy,
        "free": free,
    }


def key_names() -> Figures:
    """Which device is meant, and what an error says of those that are there."""
    with pedal(), pedal("rig encoder", ("BTN_TRIGGER", "BTN_THUMB"), product=7) as encoder:
        path = encoder.device.path
        return {
            "whole": error_of(evdev("rig pedal", "KEY_B")),
            "part": error_of(evdev("Pedal", "key_b")),
            "usb": error_of(evdev("usb:0079:0007", "BTN_TRIGGER")),
            "path": error_of(evdev(path, "BTN_THUMB")),
            "key alone": error_of(evdev("", "KEY_C")),
            "number": error_of(evdev("", "288")),
            "two": error_of(evdev("rig")),
            "two, by key": error_of(evdev("rig", "KEY_B")),
            "no such key there": error_of(evdev("rig pedal", "KEY_A")),
            "no such key": error_of(evdev("rig pedal", "KEY_NONSENSE")),
            "no such device": error_of(evdev("rig horn", "KEY_B")),
            "no such path": error_of(evdev("/dev/input/by-id/usb-none", "KEY_B")),
            "nobody": as_nobody(evdev("rig pedal", "KEY_B")),
        }


def key_dropped() -> Figures:
    """More events than the kernel keeps while nobody reads them: in the end, the level is right."""
    with pedal() as device, watched(evdev("rig pedal", "KEY_B")) as it:
        reader = it.contact._reader
        with reader._lock:  # as if the process were held up
            for _ in range(200):
                device.move("KEY_B", 1)
                device.move("KEY_B", 0)
            device.move("KEY_B", 1)
        told = it.levels(0.3)
        return {"told": len(told), "last": told[-1], "read": it.contact.read()}


def _lamps(name: str) -> Callable[..., Lamp]:
    if name == "gpiod":
        from edged.panel.gpiod_panel import GpiodLamp

        return GpiodLamp
    from edged.panel.gpiozero_panel import GpiozeroLamp

    return GpiozeroLamp


ON_PINS = (wirings, latency, held, bounce, presses, held_up, taken, idle)
KEYS = (
    *(key_levels, key_held, any_key, key_bounce, key_presses, key_held_up, key_dropped),
    *(key_unplugged, key_shared, key_names),
)
EVERY: dict[str, Callable[[], Figures]] = {
    **{f"gpiozero {each.__name__}": partial(each, gpiozero) for each in ON_PINS},
    **{f"gpiod {each.__name__}": partial(each, gpiod) for each in ON_PINS},
    **{f"{name} lamp": partial(lamp, name) for name in ("gpiozero", "gpiod")},
    **{each.__name__: each for each in KEYS},
    "no_library": no_library,
    "last light": last_light,
    # from here on, the header's chip has another number, and lgpio does not find it
    "gpiod unplugged": partial(unplugged, gpiod),
    "chips": chips,
}


def apart(measure: Callable[[], Figures]) -> Figures:
    """Measure in a process of its own, which no library has changed yet and which may die."""
    with tempfile.NamedTemporaryFile("w+") as answer:
        pid = os.fork()
        if pid == 0:
            try:
                json.dump(measure(), answer)
            except BaseException:  # noqa: BLE001 it goes into the figures
                json.dump({"error": traceback.format_exc()}, answer)
            answer.flush()
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        answer.seek(0)
        return json.loads(answer.read() or json.dumps({"error": f"it ended with {status}"}))


def main() -> None:
    into, *names = sys.argv[1:]
    results: Figures = {}
    for name in names or EVERY:
        results[name] = apart(EVERY[name])
        print(name, json.dumps(results[name]), flush=True)
    Path(into).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
