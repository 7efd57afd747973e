"""A booted machine: layers over an image, systemd as its first process, and a shell in it."""

import contextlib
import ctypes
import json
import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from instruments.rig.group import own_group
from instruments.rig.image import apt_options, pip_options

Made = TypeVar("Made")
NEW_NETWORK = 0x40000000  # CLONE_NEWNET, see setns(2)
# Services that would disturb this machine's network, which is also the box's, or that ask for a terminal.
OFF = (
    *(
        "systemd-networkd.service",
        "systemd-networkd.socket",
        "systemd-resolved.service",
        "networking.service",
    ),
    *("console-getty.service", "systemd-timesyncd.service", "apt-daily.timer", "apt-daily-upgrade.timer"),
    *("e2scrub_all.timer", "dpkg-db-backup.timer", "fstrim.timer", "systemd-tmpfiles-clean.timer"),
)
# What a machine may do and a container may not: a unit's device rules are BPF programs, and it may lock memory.
AS_A_MACHINE = ("--system-call-filter=bpf @memlock @keyring", "--capability=CAP_IPC_LOCK")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Box:
    """A context manager: booted inside it, and removed completely afterwards.

    `lower` are layers, the uppermost first. Nothing is written to them; changes stay in memory.
    """

    def __init__(self, *lower: Path, alone: bool = False) -> None:
        """With `alone`, it has its own loopback and no other network, so nothing else uses its ports."""
        self._lower = lower
        self._alone = alone
        self._open = contextlib.ExitStack()  # undone at the last exit
        self._running = contextlib.ExitStack()  # undone by freezing
        self._init = 0
        self._group: Path | None = None
        self.root = Path()

    def __enter__(self) -> "Box":
        with contextlib.ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edged-box-")))
            self._running = stack.enter_context(contextlib.ExitStack())
            self.root = self._mounted(place, stack)
            self._group = self._running.enter_context(own_group(place.name))
            self._boot(place / "console", self._furnish())
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def inside(self, make: Callable[[], Made]) -> Made:
        """Call `make` in the network of the box. A socket that it makes belongs to this network from then on."""
        with ThreadPoolExecutor(1) as thread:  # a thread may leave the network of its process
            return thread.submit(self._call_inside, make).result()

    def _call_inside(self, make: Callable[[], Made]) -> Made:
        with Path(f"/proc/{self._init}/ns/net").open("rb") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "the network of the box cannot be entered")
        return make()

    def freeze(self) -> tuple[Path, ...]:
        """Shut the machine down; return layers from which other boxes start, until this one is left."""
        self._running.close()
        return (self.upper, *self._lower)

    @property
    def init(self) -> int:
        """The id of its first process on this machine; its files are below /proc/INIT/root."""
        return self._init

    def run(self, command: str, *, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a shell command, as root and without a terminal."""
        words = [
            "nsenter",
            "-t",
            str(self._init),
            "-a",
            "env",
            "-i",
            f"PATH={PATH}",
            "HOME=/root",
            "LANG=C.UTF-8",
        ]
        return subprocess.run(
            [*words, "sh", "-c", f"cd; {command}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def ask(self, command: str, *, timeout_s: float = 60) -> str:
        """The output of a command that must succeed."""
        done = self.run(command, timeout_s=timeout_s)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def journal(self, unit: str) -> list[dict[str, Any]]:
        """The entries of a unit, oldest first, with all their fields."""
        output = self.ask(f"journalctl --no-pager -o json -u {shlex.quote(unit)}")
        return [json.loads(line) for line in output.splitlines() if line.startswith("{")]

    def file(self, name: str, text: str, mode: int = 0o644) -> str:
        """Write a file of the box; return its name inside the box."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return name

    # -- how it starts --

    def _mounted(self, place: Path, stack: contextlib.ExitStack) -> Path:
        layer, root = place / "layer", place / "root"
        for directory in (layer, root):
            directory.mkdir()
        _mount(stack, "-t", "tmpfs", "tmpfs", layer)
        (layer / "upper").mkdir()
        (layer / "work").mkdir()
        lower = ":".join(str(one) for one in self._lower)
        options = f"lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work"
        _mount(self._running, "-t", "overlay", "-o", options, "box", root)
        self.upper = layer / "upper"
        return root

    def _furnish(self) -> list[str]:
        """Copy the machine's settings for its package tools; return the paths on its disk that they refer to."""
        for unit in OFF:
            link = self.root / "etc/systemd/system" / unit
            link.unlink(missing_ok=True)
            link.symlink_to("/dev/null")
        if not (self.root / "etc/hosts").exists():
            # otherwise a package would make the file, and leave it behind
            self.file("/etc/hosts", "127.0.0.1 localhost\n")
        self.file("/etc/apt/apt.conf.d/90rig", "".join(f"{line}\n" for line in apt_options()))
        pip = pip_options()
        self.file(
            "/etc/pip.conf", "[global]\n" + "".join(f"{name} = {value}\n" for name, value in pip.items())
        )
        paths = {Path(word.removeprefix("file://")) for value in pip.values() for word in value.split()}
        # the folder of an index also holds its wheels
        paths = {path.parent if path.name == "simple" else path for path in paths}
        return [f"--bind-ro={path}" for path in sorted(paths) if path.is_absolute() and path.exists()]

    def _boot(self, console: Path, binds: list[str]) -> None:
        words = ["systemd-nspawn", "--register=no", "--keep-unit", "-q", "-D", str(self.root), "-b"]
        words += ["--console=passive", "--resolv-conf=replace-host", *binds, *AS_A_MACHINE]
        words += ["--private-network"] if self._alone else []
        env = dict(os.environ)
        if self._group is not None:
            env["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"  # as on a Pi
            enter = f"echo $$ >{shlex.quote(str(self._group))}/cgroup.procs; exec "
            words = ["sh", "-ec", enter + shlex.join(words)]
        with console.open("w") as output:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=env
            )
        self._running.callback(self._halt, process)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for _ in _patience(30):
            assert process.poll() is None, f"the box did not start:\n{console.read_text()}"
            with contextlib.suppress(OSError, IndexError, ValueError):
                self._init = int(children.read_text().split()[0])
                state = self.run("systemctl is-system-running").stdout.strip()
                if state in {"running", "degraded"}:
                    return
        raise AssertionError(f"the box does not start:\n{console.read_text()}")

    def _halt(self, process: "subprocess.Popen[bytes]") -> None:
        if self._init:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._init, signal.SIGRTMIN + 4)  # systemd's word for: power off
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._init or process.pid, signal.SIGKILL)
            process.wait(timeout=15)


def _mount(stack: contextlib.ExitStack, *words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)
    stack.callback(subprocess.run, ["umount", "-l", str(words[-1])], check=False)


def _patience(seconds: float) -> Iterator[None]:
    """Wait in real time: a real machine starts here."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.1)
