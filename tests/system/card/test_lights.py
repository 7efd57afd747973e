"""Lamps on real lines of a chip, and an LED of the machine: what the whole kiosk shows, read back over time."""

import json
from itertools import pairwise

import numpy as np
import pytest

from edged.causes import Light
from edged.panel.light import COUNTDOWN, LOOKS
from instruments.bench.card.lights import WATCHED_S
from instruments.rig import MISSING, card

pytestmark = [
    pytest.mark.uml,
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the first run builds a kernel
    pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run"),
]
STEP_MS, WINDOW_MS = 10, 4000
MEASURES = "lit_gpiod lit_gpiozero lit_rgb lit_error lit_led"
PANELS = pytest.mark.parametrize("panel", ["gpiod", "gpiozero", "rgb"])
RHYTHMS = {**{light.value: each.pattern for light, each in LOOKS.items()}, "countdown": COUNTDOWN.pattern}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    share = tmp_path_factory.mktemp("lights")
    words = f"-m instruments.bench.card.measures /mnt/figures --backend alsa {MEASURES}"
    status = card.run(f"/opt/edged/bin/python {words}", share, timeout_s=900)
    said = (share / "out").read_text()
    assert status == 0, said
    figures = json.loads((share / "figures").read_text())
    assert not [name for name, each in figures.items() if "error" in each], said
    return figures


def row(changes, length_ms):
    """The levels as a row of 0 and 1, one each STEP_MS."""
    found = np.zeros(length_ms // STEP_MS, np.float32)
    for (at_s, level), (until_s, _) in pairwise([*changes, (length_ms / 1000, 0)]):
        found[round(at_s * 1000 / STEP_MS) : round(until_s * 1000 / STEP_MS)] = level
    return found


def differences(changes):
    """For each rhythm: by how many milliseconds of four seconds it differs from what was seen, at its best moment."""
    was = row(changes, int(WATCHED_S * 1000))[: WINDOW_MS // STEP_MS]
    found = {}
    for name, pattern in RHYTHMS.items():
        one = np.concatenate([np.full(ms // STEP_MS, level >= 0.5) for level, ms in pattern])
        tiled = np.tile(one, len(was) // len(one) + 2)
        found[name] = STEP_MS * min(
            int(np.count_nonzero(tiled[at : at + len(was)] != was)) for at in range(len(one))
        )
    return found


def lit(seen):
    """The changes of the lamp that carries the rhythm: of three lines, the one that changes, else the first on."""
    lamps = {name: changes for name, changes in seen.items() if name != "recording"}
    return max(lamps.values(), key=lambda changes: (len(changes), max(level for _, level in changes)))


def rhythm(changes):
    """The rhythm that was seen. Rhythms are 200 ms apart or more, so at most half of that may be the machine's."""
    found = differences(changes)
    best = min(found, key=found.__getitem__)
    assert found[best] < 100, found
    return best


@PANELS
def test_each_condition_has_its_rhythm_on_the_line(seen, panel):
    figures = seen[f"lit_{panel}"]
    assert figures["state"] == "THINKING"
    shown = {name: rhythm(lit(figures[name])) for name in ("ready", "recording", "thinking", "muted")}
    assert shown == {name: name for name in shown}


@PANELS
def test_the_recording_light_is_on_while_the_gate_is_open_and_only_then(seen, panel):
    figures = seen[f"lit_{panel}"]
    assert [level for _, level in figures["whole"]] == [0, 1, 0]  # one press
    assert figures["recording"]["recording"] == [[0.0, 1]]
    for name in ("ready", "thinking", "muted"):
        assert figures[name]["recording"] == [[0.0, 0]], name


@PANELS
def test_all_is_dark_when_it_has_ended(seen, panel):
    assert not any(seen[f"lit_{panel}"]["after the end"].values())


def test_three_lines_show_colours(seen):
    figures = seen["lit_rgb"]

    def colour(name):
        return {part for part in ("red", "green", "blue") if any(level for _, level in figures[name][part])}

    assert {name: colour(name) for name in ("ready", "recording", "thinking", "muted")} == {
        "ready": {"red", "green", "blue"},
        "recording": {"red"},
        "thinking": {"blue"},
        "muted": {"red", "blue"},
    }


def test_an_error_is_counted_in_blinks(seen):
    figures = seen["lit_error"]
    assert figures["light"] == Light.ERROR_SOUND.value == rhythm(lit(figures["seen"]))
    assert figures["seen"]["recording"] == [[0.0, 0]]


def test_an_led_of_the_machine_works_once_unit_and_rule_allow_it(seen):
    figures = seen["lit_led"]
    assert ["only root may set it" in text for text in figures["unit as it is"]["trouble"]] == [True]
    assert ["read-only" in text for text in figures["with the rule"]["trouble"]] == [True]
    works = figures["both"]
    assert works["trouble"] == []
    assert rhythm(lit(works["seen"])) == "ready"
    assert (works["trigger"], works["afterwards"]) == ("none", "timer")  # taken, and given back
