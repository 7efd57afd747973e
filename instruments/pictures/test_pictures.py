"""The pictures of the pages are what the code says today, and whole files."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from edged.causes import Light
from edged.config import Config
from instruments.browser.__main__ import SHAPES
from instruments.pictures.__main__ import CAST, FOLDER, PAGE, pictures
from instruments.pictures.canvas import LIGHT
from instruments.pictures.drawings import HEADER, position, wiring
from instruments.pictures.lights import MEANINGS, TABLES, drawn, lights, rows
from instruments.pictures.terminal import LONGEST_WAIT_S, lines_of, load

SVG = "{http://www.w3.org/2000/svg}"


def test_each_is_drawn_from_the_code_of_today():
    """Else run scripts/draw-pictures."""
    assert {name: (FOLDER / name).read_text() for name in pictures()} == pictures()


def test_nothing_else_is_in_their_folder():
    pages = {f"{name}.png" for name in SHAPES}  # scripts/draw-page takes them, with a browser
    assert {path.name for path in FOLDER.iterdir()} == {*pictures(), CAST.name, *pages}


@pytest.mark.parametrize("name", pictures())
def test_each_is_a_picture_that_needs_nothing_else_and_has_words_for_who_cannot_see_it(name):
    text = (FOLDER / name).read_text()
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title")
    assert not re.search(r"href|@import|url\(|<script", text)


def test_the_header_is_the_one_of_the_boards():
    """Positions as `pinout` on a Raspberry Pi prints them."""
    assert len(HEADER) == 40
    assert [number for number, carries in enumerate(HEADER, 1) if carries == "GND"] == [
        6,
        9,
        14,
        20,
        25,
        30,
        34,
        39,
    ]
    assert [number for number, carries in enumerate(HEADER, 1) if str(carries).endswith("V")] == [2, 4]
    assert {gpio: position(gpio) for gpio in (2, 4, 14, 17, 18, 21, 26, 27)} == {
        2: 3, 4: 7, 14: 8, 17: 11, 18: 12, 21: 40, 26: 37, 27: 13,
    }  # fmt: skip
    assert sorted(carries for carries in HEADER if isinstance(carries, int)) == list(range(28))


def test_the_wiring_shows_the_pins_that_are_the_default():
    config = Config()
    drawn = wiring(LIGHT).svg()
    for gpio in (config.button.gpio, config.light.gpio):
        assert f">{position(gpio)}  GPIO {gpio}<" in drawn


def test_the_tables_of_the_lights_are_drawn_from_the_code_of_today():
    """Else run scripts/draw-pictures."""
    page = PAGE.read_text()
    assert drawn(page) == page
    assert all(f"<!-- drawn: {name} -->" in page for name in TABLES)


def test_each_rhythm_has_a_meaning():
    assert set(MEANINGS) == set(Light)
    assert len(rows()) == len(Light) + 1


def test_a_picture_shows_when_the_lamp_is_on():
    """The strip of `ready`: a flash of 100 ms each 1900 ms, in seven seconds."""
    drawn = lights(LIGHT).svg()
    strip = drawn[drawn.index("ready: press and speak") :]
    bars = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*fill="#ffffff"', strip)
    scale = (480 - 16) / 7000
    assert [(round((float(x) - 8) / scale, -1), round(float(width) / scale, -1)) for x, width in bars] == [
        (at, 100) for at in (0, 1900, 3800, 5700)
    ]


def test_a_recording_is_shown_line_by_line_and_long_waits_are_shortened():
    cast = [(0.0, "$ go\r\n"), (9.0, "one\r\ntw"), (9.1, "o\r\n\r\nthree")]
    lines = [(round(at, 3), text) for at, text in lines_of(cast)]
    assert lines == [(0, "$ go"), (LONGEST_WAIT_S, "one"), (1.5, "two"), (1.6, ""), (1.6, "three")]


def shape(text):
    """Without what differs from run to run: figures and the path."""
    return [
        re.sub(r"\d+(\.\d+)?", "0", re.sub(r" +", " ", re.sub(r"/\S+", "PATH", line))).strip()
        for line in text
    ]


@pytest.mark.slow
def test_the_recorded_demonstration_is_the_one_of_today(tmp_path):
    """Else run `scripts/draw-pictures --record`."""
    command = [sys.executable, "-P", "-m", "edged", "demo"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300)
    _, *recorded = [line for _, line in lines_of(load(CAST))]
    assert shape(recorded) == shape(done.stdout.splitlines())
