"""Real contacts: pins of a chip and keys of an input device, through each adapter, in the machine that has both."""

import json
from pathlib import Path

import pytest

from edged.errors import EXIT_CONFIG, EXIT_OK
from instruments.rig import MISSING, card

pytestmark = [
    pytest.mark.uml,
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the first run builds a kernel
    pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run"),
]
PINS = pytest.mark.parametrize("backend", ["gpiozero", "gpiod"])
# Read at rest; told and read at the press, and at the release.
PRESS_AND_RELEASE = [False, True, True, False, False]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Return all that was seen, in one machine."""
    share: Path = tmp_path_factory.mktemp("contacts")
    status = card.run("/opt/edged/bin/python -m instruments.bench.card.contacts /mnt/figures", share)
    said = (share / "out").read_text()
    assert status == 0, said
    figures = json.loads((share / "figures").read_text())
    assert not [name for name, each in figures.items() if "error" in each], said
    return figures


@pytest.fixture(scope="module")
def kiosks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Return what was seen of edged under its own unit, with each kind of input."""
    rough = "rough_gpiozero rough_gpiod rough_pedal"
    return measured(
        tmp_path_factory.mktemp("kiosks"), f"gpiod,times=6 old,times=6 pedal,times=6 plain,times=6 {rough}"
    )


def measured(share: Path, measures: str, **machine: str) -> dict[str, dict]:
    words = f"-m instruments.bench.card.measures /mnt/figures --backend alsa {measures}"
    status = card.run(f"/opt/edged/bin/python {words}", share, timeout_s=900, **machine)
    said = (share / "out").read_text()
    assert status == 0, said
    figures = json.loads((share / "figures").read_text())
    assert not [name for name, each in figures.items() if "error" in each], said
    return {name.partition(",")[0]: each for name, each in figures.items()}


# -- pins --------------------------------------------------------------------------------------------


@PINS
def test_each_pull_with_each_kind_of_contact_tells_presses_alone(figures, backend):
    seen = figures[f"{backend} wirings"]
    assert len(seen) == 8
    assert {name: each["levels"] for name, each in seen.items()} == dict.fromkeys(seen, PRESS_AND_RELEASE)
    assert seen["up open"]["pulled"] == seen["up closed"]["pulled"] == "pull-up"
    assert seen["down open"]["pulled"] == seen["down closed"]["pulled"] == "pull-down"


@PINS
def test_the_time_of_an_edge_is_that_of_the_kernel(figures, backend):
    seen = figures[f"{backend} latency"]
    assert seen["took_ms"]["n"] == seen["stamp_error_ms"]["n"] == 50


@PINS
def test_a_contact_that_is_active_at_the_start_says_so_and_tells_nothing(figures, backend):
    assert figures[f"{backend} held"] == {"at_start": True, "read": True, "read_later": True, "told": []}


@PINS
def test_however_it_bounces_the_last_edge_and_each_reading_are_right(figures, backend):
    assert figures[f"{backend} bounce"] == {"read_wrong": 0, "ends_wrong": 0}


@PINS
def test_each_press_is_one_press_however_it_bounces(figures, backend):
    seen = figures[f"{backend} presses"]
    assert (seen["presses"], seen["releases"]) == (40, 40)
    assert seen["alternate"]


@PINS
def test_a_process_that_was_stopped_ends_where_the_contact_is(figures, backend):
    seen = figures[f"{backend} held_up"]
    assert seen["ends pressed"]["gestures"][-1] == "press"
    assert seen["ends released"]["gestures"][-1] == "release"


@PINS
def test_who_holds_the_line_is_named_and_it_is_used_when_it_is_free(figures, backend):
    busy, text, *rest = figures[f"{backend} taken"]["errors"]
    assert (busy, "'gpiomon' holds the line on gpiochip0" in text) == ("button_busy", True)
    assert rest == ["", "it started", busy, text, "", "it started"]  # it has let the line go between the two


