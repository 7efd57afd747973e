"""The end of edged on a real machine: by request in every state, and by a kill."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest

from edged.system.control_client import ControlClient
from edged.turn import State
from instruments.rig import Box
from tests.system.boot.stand import EDGED, Stand, within

pytestmark = pytest.mark.alone

STOPS_WITHIN_S = 1.0
TRIES = 2  # a busy machine may be slow once; edged would be slow each time
QUIET = 'microphone: {backend: "null"}'
Does = Callable[[Stand], object]


def answering(plan: str) -> str:
    return f"version: 1\nanswers:\n  - {plan}\n"


def press(*then: str) -> Does:
    """With a link: make a press that is kept, and then send these commands."""

    def do(stand: Stand) -> None:
        with control(stand) as client:
            client.command("press", keep=True)
            for command in then:
                client.command(command)

    return do


def ask(stand: Stand) -> None:
    """Ask a question of one second."""
    press()(stand)
    time.sleep(1)
    with control(stand) as client:
        client.command("release")


@contextmanager
def control(stand: Stand):
    """Connect from outside the box: at once, without starting a program."""
    with ControlClient(f"/proc/{stand.box.init}/root/run/edged/control.sock") as client:
        yield client


def nothing(stand: Stand) -> None:
    pass


def without_link(does: Does) -> Does:
    def do(stand: Stand) -> None:
        stand.unserve()
        stand.until(lambda status: not status["link"]["up"])
        does(stand)

    return do


def missing(*names: str) -> Does:
    def do(stand: Stand) -> None:
        stand.until(lambda status: set(status["lost"]) == set(names))

    return do


def barge(stand: Stand) -> None:
    ask(stand)
    stand.until(lambda status: status["state"] == "SPEAKING")
    press()(stand)


def tell(stand: Stand) -> None:
    """Press for too short a time, and return when the kiosk tells that."""
    with control(stand) as client:
        client.command("press", keep=True)
        client.command("release")
        assert any(event.get("state") == "NOTICE" for event in client.events(within_s=20))


def reload_while_recording(stand: Stand) -> None:
    press()(stand)
    stand.configure('speaker: {backend: "null", prebuffer_ms: 100}')
    with control(stand) as client:
        assert client.command("reload")["when"] == "after this turn"


def hanging_clients(stand: Stand) -> None:
    """Sixteen clients that never read, and one too many. They stay until the box is gone."""
    for _ in range(17):
        one = socket.socket(socket.AF_UNIX)
        one.connect(f"/proc/{stand.box.init}/root/run/edged/control.sock")
        stand.kept.append(one)


COUNT = """
from pathlib import Path
from edged.system.store import FileStore
store = FileStore(Path("/var/lib/edged"))
n = store.load("count").get("n", 0)
while True:
    n += 1
    store.save("count", {"n": n, "more": "x" * 3000})
"""
LONG = answering("long: 60")
STATES: dict[str, tuple[str, Does, tuple[str, ...], tuple[str, ...], str]] = {
    # each case: the state in which it is stopped, how it gets there, the configuration, the service, its script
    "idle": ("IDLE", nothing, (), (), ""),
    "idle without a link": ("IDLE", without_link(nothing), (), (), ""),
    "pressed just now": ("ARMED", press(), ("button: {backend: none, min_hold_ms: 1000}",), (), ""),
    "pressed into an answer": ("BARGE_IN", barge, ("button: {backend: none, tap_ms: 1000}",), ("--pace", "1"), LONG),
    "recording": ("LISTENING", press(), (), (), ""),
    "recording without a link": ("LISTENING", without_link(press()), (), (), ""),
    "recording, latched": ("LATCHED", press("release"), ("mode: toggle",), (), ""),
    "recording, a reload waits": ("LISTENING", reload_while_recording, (), (), ""),
    "in conversation": ("AWAITING_SPEECH", press(), ("mode: conversation", QUIET), (), ""),
    "in conversation, heard": ("HEARING", press(), ("mode: conversation",), (), ""),
    "sending": ("COMMITTING", without_link(ask), (), (), ""),
    "sending, not acknowledged": ("COMMITTING", ask, (), ("--fault", "deaf"), ""),
    "thinking": ("THINKING", ask, (), ("--think-ms", "60000"), ""),
    "speaking": ("SPEAKING", ask, (), ("--pace", "1"), LONG),
    "speaking, a tool is called": ("BRIDGING", ask, (), ("--pace", "1000"), answering(
        f"items: [{{say: {'many words ' * 40}}}, {{call: {{name: look_up}}}}]\n  - {{say: Well, think_ms: 60000}}")),
    "speaking, all is here": ("DRAINING", ask, (), ("--pace", "1000"), LONG),
    "speaking, the rest is lost": ("TRUNCATED", ask, (), ("--pace", "1000", "--delta-ms", "9000", "--fault",
                                                    "drop@response.output_audio.delta#3"), LONG),
    "telling": ("NOTICE", tell, (), (), ""),
    "muted": ("IDLE", lambda stand: stand.ctl("mute"), (), (), ""),
    "microphone missing": ("IDLE", missing("microphone"), ("microphone: {backend: pyaudio, device: nothing}",), (), ""),
    "speaker missing": ("IDLE", missing("speaker"), ("speaker: {backend: pyaudio, device: nothing}",), (), ""),
    "a device call hangs": ("IDLE", nothing, ("speaker: {backend: wav, file: /var/lib/edged/pipe}",), (), ""),
    "the handshake is not answered": ("IDLE", nothing, (), ("--fault", "hang"), ""),
    "the name is not looked up": ("IDLE", nothing, ('provider: {name: custom, model: m, url: "wss://voice.example/"}',),
                                  (), ""),
    "the link is half open": ("LISTENING", press(), (), ("--fault", "half_open@input_audio_buffer.append"), ""),
    "clients that hang": ("IDLE", hanging_clients, (), (), ""),
}  # fmt: skip
# If a state no longer existed, its test would take 20 s to say so.
assert {state for state, *_ in STATES.values()} <= set(State.__members__)
LINKLESS = {"the handshake is not answered", "the name is not looked up"}


def name_server() -> socket.socket:
    """A name server that receives questions and answers none."""
    silent = socket.socket(type=socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 53))
    return silent


@pytest.fixture(scope="module")
def stand(installed):
    with Box(*installed.layers, alone=True) as box, box.inside(name_server):
        box.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        box.ask("mkfifo -m 600 /var/lib/edged/pipe; chown edged /var/lib/edged/pipe")
        stand = Stand(box)
        stand.kept = []
        yield stand
        for one in stand.kept:
            one.close()


def stopped_within_s(stand: Stand) -> float:
    """Return how long the last stop took, by systemd's own times."""
    output = stand.box.ask(
        "systemctl show -p ActiveExitTimestampMonotonic -p InactiveEnterTimestampMonotonic edged"
    )
    times = dict(line.split("=") for line in output.splitlines())
    return (int(times["InactiveEnterTimestampMonotonic"]) - int(times["ActiveExitTimestampMonotonic"])) / 1e6


