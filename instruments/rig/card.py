"""A machine with a real sound card, real pins and real keys, as fast as this one: Debian on a kernel that is a program.

It has one processor, no network but its own loopback, and systemd as its first process. A directory of this machine
is `/mnt` in it. Once the system is up, one command runs there as root; then the machine is switched off. Nothing is
kept.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from instruments.rig.box import OFF, Box
from instruments.rig.image import PACKAGES, cache, image
from instruments.rig.kernel import kernel, locked

SUITE = "bookworm"
HAS = (
    *PACKAGES,
    *("alsa-utils", "libasound2", "libportaudio2", "gpiod", "iproute2", "procps"),
    *(
        "python3",
        "python3-venv",
        "python3-numpy",
        "python3-yaml",
        "python3-systemd",
        "python3-pyaudio",
        "python3-evdev",
    ),
)
# What edged needs besides. Raspberry Pi OS has its own lgpio and gpiozero 2.
NEEDS = ("websockets>=17.4,<18", "msgspec>=0.19", "gpiozero>=2.0", "lgpio==0.2.2.0", "gpiod>=2.1")
PLAIN = tuple(
    each for each in NEEDS if not each.startswith("lgpio")
)  # what the installer adds to plain Debian
PEERS = ("pipecat-ai==1.14.0", "openai>=1.74")
TRIES, COMES_UP_S = 2, 60.0
DISK_MB = 4096
MEMORY_MB = 1024
_RENAMED = {"libasound2": "libasound2t64"}  # in Debian 13
SOURCES = ("edged", "docs", "tests", "instruments", "conftest.py", "systemd", "config.yaml", "pyproject.toml")
ROOT = Path(__file__).parents[2]

# First what a Raspberry Pi 4 has: /dev/gpiochip0 with its label and its lines, and the number of its board. Then the
# command.
SCRIPT = """#!/bin/sh
chip=/sys/kernel/config/gpio-sim/pi
mkdir -p $chip/bank0
echo 58 >$chip/bank0/num_lines
echo pinctrl-bcm2711 >$chip/bank0/label
mkdir -p $chip/bank0/line17 $chip/bank0/line27
echo 1 >$chip/live
printf 'Revision\\t: c03115\\n' >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
mount -t hostfs none -o "$(tr ' ' '\\n' </proc/cmdline | sed -n s/^rig=//p)" /mnt
cp -r /mnt/project /srv
cd /srv/project
sh /mnt/run >/mnt/out 2>&1
echo $? >/mnt/status
sync
"""
UNIT = """[Unit]
After=multi-user.target sound.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
Environment=HOME=/root
ExecStart=/usr/local/sbin/rig
ExecStopPost=/bin/systemctl poweroff --force --force
"""

# The end of the card that edged uses, under a name that PortAudio shows too. The other end is hw:0,1.
SOUND = "pcm.kiosk { type hw card Loopback device 0 }\n"
OFF_HERE = (*OFF, "proc-sys-fs-binfmt_misc.automount", "systemd-binfmt.service", "getty@tty1.service")


def disk(suite: str = SUITE) -> Path:
    """The file system of that machine; the first call makes it, in two minutes.

    A suite other than the usual one has neither lgpio nor the peers.
    """
    has = HAS if suite == SUITE else tuple(_RENAMED.get(each, each) for each in HAS)
    needs, peers = (NEEDS, PEERS) if suite == SUITE else (PLAIN, ())
    recipe = (suite, has, needs, peers, SCRIPT, UNIT, SOUND, OFF_HERE)
    place = cache() / f"card-{sha256(repr(recipe).encode()).hexdigest()[:12]}.ext4"
    with locked(place):
        if not place.exists():
            base = image(suite, has)
            with Box(base) as box:
                _install(box, "edged", needs)
                if peers:
                    _install(box, "pipecat", (*peers, *needs))
                _furnish(box)
                with tempfile.TemporaryDirectory(dir=place.parent, prefix="edged-card-") as work:
                    root = Path(work)
                    _merge(base, root, box)
                    new = place.with_suffix(".new")
                    with new.open("w") as file:
                        file.truncate(DISK_MB * 2**20)
                    subprocess.run(
                        [*("mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1", "-d"), root, new],
                        check=True,
                    )
            new.rename(place)
    return place


def run(command: str, share: Path, *, suite: str = SUITE, timeout_s: float = 600) -> int:
    """Boot, run the command in the guest's copy of this checkout, and return its status.

    `share` is the guest's /mnt and keeps what was written there. Its `out` is the output of the command, its
    `console` is the output of the kernel. Raises RuntimeError if the machine does not end in time.
    """
    program, lower = kernel(), disk(suite)
    share = share.resolve()
    for name in SOURCES:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        (share / "project").mkdir(exist_ok=True)
        copy(
            source,
            share / "project" / name,
            **({"ignore": shutil.ignore_patterns("__pycache__", ".*")} if source.is_dir() else {}),
        )
    (share / "run").write_text(command + "\n")
    for _ in range(TRIES):
        if _booted(program, lower, share, timeout_s):
            break
    status = share / "status"
    if not status.exists():
        raise RuntimeError(f"the machine did not start:\n{(share / 'console').read_text()[-3000:]}")
    return int(status.read_text())


def _booted(program: Path, lower: Path, share: Path, timeout_s: float) -> bool:
    """Run the machine to its end; False if it did not start."""
    with tempfile.TemporaryDirectory(prefix="edged-card-") as work, (share / "console").open("w") as console:
        words = [
            *(str(program), f"mem={MEMORY_MB}M", f"ubd0={work}/changes,{lower}", "root=/dev/ubda", "rw"),
            *(f"rig={share}", "snd_aloop.pcm_substreams=1", "init=/sbin/init", "systemd.show_status=0"),
            *("con=null", "con0=null,fd:1", "con1=null", "ssl=null", f"uml_dir={work}/"),
        ]
        machine = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            env=os.environ | {"TMPDIR": "/dev/shm"},
            preexec_fn=_in_one_place,  # noqa: PLW1509 no other thread is here
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                machine.wait(timeout=COMES_UP_S)
            if not (share / "out").exists():
                return False
            machine.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"the machine does not end: see {share}") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(machine.pid, signal.SIGKILL)
            machine.wait()
    return True


def _in_one_place() -> None:
    """Run on one processor, before all other programs.

    The machine has one processor, and each of its processes is a process of this machine that changes places with the
    kernel at every system call. On two processors, each such change wakes the other one, and a call takes four times
    as long. And other programs here would take time that processes in the machine seem to have used.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _install(box: Box, name: str, wanted: tuple[str, ...]) -> None:
    box.ask(f"python3 -m venv --system-site-packages /opt/{name}")
    words = " ".join(f"'{each}'" for each in wanted)
    box.ask(f"/opt/{name}/bin/pip install -q --no-cache-dir {words}", timeout_s=600)


def _furnish(box: Box) -> None:
    box.file("/usr/local/sbin/rig", SCRIPT, 0o755)
    box.file("/etc/systemd/system/rig.service", UNIT)
    box.ask("ln -sf ../rig.service /etc/systemd/system/multi-user.target.wants/")
    box.file("/etc/udev/rules.d/60-gpio.rules", 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"\n')
    box.file("/etc/asound.conf", SOUND)
    box.ask("groupadd --system gpio")


def _merge(base: Path, root: Path, box: Box) -> None:
    """Merge the image and what was made in the box since, without what a running system leaves behind."""
    subprocess.run(["cp", "-a", f"{base}/.", root], check=True)
    for name in (
        "opt/edged",
        "opt/pipecat",
        "usr/local/sbin/rig",
        "etc/group",
        "etc/gshadow",
        "etc/asound.conf",
    ):
        if not (box.root / name).exists():
            continue
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-aT", box.root / name, target], check=True)
    subprocess.run(["cp", "-aT", box.root / "etc/systemd/system", root / "etc/systemd/system"], check=True)
    for unit in OFF_HERE:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    subprocess.run(
        ["cp", "-a", box.root / "etc/udev/rules.d/60-gpio.rules", root / "etc/udev/rules.d/"], check=True
    )
