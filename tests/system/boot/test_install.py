"""The installer on a bare machine with a real systemd: what it leaves, what it does not touch, how it rolls back."""

import shutil
import subprocess

import pytest

from instruments.rig import Box, image
from tests.system.boot.asking import gets_a_link, is_up, said_by, state_of
from tests.system.boot.conftest import BOTH, INSTALLER, MARKS, SOONER_12, TREE, UNTIMED, give


@BOTH
@pytest.mark.alone
def test_it_ends_with_a_service_that_starts_at_boot_and_reaches_the_embedded_one(boot, machines, suite):
    assert "is up" in machines(suite).said
    assert {"bookworm": "SystemMaxUse=", "trixie": "kept in memory"}[suite] in machines(suite).said
    box = boot()
    is_up(box)
    gets_a_link(box)
    assert box.ask("systemctl is-enabled edged") == "enabled"
    assert box.run("systemctl is-enabled edged-local").stdout.strip() == "static"  # edged itself starts it
    unreachable = box.ask("journalctl -b -u edged -o cat | grep -c unreachable || true")
    assert unreachable == "0", "it was started too late"
    assert state_of(box, "edged", "Type") == "notify"


@BOTH
@pytest.mark.alone
def test_what_it_wrote_can_be_read_by_those_who_need_it_alone(boot):
    box = boot()
    rights = "stat -c '%a %U %G' /etc/edged/config.yaml /etc/edged/credentials /etc/edged/credentials/api-key"
    assert box.ask(rights).splitlines() == ["640 root edged", "700 root root", "600 root root"]
    assert set(box.ask("id -nG edged").split()) >= {"edged", "audio", "gpio", "spi"}
    assert box.ask("find /opt/edged ! -user root -o -perm /022 ! -type l") == ""
    assert "sk-secret" not in said_by(box)


@BOTH
def test_a_second_run_changes_nothing(boot, machines, suite):
    box = boot()
    is_up(box)
    before = box.ask(TREE), box.ask(UNTIMED), box.ask("systemctl show -p MainPID edged")
    assert "nothing was changed" in box.ask(machines(suite).command, timeout_s=60)
    assert (box.ask(TREE), box.ask(UNTIMED), box.ask("systemctl show -p MainPID edged")) == before


@pytest.mark.alone
def test_a_second_run_makes_a_damaged_release_again_from_its_own_wheels(boot):
    box = boot()
    is_up(box)
    before = box.ask("readlink /opt/edged/current")
    box.ask("rm /opt/edged/current/lib/python3*/site-packages/gpiod/line.py")
    assert "making /opt/edged" in box.ask(INSTALLER, timeout_s=120)
    is_up(box)
    assert box.ask("readlink /opt/edged/current") != before
    assert "nothing was changed" in box.ask(INSTALLER, timeout_s=60)


@SOONER_12
def test_an_upgrade_is_switched_to_and_the_release_before_stays(boot, wheels):
    box = boot()
    first = box.ask("readlink /opt/edged/current")
    box.ask(f"{INSTALLER} --wheel {give(box, wheels['good'])}", timeout_s=120)
    is_up(box)
    assert box.ask("edged --version") == "edged 0.9.1"
    assert set(box.ask("ls /opt/edged").split()) == {"current", "0.9.1", first}


@pytest.mark.nightly
def test_the_same_version_from_elsewhere_is_a_release_of_its_own(boot):
    box = boot()
    is_up(box)
    box.ask("echo '# changed' >>/root/edged/edged/__init__.py")
    box.ask(INSTALLER, timeout_s=120)
    changed = box.ask("readlink /opt/edged/current")
    box.ask("/root/edged/scripts/release --wheel /root/given", timeout_s=120)
    box.ask(f"{INSTALLER} --wheel $(echo /root/given/*.whl)", timeout_s=120)  # exactly the same bytes
    is_up(box)
    assert box.ask("readlink /opt/edged/current") != changed
    assert set(box.ask("ls /opt/edged").split()) == {
        "current",
        changed,
        box.ask("readlink /opt/edged/current"),
    }


@SOONER_12
def test_an_upgrade_that_does_not_start_is_taken_back(boot, wheels):
    box = boot()
    first = box.ask("readlink /opt/edged/current")
    done = box.run(f"{INSTALLER} --wheel {give(box, wheels['broken'])}", timeout_s=180)
    assert done.returncode == 1
    assert "no luck today" in done.stderr
    assert f"{first} is up again" in done.stderr, done.stderr
    is_up(box)
    assert set(box.ask("ls /opt/edged").split()) == {"current", first}


def test_nothing_is_switched_to_that_can_not_read_the_configuration(boot, wheels):
    box = boot()
    is_up(box)
    first = box.ask("readlink /opt/edged/current")
    box.file("/etc/edged/config.yaml", "version: 1\nmoed: hold\n")
    done = box.run(f"{INSTALLER} --wheel {give(box, wheels['good'])}", timeout_s=120)
    assert done.returncode == 78
    assert "config.yaml:2:1" in done.stderr
    assert box.ask("readlink /opt/edged/current") == first
    assert box.run("systemctl is-active edged").stdout.strip() == "active"


