"""The companion as a service of a booted machine: its life beside the kiosk, its sandbox, and how it is installed."""

import contextlib
import json
from pathlib import Path

import pytest

from edged.causes import CAUSES
from instruments.rig import Box
from tests.system.boot.asking import becomes, configure, drop_in, eventually, is_up, said_by, state_of
from tests.system.boot.conftest import CONFIG, MARKS, SOONER_12, TREE, give
from tests.system.boot.probe import COMPANION_MUST_NOT, COMPANION_NEEDS
from tests.system.boot.test_hardening import MOST, exposure

pytestmark = SOONER_12
UNIT = "edged-companion.service"
INSTALLER = "/usr/local/lib/edged/install.sh --unattended"
REFUSED = {"EPERM", "EACCES", "EROFS", "EAFNOSUPPORT"}
HIDDEN = {"ENOENT"}  # its /dev is a small one of its own
NODES = {
    "open a sound card": "snd/controlC9",
    "open a chip of pins": "gpiochip9",
    "open an LED on SPI": "spidev9.0",
    "open a raw disk": "probe-disk",
    "open the memory": "probe-mem",
    "open a terminal": "probe-tty",
    "have the key among its credentials": "",
}


@pytest.fixture(scope="module")
def layers(machines):
    """The machine of each Debian with the companion added, as docs/companion.md says, and switched off."""
    made = {}
    with contextlib.ExitStack() as stack:

        def with_companion(suite):
            if suite not in made:
                box = stack.enter_context(Box(*machines(suite).layers))
                is_up(box)
                assert state_of(box, UNIT) == "inactive"
                assert box.run(f"systemctl is-enabled {UNIT}").stdout.strip() == "disabled"
                said = box.ask(f"{INSTALLER} --with companion", timeout_s=280)
                assert "with companion" in said
                is_up(box)
                becomes(box, UNIT, "active")
                made[suite] = box.freeze()
            return made[suite]

        yield with_companion


@pytest.fixture
def boot_with(layers, suite, request):
    """Boots the machine with the companion."""
    alone = request.node.get_closest_marker("alone") is not None
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Box(*layers(suite), alone=alone))


@pytest.fixture
def box(boot_with):
    machine = boot_with()
    is_up(machine)
    becomes(machine, UNIT, "active")
    return machine


def status(box, wanted):
    eventually(box, f"systemctl show -P StatusText {UNIT}", wanted)


def ids(box):
    return [entry.get("MESSAGE_ID") for entry in box.journal(UNIT)]


@pytest.mark.alone
def test_after_a_start_of_the_machine_it_runs_as_its_own_user_and_knows_the_kiosk(box):
    assert box.ask(f"systemctl is-enabled {UNIT}") == "enabled"
    status(box, "nothing to do; the kiosk answers")
    process = state_of(box, UNIT, "MainPID")
    assert box.ask(f"stat -c %U:%G /proc/{process}") == "edged-companion:edged-companion"
    assert set(box.ask("id -nG edged-companion").split()) == {"edged-companion", "edged"}
    assert "the companion has nothing to do: set companion.page.listen" in said_by(box, UNIT)
    assert "nothing to do" in box.ask("edged logs --companion")
    assert "nothing to do" not in box.ask("edged logs")
    assert (
        int(box.ask(f"sed -n 's/VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/{process}/status")) < 96 << 10
    )  # KiB
    assert state_of(box, "edged", "NRestarts") == "0"


