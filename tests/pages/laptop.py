"""A simulated laptop with a checkout and an ordinary user, made of Linux namespaces. Nothing is left after it closes.

The laptop has its own /home, /run, /tmp and loopback, so its ports and sockets collide with nothing. It has no other
network. Its .venv is the environment that scripts/demo leaves; the packages come from the environment of this test run.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.pages.blocks import TOP

USER, UID = "maker", 1000
HOME = f"/home/{USER}"
FOLDER = f"{HOME}/edged"
PATH = "/usr/local/bin:/usr/bin:/bin"
HIDDEN = ("/home", "/root", "/run", "/tmp")  # these are empty on the laptop
LOOPBACK_UP = """import fcntl, socket, struct
with socket.socket() as one:
    fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
"""
SETUP = """set -e
umask 022
mount --make-rprivate /
mount -t tmpfs -o mode=755 aside /mnt
for path in {needed}; do mkdir -p "/mnt$path"; mount --rbind "$path" "/mnt$path"; done
for path in {hidden}; do mount -t tmpfs -o mode=755 laptop "$path"; done
chmod 1777 /tmp
! [ -d /etc/edged ] || mount -t tmpfs laptop /etc/edged
for path in {needed}; do
    case $path in {patterns}) mkdir -p "$path"; mount --rbind "/mnt$path" "$path" ;; esac
done
{python} -I -c {loopback}
mkdir -p {home}/edged /run/user/{uid}
chmod 700 /run/user/{uid}
tar -C "/mnt{top}" --exclude=./.git --exclude='./.*' --exclude=__pycache__ -c . | tar -C {home}/edged --no-same-owner -x
# the first line with a number counts
{{ echo '{user}:x:{uid}:{uid}::{home}:/bin/bash'; cat /etc/passwd; }} >/mnt/passwd
{{ echo '{user}:x:{uid}:'; cat /etc/group; }} >/mnt/group
for file in passwd group; do mount --bind "/mnt/$file" "/etc/$file"; done
{own}
echo ready
exec sleep infinity
"""
READY = "ready\n"
# scripts/env makes the environment, but without pip, which takes seconds, and without packages from the network.
ENVIRONMENT = """set -euo pipefail
cd ~/edged
. scripts/env
venv=$PWD/.venv log=/dev/null
without_pip() { if [ "$3" = venv ]; then %(python)s -I -m venv --without-pip "${@:4}"; else %(python)s "$@"; fi; }
python=without_pip
make_venv
printf '%%s\\n' %(packages)s >"$(echo "$venv"/lib/python3*/site-packages)/given.pth"
for layer in core dev; do layer_of "$layer" >"$venv/edged.$layer"; done
"""


def logged_in(**more: str) -> list[str]:
    """The words before a command that give it the environment of a new login. Ctrl-C can end the command."""
    environment = {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "LOGNAME": USER,
        "PATH": PATH,
        "SHELL": "/bin/bash",
        "TERM": "xterm",
        "USER": USER,
    } | more
    return ["env", "-i", "--default-signal=INT", *(f"{name}={value}" for name, value in environment.items())]


class Laptop:
    """The laptop exists inside a `with`."""

    def __enter__(self) -> "Laptop":
        needed = _needed()
        places = {
            "needed": shlex.join(dict.fromkeys(needed)),
            "hidden": shlex.join(HIDDEN),
            "patterns": " | ".join(f"{each}/*" for each in HIDDEN),
            "python": shlex.quote(_python()),
            "loopback": shlex.quote(LOOPBACK_UP),
            "top": TOP,
            "home": HOME,
            "user": USER,
            "uid": UID,
            "own": f"chown -R {UID}:{UID} {HOME} /run/user/{UID}" if os.geteuid() == 0 else "",
        }
        words = [*_unshare(), "sh", "-c", SETUP.format(**places)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert self._process.stdout is not None
            said = []
            while (line := self._process.stdout.readline()) not in {READY, ""}:
                said.append(line)
            assert line == READY, f"no laptop: {''.join(said)}"
            self._init = self._first()
            given = shlex.join(packages(sys.path))
            self.ask(ENVIRONMENT % {"python": shlex.quote(_python()), "packages": given})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()  # this ends everything on the laptop
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _first(self) -> int:
        """The process ID, on this machine, of the laptop's first process."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for _ in range(100):
            with contextlib.suppress(IndexError):
                return int(children.read_text().split()[0])
            time.sleep(0.02)
        raise AssertionError("the laptop has no first process")

    def words(self, **more: str) -> list[str]:
        """The words before a command that run it on the laptop as the ordinary user, after a new login."""
        enter = ["nsenter", "-t", str(self._init), "-m", "-n", "-p", "-i"]
        become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--"]
        if os.geteuid() != 0:
            enter += ["-U", "--preserve-credentials"]
            become = ["unshare", "--user", f"--map-user={UID}", f"--map-group={UID}"]
        return [*enter, *become, *logged_in(XDG_RUNTIME_DIR=f"/run/user/{UID}", **more)]

    def ask(self, script: str, *, timeout_s: float = 60) -> str:
        """Runs a script in the user's home and returns its output. The script must succeed."""
        done = subprocess.run(
            [*self.words(), "bash", "-c", f"cd\n{script}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout

    def file(self, name: str, text: str) -> None:
        """Writes a file in the edged folder that only its owner can read."""
        subprocess.run(
            [*self.words(), "bash", "-c", f"umask 077; cat >{shlex.quote(f'{FOLDER}/{name}')}"],
            input=text,
            text=True,
            check=True,
        )


def _unshare() -> list[str]:
    own = ["--user", "--map-root-user"] if os.geteuid() != 0 else []
    return ["unshare", *own, "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"]


def _python() -> str:
    """The interpreter itself, not the link in an environment."""
    return os.path.realpath(sys.executable)


def _needed() -> list[str]:
    """Folders of this machine that the laptop needs, at the same place."""
    return [str(TOP), sys.base_prefix, *packages(sys.path)]


def packages(path: Sequence[str]) -> list[str]:
    """The folders with packages in a search path. Another environment may have lent its own with a .pth file."""
    own = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    lent = (each for each in path if Path(each).name in ("site-packages", "dist-packages"))
    return list(dict.fromkeys((*own, *lent)))


def obstacle() -> str:
    """Why this machine cannot simulate a laptop. Empty if it can."""
    if any(Path(path).is_relative_to(HOME) for path in _needed()):
        return f"the test environment is in {HOME}, where the laptop has its own folder"
    done = subprocess.run(
        [*_unshare(), "mount", "-t", "tmpfs", "laptop", "/mnt"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"this machine allows no namespaces: {done.stderr.strip()}" if done.returncode else ""