@pytest.mark.parametrize("backend", ["gpiozero", "gpiod"])
def test_the_lamp_is_lit_from_half_and_dark_at_the_end(figures, backend):
    seen = figures[f"{backend} lamp"]
    assert seen["high"] == [False, True, False, True, False]
    assert seen["low"][:4] == [True, False, True, False]


# -- no release can run ------------------------------------------------------------------------------------


def flashes(levels, dark):
    """How many flashes follow each other between two pauses; a pause is longer than any flash."""
    longest = max(ms for level, ms in levels[1:-1] if level is not dark)
    gaps = [" " if ms > 2 * longest else "" for level, ms in levels[1:-1] if level is dark]
    return [len(group) for group in "*".join(["", *gaps, ""]).split()[1:-1]]


@pytest.mark.parametrize(("wired", "dark"), [("high", False), ("low", True), ("by label", False)])
def test_without_a_release_two_flashes_and_a_pause_come_from_the_system_s_python(figures, wired, dark):
    seen = figures["last light"][wired]
    assert flashes(seen["levels"], dark), seen["levels"]
    assert set(flashes(seen["levels"], dark)) == {2}
    assert seen["status"] == 0
    assert "release_broken: edged is down: it ended (the last time with 1)" in seen["said"]
    assert "stays dark" not in seen["said"]
    assert not seen["recorded"], "the recording light is made dark"


@pytest.mark.parametrize("what", ["another chip", "changed"])
def test_a_line_that_may_be_another_is_not_touched(figures, what):
    seen = figures["last light"][what]
    assert len(seen["levels"]) == 1
    assert seen["status"] == 0
    assert ("the configuration has changed" in seen["said"]) is (what == "changed")


def test_a_contact_at_rest_costs_nothing(figures):
    """gpiozero is not judged: lgpio has a thread that never rests. So `auto` prefers gpiod."""
    assert figures["gpiod idle"]["percent"] < 1


def test_a_chip_that_is_taken_away_is_missed_at_once_and_used_again(figures):
    seen = figures["gpiod unplugged"]
    assert seen["noticed_ms"] <= 300
    assert "has no GPIO chip" in seen["missing"][1]
    assert seen["back"]


def test_the_chip_is_found_by_what_it_is_and_the_error_lists_those_that_are_there(figures):
    seen = figures["chips"]
    works = ["", "it started"]
    assert [seen[name] for name in ("by label", "by name", "beside others", "by the line's name")] == [
        works
    ] * 4
    assert "there is no GPIO chip 'pinctrl-rp1', but gpiochip" in seen["no such chip"][1]
    assert "(pinctrl-bcm2711, 58 lines)" in seen["no such chip"][1]
    assert seen["no such line"][1].startswith("GPIO 58: gpiochip")
    assert "two GPIO chips fit" in seen["two of a label"][1]
    assert "no GPIO chip is that of a Raspberry Pi's header" in seen["no header"][1]
    assert "has no GPIO chip" in seen["no chip"][1]


def test_a_line_that_two_parts_use_by_two_names_of_its_chip_is_refused(figures):
    seen = figures["chips"]
    chip = seen["name"]
    for name, names in (
        ("one line by two names", f"'{chip}' and 'pinctrl-bcm2711'"),
        ("one pin by the name of the chip", f"the header and '{chip}'"),
        ("one pin at a start", f"the header and '{chip}'"),
    ):
        code, said = seen[name]
        assert f"the button uses line 17 of {chip}, too: {names} mean the same chip here" in said
        assert code == EXIT_CONFIG
    assert seen["two lines"][0] == EXIT_OK


def test_another_library_may_try_only_where_chips_are_there_but_not_that_of_the_header(figures):
    """A chip that is missing is missing for every library."""
    seen = figures["chips"]
    assert (seen["header beside others"], seen["nothing"]) == ("", "")
    assert "no GPIO chip is that of a Raspberry Pi's header; there are gpiochip" in seen["others alone"]


def test_who_may_open_the_chip_is_named(figures):
    cause, text = figures["chips"]["nobody"]
    assert cause == "button_denied"
    assert "only root and the group gpio may open /dev/gpiochip" in text


