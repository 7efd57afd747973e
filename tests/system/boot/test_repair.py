"""A kiosk whose release cannot run: after an upgrade from Debian 12 to 13, with damaged files, without Python."""

import json
import subprocess

import pytest

from edged.causes import CAUSES, Light
from edged.last_resort import read
from edged.panel.light import LOOKS
from instruments.rig import Box
from instruments.rig.image import _archive
from tests.system.boot.asking import (
    QUICK,
    RESCUE,
    becomes,
    drop_in,
    eventually,
    gets_a_link,
    is_up,
    said_by,
    state_of,
)
from tests.system.boot.conftest import CONFIG

REPAIR = "/usr/local/lib/edged/install.sh --repair --unattended"
BROKEN = CAUSES["release_broken"]
# What the installer and edged have written on a machine.
KIOSK = (
    *("opt/edged", "etc/edged", "var/lib/edged", "var/lib/edged-install", "usr/local/lib/edged"),
    *("etc/systemd/system/edged*", "etc/systemd/system/multi-user.target.wants/edged*"),
)
SITE = "/opt/edged/current/lib/python3*/site-packages"


@pytest.fixture
def upgraded(machines, boot, suite):
    """A machine with Debian 13 and its packages, and the kiosk that was installed on Debian 12. edged is stopped."""
    assert suite == "trixie"
    box = boot()
    box.ask("until systemctl stop edged edged-local; do sleep 0.2; done")  # a start may be under way
    box.ask("cd / && rm -rf " + " ".join(KIOSK))
    old = machines("bookworm").layers[0]
    for each in KIOSK:
        for path in old.glob(each):
            to = box.root / path.relative_to(old)
            subprocess.run(["cp", "-a", str(path), str(to)], check=True)
    box.ask(
        "chown -R edged: /var/lib/edged; chgrp edged /etc/edged /etc/edged/config.yaml; systemctl daemon-reload"
    )
    assert box.ask("ls /opt/edged/current/lib") == "python3.11"
    return box


def entry(box):
    """The line of the rescue, which the journal has once. A shell's program may be gone before its unit is known."""
    find = f"journalctl -t edged -o json --no-pager MESSAGE_ID={BROKEN.message_id}"
    eventually(box, f"{find} | wc -l", "1", within_s=60)
    return json.loads(box.ask(find))


def shines(box):
    """Give the rescue lamps that are files, in place of LEDs of the kernel, as if edged had left that.

    The recording light is on: its process was killed.
    """
    note = box.root / "var/lib/edged/rescue"
    left = read(note.read_text())
    assert left.configuration
    lamps = left._replace(led="kiosk", gpio=None, pattern=(100, 100, 100, 700), dark=("led recording",))
    note.write_text(str(lamps))
    leds = "/run/class/leds"
    box.ask(
        f"mkdir -p {leds}/kiosk {leds}/recording && touch {leds}/kiosk/brightness"
        f" && printf 255 >{leds}/recording/brightness && chown -R edged: /run/class"
    )
    drop_in(box, RESCUE, "[Service]", "ProtectKernelTunables=no", "BindPaths=/run/class:/sys/class")


def is_lit(box):
    """Whether the lamp goes on and off."""
    return sorted(
        set(
            box.ask(
                "for n in $(seq 60); do cat /run/class/leds/kiosk/brightness; echo; sleep 0.02; done"
            ).split()
        )
    )


@pytest.mark.parametrize("suite", ["trixie"])
@pytest.mark.alone
def test_after_an_upgrade_of_the_system_the_next_start_makes_the_release_again_without_a_network(upgraded):
    box = upgraded
    box.ask("systemctl start edged", timeout_s=200)
    is_up(box)
    gets_a_link(box)
    assert box.ask("ls /opt/edged/current/lib") == "python3.13"
    assert "was made again for Python 3.13" in said_by(box, "edged-repair.service")
    assert "release_broken" not in said_by(box, RESCUE)
    # systemd is newer, too: what the unit needs for that is there
    assert "50-systemd-254.conf" in box.ask("ls /etc/systemd/system/edged.service.d")
    box.ask("systemctl restart edged")
    is_up(box)
    assert said_by(box, "edged-repair.service").count("made again") == 1