@pytest.mark.alone
def test_killed_hung_or_refused_it_changes_nothing_in_the_kiosk(box):
    kiosk = state_of(box, "edged", "InvocationID")
    drop_in(box, UNIT, "[Service]", "RestartSec=100ms", "WatchdogSec=2")
    box.ask(f"systemctl restart {UNIT}")
    box.ask(f"systemctl kill -s KILL {UNIT}")
    eventually(box, f"systemctl show -P NRestarts {UNIT}", "1")
    becomes(box, UNIT, "active")
    box.ask(f"systemctl kill -s STOP {UNIT}")
    eventually(box, f"systemctl show -P NRestarts {UNIT}", "2", within_s=30)
    becomes(box, UNIT, "active")
    status(box, "nothing to do; the kiosk answers")
    refused = "ExecStart=/opt/edged/current/bin/edged companion --set companion.mqtt.topic=a/+/b"
    drop_in(box, UNIT, "[Service]", "RestartSec=100ms", "ExecStart=", refused)
    box.run(f"systemctl restart {UNIT}")
    becomes(box, UNIT, "failed")
    assert state_of(box, UNIT, "ExecMainStatus") == "78"
    assert "companion.mqtt.topic" in said_by(box, UNIT)
    assert "Scheduled restart job, restart counter is at 3" not in said_by(box, UNIT)
    assert (state_of(box, "edged"), state_of(box, "edged", "InvocationID")) == ("active", kiosk)
    assert state_of(box, "edged-rescue") == "inactive"


@pytest.mark.alone
def test_it_outlives_the_kiosk_says_that_it_is_gone_and_finds_it_again(box):
    status(box, "nothing to do; the kiosk answers")
    process = state_of(box, UNIT, "MainPID")
    box.ask("systemctl stop edged")
    eventually(box, f"systemctl show -P StatusText {UNIT} | cut -c-24", "nothing to do; no kiosk:")
    assert CAUSES["kiosk_gone"].message_id in ids(box)
    answers = said_by(box, UNIT).count("the kiosk answers")
    box.ask("systemctl start edged")
    status(box, "nothing to do; the kiosk answers")
    assert said_by(box, UNIT).count("the kiosk answers") == answers + 1
    box.ask(f"systemctl stop {UNIT}")
    is_up(box)
    box.ask(f"systemctl start {UNIT}")
    assert process != state_of(box, UNIT, "MainPID")


@pytest.fixture
def found(box):
    """What each attempt inside the sandbox has led to."""
    box.ask(
        "mkdir -p /home/visitor /etc/NetworkManager /usr/lib/klibc/bin /dev/snd && cp /bin/sh /usr/lib/klibc/bin/"
    )
    box.ask("mkdir -p /var/lib/prometheus/node-exporter && chmod 1777 /var/lib/prometheus/node-exporter")
    for name in filter(None, NODES.values()):
        box.ask(f"mknod -m 666 /dev/{name} c 1 3")
    box.file("/etc/edged/credentials/page-token", "a-token\n", 0o600)
    box.file("/opt/edged/probe.py", Path(__file__).with_name("probe.py").read_text())
    drop_in(
        box,
        UNIT,
        *("[Service]", "Type=exec", "WatchdogSec=0", "Restart=no", "ExecStart="),
        "ExecStart=/opt/edged/current/bin/python /opt/edged/probe.py companion",
    )
    box.ask(f"systemctl restart {UNIT}")
    becomes(box, UNIT, "inactive")
    return json.loads(box.ask("cat /var/lib/edged-companion/probe.json"))


@pytest.mark.alone
def test_in_its_sandbox_what_it_needs_works_and_nothing_else(found):
    assert {name: found[name] for name in COMPANION_NEEDS} == dict.fromkeys(COMPANION_NEEDS, "ok")
    denied = {name: found[name] for name in COMPANION_MUST_NOT}
    wrong = {
        name: result
        for name, result in denied.items()
        if result not in (REFUSED | HIDDEN if name in NODES else REFUSED)
    }
    assert wrong == {}


@pytest.mark.alone
def test_on_the_machine_the_exposure_of_both_is_small(box):
    assert exposure(box.ask(f"systemd-analyze security {UNIT}")) <= MOST
    assert exposure(box.ask("systemd-analyze security edged.service")) <= MOST
    assert box.run(f"systemd-analyze verify --man=no {UNIT}").stderr == ""


