"""Shows that edged does not run where no release of edged can run: after an upgrade of the system, without files.

Rules:
1. It needs no module of edged, no package and no file of a release: the installer puts a copy beside the releases, and
   rescue.sh runs that with `/usr/bin/python3 -I -S`, of any version from 3.11 on.
2. It writes one line into the journal: how edged ended, what is wrong with the release, and the one command that helps.
3. The light is that of a fault, as edged left it in a file at its last start (`Left`). A killed process may have left
   other lamps on: the recording light, and the other colours of the light. They are made dark. If the configuration has
   changed since, no pin is touched: it may belong to something else now.
4. A GPIO line is claimed from the kernel itself (linux/gpio.h, version 2), by the rules of panel/gpiod_lines.py.
"""

import fcntl
import hashlib
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

CURRENT = Path("/opt/edged/current")
CONFIG = Path("/etc/edged/config.yaml")
NOTE = "rescue"  # in the state folder of the service
JOURNAL = "/run/systemd/journal/socket"
CAUSE = "release_broken"
MESSAGE_ID = "4dca1fd75e4c4f1c8a6c52a5ff5d1f0c"
REMEDY = (
    "The release of edged cannot run: since an upgrade, the system has another Python, or files of the release "
    "are missing. Run `sudo /usr/local/lib/edged/install.sh --repair`."
)
MOST_BYTES = 2**20  # of a file of the configuration
AGAIN_S = 5.0  # how long to wait before a line is claimed again that cannot be claimed now

# Exit codes of systemd itself, before edged began (systemd.exec(5), "Process Exit Codes")
BEFORE = {
    "203": "the release is incomplete: run the installer again",
    "216": "a group is missing: run the installer again",
    "217": "the user edged is missing: run the installer again",
    "243": "the key cannot be loaded: was it encrypted on another machine?",
}
RESULTS = {
    "start-limit-hit": "it ended too often",
    "watchdog": "it hung, and the watchdog ended it",
    "timeout": "it did not start or stop in time",
    "oom-kill": "it used more memory than it may",
    "signal": "it was ended by a signal",
    "core-dump": "it was ended by a signal",
}


def how_it_ended(env: Mapping[str, str]) -> str:
    """What systemd tells a unit that OnFailure= has started ($MONITOR_*, systemd.exec(5)), in words."""
    status = env.get("MONITOR_EXIT_STATUS", "")
    how = RESULTS.get(env.get("MONITOR_SERVICE_RESULT", ""), "it ended")
    if env.get("MONITOR_EXIT_CODE") != "exited":
        return f"{how} (signal {status})" if status else how
    more = f": {BEFORE[status]}" if status in BEFORE else ""
    return f"{how} (the last time with {status}){more}"


def what_is_wrong(current: Path = CURRENT, version: tuple[int, int] = sys.version_info[:2]) -> str:
    """What is wrong with the release in use, in words."""
    python = "python{}.{}".format(*version)
    if not current.exists():
        return f"there is no release in {current}"
    made_for = sorted(path.name for path in current.glob("lib/python3*"))
    if made_for and python not in made_for:
        had, has = made_for[0].replace("python", "Python "), python.replace("python", "Python ")
        return f"the release in {current} was made for {had}, and this system has {has}"
    return f"the release in {current} is damaged"


# -- what edged left -------------------------------------------------------------------------------------------------


class Left(NamedTuple):
    """The light as edged left it. `labels` are those of the chips that have the header of a Raspberry Pi.

    A row of pixels is the path of its SPI device, the speed in Hz, and in hexadecimal what is sent for on and for off.
    Each of `dark` is a lamp that must be off: `gpio NUMBER yes|no CHIP`, `led NAME` or `pixels DEVICE HZ ON OFF`, where
    yes means that a high line lights it.
    """

    configuration: str = ""  # the hash of the files that it is from
    pattern: tuple[int, ...] = ()  # milliseconds on, off, on, …
    gpio: int | None = None
    chip: str = ""
    labels: tuple[str, ...] = ()
    active_high: bool = True
    led: str = ""  # in /sys/class/leds
    pixels: str = ""
    power: int | None = None  # the line that must be high for the pixels
    dark: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = {
            "configuration": self.configuration,
            "pattern": " ".join(map(str, self.pattern)),
            "gpio": "" if self.gpio is None else str(self.gpio),
            "chip": self.chip,
            "labels": " ".join(self.labels),
            "active_high": "yes" if self.active_high else "no",
            "led": self.led,
            "pixels": self.pixels,
            "power": "" if self.power is None else str(self.power),
        }
        each = [*lines.items(), *(("dark", lamp) for lamp in self.dark)]
        return "".join(f"{name}={value}\n" for name, value in each)

    @property
    def has_lamp(self) -> bool:
        """Whether this program can switch the light."""
        return bool(self.led or self.pixels) or self.gpio is not None


