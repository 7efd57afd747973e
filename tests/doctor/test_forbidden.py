"""A user who may not ask the running edged is not told that two of them run."""

import pytest

from edged.app.doctor import Case, examine
from edged.app.doctor_steps import STEPS
from edged.config import load
from edged.errors import DeviceError

SETS = ["microphone.backend=alsa", "speaker.backend=null", "button.backend=none", "light.backend=none"]


@pytest.fixture
def microphone(monkeypatch):
    def held(*_):
        raise DeviceError("microphone 'hw:1' cannot be opened: busy: edged (4711)", "device_busy")

    monkeypatch.setattr("edged.app.sound_trial.ear", held)


def looked(case):
    steps = {**STEPS, "daemon": STEPS["journal"], "permissions": STEPS["journal"]}
    return {each.check.id: each for each in examine(case, steps, ("microphone",)).verdicts}["microphone"]


@pytest.mark.usefixtures("microphone")
def test_an_edged_that_may_not_be_asked_is_no_second_one():
    loaded = load(None, env={}, sets=[*SETS, "state.dir=", "provider.url=ws://127.0.0.1:9"])
    verdict = looked(Case(loaded, {}, no_daemon="you have no permission: use sudo", is_forbidden=True))
    assert verdict.findings == ()
    assert "use sudo" in verdict.skipped
    assert [each.cause for each in looked(Case(loaded, {})).findings] == ["edged_twice"]
