"""What people do to a running kiosk without telling it (docs/hot-life.md), beside what other files test."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from edged.audio.devices import libasound
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build
from tests.cli.daemon import ENV, ROOT, running

ON_CARDS = Path(__file__).parent / "on_cards"
GONE = "transfer 19\nopen 19\nwait 19\n"  # ENODEV, at each call
OTHER = Spec(
    "Conference Phone", Stream((16_000,), (2,)), Stream(), ("4444", "5555", "7"), id="Phone", port="1-1.4"
)
with_alsa = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
PAGE = ROOT / "docs/hot-life.md"


class Kiosk:
    """A daemon that uses the cards of a machine. They are plugged in and out while it runs."""

    def __init__(self, folder, plugin):
        self._trouble, self._plugin = folder / "trouble", plugin
        self._trouble.touch()
        way = {"trouble": str(self._trouble)}
        stick = Spec("Stick", Stream(channels=(1,), **way), Stream(**way), ("1111", "2222", ""), id="Stick")
        self.machine = Machine(folder / "machine").boot(stick)
        self.env = {
            **ENV,
            **self.machine.alsa(plugin),
            "PYTHONPATH": f"{ROOT}:{ON_CARDS}",
            "CARDS_OF_THE_TEST": str(self.machine.folder),
        }

    def swap(self, come):
        """Unplug the stick, and plug in another card."""
        self.machine.unplug("Stick")
        self.machine.plug(come)
        self.machine.alsa(self._plugin)
        self._trouble.write_text(GONE)


@pytest.fixture
def kiosk(tmp_path, tmp_path_factory):
    plugin, reason = build(tmp_path_factory.mktemp("rigcard"))
    if plugin is None:
        pytest.skip(reason)
    return Kiosk(tmp_path, plugin)


def of_alsa(device):
    return {what: {"backend": "alsa", "device": device} for what in ("microphone", "speaker")}


def microphone_of(state):
    return (state["devices"]["microphone"] or {}).get("card")


@pytest.mark.slow
@with_alsa
def test_a_card_of_another_make_is_used_under_the_name_default(tmp_path, kiosk):
    with running(tmp_path, kiosk.env, **of_alsa("default")) as daemon:
        daemon.until(lambda state: microphone_of(state) and not state["lost"])
        kiosk.swap(OTHER)
        daemon.until(lambda state: microphone_of(state) == OTHER.name and not state["lost"])


@pytest.mark.slow
@with_alsa
def test_a_card_of_another_make_is_not_used_under_the_name_of_the_old_one_and_is_named(tmp_path, kiosk):
    with running(tmp_path, kiosk.env, **of_alsa("usb:1111:2222")) as daemon:
        daemon.until(lambda state: microphone_of(state) and not state["lost"])
        kiosk.swap(OTHER)
        state = daemon.until(lambda state: "cannot find microphone" in str(state["troubles"]))
    assert state["lost"]["microphone"] == "microphone_lost"
    assert state["light"] == "error_sound"
    text = next(each["text"] for each in state["troubles"] if each["cause"] == "microphone_lost")
    assert "Conference Phone" in text


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may rename a host")
def test_another_name_of_the_host_changes_nothing(tmp_path):
    """In a name space of its own, so that this machine keeps its name."""
    inner = f"""
import subprocess, sys
from pathlib import Path
from tests.cli.daemon import running
subprocess.run(["hostname", "before"], check=True)
with running(Path({str(tmp_path)!r}), microphone={{"backend": "wav"}}) as daemon:
    subprocess.run(["hostname", "another-name"], check=True)
    done = daemon.ask("ctl", "press", "0.3s", "release")
    assert done.returncode == 0, done.stderr
    assert daemon.ask("ctl", "volume", "40").returncode == 0
    with daemon.errors.open() as said:
        assert "another-name" not in said.read()
"""
    words = ["unshare", "--uts", os.sys.executable, "-P", "-c", inner]
    done = subprocess.run(words, env=ENV, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_each_test_that_the_page_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text())
    assert len(named) > 15
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
    ]
    assert not missing
