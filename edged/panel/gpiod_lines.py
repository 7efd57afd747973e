"""Claims a GPIO line with libgpiod (version 2), and says in words why a line cannot be claimed.

Rules:
1. A chip is found by its label. The kernel numbers chips as it finds them: the header of a Raspberry Pi 5 was gpiochip4
   once, and is gpiochip0 now.
2. If no chip is named, it is the chip of a Raspberry Pi's header, or else the one chip that calls a line `GPIO17`. No
   other chip is touched: on a laptop, line 17 may switch anything.
3. A line that is in use is never taken away. The error names who holds it, as the kernel knows it.
"""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edged.errors import DeviceError
from edged.header import CHIPS
from edged.origin import how_to_have
from edged.panel.refusals import PanelPart

CONSUMER = "edged"
REQUIREMENT = "gpiod>=2.1"  # as in pyproject.toml
_A_PIN = 17  # of the header of every model
_MOST_NAMED = 6  # chips in an error


class Claimed(Protocol):
    """What edged uses of gpiod's LineRequest. The calls of several threads must not meet: the library does not lock."""

    fd: int

    def get_value(self, line: int, /) -> Any: ...
    def set_value(self, line: int, value: Any, /) -> None: ...
    def reconfigure_lines(self, config: Any, /) -> None: ...
    def read_edge_events(self) -> list[Any]: ...
    def release(self) -> None: ...


class Line(NamedTuple):
    """A line as the configuration names it; `part` is the section of the configuration, and `chip` may be empty."""

    gpio: int
    chip: str
    part: str
    key: str = "gpio"

    @property
    def place(self) -> PanelPart:
        return PanelPart(f"GPIO {self.gpio}", self.part, self.key)

    def failed(self, what: str) -> DeviceError:
        return self.place.refused(what)


class _Chip(NamedTuple):
    path: str
    label: str
    lines: int

    def __str__(self) -> str:
        return f"{Path(self.path).name} ({self.label}, {self.lines} lines)"


def library(line: Line) -> Any:
    """The package gpiod. Raises DeviceError where it is missing, or too old."""
    gpiod, why = _package()
    if why:
        raise line.failed(why)
    return gpiod


def unusable(dev: Path = Path("/dev")) -> str:
    """Why gpiod cannot use the pins of the header, although another library may; empty: it can, or none can.

    A chip that is missing, denied or in use is so for every library.
    """
    gpiod, why = _package()
    if why:
        return why
    chips, denied = _chips(gpiod, dev)
    if not chips or denied is not None or any(_fitting(gpiod, Line(_A_PIN, "", "button"), chips)):
        return ""
    return f"no GPIO chip is that of a Raspberry Pi's header; there are {_named(chips)}"


def _package() -> tuple[Any, str]:
    """The package gpiod, or why it cannot be used, and what helps."""
    try:
        import gpiod  # noqa: PLC0415 only this adapter needs it, and only when it is chosen
    except ImportError as error:
        return None, f"the Python package gpiod cannot be used ({error}); {how_to_have(REQUIREMENT)}"
    # Debian 12's python3-libgpiod has the old interface under the same name. A release of edged has its own, which
    # comes first.
    if not hasattr(gpiod, "LineSettings"):
        what = "is older than version 2 (is it Debian's python3-libgpiod?)"
        return None, f"the Python package gpiod {what}; {how_to_have(REQUIREMENT)}"
    return gpiod, ""


def claim(
    line: Line, settings: Callable[[Any], Any], *, edges: int | None = None, dev: Path = Path("/dev")
) -> tuple[Claimed, int]:
    """Claim the line with what `settings(gpiod)` returns. Returns the claim and the line's number on its chip.

    `edges` is how many of them the kernel keeps. Raises DeviceError with a remedy.
    """
    gpiod = library(line)
    chip = _find(gpiod, line, dev)
    try:
        with gpiod.Chip(chip.path) as opened:
            number = _number(opened, line, chip)
            try:
                wanted = {number: settings(gpiod)}
                return opened.request_lines(wanted, consumer=CONSUMER, event_buffer_size=edges), number
            except OSError as error:
                raise _refused(opened, line, number, chip, error) from error
    except OSError as error:
        raise line.failed(f"{chip.path} cannot be opened: {error.strerror}") from error


class Spot(NamedTuple):
    """A line of this machine: the path of its chip, and its number there."""

    path: str
    number: int