def read(text: str) -> Left:
    """The opposite of str(). Raises ValueError."""
    pairs = [line.partition("=")[::2] for line in text.splitlines()]
    lines = dict(pairs)
    return Left(
        lines.get("configuration", ""),
        tuple(int(each) for each in lines.get("pattern", "").split()),
        int(lines["gpio"]) if lines.get("gpio") else None,
        lines.get("chip", ""),
        tuple(lines.get("labels", "").split()),
        lines.get("active_high") != "no",
        lines.get("led", ""),
        lines.get("pixels", ""),
        int(lines["power"]) if lines.get("power") else None,
        tuple(value for name, value in pairs if name == "dark"),
    )


def _content(path: Path) -> bytes:
    """A small file. A FIFO in its place does not hang."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)


def hash_of(config: Path = CONFIG) -> str:
    """The hash of all files of the configuration; empty if one of them cannot be read."""
    digest = hashlib.sha256()
    try:
        for path in (config, *sorted((config.parent / "conf.d").glob("*.yaml"))):
            digest.update(f"{path}\n{hashlib.sha256(_content(path)).hexdigest()}\n".encode())
    except OSError:
        return ""
    return digest.hexdigest()


def lamp_of(note: Path, config: Path = CONFIG) -> tuple[Left, str]:
    """What edged left, and why there is no light; the reason is empty if there is one."""
    try:
        left = read(_content(note).decode())
    except (OSError, ValueError):
        return Left(), "edged has left no settings for it"
    if not left.configuration or left.configuration != hash_of(config):
        return Left(), "the configuration has changed since edged ran"
    return left, "there is no lamp that this program can switch" if left.pattern and not left.has_lamp else ""


# -- a line of a GPIO chip -------------------------------------------------------------------------------------------

_MAGIC = 0xB4
_CHIP_INFO = struct.Struct("32s32sI")
_LINE_INFO = struct.Struct("32s32sIIQ160s16x")
_REQUEST = struct.Struct("64I32sQI20x240xII20xi")
_VALUES = struct.Struct("QQ")
_ACTIVE_LOW, _OUTPUT = 1 << 1, 1 << 3


def _code(number: int, size: int, direction: int = 3) -> int:
    """The number of an ioctl (asm-generic/ioctl.h); `direction` 2 only reads, 3 reads and writes."""
    return direction << 30 | size << 16 | _MAGIC << 8 | number


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode(errors="replace")


class LampLine(NamedTuple):
    """A line of the chip with this label or name; without one, of the chip that has the header."""

    gpio: int
    chip: str
    labels: tuple[str, ...]
    active_high: bool


class OutputLine:
    """An output line, dark at first. Raises OSError if it cannot be claimed or set."""

    def __init__(self, line: LampLine, dev: Path = Path("/dev")) -> None:
        chip, number = _find(line, dev)
        try:
            flags = _OUTPUT | (0 if line.active_high else _ACTIVE_LOW)
            data = bytearray(_REQUEST.pack(number, *[0] * 63, b"edged", flags, 0, 1, 0, 0))
            fcntl.ioctl(chip, _code(0x07, _REQUEST.size), data)
            self._fd: int = _REQUEST.unpack(data)[-1]
        finally:
            os.close(chip)

    def set(self, on: bool) -> None:  # noqa: FBT001 a level
        fcntl.ioctl(self._fd, _code(0x0F, _VALUES.size), _VALUES.pack(int(on), 1))

    def close(self) -> None:
        os.close(self._fd)


def _find(line: LampLine, dev: Path) -> tuple[int, int]:
    """An open chip and the number of the line on it. No other chip is touched: there, the line may switch anything."""
    for path in sorted({os.path.realpath(each) for each in dev.glob("gpiochip*")}):
        try:
            chip = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        number = _number(chip, path, line, dev)
        if number is not None:
            return chip, number
        os.close(chip)
    raise OSError(f"no GPIO chip fits GPIO {line.gpio}")


def _number(chip: int, path: str, line: LampLine, dev: Path) -> int | None:
    data = bytearray(_CHIP_INFO.size)
    fcntl.ioctl(chip, _code(0x01, _CHIP_INFO.size, 2), data)
    _, label, lines = _CHIP_INFO.unpack(data)
    named = line.chip and line.chip in (_text(label), path, Path(path).name)
    linked = line.chip and os.path.realpath(dev / line.chip) == path
    if named or linked or (not line.chip and _text(label) in line.labels):
        return line.gpio if line.gpio < lines else None
    if line.chip:
        return None
    return next((at for at in range(lines) if _name(chip, at) == f"GPIO{line.gpio}"), None)


def _name(chip: int, offset: int) -> str:
    data = bytearray(_LINE_INFO.pack(b"", b"", offset, 0, 0, b""))
    fcntl.ioctl(chip, _code(0x05, _LINE_INFO.size), data)
    return _text(_LINE_INFO.unpack(data)[0])


class KernelLed:
    """An LED of the kernel. Raises OSError if it cannot be set."""

    def __init__(self, name: str) -> None:
        self._fd = os.open(f"/sys/class/leds/{name}/brightness", os.O_WRONLY | os.O_CLOEXEC)
        self.set(False)

    def set(self, on: bool) -> None:  # noqa: FBT001 a level
        os.pwrite(self._fd, b"255" if on else b"000", 0)

    def close(self) -> None:
        os.close(self._fd)


class PixelRow:
    """Pixels on an SPI device, by the rules of panel/spi_pixels.py. Raises OSError or ValueError."""

    def __init__(self, words: str, power: LampLine | None = None) -> None:
        device, hz, on, off = words.split(" ")
        self._sent = bytes.fromhex(off), bytes.fromhex(on)
        self._power: OutputLine | None = None
        self._fd = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            for code, value in _set_up(int(hz)):
                fcntl.ioctl(self._fd, code, value)
            if power is not None:
                self._power = OutputLine(power)
                self._power.set(True)
            self.set(False)
        except OSError:
            self.close()
            raise

    def set(self, on: bool) -> None:  # noqa: FBT001 a level
        os.write(self._fd, self._sent[on])

    def close(self) -> None:
        os.close(self._fd)
        if self._power is not None:
            self._power.set(False)
            self._power.close()


def _set_up(hz: int) -> list[tuple[int, bytes]]:
    """Mode 0, 8 bits in a word, the speed (linux/spi/spidev.h)."""
    return [(0x40016B01, b"\0"), (0x40016B03, b"\x08"), (0x40046B04, struct.pack("=I", hz))]


LastLamp = OutputLine | KernelLed | PixelRow


def light_of(left: Left) -> LastLamp | None:
    """The lamp that shows the fault; None: there is none. Raises OSError or ValueError."""
    gpio = left.power if left.pixels else left.gpio
    line = None if gpio is None else LampLine(gpio, left.chip, left.labels, left.active_high)
    if left.pixels:
        return PixelRow(left.pixels, line)
    return KernelLed(left.led) if left.led else OutputLine(line) if line else None


def darkened(left: Left) -> list[LastLamp]:
    """The lamps that must be off. They stay claimed, and so dark."""
    lamps: list[LastLamp] = []
    for each in left.dark:
        kind, _, rest = each.partition(" ")
        try:
            match kind:
                case "gpio":
                    gpio, high, chip = rest.split(" ", 2)
                    lamps.append(OutputLine(LampLine(int(gpio), chip, left.labels, high != "no")))
                case "led":
                    lamps.append(KernelLed(rest))
                case "pixels":
                    lamps.append(PixelRow(rest))
        except (OSError, ValueError):  # its chip or its bus is not there now, or gives it to nobody
            continue
    return lamps


# -- the whole -------------------------------------------------------------------------------------------------------


def entry(text: str) -> bytes:
    """The journal entry (systemd.io, "Native Journal Protocol")."""
    fields = {
        "MESSAGE": " ".join(text.split()),
        "PRIORITY": "3",
        "MESSAGE_ID": MESSAGE_ID,
        "SYSLOG_IDENTIFIER": "edged",
        "EDGED_CAUSE": CAUSE,
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode()


def log(text: str) -> None:
    """Write the line into the journal, or to standard error."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        try:
            journal.sendto(entry(text), JOURNAL)
        except OSError:
            print(f"<3>{text}", file=sys.stderr)  # noqa: T201


