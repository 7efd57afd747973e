"""What `auto` chooses: on simulated machines made of files, and in a process on this machine."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edged.app import lamps, panel
from edged.config import load
from edged.panel.gpiozero_panel import GpiozeroContact, GpiozeroLamp
from edged.panel.keyboard import KeyboardContact
from edged.panel.null import NullContact, NullLamp
from edged.system.control_client import ControlClient

IN_TIME_S = 60


OLD = "the Python package gpiod is older than version 2"


def machine(
    tmp_path,
    *,
    env=None,
    cpuinfo="",
    revision=b"",
    model=b"",
    chips=0,
    stdin=None,
    no_gpiod="",
    has_lgpio=True,
):
    """A machine with this content in /proc and /dev. `no_gpiod`: why gpiod cannot use its pins."""
    (tmp_path / "dev").mkdir()
    tree = tmp_path / "proc/device-tree/system"
    tree.mkdir(parents=True)
    (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
    if revision:
        (tree / "linux,revision").write_bytes(revision)
    if model:
        (tree.parent / "model").write_bytes(model)
    for chip in range(chips):
        (tmp_path / f"dev/gpiochip{chip}").touch()
    return panel.machine(env or {}, stdin, tmp_path, no_gpiod=lambda: no_gpiod, has_lgpio=lambda: has_lgpio)


@pytest.mark.parametrize(
    "has",
    [
        {"revision": b"\0\xc0\x31\x15", "chips": 1},
        {"cpuinfo": "processor\t: 0\nRevision\t: c03115\n", "chips": 1},
        {"model": b"Raspberry Pi 4 Model B Rev 1.5\0"},  # the number of the board is not needed
        {"revision": b"\0\xc0\x31\x15"},  # the chip appears later, and the keeper tries again
    ],
)
def test_on_a_pi_both_are_on_gpiod_which_rests_while_nobody_presses(tmp_path, has):
    found = machine(tmp_path, **has)
    assert (found.backend("button"), found.backend("light")) == ("gpiod", "gpiod")
    assert found.why(("button", "light")) == "this is a Raspberry Pi"


def test_who_chooses_the_pins_of_gpiozero_wants_gpiozero(tmp_path):
    found = machine(tmp_path, env={"GPIOZERO_PIN_FACTORY": "mock"}, revision=b"\0\xc0\x31\x15", chips=1)
    assert (found.backend("button"), found.backend("light")) == ("gpiozero", "gpiozero")
    assert found.why(("button", "light")) == "GPIOZERO_PIN_FACTORY is 'mock'"


def test_on_a_pi_where_gpiod_cannot_be_used_both_are_on_gpiozero_and_one_line_says_why(tmp_path):
    found = machine(tmp_path, revision=b"\0\xc0\x31\x15", no_gpiod=OLD)
    assert (found.backend("button"), found.backend("light")) == ("gpiozero", "gpiozero")
    assert found.why(("button", "light")) == f"this is a Raspberry Pi, and gpiod cannot use its pins: {OLD}"


def test_where_neither_can_work_it_is_gpiod_whose_remedy_is_the_shorter_one(tmp_path):
    """Without the number of the board, gpiozero knows no pins."""
    found = machine(tmp_path, model=b"Raspberry Pi 4 Model B Rev 1.5\0", no_gpiod=OLD)
    assert (found.backend("button"), found.backend("light")) == ("gpiod", "gpiod")


def test_another_board_is_used_by_the_chip_that_is_named(tmp_path):
    found = machine(tmp_path, model=b"Xunlong Orange Pi PC", chips=2)
    assert found.backend("button", "1c20800.pinctrl") == "gpiod"
    assert found.backend("light") == "none"


@pytest.mark.parametrize(
    ("has", "why"),
    [
        ({}, "this is not a Raspberry Pi and there is no terminal"),
        ({"cpuinfo": "processor\t: 0\nmodel name\t: some Revision : 5\n"}, "this is not a Raspberry Pi and"),
        ({"chips": 2}, "this is not a Raspberry Pi, and `chip` names none of its GPIO chips"),
    ],
)
def test_elsewhere_and_without_a_terminal_there_is_neither(tmp_path, has, why):
    found = machine(tmp_path, **has)
    assert (found.backend("button"), found.backend("light")) == ("none", "none")
    assert why in found.why(("button", "light"))


def test_the_light_alone_says_nothing_of_terminals(tmp_path):
    assert machine(tmp_path).why(("light",)) == "this is not a Raspberry Pi"


def test_the_terminal_of_somebody_else_is_no_button(tmp_path):
    """This process is in the background of its terminal, so it must not take the keys."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "r") as stdin:
        assert machine(tmp_path, stdin=stdin).backend("button") == "none"


def test_a_closed_stdin_is_no_terminal(tmp_path):
    with Path("/dev/null").open() as stdin:
        pass
    assert machine(tmp_path, stdin=stdin).backend("button") == "none"


@pytest.mark.parametrize(
    ("backend", "made"), [("gpiozero", GpiozeroContact), ("keyboard", KeyboardContact), ("none", NullContact)]
)
def test_what_is_named_is_taken(backend, made):
    assert type(panel.button(load(None, env={}, sets=[f"button.backend={backend}"]).config)) is made


@pytest.mark.parametrize(("backend", "made"), [("gpiozero", GpiozeroLamp), ("none", NullLamp)])
def test_the_lamp_that_is_named_is_taken(backend, made):
    assert type(lamps.lamp(load(None, env={}, sets=[f"light.backend={backend}"]).config)) is made


