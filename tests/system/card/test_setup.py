"""`edged setup` on a real card and real pins, beside the kiosk's own unit, to a working turn."""

import json
from pathlib import Path

import pytest

from instruments.rig import MISSING, card

pytestmark = [
    pytest.mark.uml,
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the first run builds a kernel
    pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run"),
]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Return all that was seen, in one machine."""
    share: Path = tmp_path_factory.mktemp("setup")
    command = "/opt/edged/bin/python -m instruments.bench.card.first_hour /mnt/figures"
    status = card.run(command, share, timeout_s=900)
    said = (share / "out").read_text()
    assert status == 0, said
    figures = json.loads((share / "figures").read_text())
    assert not [name for name, each in figures.items() if "error" in each], said
    return figures


def test_a_person_at_a_terminal_is_led_to_a_working_turn(figures):
    seen = figures["with"]
    assert seen["code"] == 0, seen["said"]
    assert "The answer was played" in seen["said"]
    assert seen["microphone"] == seen["speaker"] != "kiosk"
    assert seen["languages"] == "de"
    assert seen["kept"]


def test_the_button_is_found_by_a_press_with_its_wiring_and_the_light_is_lit(figures):
    seen = figures["with"]
    assert seen["found"] == "GPIO 17 (position 11), to ground."
    assert seen["button"] == [17, "up", "normally_open"]
    assert seen["lit"] is True


def test_the_kiosk_is_stopped_meanwhile_and_runs_with_the_new_settings(figures):
    seen = figures["with"]
    assert (seen["stopped"], seen["runs"]) == (True, True)
    assert (seen["state"]["lost"], seen["state"]["link"]["up"]) == ({}, True)


def test_options_alone_lead_to_a_working_turn(figures):
    seen = figures["without"]
    assert (seen["code"], seen["mode"], seen["runs"]) == (0, "hybrid", True), seen["said"]
    assert "The answer was played" in seen["said"]


def test_a_lost_terminal_leaves_the_kiosk_running_as_it_was(figures):
    assert figures["lost"] == {"stopped": True, "runs": True, "same": True}
