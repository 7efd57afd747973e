"""Machines with the sound cards of `cards/`."""

import pytest

from edged.audio.devices.present import cards
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build
from tests.audio.devices.part import SECOND, Ailing


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    path, reason = build(tmp_path_factory.mktemp("rigcard"))
    if path is None:
        pytest.skip(reason)
    return path


@pytest.fixture
def rig(tmp_path, plugin, monkeypatch):
    """Makes a machine with these cards, whose ALSA this process uses."""

    def make(*specs, more=""):
        machine = Machine(tmp_path / "machine").boot(*specs)
        for name, value in machine.alsa(plugin, more).items():
            monkeypatch.setenv(name, value)
        return machine

    return make


@pytest.fixture
def ailing(rig, tmp_path):
    """Two cards. The first one does what the file says."""
    paper = tmp_path / "trouble"
    stream = Stream(trouble=str(paper))
    machine = rig(Spec("Broken USB", stream, stream, ("0d8c", "0016", "")), SECOND)
    yield Ailing(paper, lambda: cards(machine.proc, machine.sys))
    paper.write_text("")