@SOONER_12
@pytest.mark.alone
def test_at_a_site_without_a_network_a_release_comes_from_what_was_carried_there(boot, release, suite):
    box = boot()
    is_up(box)
    shutil.copytree(release, box.root / "root/dist")
    output = box.ask(
        "cd dist && sha256sum --quiet -c SHA256SUMS && echo whole; pip config list; cat /etc/resolv.conf"
    )
    assert output.startswith("whole")
    box.ask("rm -f /etc/pip.conf")
    words = "--unattended --wheelhouse dist/wheelhouse --version 0.9.3"
    box.ask(f"bash dist/install.sh {words}", timeout_s=120)
    is_up(box)
    assert box.ask("edged --version") == "edged 0.9.3"
    assert "nothing was changed" in box.ask(f"bash dist/install.sh {words}", timeout_s=60)
    box.ask(f"bash dist/install.sh {words} --with aec", timeout_s=120)
    is_up(box)
    cancel_echoes(box)
    box.ask("systemctl restart edged")
    is_up(box)
    process = state_of(box, "edged", "MainPID")
    assert "livekit" in box.ask(f"cat /proc/{process}/maps")  # within the sandbox of the unit
    most_kib = int(box.ask(f"sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{process}/status"))
    assert most_kib * 1024 < int(state_of(box, "edged", "MemoryMax"))
    done = box.run("bash dist/install.sh --unattended --wheelhouse dist/wheelhouse --version 0.9.9")
    assert (done.returncode, "no wheel of edged 0.9.9" in done.stderr) == (1, True)


def cancel_echoes(box):
    box.ask(
        "sed -i 's/^microphone:.*/microphone: {backend: \"null\", echo_cancel: true}/' /etc/edged/config.yaml"
    )
    box.ask("echo 'mode: conversation' >>/etc/edged/config.yaml")


@pytest.mark.nightly
def test_the_library_for_pins_is_taken_where_the_archive_has_it_and_goes_with_edged(boot):
    box = boot()
    is_up(box)
    for folder, name, field in (
        ("lib", "python3-lgpio", "Depends: liblgpio-mock"),
        ("mock", "liblgpio-mock", ""),
    ):
        box.file(
            f"/root/repo/{folder}/DEBIAN/control",
            f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n{field}\n".rstrip()
            + "\n",
        )
        box.ask(f"dpkg-deb -b /root/repo/{folder} /root/repo/{name}.deb")
    box.ask(
        "cd repo && for one in *.deb; do dpkg-deb -f $one; echo Filename: ./$one;"
        " echo Size: $(stat -c %s $one); echo SHA256: $(sha256sum $one | cut -d' ' -f1); echo; done >Packages"
    )
    box.file("/etc/apt/sources.list.d/repo.list", "deb [trusted=yes] file:/root/repo ./\n")
    box.ask("apt-get update -q", timeout_s=120)
    before = box.ask(MARKS)
    output = box.ask(f"{INSTALLER} --dry-run")
    assert "python3-lgpio" in output
    box.ask(INSTALLER, timeout_s=120)
    assert "ii  python3-lgpio" in box.ask(MARKS)
    is_up(box)
    box.ask(f"{INSTALLER} --uninstall", timeout_s=120)
    left = set(box.ask(MARKS).splitlines())
    assert not {line for line in left if "lgpio" in line}
    assert left < set(before.splitlines())


@pytest.mark.nightly
@BOTH
def test_an_extra_is_added_when_it_is_asked_for_and_kept_by_an_upgrade(boot, wheels):
    box = boot()
    is_up(box)
    cancel_echoes(box)
    done = box.run(INSTALLER, timeout_s=200)
    assert (done.returncode, "run `sudo /usr/local/lib/edged/install.sh --with aec`" in done.stderr) == (
        78,
        True,
    )
    box.ask(f"{INSTALLER} --with aec", timeout_s=200)
    is_up(box)
    assert "nothing was changed" in box.ask(INSTALLER, timeout_s=200)
    box.ask(f"{INSTALLER} --wheel {give(box, wheels['good'])}", timeout_s=200)
    is_up(box)
    assert box.ask("edged --version") == "edged 0.9.1"
    box.ask("edged config check /etc/edged/config.yaml")
    output = box.ask("/opt/edged/current/bin/python -c 'import numpy; print(numpy.__version__)'")
    assert tuple(map(int, output.split(".")[:2])) >= (1, 26)


