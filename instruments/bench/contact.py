"""`scripts/bench contact`: what a button costs while nobody presses it, and how long a press takes to become a gesture.

- The processor time of a loop that does nothing else, over `--seconds`: without a button, with one at rest, and with
  one that is held. The button is on a simulated pin of gpiozero, so the call into the kernel is missing. On a real
  chip it is one ioctl.
- The time from an edge in another thread to the gesture on the loop, over `--presses`, beside a bare
  `call_soon_threadsafe`, which no program can avoid. The same for what the gesture means (panel/bindings.py), without
  actions and with one for each gesture.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from statistics import median, quantiles

from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edged.panel.bindings import Bindings, Meanings
from edged.panel.contact import Debouncer
from edged.panel.driver import ButtonDriver
from edged.panel.gestures import Gesture, Grammar
from edged.panel.gpiozero_panel import GpiozeroContact
from edged.panel.wiring import Wiring
from edged.system.clock import SystemClock

GPIO = 17
ALL_BOUND = Bindings(long_press="stop", very_long_press="shutdown", double_press="repeat_answer")


def driver(emit: Callable[[Gesture], None]) -> ButtonDriver:
    loop = asyncio.get_running_loop()
    contact, now_ms = GpiozeroContact(Wiring(GPIO)), SystemClock().monotonic_ms
    return ButtonDriver(contact, Debouncer(bounce_ms=0), Grammar(), emit, loop, now_ms)


async def idle(seconds: float, *, button: bool, held: bool = False) -> float:
    """The share of one core, in percent."""
    watched = driver(lambda gesture: None) if button else None
    if watched is not None:
        watched.start(lambda error: None)
        if held:
            Device.pin_factory.pin(GPIO).drive_low()
    await asyncio.sleep(0.5)
    began, spent = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    share = (time.process_time() - spent) / (time.monotonic() - began) * 100
    if watched is not None:
        watched.stop()
        await asyncio.sleep(0.1)
    return share


async def presses(count: int, *, bare: bool = False, bindings: Bindings | None = None) -> list[float]:
    """Microseconds from the edge of a press in another thread to its gesture on the loop.

    With `bindings`, to what it means. A release is not measured: it waits until it is certain (panel/leaving.py).
    """
    loop, arrived, taken = asyncio.get_running_loop(), threading.Event(), []
    at = 0.0

    def here(*_: object) -> None:
        taken.append((time.perf_counter() - at) * 1e6)
        arrived.set()

    meanings = Meanings(bindings or Bindings())

    def mean(gesture: Gesture) -> None:
        for meaning in meanings.of(gesture):
            here(meaning)

    watched = None if bare else driver(here if bindings is None else mean)
    if watched is not None:
        watched.start(lambda error: None)
    await asyncio.sleep(0.1)

    def press() -> None:
        nonlocal at
        pin = Device.pin_factory.pin(GPIO)
        for n in range(count):
            time.sleep(0.003)
            at = 0.0
            if not bare:
                arrived.clear()
                pin.drive_high()
                arrived.wait(10 if n else 0.1)  # at first it is at rest
                time.sleep(0.003)
                taken[n:] = []
            arrived.clear()
            at = time.perf_counter()
            (partial(loop.call_soon_threadsafe, here) if bare else pin.drive_low)()
            arrived.wait(10)

    await asyncio.to_thread(press)
    if watched is not None:
        watched.stop()
        await asyncio.sleep(0.1)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench contact", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--presses", type=int, default=2000)
    args = parser.parse_args()
    Device.pin_factory = MockFactory()
    print("| loop | share of one core |")
    print("|---|---|")
    for words, button, held in (
        ("without a button", False, False),
        ("with a button at rest", True, False),
        ("with a button that is held", True, True),
    ):
        print(f"| {words} | {asyncio.run(idle(args.seconds, button=button, held=held)):.3f} % |")
    print("\n| from an edge to | median | 95 % |")
    print("|---|---|---|")
    for words, bare, bindings in (
        ("a bare call on the loop", True, None),
        ("its gesture", False, None),
        ("what it means, without actions", False, Bindings()),
        ("what it means, with an action for each gesture", False, ALL_BOUND),
    ):
        taken = asyncio.run(presses(args.presses, bare=bare, bindings=bindings))
        print(f"| {words} | {median(taken):.0f} µs | {quantiles(taken, n=20)[-1]:.0f} µs |")


if __name__ == "__main__":
    main()