def test_without_the_library_or_with_the_old_one_the_remedy_is_named(figures):
    remedy = "run `/opt/edged/bin/python -m pip install 'gpiod>=2.1'`"
    assert remedy in figures["no_library"]["missing"][1]
    assert remedy in figures["no_library"]["old"][1]
    assert "older than version 2" in figures["no_library"]["old"][1]


# -- keys --------------------------------------------------------------------------------------------


def test_a_key_tells_press_and_release_but_no_repeats_and_no_other_keys(figures):
    seen = figures["key_levels"]
    assert (seen["open"]["at_start"], seen["open"]["told"], seen["open"]["read"]) == (
        False,
        [True, False],
        [True, False],
    )
    assert (seen["closed"]["at_start"], seen["closed"]["told"], seen["closed"]["read"]) == (
        True,
        [False, True],
        [False, True],
    )


def test_a_key_that_is_held_at_the_start_says_so(figures):
    assert figures["key_held"] == {"at_start": True, "read": True, "told": []}


def test_any_key_of_a_device_is_one_contact(figures):
    assert figures["any_key"] == {"told": [True, False]}


def test_reading_the_keys_makes_nobody_miss_an_event(figures):
    assert figures["key_bounce"] == {"told": 120, "alternate": True}


def test_each_press_of_a_key_is_one_press_however_it_bounces(figures):
    seen = figures["key_presses"]
    assert (seen["presses"], seen["releases"], seen["alternate"]) == (40, 40, True)


def test_more_events_than_the_kernel_keeps_end_where_the_key_is(figures):
    assert figures["key_held_up"]["gestures"][-1] == "press"
    assert (figures["key_dropped"]["last"], figures["key_dropped"]["read"]) == (True, True)
    assert figures["key_dropped"]["told"] < 400  # the kernel did drop some


def test_a_device_that_is_unplugged_is_missed_at_once_and_used_again(figures):
    seen = figures["key_unplugged"]
    assert "it was unplugged" in seen["why"][1]
    assert "no such input device is plugged in" in seen["missing"][1]
    assert seen["back"]


def test_contacts_at_one_device_share_it_and_grabbed_it_is_heard_by_nobody_else(figures):
    seen = figures["key_shared"]
    assert (seen["threads"], seen["overheard"]) == (1, 0)
    assert seen["told"] == [True, True, [], []]
    assert seen["alone"] == [[], [False]]
    assert seen["busy"][0] == "button_busy"
    assert seen["free"] == ["", "it started"]


def test_the_device_is_found_by_each_of_its_names(figures):
    seen = figures["key_names"]
    names = ("whole", "part", "usb", "path", "key alone", "number", "two, by key")
    assert {name: tuple(seen[name]) for name in names} == dict.fromkeys(names, ("", "it started"))


def test_a_device_that_is_not_meant_or_not_there_is_told_with_those_that_are(figures):
    seen = {name: text for name, (cause, text) in figures["key_names"].items() if cause == "button_lost"}
    both = "'rig pedal' (/dev/input/event0), 'rig encoder' (/dev/input/event1)"
    assert f"several devices fit: {both}" in seen["two"]
    assert f"there are {both}" in seen["no such device"]
    assert f"there are {both}" in seen["no such path"]
    assert "'rig pedal' (/dev/input/event0) has no such key" in seen["no such key there"]
    assert "not the name of a key" in seen["no such key"]


def test_who_may_open_the_device_is_named(figures):
    cause, text = figures["key_names"]["nobody"]
    assert cause == "button_denied"
    assert "only root and the group input may open /dev/input/event" in text


# -- the whole kiosk ---------------------------------------------------------------------------------


ON_GPIOD = "the button is on GPIO 17 (gpiod), the light is on GPIO 27 (gpiod): this is a Raspberry Pi"


def test_the_kiosk_works_on_gpiod_as_its_own_unit_allows_it_although_lgpio_is_there(kiosks):
    seen = kiosks["gpiod"]
    assert seen["auto"] == [ON_GPIOD]
    assert seen["pin_libraries"] == ["gpiod"]
    assert seen["presses"] == seen["answers"] == 6
    assert seen["edge_to_lamp_ms"]["n"] == 6
    assert seen["restarts"] == 0