@pytest.mark.parametrize("suite", ["trixie"])
def test_without_the_wheels_light_and_journal_tell_and_one_command_brings_it_back(upgraded):
    box = upgraded
    box.ask("rm /opt/edged/current/wheels/*-cp313-*.whl")
    shines(box)
    drop_in(box, "edged.service", "[Service]", *QUICK)
    box.run("systemctl start edged", timeout_s=200)
    becomes(box, "edged", "failed", within_s=120)
    becomes(box, RESCUE, "active")
    said = entry(box)
    assert said["EDGED_CAUSE"] == "release_broken"
    assert said["SYSLOG_IDENTIFIER"] == "edged"
    assert "was made for Python 3.11, and this system has Python 3.13" in said["MESSAGE"]
    assert BROKEN.remedy in said["MESSAGE"]
    assert "stays dark" not in said["MESSAGE"]
    assert is_lit(box) == ["000", "255"]
    assert box.ask("cat /run/class/leds/recording/brightness") == "000"
    assert "a wheel is missing" in said_by(box, "edged-repair.service")
    assert "Traceback" not in said_by(box, RESCUE)
    done = box.run("edged doctor")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"edged: release_broken: {BROKEN.remedy}\n")
    output = box.ask(REPAIR, timeout_s=300)
    assert "is up" in output
    is_up(box)
    for unit in (RESCUE, "edged-again.timer"):
        assert state_of(box, unit) == "inactive"
    assert box.ask("ls /opt/edged/current/lib") == "python3.13"


@pytest.mark.alone
@pytest.mark.parametrize(
    "lost", ["bin/python", pytest.param("lib/python3*/site-packages/edged", marks=pytest.mark.nightly)]
)
def test_what_is_gone_is_made_again_by_the_next_start(boot, lost):
    box = boot()
    is_up(box)
    box.ask(f"rm -r /opt/edged/current/{lost}")
    done = box.run("edged status")
    assert (done.returncode, done.stderr) == (1, f"edged: release_broken: {BROKEN.remedy}\n")
    box.ask("systemctl restart edged", timeout_s=200)
    is_up(box)
    assert "made again" in said_by(box, "edged-repair.service")


@pytest.mark.nightly
@pytest.mark.alone
def test_what_is_damaged_tells_and_one_command_brings_it_back(boot):
    box = boot()
    is_up(box)
    # what no condition looks at: edged tries, and the rescue of the release has the same fault
    box.ask(f"rm -r {SITE}/msgspec")
    done = box.run("edged doctor")
    assert (done.returncode, done.stderr.count("\n"), "install.sh --repair" in done.stderr) == (1, 1, True)
    drop_in(box, "edged.service", "[Service]", *QUICK)
    box.run("systemctl restart edged")
    becomes(box, "edged", "failed", within_s=90)
    assert "is damaged" in entry(box)["MESSAGE"]
    assert "is up" in box.ask(REPAIR, timeout_s=200)
    is_up(box)
    # and what nothing has noticed yet: a file that a worn card gives back with other content
    before = box.ask("readlink /opt/edged/current")
    box.ask("sed -i '1s/./x/' /opt/edged/current/share/edged/docs/install.md")
    box.ask(REPAIR, timeout_s=200)
    assert box.ask("readlink /opt/edged/current") != before
    is_up(box)


@pytest.mark.nightly
@pytest.mark.alone
def test_a_repair_that_is_cut_short_is_made_by_the_next_start(boot):
    box = boot()
    is_up(box)
    box.ask(f"systemctl stop edged && rm -r {SITE}/edged")
    for seconds in (1, 4, 9):
        box.ask("systemctl start --no-block edged")
        box.run(f"sleep {seconds}; systemctl kill -s KILL edged-repair; systemctl stop edged")
        assert box.run("readlink -e /opt/edged/current").returncode == 0
    box.ask("rm -f /run/edged-repair/failed; systemctl start edged", timeout_s=200)
    is_up(box)
    assert box.ask("ls -A /opt/edged | grep -c '^[.]' || true") == "0"


