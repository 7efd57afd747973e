"""Devices that never answer, on a real machine: edged ends seldom, and systemd does not give up on it."""

import time
from functools import partial

import pytest

from instruments.rig import Box
from tests.system.boot.stand import Stand, within
from tests.system.boot.test_ids import broken

NEVER_OPENS = r"s/^    def start(self.*$/&\n        import time; time.sleep(3600)/"
QUIET = 'microphone: {backend: "null"}'
OFTEN = 2
# Half a minute for each hang, and the time to start on a busy machine.
WITHIN_S = 240
STOPS_WITHIN_S = 3


@pytest.fixture(scope="module")
def stand(installed):
    with Box(*installed.layers) as box:
        yield Stand(box)


@pytest.mark.nightly
def test_devices_that_never_open_cost_a_few_restarts_and_the_kiosk_answers(stand):
    with broken(stand, "edged/audio/devices/null.py", NEVER_OPENS):
        stand.configure(QUIET)
        stand.start()
        for restarts in range(OFTEN + 1):
            within(WITHIN_S, partial(is_after, stand, restarts), stand.said)
            stand.until(lambda status: set(status["lost"]) == {"microphone", "speaker"})
            stand.refused("press release")
        assert stand.show("ActiveState") == "active"
        assert "next try in" in stand.said()
        began = time.monotonic()
        stand.box.ask("systemctl stop edged")
        assert time.monotonic() - began < STOPS_WITHIN_S
        assert stand.show("Result") == "success"
    stand.up()
    stand.until(lambda status: status["lost"] == {})


def is_after(stand, restarts):
    return stand.show("NRestarts") == str(restarts)
