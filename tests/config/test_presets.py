"""Presets: each loads over the defaults, and docs/hardware.md describes each with its pins."""

import argparse
import re
from pathlib import Path

import pytest
import yaml

from edged.cli import config
from edged.config import load, presets, title
from edged.config.pin_rules import pins
from edged.header import GROUNDS, PINS, POSITIONS

TOP = Path(__file__).parents[2]
PRESETS = presets()
EACH = pytest.mark.parametrize("name", PRESETS)
NAMES = {
    *("bare-button", "usb-speakerphone", "handset", "respeaker-2mic-v1", "respeaker-2mic-v2"),
    *("respeaker-4mic", "adafruit-voice-bonnet", "aiy-voice-hat", "aiy-voice-bonnet"),
}
PIXEL_LINES = {10, 11}  # data and clock of SPI bus 0: what of the bus goes to pixels


@pytest.fixture
def edged(tmp_path, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    parser = argparse.ArgumentParser()
    config.add(parser.add_subparsers())

    def run(*argv):
        args = parser.parse_args(["config", *argv])
        return args.run(args)

    return run


@pytest.fixture
def kiosk(tmp_path):
    """The documented configuration, with an empty conf.d beside it."""
    file = tmp_path / "config.yaml"
    file.write_text((TOP / "config.yaml").read_text())
    (tmp_path / "conf.d").mkdir()
    return file


def chapter(name):
    """The section of a preset on the page."""
    page = (TOP / "docs/hardware.md").read_text()
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"docs/hardware.md has no section {name}"
    return found[1]


def own_pins(text, tmp_path):
    """The pins of the parts that a preset sets. Of the SPI bus, pixels use two lines only."""
    file = tmp_path / "alone.yaml"
    file.write_text(text)
    return {pin.gpio for pin in pins(load(file, env={}).config) if not pin.is_spi or pin.gpio in PIXEL_LINES}


def test_every_preset_is_named_as_its_file():
    assert set(PRESETS) == NAMES
    assert list(PRESETS) == sorted(PRESETS)
    assert {file.stem for file in (TOP / "edged/presets").iterdir()} == NAMES


@EACH
def test_a_preset_says_what_it_is_and_what_it_needs(name):
    first, second = PRESETS[name].splitlines()[:2]
    assert first == f"# {title(PRESETS[name])}"
    assert re.fullmatch(r"# [A-Z].{30,}\.", first)
    assert second.startswith("# Needs: ")


@EACH
def test_a_preset_alone_is_valid(name, edged, tmp_path, capsys):
    file = tmp_path / f"{name}.yaml"
    file.write_text(PRESETS[name])
    assert edged("check", str(file)) == 0
    assert capsys.readouterr().out.endswith(f"{file}: valid\n")


@EACH
def test_a_preset_in_conf_d_counts_over_the_documented_configuration(name, edged, kiosk, capsys):
    copy = kiosk.parent / "conf.d/10-preset.yaml"
    assert edged("preset", name) == 0
    copy.write_text(capsys.readouterr().out)
    assert edged("check", str(kiosk)) == 0
    loaded = load(kiosk, env={})
    assert loaded.warnings == ()
    for section, keys in yaml.safe_load(copy.read_text()).items():
        if section != "version":
            for key in [f"{section}.{key}" for key in keys] if isinstance(keys, dict) else [section]:
                assert loaded.origins[key].startswith(f"{copy}:"), key


@EACH
def test_one_preset_written_over_another_is_valid(name, edged, kiosk, capsys):
    """Nothing of the first one stays: they are one file. A second file beside it must not clash either."""
    (kiosk.parent / "conf.d/10-preset.yaml").write_text(PRESETS["bare-button"])
    (kiosk.parent / "conf.d/20-board.yaml").write_text(PRESETS[name])
    assert edged("check", str(kiosk)) == 0, capsys.readouterr().err


@EACH
def test_the_page_names_each_pin_of_a_preset_with_its_position(name, tmp_path):
    text = chapter(name)
    named = {int(gpio): int(at) for at, gpio in re.findall(r"position (\d+) \(GPIO (\d+)\)", text)}
    assert named == {gpio: POSITIONS[gpio] for gpio in named}
    rows = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    in_tables = {int(gpio) for gpio in re.findall(r"\(GPIO (\d+)\)", rows)}
    assert in_tables == own_pins(PRESETS[name], tmp_path)
    assert {int(at) for at in re.findall(r"position (\d+) \(ground\)", text)} <= GROUNDS


@EACH
def test_the_comments_of_a_preset_name_the_same_positions(name, tmp_path):
    text = PRESETS[name]
    said = re.findall(r"\bgpio: (\d+) +# position (\d+)", text)
    said += re.findall(r"power_gpio: (\d+) +# position (\d+)", text)
    said += re.findall(r"GPIO (\d+), position (\d+)", text)
    assert {int(gpio): int(at) for gpio, at in said} == {
        gpio: POSITIONS[gpio] for gpio in own_pins(text, tmp_path)
    }
    assert {int(at) for at in re.findall(r"ground, position (\d+)", text)} <= GROUNDS


@EACH
def test_the_page_has_the_cards_and_the_overlay_of_a_preset(name):
    text = chapter(name)
    page = (TOP / "docs/hardware.md").read_text()
    assert f"| [`{name}`](#{name}) |" in page
    assert "**Seen:**" in text or "**Not checked:** the board itself" in text
    for overlay in re.findall(r"dtoverlay=[\w-]+", PRESETS[name]):
        assert f"\n{overlay}\n" in text
    devices = yaml.safe_load(PRESETS[name]).get("microphone", {}).get("device", "default")
    for device in [devices] if isinstance(devices, str) else devices:
        assert device == "default" or f"`{device}`" in page


def test_the_positions_of_the_header_are_complete():
    power = {1, 2, 4, 17}
    assert set(POSITIONS) == set(PINS)
    assert sorted([*POSITIONS.values(), *GROUNDS, *power]) == list(range(1, 41))
    wired = re.findall(r"position (\d+) \(GPIO (\d+)\)", (TOP / "README.md").read_text())
    assert wired
    assert all(POSITIONS[int(gpio)] == int(at) for at, gpio in wired)


def test_without_a_name_all_presets_are_listed(edged, capsys):
    assert edged("preset") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(NAMES)
    assert any(line.endswith(title(PRESETS["handset"])) for line in lines)


def test_an_unknown_preset_is_a_wrong_use(edged, capsys):
    assert edged("preset", "respeaker\x1b") == 64
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "respeaker-2mic-v1" in printed.err
    assert "\x1b" not in printed.err