def test_not_started_it_waits_for_the_machine_to_start(boot, wheels):
    box = boot()
    is_up(box)
    process = state_of(box, "edged", "MainPID")
    output = box.ask(f"{INSTALLER} --no-start --wheel {give(box, wheels['good'])}", timeout_s=120)
    assert "systemctl restart edged" in output
    assert state_of(box, "edged", "MainPID") == process
    first = box.ask("ls /opt/edged").split()
    again = box.ask(f"{INSTALLER} --no-start --wheel {give(box, wheels['broken'])}", timeout_s=120)
    assert "0.9.2 is installed" in again
    assert set(first) <= set(box.ask("ls /opt/edged").split())  # the running release is not removed
    box.ask(f"{INSTALLER} --no-start --wheel {give(box, wheels['good'])}", timeout_s=120)
    box.ask("systemctl restart edged")
    is_up(box)
    assert box.ask("edged --version") == "edged 0.9.1"
    box.ask("systemctl restart edged-local")  # it still ran from the first release
    box.ask(f"{INSTALLER} --wheel {give(box, wheels['good'])}", timeout_s=120)
    assert set(box.ask("ls /opt/edged").split()) == {"current", "0.9.1", "0.9.2"}  # the one before stays


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.nightly)])
def test_wherever_an_upgrade_is_cut_short_a_whole_release_is_current(boot, wheels, every):
    box = boot()
    wheel = give(box, wheels["good"])
    is_up(box)
    for step in range(every, 13, every):
        box.run(f"timeout -s KILL {step * 0.5} {INSTALLER} --no-start --wheel {wheel}; pkill -9 pip")
        box.ask("/opt/edged/current/bin/edged config check /etc/edged/config.yaml")
        box.ask("systemctl restart edged")  # as after a power cut: whatever units are there, it starts
        assert box.ask("readlink /opt/edged/current") in {"0.1.0", "0.9.1"}
    box.ask(f"{INSTALLER} --wheel {wheel}", timeout_s=120)
    is_up(box)
    assert box.ask("edged --version") == "edged 0.9.1"
    assert box.ask("ls -A /opt/edged | grep -c '^[.]' || true") == "0"


def test_uninstalled_it_leaves_configuration_state_and_user(boot):
    box = boot()
    box.ask(f"{INSTALLER} --uninstall", timeout_s=120)
    assert "sk-secret" in box.ask("cat /etc/edged/credentials/api-key")
    assert box.ask("id -un edged") == "edged"
    assert box.run("systemctl cat edged").returncode != 0
    assert box.run("ls /opt/edged /usr/local/bin/edged").stdout == ""


@SOONER_12
@pytest.mark.alone
def test_purged_it_leaves_the_machine_as_it_was(boot, machines, suite):
    box = boot()
    is_up(box)
    box.ask(f"{INSTALLER} --uninstall --purge", timeout_s=120)
    left, bare = set(box.ask(TREE).splitlines()), set(machines(suite).bare.splitlines())
    assert left - bare == set()
    assert bare - left == set()
    assert box.ask(MARKS) == machines(suite).marks
    assert box.run("id edged").returncode != 0
    assert box.ask("systemctl --failed --no-legend") == ""


OLD = 'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian 11"\n'


@pytest.mark.parametrize(
    ("over", "text", "sentence"),
    [
        ("/etc/os-release", OLD, "Debian 11"),
        ("/usr/bin/dpkg", "#!/bin/sh\necho armhf\n", "64-bit edition"),
        ("/proc/cmdline", "quiet boot=overlay\n", "disable_overlayfs"),
    ],
)
def test_a_machine_it_does_not_serve_is_refused_in_a_sentence_and_left_alone(boot, over, text, sentence):
    box = boot()
    before = box.ask(TREE)
    output = box.file("/root/given/other", text, 0o755)
    done = box.run(f"unshare -m sh -c 'mount --bind {output} {over}; {INSTALLER}'")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert box.ask(TREE) == before


def test_without_root_and_on_a_read_only_disk_it_says_what_helps(boot):
    box = boot()
    box.ask("cp /root/edged/scripts/install.sh /tmp/install.sh")
    done = box.run("setpriv --reuid=65534 --regid=65534 --clear-groups bash /tmp/install.sh --unattended")
    assert (done.returncode, "sudo" in done.stderr) == (1, True)
    done = box.run(f"unshare -m sh -c 'mount -o remount,bind,ro / && {INSTALLER}'")
    assert (done.returncode, "remount,rw" in done.stderr) == (1, True)


def test_a_dry_run_on_a_bare_machine_tells_and_does_nothing(installed):
    with Box(image("bookworm")) as box:
        subprocess.run(
            ["cp", "-a", str(installed.layers[0] / "root/edged"), str(box.root / "root")], check=True
        )
        before, marks = box.ask(TREE), box.ask(MARKS)
        output = box.ask(f"{INSTALLER} --dry-run")
        assert "python3-venv" in output
        assert box.ask(TREE) == before
        for words in ("--rollback", "--version 0.1.0"):
            done = box.run(f"{INSTALLER} {words}")
            assert (done.returncode, "no release on this machine" in done.stderr) == (1, True)
        box.file("/root/given/edged-0.9.1-py3-none-any.whl", "none")
        done = box.run(f"{INSTALLER} --wheel given/edged-0.9.1-py3-none-any.whl --sha256 {'a' * 64}")
        assert (done.returncode, "it is another file" in done.stderr) == (1, True)
        assert box.ask(MARKS) == marks
