"""Machines with the sound cards of `cards/`."""

import pytest

from tests.audio.devices.cards.rig import Machine, build


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