def steps(pattern: tuple[int, ...]) -> Iterator[tuple[bool, float]]:
    """On or off, and for how many seconds, without an end."""
    while True:
        for at, ms in enumerate(pattern):
            yield at % 2 == 0, ms / 1000


def show(left: Left, stopped: int) -> None:
    """Show the light until something arrives at `stopped`, which is a descriptor."""
    dark = darkened(left)
    lamp: LastLamp | None = None
    for on, seconds in steps(left.pattern or (1000,)):
        wait_s = seconds
        try:
            lamp = lamp or (light_of(left) if left.pattern else None)
            if lamp is None:
                wait_s = 3600.0
            else:
                lamp.set(on)
        except (OSError, ValueError):
            if lamp is not None:
                lamp.close()
            lamp, wait_s = None, AGAIN_S
        if select.select([stopped], [], [], wait_s)[0]:
            break
    for each in (*dark, *([lamp] if lamp else [])):
        with suppress(OSError):
            each.set(False)
            each.close()


def main() -> int:
    """Log why, and show the light until SIGTERM."""
    stopped, at_signal = os.pipe()
    os.set_blocking(at_signal, False)
    signal.set_wakeup_fd(at_signal)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    left, dark = lamp_of(Path(os.environ.get("STATE_DIRECTORY", "/var/lib/edged")) / NOTE)
    light = f" The light stays dark: {dark}." if dark else ""
    log(f"{CAUSE}: edged is down: {how_it_ended(os.environ)}; {what_is_wrong()}. {REMEDY}{light}")
    show(left, stopped)
    return 0


if __name__ == "__main__":
    sys.exit(main())
