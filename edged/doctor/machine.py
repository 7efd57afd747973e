"""Reads what the checks want to know about this machine, from /proc and /sys. Blocks for a moment.

A fact that cannot be read is left out: no check fails for it. `root` is the folder that has `proc` and `sys` in it, and
`path` says where programs are, as in the environment.
"""

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from edged.doctor import nl80211
from edged.doctor.hdmi import Hdmi
from edged.doctor.power_supply import PowerSupply, throttled
from edged.doctor.usb_device import UsbDevice, described
from edged.doctor.wifi import Wifi, default_interface
from edged.files import beginning

_MOST_BYTES = 65_536
_PROGRAM_S = 5.0
_KERNEL_S = 1.0
_GENERIC_NETLINK = 16  # NETLINK_GENERIC
PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"
_USB = "sys/bus/usb/devices"
_USER_UNITS = "usr/lib/systemd/user"
_POWER = "proc/device-tree/chosen/power"  # the firmware of a Raspberry Pi 5 puts it there


def wifi(root: Path) -> Wifi:
    """The interface with the default route."""
    net = root / "proc/net"
    name = default_interface(_text(net / "route"), _text(net / "ipv6_route"))
    saves = _saves_power(_number(root / "sys/class/net" / name / "ifindex")) if name else None
    return Wifi(name, saves, (root / "run/NetworkManager").is_dir())


def usb_devices(root: Path) -> list[UsbDevice]:
    """All USB devices, hubs and controllers too."""
    found = [at for at in (root / _USB).glob("*") if (at / "speed").exists()]
    return [_usb_device(at) for at in sorted(found)]


def hdmi(root: Path, connector: str) -> Hdmi:
    at = next(iter(sorted((root / "sys/class/drm").glob(f"card*-{connector}"))), root / "sys/class/drm/none")
    return Hdmi(
        connector,
        is_connected=_text(at / "status") == "connected",
        has_picture=_text(at / "dpms") in {"", "On"} and _text(at / "enabled") in {"", "enabled"},
        blank_s=_number(root / "sys/module/kernel/parameters/consoleblank"),
    )


def desktop_sound(root: Path) -> str:
    """The sound server that a desktop brings; empty: none."""
    for server, name in (("PipeWire", "pipewire"), ("PulseAudio", "pulseaudio")):
        if (root / _USER_UNITS / f"{name}.service").exists():
            return server
    return ""


def power_supply(root: Path, path: str = PROGRAMS) -> PowerSupply:
    volts = [at for at in (root / "sys/class/hwmon").glob("*") if _text(at / "name") == "rpi_volt"]
    limit = _bytes(root / _POWER / "usb_max_current_enable")
    return PowerSupply(
        is_low=any(_text(at / "in0_lcrit_alarm") == "1" for at in volts),
        # Not /sys/…/get_throttled: it knows two seconds only, and reading it makes the kernel complain.
        throttled=throttled(output(("vcgencmd", "get_throttled"), path)),
        current_ma=int.from_bytes(_bytes(root / _POWER / "max_current"), "big"),
        is_usb_limited=bool(limit) and not any(limit),
    )


def kernel_log(path: str = PROGRAMS) -> str:
    """What the kernel has said since the start, as far as it still knows; empty for a user who may not read it."""
    return output(("dmesg",), path)


def _usb_device(at: Path) -> UsbDevice:
    ids = f"{_text(at / 'idVendor')}:{_text(at / 'idProduct')}"
    classes, streams = described(_bytes(at / "descriptors"), _number(at / "bConfigurationValue"))
    return UsbDevice(
        port=at.name,
        name=_text(at / "product") or ids,
        speed_mbit=_speed(_text(at / "speed")),
        version=_text(at / "version"),
        is_hub=_text(at / "bDeviceClass") == "09",
        is_multi_tt=_text(at / "bDeviceProtocol") == "02",
        power=_text(at / "power/control"),
        classes=classes,
        streams=streams,
    )


def _speed(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdecimal() else 0.0  # the kernel may say "unknown"


def _saves_power(interface: int) -> bool | None:
    """What the kernel says by netlink, which needs no privilege and no other program."""
    try:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _GENERIC_NETLINK)
    except (OSError, AttributeError):  # in a sandbox, or not on Linux
        return None
    with sock, suppress(OSError):
        sock.settimeout(_KERNEL_S)
        sock.send(nl80211.ask_family())
        number = nl80211.family(sock.recv(_MOST_BYTES))
        if number is not None:
            sock.send(nl80211.ask_power_save(number, interface))
            return nl80211.power_save(sock.recv(_MOST_BYTES), number)
    return None


def output(command: tuple[str, ...], path: str) -> str:
    """What a program prints; empty if there is no such program, or it takes too long."""
    program = shutil.which(command[0], path=path)
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 a fixed list
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_PROGRAM_S,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _text(path: Path) -> str:
    return _bytes(path).decode(errors="replace").strip().strip("\0")


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdecimal() else 0


def _bytes(path: Path) -> bytes:
    try:
        return beginning(path, _MOST_BYTES)
    except OSError:
        return b""