def test_a_lamp_that_should_dim_is_on_gpiozero_where_that_can_dim(tmp_path):
    pi = {"revision": b"\0\xc0\x31\x15"}
    for number, (has, backend) in enumerate(
        [
            (pi, "gpiozero"),
            ({**pi, "has_lgpio": False}, "gpiod"),
            ({"model": b"Raspberry Pi 4 Model B Rev 1.5\0"}, "gpiod"),  # gpiozero does not know the board
            ({"env": {"GPIOZERO_PIN_FACTORY": "mock"}}, "gpiozero"),
            ({}, "none"),
        ]
    ):
        place = tmp_path / str(number)
        place.mkdir()
        assert machine(place, **has).backend("light", dims=True) == backend


# -- a process ---------------------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path):
    """The command line of a kiosk without sound and without a link. It keeps everything in this folder."""
    sets = {
        "control.socket": tmp_path / "s",
        "state.dir": tmp_path / "state",
        "microphone.backend": "null",
        "speaker.backend": "null",
        "provider.url": "ws://127.0.0.1:9/v1/realtime",
    }
    (tmp_path / "config.yaml").write_text("version: 1\n")
    return [
        *(sys.executable, "-P", "-m", "edged", "run", "--config", str(tmp_path / "config.yaml")),
        *(word for key, value in sets.items() for word in ("--set", f"{key}={value}")),
    ]


def ready(client_at):
    """Return the state of a kiosk once it answers."""
    until = time.monotonic() + IN_TIME_S
    while time.monotonic() < until:
        try:
            with ControlClient(client_at) as client:
                return client.snapshot
        except Exception:  # noqa: BLE001 it is not there yet
            time.sleep(0.05)
    raise AssertionError("no kiosk")


def is_a_pi():
    return bool(panel.machine({}, None).gpio)


@pytest.mark.slow
@pytest.mark.skipif(is_a_pi(), reason="this machine has GPIO")
def test_on_a_machine_without_gpio_and_terminal_it_runs_without_a_word_of_a_library(plain, tmp_path):
    env = {key: value for key, value in os.environ.items() if key != "GPIOZERO_PIN_FACTORY"}
    with subprocess.Popen(
        plain, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env
    ) as kiosk:
        state = ready(tmp_path / "s")
        kiosk.terminate()
        said = kiosk.communicate(timeout=IN_TIME_S)[1].splitlines()
    assert state["lost"] == {}
    assert not state["light"].startswith("error_")
    assert [line for line in said if "auto" in line] == [
        "<6>auto: the button is not used, the light is not used: this is not a Raspberry Pi and there is no terminal"
    ]
    assert all(re.match(r"<\d>", line) for line in said), said  # every line is edged's


@pytest.mark.skipif(is_a_pi(), reason="this machine has GPIO")
def test_in_a_terminal_the_space_bar_is_the_button(plain, tmp_path):
    env = {key: value for key, value in os.environ.items() if key != "GPIOZERO_PIN_FACTORY"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(plain[0], plain, env)
    try:
        ready(tmp_path / "s")
        with ControlClient(tmp_path / "s") as client:
            os.write(terminal, b" ")
            while (event := client.receive()).get("event") != "turn":
                pass
            assert (event["was"], event["by"]) == ("IDLE", "PRESS")
        os.kill(pid, signal.SIGTERM)
        said = b""
        while select.select([terminal], [], [], IN_TIME_S)[0]:
            try:
                said += os.read(terminal, 65_536)
            except OSError:  # the other end is closed
                break
    finally:
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    lines = [line for line in said.decode().splitlines() if "auto" in line]
    assert len(lines) == 1
    assert (
        "the button is the keyboard (space bar), the light is not used: this is not a Raspberry Pi"
        in lines[0]
    )


@pytest.mark.slow
@pytest.mark.skipif(is_a_pi(), reason="this machine has GPIO")
def test_the_status_gives_cause_text_and_remedy(plain, tmp_path):
    with subprocess.Popen(
        [*plain, "--set", "button.backend=gpiozero", "--set", "light.backend=gpiozero"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "GPIOZERO_PIN_FACTORY"},
    ) as kiosk:
        ready(tmp_path / "s")
        until = time.monotonic() + IN_TIME_S
        wanted = {"button", "light", "line"}
        troubles = []
        while {each["what"] for each in troubles} != wanted and time.monotonic() < until:
            asked = [*(sys.executable, "-P", "-m", "edged", "status", "--socket", str(tmp_path / "s"))]
            status = subprocess.run([*asked, "--json"], capture_output=True, text=True, check=False)
            troubles = json.loads(status.stdout)["troubles"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        shown = done.stdout
        kiosk.terminate()
        said = kiosk.communicate(timeout=IN_TIME_S)[1].splitlines()
    assert done.returncode == 2
    by = {each["what"]: each for each in troubles}
    assert by["button"]["cause"] == "button_lost"
    assert by["button"]["text"].startswith("GPIO 17: this machine has no GPIO chip")
    assert "lgpio is not installed" in by["button"]["text"]
    assert "Check the wiring" in by["button"]["remedy"]
    assert by["light"]["cause"] == "light_lost"
    assert by["line"]["cause"] == "unreachable"
    assert "edged serve" in by["line"]["text"]
    for each in troubles:
        assert (
            f"trouble   {each['what']}: {each['cause']}: {each['text']}\nremedy    {each['remedy']}\n"
            in shown
        )
    assert all(re.match(r"<\d>", line) for line in said), said