def stopped_in(stand: Stand, case: str) -> float:
    """Stop it in this state, look at how it ended, and return the seconds that it took."""
    state, does, config, service, script = STATES[case]
    stand.configure(*config)
    stand.serve(*service, script=script)
    stand.up() if case in LINKLESS else stand.with_link()
    does(stand)
    # Those three states last no longer than a look at them.
    if state not in {"ARMED", "BARGE_IN", "NOTICE"} and not stand.kept:
        stand.until(lambda status: status["state"] == state)
    stand.box.ask("systemctl stop edged")
    took_s = stopped_within_s(stand)
    (ended,) = [entry for entry in stand.entries() if entry.get("EDGED_BY") == "STOP"]
    assert ended["EDGED_WAS"] == state
    assert [stand.show(name) for name in ("Result", "ExecMainCode", "ExecMainStatus")] == [
        "success",
        "1",
        "0",
    ]
    assert stand.box.run("ls /run/edged/control.sock").returncode != 0
    stand.box.ask("rm -f /var/lib/edged/*.json")  # otherwise a muted kiosk would stay muted
    while stand.kept:
        stand.kept.pop().close()
    return took_s


@pytest.mark.parametrize("case", STATES)
def test_it_is_gone_within_a_second_of_being_asked(stand, case):
    took_s = [stopped_in(stand, case)]
    while min(took_s) > STOPS_WITHIN_S and len(took_s) < TRIES:
        took_s.append(stopped_in(stand, case))
    assert min(took_s) <= STOPS_WITHIN_S


# -- killed ------------------------------------------------------------------------------------------


def kill_and_start(stand: Stand, n: int) -> None:
    """Kill it at another moment of its life each time, sometimes before it is ready, and then start it."""
    time.sleep(n % 10 * 0.05)
    stand.box.ask("systemctl kill -s KILL --kill-whom=main edged")
    within(10, lambda: stand.show("MainPID") != stand.pid, stand.said)
    stand.box.ask("systemctl reset-failed edged; systemctl start edged")  # returns after READY
    stand.pid = stand.show("MainPID")
    assert stand.show("ActiveState") == "active"


@pytest.fixture
def killed(stand):
    """Kill it this many times. After that everything is as before."""

    def run(times):
        stand.configure()
        stand.serve()
        stand.with_link()
        stand.box.ask(
            "printf '{\"kept\": 1}' >/var/lib/edged/facts.json; chown edged /var/lib/edged/facts.json"
        )
        before = stand.box.ask("stat -c '%A %U %G %n' /var/lib/edged/*")
        stand.pid = stand.show("MainPID")
        stand.mark()
        for n in range(times):
            kill_and_start(stand, n)
        ready = [entry for entry in stand.entries() if entry.get("EDGED_EVENT") == "ready"]
        assert len({entry["_PID"] for entry in ready}) >= times
        assert stand.box.ask("cat /var/lib/edged/facts.json") == '{"kept": 1}'
        assert stand.box.ask("stat -c '%A %U %G %n' /var/lib/edged/*") == before
        stand.until(lambda status: status["link"]["up"])
        ask(stand)
        stand.until(lambda status: status["state"] in {"SPEAKING", "DRAINING"})

    return run


def test_stopped_and_started_again_and_again_it_has_its_socket_each_time(stand):
    stand.configure()
    stand.unserve()
    for _ in range(8):
        stand.box.ask("systemctl restart edged && systemctl reset-failed edged")
    stand.until(lambda status: status["state"] == "IDLE")


def test_killed_ten_times_it_starts_ten_times(killed):
    killed(10)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_killed_a_hundred_times_it_starts_a_hundred_times(killed):
    killed(100)


def test_what_is_kept_is_whole_whenever_it_is_killed(stand):
    """The store, with the user and the file system of the service."""
    stand.box.file("/var/tmp/count.py", COUNT)
    python = EDGED.replace("bin/edged", "bin/python")
    last = 0
    for n in range(20):
        count = f"timeout -s KILL 0.{4 + n % 5} {python} /var/tmp/count.py"
        stand.box.run(f"setpriv --reuid=edged --regid=edged --clear-groups {count}")
        kept = json.loads(stand.box.ask("cat /var/lib/edged/count.json"))
        assert kept["n"] > last
        last = kept["n"]
    assert stand.box.run("ls /var/lib/edged/*.corrupt").stdout == ""
