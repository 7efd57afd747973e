"""The daemon with a real sound card, checked sample by sample. docs/bench-audio.md explains how."""

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
MEASURES = (
    "turns,times=8 interrupts,times=6 states taken unplug,times=20 button,times=6"
    " headset,times=4 socket_alone"
    " shared,times=6 shared_by_ladder,times=6 shared_interrupts,times=6 shared_service,times=4"
)
PERIOD_MS = 20


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Return all measurements, made in one machine."""
    share: Path = tmp_path_factory.mktemp("card")
    words = f"-m instruments.bench.card.measures /mnt/figures --backend alsa {MEASURES}"
    status = card.run(f"/opt/edged/bin/python {words}", share, timeout_s=1200)
    said = (share / "out").read_text()
    assert status == 0, said
    figures = json.loads((share / "figures").read_text())
    assert not [name for name, each in figures.items() if "error" in each], said
    return {name.partition(",")[0]: each for name, each in figures.items()}


def test_every_sample_of_a_question_arrives_once(figures):
    assert figures["turns"]["utterances_whole"] == figures["turns"]["utterances"] == 8


def test_sound_from_before_the_press_arrives_with_it(figures):
    assert figures["turns"]["preroll_ms"]["p50"] >= 300


def test_every_sample_of_an_answer_is_heard_once_and_nothing_after_it(figures):
    assert figures["turns"]["answers_whole"] == figures["turns"]["answers"] == 8


def test_an_interrupt_tells_the_service_what_the_card_has_played(figures):
    assert figures["interrupts"]["interrupts"] == 6
    assert figures["interrupts"]["audio_end_error_ms"]["worst"] <= PERIOD_MS


def test_the_card_says_from_outside_whether_the_microphone_runs(figures):
    states = figures["states"]
    assert states["warm_idle"] == states["warm_pressed"] == states["warm_after"] == "RUNNING"
    assert states["closed_idle"] == states["closed_after"] == states["closed_muted"] == "closed"
    assert states["closed_pressed"] == "RUNNING"


def test_a_card_that_is_taken_away_is_missed_at_once_and_used_again_when_it_is_back(figures):
    unplug = figures["unplug"]
    assert unplug["not_back"] == 0
    assert unplug["noticed_ms"]["n"] == 20
    assert unplug["noticed_ms"]["p50"] <= 300
    assert unplug["usable_ms"]["p50"] <= 2000
    assert unplug["descriptors_leaked"] <= 0


def test_a_card_that_others_have_is_told_with_their_names_and_used_when_they_let_it_go(figures):
    taken = figures["taken"]
    assert taken["lost"] == {"microphone": "device_busy", "speaker": "device_busy"}
    assert taken["holders_named"]
    assert taken["usable"]
    assert taken["heard_afterwards"]
    assert taken["said_afterwards"]


def test_a_headset_takes_the_speaker_off_and_no_answer_gets_into_the_room(figures):
    headset = figures["headset"]
    assert headset["answers_begun"] == headset["plugged_out_lines"] == headset["plugs"] == 4
    assert headset["states"] == [False, True]
    assert headset["off_ms"]["worst"] <= 500
    assert headset["on_ms"]["worst"] <= 1500
    assert headset["after_the_switch_ms"]["worst"] == 0


def test_a_card_without_a_switch_for_the_speaker_is_a_trouble(figures):
    alone = figures["socket_alone"]
    assert alone["headset"] is True
    assert any("has no control 'Speaker'" in text for text in alone["troubles"])


def test_the_whole_kiosk_works_as_its_own_unit_allows_it(figures):
    button = figures["button"]
    assert button["presses"] == button["answers"] == 6
    assert button["edge_to_lamp_ms"]["n"] == 6
    assert button["restarts"] == 0
    assert not button["without_priority"]


@pytest.mark.parametrize("measure", ["shared", "shared_by_ladder", "shared_service"])
def test_edged_and_other_programs_use_one_card_at_once_and_each_is_whole(figures, measure):
    shared = figures[measure]
    assert shared["utterances_whole"] == shared["utterances"] > 0
    assert shared["answers_whole"] == shared["answers"] == shared["utterances"]
    assert shared["samples_of_edged_in_the_sum"] >= shared["answers"] * 24_000
    assert shared["wrong_samples_of_the_sum"] == 0
    assert shared["seconds_of_the_sum"] > 2.5 * shared["utterances"]
    assert shared["gaps_of_the_other_recording"] == 0
    assert shared["seconds_of_the_other_recording"] > 2.5 * shared["utterances"]


def test_a_busy_card_is_shared_under_the_names_that_alsa_has_for_that(figures):
    assert figures["shared"]["opened"] == ["shared"]
    assert figures["shared_by_ladder"]["opened"] == ["dmix:CARD=Loopback,DEV=0", "dsnoop:CARD=Loopback,DEV=0"]


def test_an_interrupt_takes_back_what_was_mixed_and_leaves_the_other_program_whole(figures):
    shared = figures["shared_interrupts"]
    assert shared["interrupts"] == 6
    assert shared["audio_end_error_ms"]["worst"] <= PERIOD_MS
    assert shared["wrong_samples_of_the_sum"] == 0


def test_the_service_shares_a_card_with_the_drop_in_of_the_page_and_not_without(figures):
    shared = figures["shared_service"]
    assert shared["without_the_drop_in"] == {"microphone": "device_busy", "speaker": "device_busy"}
    assert shared["semaphores_kept"]


def test_after_all_that_a_question_is_heard_and_answered(figures):
    assert figures["unplug"]["heard_afterwards"]
    assert figures["unplug"]["said_afterwards"]
