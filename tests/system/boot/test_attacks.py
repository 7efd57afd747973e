"""Attacks on unattended kiosks, made on a real machine: disks, storms, clients, other users."""

import json
import socket
import time

import pytest

from edged.system.control_client import ControlClient
from instruments.rig import Box
from tests.system.boot.stand import Stand, within

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def stand(installed):
    with Box(*installed.layers, alone=True) as box:
        box.file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        yield Stand(box)


@pytest.fixture
def kiosk(stand):
    """A kiosk whose link is up."""
    stand.configure()
    stand.serve()
    stand.with_link()
    yield stand
    stand.drop_in("")


def control(stand):
    return ControlClient(f"/proc/{stand.box.init}/root/run/edged/control.sock")


def answers(stand):
    """Check that a question is answered as usual."""
    before = stand.status()["turns"]
    stand.ctl("press 0.8s release")
    stand.until(lambda status: status["state"] in {"SPEAKING", "DRAINING"} and status["turns"] == before + 1)
    stand.ctl("interrupt")
    stand.until(lambda status: status["state"] == "IDLE")


def same_process(stand, pid):
    assert stand.show("MainPID") == pid
    assert stand.show("NRestarts") == "0"


def open_files(stand, pid):
    return int(stand.box.ask(f"ls /proc/{pid}/fd | wc -l"))


# -- storms ------------------------------------------------------------------------------------------


def test_two_hundred_reloads_leak_no_file_no_thread_and_no_line(kiosk):
    pid = kiosk.show("MainPID")
    sections = (
        "turn: {think_s: 5}",
        'speaker: {backend: "null", prebuffer_ms: 80}',
        'provider: {name: local, url: "URL", voice: ash}',
    )
    with control(kiosk) as client:
        counts = []
        for n in range(200):
            kiosk.configure(*(section for at, section in enumerate(sections) if n >> at & 1))
            assert client.command("reload")["when"] in {"now", "after this turn"}
            if n in {20, 199}:
                kiosk.until(lambda status: status["link"]["up"])
                time.sleep(1)
                counts.append((open_files(kiosk, pid), int(kiosk.box.ask(f"ls /proc/{pid}/task | wc -l"))))
    assert counts[1][0] <= counts[0][0] + 2
    assert counts[1][1] <= counts[0][1] + 1
    same_process(kiosk, pid)
    answers(kiosk)


def test_a_storm_of_hangups_ends_in_the_configuration_that_is_there(kiosk):
    pid = kiosk.show("MainPID")
    kiosk.configure("mode: toggle")
    kiosk.box.ask(f"for n in $(seq 500); do kill -HUP {pid}; done")
    kiosk.until(lambda status: status["mode"] == "toggle")
    same_process(kiosk, pid)
    kiosk.configure()
    kiosk.box.ask("edged reload")
    answers(kiosk)


def test_a_reload_while_somebody_speaks_waits_and_loses_nothing(kiosk):
    pid = kiosk.show("MainPID")
    with control(kiosk) as client:
        client.command("press", keep=True)
        kiosk.configure('speaker: {backend: "null", prebuffer_ms: 120}', "mode: toggle")
        assert client.command("reload")["when"] == "after this turn"
        time.sleep(0.8)
        client.command("release")
    kiosk.until(lambda status: status["state"] in {"SPEAKING", "DRAINING"})
    kiosk.until(lambda status: status["mode"] == "toggle")
    same_process(kiosk, pid)


def test_a_kiosk_that_was_muted_starts_muted(kiosk):
    kiosk.ctl("mute")
    time.sleep(0.5)  # until it is on the disk
    kiosk.with_link()
    assert kiosk.status()["muted"]
    kiosk.ctl("unmute")
    assert "muted" not in kiosk.show("StatusText")


# -- clients -----------------------------------------------------------------------------------------


def test_clients_that_hang_or_talk_nonsense_hold_up_no_turn(kiosk):
    pid = kiosk.show("MainPID")
    path = f"/proc/{kiosk.box.init}/root/run/edged/control.sock"
    silent = [socket.socket(socket.AF_UNIX) for _ in range(10)]
    try:
        for n, one in enumerate(silent):
            one.connect(path)
            if n % 2:
                one.sendall(b'{"command": "status"}\n' * 200)  # and it reads none of the answers
        for nonsense in (
            b"\x00" * 9000,
            b"{" * 5000 + b"\n",
            b'{"command": 7}\n',
            b"\xff\xfe\n",
            b'{"command": "reload", "id": {}}\n',
        ):
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(path)
                one.sendall(nonsense)
        answers(kiosk)
    finally:
        for one in silent:
            one.close()
    same_process(kiosk, pid)
    assert kiosk.entries("4dca1fd75e4c4f1c8a6c52a5ff5d1f01") == []