@pytest.mark.alone
def test_without_any_python_the_shell_says_it(boot):
    box = boot()
    is_up(box)
    shines(box)
    drop_in(box, "edged.service", "[Service]", *QUICK)
    box.ask("mkdir /root/kept && mv /usr/bin/python3* /root/kept")
    box.run("systemctl restart edged")
    becomes(box, "edged", "failed", within_s=90)
    becomes(box, RESCUE, "active")
    said = entry(box)
    assert (said["EDGED_CAUSE"], said["PRIORITY"]) == ("release_broken", "3")
    assert "install.sh --repair" in said["MESSAGE"]
    assert is_lit(box) == ["0", "255"]
    assert box.ask("cat /run/class/leds/recording/brightness") == "0"
    box.ask("mv /root/kept/* /usr/bin")
    box.ask("systemctl restart edged")
    is_up(box)


@pytest.mark.alone
def test_on_a_full_disk_the_rescue_says_so_and_the_repair_names_the_space(boot):
    box = boot()
    is_up(box)
    box.ask("systemctl stop edged edged-local")
    box.ask("mkdir /root/kept && mount -t tmpfs -o size=60m,mode=755 tmpfs /root/kept")
    box.ask("cp -a /opt/edged /root/kept && mount --bind /root/kept /opt", timeout_s=200)
    box.ask(f"rm -r {SITE}/edged; cat /dev/zero >/opt/full || true")
    drop_in(box, "edged.service", "[Service]", *QUICK)
    box.run("systemctl start edged", timeout_s=100)
    becomes(box, "edged", "failed", within_s=90)
    assert BROKEN.remedy in entry(box)["MESSAGE"]
    assert "MB are free" in said_by(box, "edged-repair.service")
    done = box.run(REPAIR)
    assert (done.returncode, "free some space" in done.stderr) == (1, True)


def test_the_light_is_left_with_the_configuration_that_it_belongs_to(boot):
    box = boot()
    is_up(box)
    assert read(box.ask("cat /var/lib/edged/rescue")).pattern == ()  # this kiosk has no light
    box.file(
        "/etc/edged/config.yaml", CONFIG.replace("light: {backend: none}", "light: {backend: gpiod, gpio: 5}")
    )
    box.ask("systemctl reload edged")
    eventually(box, "grep ^gpio= /var/lib/edged/rescue", "gpio=5")
    pattern = tuple(ms for _, ms in LOOKS[Light.ERROR_EDGED].pattern)
    assert read(box.ask("cat /var/lib/edged/rescue")).pattern == pattern


@pytest.mark.nightly
@pytest.mark.timeout(1500)
def test_upgraded_by_apt_from_bookworm_to_trixie_it_runs_after_the_restart(machines):
    """With this machine's archive. A certificate store that the box shares with this machine stays unconfigured."""
    with Box(*machines("bookworm").layers) as box:
        is_up(box)
        box.file("/etc/apt/sources.list", f"{_archive('trixie')}\n")
        box.ask("rm -f /etc/apt/sources.list.d/*")
        noisily = "DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Options::=--force-confold"
        done = box.run(f"apt-get update -q && {noisily} full-upgrade", timeout_s=900)
        assert box.ask("python3 -V").startswith("Python 3.13"), done.stdout[-3000:] + done.stderr[-3000:]
        layers = box.freeze()
        with Box(*layers) as again:
            becomes(again, "edged", "active", within_s=200)
            is_up(again)
            gets_a_link(again)
            assert again.ask("cat /etc/debian_version").startswith("13")
            assert json.loads(again.ask("edged status --json"))["state"] == "IDLE"
            assert "made again for Python 3.13" in said_by(again, "edged-repair.service")
