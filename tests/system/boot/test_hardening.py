"""The sandbox: its score, and what is and is not possible in it, tried from inside."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.boot.asking import becomes, drop_in, gets_a_link, is_up
from tests.system.boot.conftest import BOTH, ROOT
from tests.system.boot.probe import ATTEMPTS

MOST = 1.8
UNITS = {".service", ".socket", ".timer", ".path"}
NEEDED = list(ATTEMPTS)[: list(ATTEMPTS).index("run a shell")]
# Device numbers of drivers that this kernel lacks: a unit's rule names a class, and the kernel knows its number.
CLASSES = {"alsa": 116, "gpiochip": 236, "spi": 153}
NODES = {
    "snd/controlC9": ("c", CLASSES["alsa"], 200, "audio", "660"),
    "gpiochip9": ("c", CLASSES["gpiochip"], 9, "gpio", "660"),
    "spidev9.0": ("c", CLASSES["spi"], 9, "spi", "660"),
    "probe-disk": ("b", 7, 9, "root", "666"),
    "probe-mem": ("c", 1, 1, "root", "666"),
    "probe-tty": ("c", 4, 1, "root", "666"),
}


def exposure(report):
    return float(report.rsplit("level for ", 1)[1].split(": ", 1)[1].split()[0])


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        ("edged", MOST),
        ("edged-companion", MOST),
        ("edged-rescue", MOST),
        ("edged-local", MOST),
        ("edged-again", MOST),
        ("edged-start", MOST),
        ("edged-shutdown", MOST),
        ("edged-local-switch", MOST),
    ],
)
def test_as_it_lies_here_its_exposure_is_small(unit, most):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze here")
    done = subprocess.run(
        [analyze, "security", "--offline=true", str(ROOT / f"systemd/{unit}.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert exposure(done.stdout) <= most


@BOTH
def test_on_the_machine_its_exposure_is_small_and_no_line_of_it_is_unknown(boot):
    box = boot()
    is_up(box)
    assert exposure(box.ask("systemd-analyze security edged.service")) <= MOST
    limits = box.ask("cat /proc/$(systemctl show -P MainPID edged)/limits")
    assert re.search(r"Max realtime timeout +500000 +500000 ", limits)
    assert re.search(r"Max open files +256 +256 ", limits)
    units = sorted(path.name for path in (ROOT / "systemd").glob("edged*.*") if path.suffix in UNITS)
    assert "edged.service" in units
    done = box.run(f"systemd-analyze verify --man=no {' '.join(units)}")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    results = box.ask("journalctl -b --no-pager -o cat _PID=1")
    assert "Unknown" not in results
    assert "ordering cycle" not in results


@pytest.fixture
def found(boot, suite):
    """Return the result of each attempt inside the sandbox of edged.service, and the limits in it."""
    box = boot()
    gets_a_link(box)  # one of the attempts is to connect to the embedded service
    box.ask(
        "mkdir -p /home/visitor /etc/NetworkManager /usr/lib/klibc/bin /dev/snd && cp /bin/sh /usr/lib/klibc/bin/"
    )
    lines = "\\n".join(f"{number} {name}" for name, number in CLASSES.items())
    box.ask(f"sed 's/^Character devices:/&\\n{lines}/' /proc/devices >/run/devices")
    box.ask("mount --bind /run/devices /proc/devices")
    for name, (kind, major, minor, group, mode) in NODES.items():
        box.ask(f"mknod -m {mode} /dev/{name} {kind} {major} {minor} && chgrp {group} /dev/{name}")
    box.file("/opt/edged/probe.py", Path(__file__).with_name("probe.py").read_text())
    drop_in(
        box,
        "edged.service",
        *("[Service]", "Type=exec", "WatchdogSec=0", "Restart=no", "ExecStart="),
        "ExecStart=/opt/edged/current/bin/python /opt/edged/probe.py",
    )
    box.ask("systemctl restart edged")
    connect = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/edged/control.sock'); print(s.recv(9))"
    group = box.ask("getent group edged | cut -d: -f3")
    peer = box.ask(f'setpriv --reuid=12345 --regid=12345 --groups={group} python3 -c "{connect}"')
    becomes(box, "edged", "inactive")
    return json.loads(box.ask("cat /var/lib/edged/probe.json")), peer, int(box.ask("ulimit -Hr"))


@pytest.mark.alone
@BOTH
def test_what_it_needs_works_and_nothing_else(found):
    results, peer, most_priority = found
    assert peer == "b'12345'", "who is at the control socket is told by the kernel"
    for device in ("open a sound card", "open a chip of pins", "open an LED on SPI"):
        assert results.pop(device) == "ENXIO", f"{device}: let through, to find that there is none"
    if most_priority >= 10:  # otherwise the machine under the box may not raise its limits
        assert results["schedule in real time"] == "ok"
    results.pop("schedule in real time")
    needed = {name: result for name, result in results.items() if name in NEEDED}
    forbidden = {name: result for name, result in results.items() if name not in NEEDED}
    assert needed == dict.fromkeys(needed, "ok")
    assert set(forbidden.values()) <= {"EPERM", "EACCES", "EROFS", "EAFNOSUPPORT"}, forbidden