@pytest.mark.alone
def test_a_reload_brings_the_page_and_the_textfile_but_no_right_to_press(box):
    folder = "/var/lib/prometheus/node-exporter"
    parts = f"page: {{listen: '127.0.0.1:8780'}}, metrics: {{textfile: {folder}/edged.prom}}"
    configure(box, f"{CONFIG}companion: {{{parts}}}\n")
    box.ask(f"install -d -o root -g edged-companion -m 0775 {folder}")
    box.ask(f"systemctl restart {UNIT}")  # a folder that was not there at the start is closed to it
    becomes(box, UNIT, "active")
    configure(box, CONFIG)
    box.ask("edged reload")
    status(box, "nothing to do; the kiosk answers")
    configure(box, f"{CONFIG}companion: {{{parts}}}\n")
    box.ask("edged reload")
    eventually(box, f"{fetched('metrics')} | grep '^edged_up'", "edged_up 1.0")
    eventually(box, f"grep '^edged_up' {folder}/edged.prom", "edged_up 1.0")
    assert "What is wrong, and what helps" in box.ask(fetched(""))
    pressed = box.run("runuser -u edged-companion -- edged ctl press")
    assert pressed.returncode == 1
    assert "companion.page.button" in pressed.stderr
    assert box.ask('edged status --json | grep -o \'"state": "IDLE"\'')


def fetched(what):
    """The command that prints a page of the companion."""
    words = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8780/{what}').read().decode())"
    return f'python3 -c "{words}"'


@pytest.mark.alone
def test_the_doctor_and_the_report_know_it(box):
    def finds():
        done = box.run("edged doctor --json --no-link --no-sound --no-ask --only companion")
        return [each["id"] for each in json.loads(done.stdout)["findings"]]

    assert finds() == []
    box.ask(f"systemctl stop {UNIT}")
    assert finds() == ["companion_stopped"]
    configure(box, CONFIG + "companion: {page: {listen: '127.0.0.1:8780'}}\n")
    box.ask(f"systemctl disable {UNIT}")
    assert finds() == ["companion_not_enabled"]
    report = box.ask("edged report --print", timeout_s=120)
    assert f"Id={UNIT}" in report
    assert "edged-companion <4> the companion has nothing to do" in report


def test_an_upgrade_and_a_repair_keep_it_as_it_was_and_a_purge_removes_it(boot_with, machines, suite, wheels):
    box = boot_with()
    is_up(box)
    becomes(box, UNIT, "active")
    import_it = "/opt/edged/current/bin/python -c 'import aiohttp, aiomqtt, prometheus_client'"
    box.ask(f"{INSTALLER} --wheel {give(box, wheels['good'])}", timeout_s=200)
    assert box.ask("edged --version") == "edged 0.9.1"
    becomes(box, UNIT, "active")
    process = state_of(box, UNIT, "MainPID")
    assert "/opt/edged/0.9.1/" in box.ask(f"tr '\\0' ' ' </proc/{process}/cmdline")
    box.ask(import_it)
    box.ask(f"systemctl disable --now {UNIT}")
    box.ask("rm /opt/edged/current/lib/python3*/site-packages/aiomqtt/client.py")
    box.ask(f"{INSTALLER} --repair", timeout_s=200)
    box.ask(import_it)
    assert box.run(f"systemctl is-enabled {UNIT}").stdout.strip() == "disabled"
    assert state_of(box, UNIT) == "inactive"
    box.ask(f"systemctl enable --now {UNIT}")
    box.ask(f"{INSTALLER} --uninstall --purge", timeout_s=120)
    left, bare = set(box.ask(TREE).splitlines()), set(machines(suite).bare.splitlines())
    assert left ^ bare == set()
    assert box.ask(MARKS) == machines(suite).marks
    assert box.run("id edged-companion").returncode != 0
    assert box.ask("systemctl --failed --no-legend") == ""
