"""The simulated chips of pins (gpio-sim), as hands that move contacts and eyes that see lamps."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEVICES = Path("/sys/devices/platform")
DRIVER = Path("/sys/bus/platform/drivers/gpio-sim")
HEADER = "gpio-sim.0"
_MADE = Path("/sys/kernel/config/gpio-sim")


def _line(gpio: int) -> Path:
    return DEVICES / HEADER / chip_name() / f"sim_gpio{gpio}"


def chip_name() -> str:
    """The kernel's name for the header's chip at the moment."""
    return next((DEVICES / HEADER).glob("gpiochip*")).name


def move(gpio: int, *, high: bool) -> float:
    """Pull the line of the header, as a contact does. Returns the monotonic time just before."""
    at = time.monotonic()
    (_line(gpio) / "pull").write_text("pull-up" if high else "pull-down")
    return at


def pull(gpio: int) -> str:
    """Which way the line is pulled: by a contact, or by the chip's own resistor."""
    return (_line(gpio) / "pull").read_text().strip()


def is_high(gpio: int) -> bool:
    return (_line(gpio) / "value").read_text().strip() == "1"


@contextmanager
def taken_away() -> Iterator[None]:
    """Within the context, the header's chip is gone."""
    (DRIVER / "unbind").write_text(HEADER)
    try:
        yield
    finally:
        (DRIVER / "bind").write_text(HEADER)
        until = time.monotonic() + 10
        while not list((DEVICES / HEADER).glob("gpiochip*/sim_gpio17")) and time.monotonic() < until:
            time.sleep(0.01)


@contextmanager
def chip(name: str, label: str, *, lines: int = 8, named: dict[int, str] | None = None) -> Iterator[None]:
    """Another chip beside the header's."""
    place = _MADE / name
    bank = place / "bank0"
    bank.mkdir(parents=True)
    (bank / "num_lines").write_text(str(lines))
    (bank / "label").write_text(label)
    for number, called in (named or {}).items():
        line = bank / f"line{number}"
        line.mkdir()
        (line / "name").write_text(called)
    (place / "live").write_text("1")
    try:
        yield
    finally:
        (place / "live").write_text("0")
        for made in sorted(bank.glob("line*"), reverse=True):
            made.rmdir()
        bank.rmdir()
        place.rmdir()