def test_where_gpiod_is_too_old_the_kiosk_works_on_gpiozero_and_says_why(kiosks):
    seen = kiosks["old"]
    (chosen,) = seen["auto"]
    assert "the button is on GPIO 17 (gpiozero), the light is on GPIO 27 (gpiozero)" in chosen
    assert "gpiod is older than version 2" in chosen
    assert seen["pin_libraries"] == ["lgpio"]
    assert seen["presses"] == seen["answers"] == 6
    assert seen["restarts"] == 0


def test_the_kiosk_works_with_a_pedal_once_its_unit_allows_it(kiosks):
    seen = kiosks["pedal"]
    assert "the group input may open /dev/input/event" in seen["denied"]["unit as it is"]
    assert "the systemd unit does not let edged open /dev/input/event" in seen["denied"]["with the group"]
    assert seen["presses"] == seen["answers"] == 6
    assert seen["restarts"] == 0


def test_without_its_pedal_the_kiosk_serves_by_the_control_socket_and_uses_the_next_pedal(kiosks):
    seen = kiosks["pedal"]
    assert seen["lost"] == {"button": "button_lost"}
    assert seen["answers_without"] == 1
    assert seen["back_ms"] < 5000


def test_the_kiosk_works_on_plain_debian_12(kiosks):
    assert works_on_plain_debian(kiosks["plain"])


def test_the_kiosk_works_on_plain_debian_13(tmp_path):
    """The pins are real there, and the machine is Debian 13 with its own Python."""
    assert works_on_plain_debian(measured(tmp_path, "plain,times=6", suite="trixie")["plain"])


def works_on_plain_debian(seen):
    assert seen["auto"] == [ON_GPIOD]
    assert seen["pin_libraries"] == ["gpiod"]
    assert seen["edge_to_lamp_ms"]["n"] == 6
    assert seen["restarts"] == 0
    return seen["presses"] == seen["answers"] == 6


# -- the whole kiosk, with a contact that does not behave ----------------------------------------------

INPUTS = pytest.mark.parametrize("panel", ["gpiozero", "gpiod", "pedal"])


@INPUTS
def test_a_press_that_bounces_at_both_ends_is_one_question(kiosks, panel):
    seen = kiosks[f"rough_{panel}"]["bounces"]
    assert seen["questions"] == 1
    assert 0.5 <= seen["sound_s"] <= 1.5  # pressed for 0.6 s, with the sound from before


@INPUTS
def test_a_hold_is_one_question_from_end_to_end(kiosks, panel):
    seen = kiosks[f"rough_{panel}"]["held"]
    assert seen["questions"] == 1
    assert 3 <= seen["sound_s"] <= 4


@INPUTS
def test_a_press_among_more_edges_than_are_kept_is_a_question(kiosks, panel):
    assert kiosks[f"rough_{panel}"]["press lost"]["questions"] == 1


@INPUTS
def test_a_release_among_more_edges_than_are_kept_ends_the_question(kiosks, panel):
    seen = kiosks[f"rough_{panel}"]["release lost"]
    assert seen["questions"] == 1
    assert seen["sound_s"] <= 2


@INPUTS
def test_one_that_is_held_at_the_start_asks_nothing_until_it_was_released(kiosks, panel):
    seen = kiosks[f"rough_{panel}"]
    assert seen["held at the start"] == {"questions": 0, "sound_s": 0}
    assert seen["and then pressed"]["questions"] == 1


@PINS
def test_while_another_program_holds_the_line_the_socket_is_served_and_afterwards_the_button(kiosks, backend):
    seen = kiosks[f"rough_{backend}"]
    lost, texts = seen["busy"]
    assert lost == {"button": "button_busy"}
    assert "'gpiomon' holds the line on gpiochip0" in texts[0]
    assert seen["by the socket"]["questions"] == seen["free again"]["questions"] == 1


@INPUTS
def test_the_kiosk_is_not_started_anew_by_any_of_that(kiosks, panel):
    assert kiosks[f"rough_{panel}"]["restarts"] == 0
