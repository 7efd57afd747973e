"""config.yaml at the top level: the documented default."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from edged.config import Config, load
from edged.config.keys import KEYS, SECTIONS, Kind

FILE = Path(__file__).parents[2] / "config.yaml"


def paths(tree, at=()):
    for name, below in tree.items():
        path = (*at, name)
        if path in SECTIONS:
            yield from paths(below, path)
        else:
            yield path


def test_it_says_what_the_defaults_are():
    loaded = load(FILE, env={})
    assert loaded.config == Config()
    assert loaded.warnings == ()


def test_it_has_every_key():
    assert set(paths(yaml.safe_load(FILE.read_text()))) == set(KEYS)


def test_every_key_has_a_reason_to_change_it():
    lines = FILE.read_text().splitlines()
    for before, line in pairwise(lines):
        if re.match(r"(    |  )[a-z_]+:|[a-z_]+: .", line):
            assert "#" in line or before.lstrip().startswith("#"), line


def test_reading_it_as_other_programs_do_gives_the_same():
    tree = yaml.safe_load(FILE.read_text())
    config = Config()
    for path, key in KEYS.items():
        expected, given = config, tree
        for step in path:
            expected, given = getattr(expected, step), given[step]
        expected = list(expected) if key.kind is Kind.PARTS else expected
        assert given == (expected.reveal() if key.kind is Kind.SECRET else expected), path


@pytest.mark.parametrize(
    "key", [key for key in KEYS.values() if key.kind in {Kind.WHOLE, Kind.NUMBER}], ids=lambda k: k.name
)
def test_every_number_has_bounds_with_a_reason_and_its_unit_in_its_name(key):
    assert key.low < key.high
    assert key.good
    units = ("_ms", "_s", "_hz", "_db", "_dbfs", "_percent", "_days", "volume")
    assert key.path[-1].endswith(units) or key.path[-1] in {
        "channel",
        "gpio",
        "red_gpio",
        "green_gpio",
        "blue_gpio",
        "power_gpio",
        "pixels",
        "brightness",
        "speed",
        "temperature",
        "history_lines",
        "remember_turns",
        "max_tokens",
        "more_time",  # how many times as long
        "threshold",
        *("requests", "warn_requests", "minutes", "warn_minutes", "usd", "warn_usd"),
        "cue_least",  # volumes, too
        "volume_least",
        "volume_most",
    }