# -- disks -------------------------------------------------------------------------------------------


def test_a_full_disk_for_its_state_ends_nothing(kiosk):
    kiosk.box.ask(
        "systemctl stop edged; mount -t tmpfs -o size=4k,uid=edged,gid=edged,mode=700 tmpfs /var/lib/edged"
    )
    try:
        kiosk.box.run(
            "setpriv --reuid=edged --regid=edged --clear-groups dd if=/dev/zero of=/var/lib/edged/full bs=1k"
        )
        kiosk.configure('microphone: {backend: "null"}')
        kiosk.with_link()
        pid = kiosk.show("MainPID")
        kiosk.ctl("press 0.5s release")
        kiosk.until(lambda status: status["turns"] == 1 and status["state"] == "IDLE")
        same_process(kiosk, pid)
    finally:
        kiosk.box.ask("systemctl stop edged; umount /var/lib/edged")


def test_a_read_only_disk_ends_nothing(kiosk):
    kiosk.drop_in("ReadOnlyPaths=/var/lib/edged")
    kiosk.with_link()
    answers(kiosk)


def test_a_journal_that_is_stopped_holds_up_nothing_and_has_the_next_line_when_it_is_back(kiosk):
    pid = kiosk.show("MainPID")
    journal = "systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket"
    kiosk.box.run(f"systemctl stop {journal}")
    for _ in range(2):
        answers(kiosk)
    kiosk.box.ask(f"systemctl start {journal}")
    same_process(kiosk, pid)
    kiosk.mark()
    answers(kiosk)
    within(10, lambda: any(e.get("EDGED_EVENT") == "turn" for e in kiosk.entries()), kiosk.said)


# -- time and names ----------------------------------------------------------------------------------


@pytest.fixture
def silence(stand):
    """A name server that receives questions and answers none."""
    address = "127.78.0.1"

    def listening():
        silent = socket.socket(type=socket.SOCK_DGRAM)
        silent.bind((address, 53))
        return silent

    with stand.box.inside(listening):
        yield address


@pytest.mark.parametrize("answering", [True, False])
def test_names_that_are_not_found_at_boot_hold_up_neither_start_nor_button(stand, silence, answering):
    stand.box.file("/etc/resolv.conf", f"nameserver {'127.0.0.1' if answering else silence}\n")
    stand.configure(
        'provider: {name: custom, model: m, url: "wss://voice.example/v1/realtime"}', "turn: {keep_s: 3}"
    )
    stand.up()
    ready = int(stand.show("ActiveEnterTimestampMonotonic")) - int(
        stand.show("InactiveExitTimestampMonotonic")
    )
    assert ready < 10e6  # less than a name look-up takes
    stand.ctl("press 0.5s release")
    stand.wait_for("4dca1fd75e4c4f1c8a6c52a5ff5d1d07")  # the utterance is too old, and this is reported
    assert stand.status()["light"] in {"offline", "notice"}


# -- who may look ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["edged status", "edged ctl press", "edged reload", "edged status --json"]
)
def test_who_may_not_is_told_what_helps(kiosk, command):
    done = kiosk.box.run(f"setpriv --reuid=nobody --regid=nogroup --clear-groups {command}")
    assert done.returncode == 1
    assert "use sudo, or join the group of that socket" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_group_may_look_and_press(kiosk):
    kiosk.box.run("useradd -M -G edged looker")
    as_looker = "setpriv --reuid=looker --regid=looker --init-groups"
    assert json.loads(kiosk.box.ask(f"{as_looker} edged status --json"))["link"]["up"]
    kiosk.box.ask(f"{as_looker} edged ctl press 0.3s release")


def test_logs_are_for_those_who_may_read_the_journal(kiosk):
    assert "ready" in kiosk.box.ask("edged logs -n 50")
    done = kiosk.box.run("setpriv --reuid=nobody --regid=nogroup --clear-groups edged logs")
    assert "ready" not in done.stdout
    assert "systemd-journal" in done.stderr
    assert done.returncode != 0


def test_status_when_it_is_stopped_or_its_configuration_is_broken(kiosk):
    kiosk.configure(text="version: 1\nmoed: hold\n")
    assert kiosk.status()["link"]["up"]  # it still runs with the previous one
    assert "moed" in kiosk.box.run("edged reload").stderr
    kiosk.configure()
    kiosk.box.ask("systemctl stop edged")
    done = kiosk.box.run("edged status")
    assert done.returncode == 1
    assert "is edged running" in done.stderr
