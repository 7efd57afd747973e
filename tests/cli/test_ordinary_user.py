"""What the README names, run by an ordinary user: one who may write neither to /run/edged nor to /var/lib/edged."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from edged import folders
from edged.cli import main

ROOT = Path(__file__).parents[2]
UID = 65_533 if os.geteuid() == 0 else os.geteuid()
OTHER = 65_532
WITHIN_S = 60
QUIET = ("--set", "microphone.backend=null", "--set", "speaker.backend=null", "--set", "light.backend=none")


# As root, a command sees a /run of its own and nothing of an installed edged. Its Python and the packages stay where
# they are, because a Python finds its libraries by their absolute paths. /root is open, and holds nothing else.
APART = """set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 aside /mnt
for each in "$1" "$2"; do mkdir -p "/mnt$each"; mount --rbind "$each" "/mnt$each"; done
mount -t tmpfs -o mode=755 root /root
for each in "$1" "$2"; do
    case $each in /root/*) mkdir -p "$each"; mount --rbind "/mnt$each" "$each" ;; esac
done
mount -t tmpfs -o mode=755 run /run
for each in /etc/edged /var/lib/edged; do ! [ -e "$each" ] || mount -t tmpfs -o mode=755 none "$each"; done
user=$3
mkdir /run/user && ! [ -e "$4" ] || install -d -o "$user" "/run/user/$user"
shift 4
exec setpriv --reuid="$user" --regid="$user" --clear-groups -- "$@"
"""


class User:
    """Somebody with a home, a runtime folder and a copy of edged; `env` is all that they have."""

    def __init__(self, place):
        self.place = place
        packages = sysconfig.get_path("purelib")
        self._words = [sys.executable]
        if os.geteuid() == 0:
            python = Path(sys.executable).resolve()
            apart = [sys.base_prefix, packages, UID, place / "logged-in", python]
            self._words = ["unshare", "--mount", "sh", "-c", APART, "sh", *map(str, apart)]
        self.env = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
        self.env["PYTHONPATH"] = f"{place / 'edged'}:{packages}"
        self.env["TMPDIR"] = str(self.folder("tmp", 0o1777, owner=0))
        self.env["HOME"] = str(self.folder("home"))
        self.env["XDG_RUNTIME_DIR"] = str(self.folder("runtime", 0o700))

    def folder(self, name, mode=0o755, owner=UID):
        folder = self.place / name
        folder.mkdir()
        if os.geteuid() == 0:
            os.chown(folder, owner, owner)
        folder.chmod(mode)
        return folder

    def start(self, *words, **more):
        return subprocess.Popen(
            [*self._words, "-P", "-m", "edged", *words],
            cwd=self.place / "home",
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )

    def edged(self, *words, code=0):
        """What a command says, on both ways out."""
        with self.start(*words) as process:
            out, err = process.communicate(timeout=WITHIN_S)
        assert process.returncode == code, out + err
        return out + err

    @contextmanager
    def running(self, *words):
        """A command that goes on; ended by SIGTERM."""
        with self.start(*words) as process:
            try:
                yield
            finally:
                process.terminate()
                process.communicate(timeout=WITHIN_S)

    def waits_for(self, words, *command):
        until = time.monotonic() + WITHIN_S
        while words not in (said := self.said(*command)):
            assert time.monotonic() < until, said
            time.sleep(0.1)
        return said

    def said(self, *command):
        with self.start(*command) as process:
            return "".join(process.communicate(timeout=WITHIN_S))

    @contextmanager
    def kiosk(self):
        with self.running("run", *QUIET):
            self.waits_for("state     ", "status")
            yield


@pytest.fixture
def user():
    if os.geteuid() != 0 and (
        Path("/run/edged/control.sock").exists() or Path("/etc/edged/config.yaml").exists()
    ):
        pytest.skip("edged runs on this machine, or is configured")
    if os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("this machine allows no namespaces")
    place = Path(tempfile.mkdtemp(prefix="edged-user-"))  # pytest's own folder is closed to others
    place.chmod(0o755)
    shutil.copytree(ROOT / "edged", place / "edged" / "edged", ignore=shutil.ignore_patterns("__pycache__"))
    user = User(place)
    yield user
    shutil.rmtree(place)


@pytest.mark.slow
def test_pasted_from_the_readme_each_command_finds_the_one_that_runs(user):
    with user.running("serve"), user.kiosk():
        user.waits_for("link      up", "status")
        said = user.edged("ctl", "press", "2s", "release")
        assert said.startswith("press: listening\nrelease: the question has ended")
        assert user.edged("reload") == "nothing changed\n"
        assert "turns     " in user.edged("status")
        socket = user.place / "runtime" / "edged" / "control.sock"
        assert socket.is_socket()
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        user.edged("ctl", "mute")
        assert "(muted)" in user.edged("status", code=2)
        assert (user.place / "home" / ".local" / "state" / "edged" / "switches.json").exists()
    assert not socket.exists()


@pytest.mark.skipif(
    os.geteuid() != 0 and Path(f"/run/user/{UID}").exists(), reason="this user has a runtime folder"
)
@pytest.mark.slow
def test_without_a_home_and_a_runtime_folder_a_private_one_serves_and_nothing_is_kept(user):
    user.env.pop("HOME")
    user.env.pop("XDG_RUNTIME_DIR")
    with user.kiosk():
        private = user.place / "tmp" / f"edged-{UID}"
        assert (private / "control.sock").is_socket()
        assert (private.stat().st_mode & 0o777, private.stat().st_uid) == (0o700, UID)
        assert user.edged("reload") == "nothing changed\n"
        said = user.edged("ctl", "mute")
        assert ("because `state.dir` names no folder that edged may write to" in said) == (os.geteuid() == 0)


def test_what_is_in_force_is_shown(user):
    shown = user.edged("config", "show")
    assert f"socket: {user.place}/runtime/edged/control.sock\n" in shown
    assert f"dir: {user.place}/home/.local/state/edged\n" in shown
    user.env["XDG_STATE_HOME"] = f"{user.place}/home/state"
    assert f"dir: {user.place}/home/state/edged\n" in user.edged("config", "show")
    explicit = user.edged("config", "show", "--set", "control.socket=/run/edged/control.sock")
    assert "socket: /run/edged/control.sock\n" in explicit


@pytest.mark.slow
def test_where_the_runtime_folder_is_too_deep_for_a_socket_the_temporary_one_serves(user):
    deep = user.folder("x" * 100, 0o700)
    user.env["XDG_RUNTIME_DIR"] = str(deep)
    with user.kiosk():
        assert (user.place / "tmp" / f"edged-{UID}" / "control.sock").is_socket()
        assert user.edged("reload") == "nothing changed\n"


def test_a_temporary_folder_that_is_not_there_is_passed_over(user):
    user.env["TMPDIR"] = "/nowhere"
    user.env["XDG_RUNTIME_DIR"] = "relative"
    own = f"socket: /run/user/{UID}/edged/" if Path(f"/run/user/{UID}").exists() else "socket: /tmp/edged-"
    assert own in user.edged("config", "show")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a /run of its own")
def test_the_runtime_folder_is_found_without_its_variable(user):
    """`sudo -u` and cron do not keep it; they must reach the daemon that a desktop has started."""
    user.folder("logged-in")
    user.env.pop("XDG_RUNTIME_DIR")
    assert f"socket: /run/user/{UID}/edged/control.sock\n" in user.edged("config", "show")
    user.env["XDG_RUNTIME_DIR"] = str(user.place)  # as where `su` has kept the variable of somebody else
    assert f"socket: /run/user/{UID}/edged/control.sock\n" in user.edged("config", "show")


def test_a_socket_with_too_long_an_address_is_called_that(user):
    path = f"/tmp/{'x' * 110}"
    assert f"no edged answers at {path} (AF_UNIX path too long)" in user.edged(
        "status", "--socket", path, code=1
    )


def test_a_service_of_systemd_has_what_its_unit_gives_it(user):
    user.env |= {"RUNTIME_DIRECTORY": "/run/edged", "STATE_DIRECTORY": "/var/lib/edged:/var/lib/more"}
    shown = user.edged("config", "show")
    assert "socket: /run/edged/control.sock\n" in shown
    assert "dir: /var/lib/edged\n" in shown


def test_where_none_runs_the_error_names_both_places_and_what_helps(user):
    for command in (["status"], ["ctl", "press"], ["reload"]):
        said = user.edged(*command, code=1)
        assert said.startswith(f"edged {command[0]}: no edged answers at /run/edged/control.sock (")
        assert f" or at {user.place}/runtime/edged/control.sock (" in said
        assert "`edged run`" in said
        assert "--socket" in said
        assert len(said.splitlines()) == 1
    said = user.edged("status", "--socket", "/nowhere/s", code=1)
    assert (
        said
        == "edged status: no edged answers at /nowhere/s (No such file or directory): is edged running?\n"
    )


def plant(folder):
    """As another user would: a folder of theirs, with a socket that answers."""
    if os.geteuid() != 0:
        pytest.skip("a folder of somebody else's can be made by root only")
    folder.mkdir()
    os.chown(folder, OTHER, OTHER)
    folder.chmod(0o777)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", [True, False], ids=["runtime folder", "temporary folder"])
def test_a_folder_of_somebody_else_is_refused(user, runtime):
    folder = user.place / "runtime" / "edged"
    if not runtime:
        user.env.pop("XDG_RUNTIME_DIR")
        folder = user.place / "tmp" / f"edged-{UID}"
    plant(folder)
    sentence = f"{folder} belongs to another user (uid {OTHER}) and is not used"
    assert sentence in user.edged("status", code=1)
    with user.start("run", *QUIET) as process:
        for line in process.stderr:
            if "control socket" in line:
                break
        process.terminate()
        process.communicate(timeout=WITHIN_S)
    assert sentence in line
    assert "edged goes on without it" in line
    assert not list(folder.iterdir())


def test_a_link_in_the_place_of_the_folder_is_refused(user):
    folder = user.place / "runtime" / "edged"
    folder.symlink_to(user.folder("elsewhere"))
    assert f"{folder} is not a folder" in user.edged("status", code=1)


@pytest.mark.slow
def test_a_runtime_folder_of_somebody_else_is_passed_over(user):
    """As where `su` has kept the variable."""
    if os.geteuid() != 0:
        pytest.skip("a folder of somebody else's can be made by root only")
    os.chown(user.place / "runtime", OTHER, OTHER)
    with user.kiosk():
        assert (user.place / "tmp" / f"edged-{UID}" / "control.sock").is_socket()


@pytest.mark.slow
def test_the_logs_of_one_that_runs_in_a_terminal_are_said_to_be_there(user):
    tools = user.folder("tools")
    (tools / "journalctl").write_text("#!/bin/sh\necho '-- No entries --'\n")
    (tools / "journalctl").chmod(0o755)
    user.env["PATH"] = f"{tools}:/usr/bin:/bin"
    assert user.edged("logs") == "-- No entries --\n"
    with user.kiosk():
        said = user.edged("logs")
    assert said.endswith(
        "edged logs: if you start edged in a terminal, it writes its lines there; the journal has its lines only"
        " if systemd starts it\n"
    )


def test_the_system_s_socket_comes_first():
    usual = folders.control_sockets("auto", {})
    assert usual[0] == "/run/edged/control.sock"
    assert len(usual) == (1 if os.geteuid() == 0 else 2)
    assert folders.control_sockets("/run/x", {}) == ("/run/x",)


@pytest.fixture
def served(tmp_path):
    """Two sockets that answer as a daemon does."""
    paths = tmp_path / "1", tmp_path / "2"
    with ExitStack() as stack:
        for path in paths:
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(str(path))
            listening.listen()
            Thread(target=answer, args=[listening], daemon=True).start()
        yield tuple(map(str, paths))


def answer(listening):
    with suppress(OSError):
        while True:
            guest, _ = listening.accept()
            with guest, suppress(BrokenPipeError):
                guest.sendall(b'{"type": "snapshot", "state": "IDLE"}\n')


@pytest.mark.parametrize("verb", ["status", "ctl 0s"])
def test_where_two_answer_it_is_said_which_one_is_meant(served, verb, monkeypatch, capsys):
    monkeypatch.setattr(folders, "control_sockets", lambda *_: served)
    code = 2 if verb == "status" else 0  # nothing is known of a link
    assert main(verb.split()) == code
    first, second = served
    name = verb.split()[0]
    assert capsys.readouterr().err == (
        f"edged {name}: this is the edged at {first}; for the other one add --socket {second}\n"
    )
    Path(second).unlink()
    assert main(verb.split()) == code
    assert not capsys.readouterr().err