def spot(line: Line) -> Spot | None:
    """Which line of this machine it is; None if that cannot be known here and now."""
    try:
        gpiod = library(line)
        chip = _find(gpiod, line, Path("/dev"))
        with gpiod.Chip(chip.path) as opened:
            return Spot(chip.path, _number(opened, line, chip))
    except (DeviceError, OSError):
        return None


def chip_of(line: Line) -> tuple[str, bool]:
    """The path of the line's chip, and whether its numbers are GPIO numbers. Raises DeviceError with a remedy."""
    chip = _find(library(line), line, Path("/dev"))
    return chip.path, bool(line.chip) or chip.label in CHIPS


def holder(line: Line) -> DeviceError | None:
    """The error that names who holds the line; None if nobody does, or if that cannot be known."""
    try:
        gpiod = library(line)
        chip = _find(gpiod, line, Path("/dev"))
        with gpiod.Chip(chip.path) as opened:
            info = opened.get_line_info(_number(opened, line, chip))
    except (DeviceError, OSError):
        return None
    return line.place.held(info.consumer, Path(chip.path).name) if info.used else None


def _find(gpiod: Any, line: Line, dev: Path) -> _Chip:
    chips, denied = _chips(gpiod, dev)
    fitting = list(_fitting(gpiod, line, chips))
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1:
        raise line.failed(f"two GPIO chips fit: {_named(fitting)}; name one of them in `{line.part}.chip`")
    if denied is not None:
        raise line.place.denied(denied, str(denied.filename))
    if not chips:
        raise line.failed(
            f"this machine has no GPIO chip ({dev}/gpiochip*): is it a Raspberry Pi, with a kernel that knows it?"
        )
    if line.chip:
        raise line.failed(f"there is no GPIO chip {line.chip!r}, but {_named(chips)}; see `{line.part}.chip`")
    raise line.failed(
        f"no GPIO chip is that of a Raspberry Pi's header; there are {_named(chips)}; "
        f"if one of them has the line, name it in `{line.part}.chip`"
    )


def _chips(gpiod: Any, dev: Path) -> tuple[list[_Chip], OSError | None]:
    """The chips that can be opened, and why another one may not be opened."""
    chips, denied = [], None
    for path in sorted({os.path.realpath(each) for each in dev.glob("gpiochip*")}):  # gpiochip4 may be a link
        try:
            with gpiod.Chip(path) as opened:
                info = opened.get_info()
                chips.append(_Chip(path, info.label, info.num_lines))
        except PermissionError as error:
            denied = PermissionError(error.errno, error.strerror, path)
        except OSError:  # it has just been removed
            continue
    return chips, denied


def _fitting(gpiod: Any, line: Line, chips: list[_Chip]) -> Iterator[_Chip]:
    if line.chip:
        names = (line.chip, os.path.realpath(Path("/dev") / line.chip))
        yield from (chip for chip in chips if chip.label in names or chip.path in names)
        return
    headers = [chip for chip in chips if chip.label in CHIPS]
    yield from headers or (chip for chip in chips if _offset(gpiod, chip, f"GPIO{line.gpio}") is not None)


def _offset(gpiod: Any, chip: _Chip, name: str) -> int | None:
    try:
        with gpiod.Chip(chip.path) as opened:
            return int(opened.line_offset_from_id(name))
    except (OSError, ValueError):
        return None


def _number(opened: Any, line: Line, chip: _Chip) -> int:
    """The line's number on its chip: the GPIO number, unless the chip of rule 2 calls another line so."""
    if not line.chip and chip.label not in CHIPS:
        return int(opened.line_offset_from_id(f"GPIO{line.gpio}"))
    if line.gpio >= chip.lines:
        raise line.failed(f"{chip} has no such line; see `{line.part}.{line.key}`")
    return line.gpio


def _refused(opened: Any, line: Line, number: int, chip: _Chip, error: OSError) -> DeviceError:
    if error.errno == errno.EBUSY:
        return line.place.held(opened.get_line_info(number).consumer, Path(chip.path).name)
    if isinstance(error, PermissionError):
        return line.place.denied(error, chip.path)
    return line.failed(f"{chip} does not give the line: {error.strerror}; see `{line.part}`")


def _named(chips: list[_Chip]) -> str:
    more = len(chips) - _MOST_NAMED
    return ", ".join(map(str, chips[:_MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
