"""Single settings change in the text of a file, and everything else stays: comments, order, other settings."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edged.config import load
from edged.config.edit import edited, flat, has, in_yaml
from edged.config.presets import presets
from edged.errors import ConfigError

ROOT = Path(__file__).parents[2]
OWN = """# the kiosk in the hall
version: 1
provider: {name: local}   # for now
button:
  # the red one
  gpio: 5        # position 29
  pull: up

# what it says
visitor:
  languages: [en, de]
  phrases_dir: /etc/edged/phrases
"""


def test_a_value_changes_in_its_place_and_every_other_character_stays():
    found = edited(OWN, "c.yaml", {"button.gpio": 17, "provider.name": "openai", "visitor.languages": "de"})
    assert found == (
        OWN.replace("gpio: 5 ", "gpio: 17 ").replace("name: local", "name: openai").replace("[en, de]", "de")
    )


def test_a_new_setting_comes_after_the_last_one_of_its_section():
    found = edited(OWN, "c.yaml", {"button.contact": "normally_closed", "provider.model": "x"})
    assert found == OWN.replace("  pull: up\n", "  pull: up\n  contact: normally_closed\n").replace(
        "{name: local}", "{name: local, model: x}"
    )


def test_a_new_section_comes_at_the_end_and_a_new_top_setting_too():
    found = edited(OWN, "c.yaml", {"microphone.device": ("Jabra", "port:1-1.2"), "mode": "toggle"})
    assert found == OWN + "microphone:\n  device: [Jabra, port:1-1.2]\nmode: toggle\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "button:\n  gpio: 5\n"),
        ("# nothing yet\n", "# nothing yet\nbutton:\n  gpio: 5\n"),
        ("version: 1", "version: 1\nbutton:\n  gpio: 5\n"),
        ("button:\n", "button:\n  gpio: 5\n"),
        ("button:\n  # gpio: 17\nmode: hold\n", "button:\n  gpio: 5\n  # gpio: 17\nmode: hold\n"),
        ("button: {}\n", "button: {gpio: 5}\n"),
        ("button:\n  gpio:    # none yet\n", "button:\n  gpio: 5    # none yet\n"),
        ("button:\n  gpio: '17' # a\n", "button:\n  gpio: 5 # a\n"),
        (
            "button:\n    pull: up   # b\nmode: hold\n",
            "button:\n    pull: up   # b\n    gpio: 5\nmode: hold\n",
        ),
        ("button:\r\n  pull: up\r\n", "button:\r\n  pull: up\r\n  gpio: 5\r\n"),
        ("button: {pull: up,\n  kind: hook}\n", "button: {pull: up,\n  kind: hook, gpio: 5}\n"),
        ("button:\n  gpio:\n    - 3\n    - 4 # c\nmode: hold\n", "button:\n  gpio: 5 # c\nmode: hold\n"),
        (
            "button:\n  kind: >-\n    hook\n\nmode: hold\n",
            "button:\n  kind: >-\n    hook\n  gpio: 5\n\nmode: hold\n",
        ),
        ("x:\n  y: |\n    text", "x:\n  y: |\n    text\nbutton:\n  gpio: 5\n"),
        ("button:\n  gpio: |\n    17\n\nmode: hold\n", "button:\n  gpio: 5\n\nmode: hold\n"),
    ],
)
def test_files_of_every_shape(before, after):
    assert edited(before, "c.yaml", {"button.gpio": 5}) == after


def test_the_file_that_comes_with_edged_takes_every_answer_of_a_set_up(tmp_path):
    sample = (ROOT / "config.yaml").read_text()
    answers = {
        "mode": "toggle",
        "provider.name": "openai",
        "provider.api_key_file": "/etc/edged/credentials/api-key",
        "button.gpio": 5,
        "light.kind": "none",
        "light.gpio": None,
        "microphone.device": "usb:0b0e:0412",
        "speaker.device": ("Jabra SPEAK 510 USB", "default"),
        "visitor.languages": ("de", "en"),
    }
    path = tmp_path / "config.yaml"
    path.write_text(edited(sample, "config.yaml", answers))
    config = load(path, env={}).config
    assert (config.mode, config.button.gpio, config.light.gpio) == ("toggle", 5, None)
    assert config.speaker.device == ("Jabra SPEAK 510 USB", "default")
    changed = [
        (old, new)
        for old, new in zip(sample.splitlines(), path.read_text().splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == len(answers)
    assert all(old.partition("#")[2] == new.partition("#")[2] for old, new in changed)


def test_a_file_with_faults_is_not_changed_and_the_faults_are_named():
    with pytest.raises(ConfigError, match=r"c.yaml:2:1: .*given twice"):
        edited("mode: hold\nmode: toggle\n", "c.yaml", {"mode": "hybrid"})


def test_a_section_that_is_a_list_is_left_to_a_person():
    text = "button:\n  - a\nmode: hold\n"
    with pytest.raises(ConfigError, match="cannot be changed safely"):
        edited(text, "c.yaml", {"button.gpio": 5, "mode": "toggle"})


def test_which_settings_a_file_has():
    assert has(OWN, "c", "button.gpio")
    assert has(OWN, "c", "provider.name")
    assert not has(OWN, "c", "microphone.device")


@pytest.mark.parametrize("name", presets())
def test_a_preset_can_be_put_into_the_sample_setting_by_setting(name, tmp_path):
    """The same comes out as with the preset in conf.d."""
    sample = (ROOT / "config.yaml").read_text()
    wanted = flat(presets()[name], name)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/config.yaml").write_text(edited(sample, "c", wanted))
    (tmp_path / "b/conf.d").mkdir(parents=True)
    (tmp_path / "b/config.yaml").write_text(sample)
    (tmp_path / "b/conf.d/board.yaml").write_text(presets()[name])
    one, other = (load(tmp_path / each / "config.yaml", env={}).config for each in "ab")
    assert one == other


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)


@given(words, words)
def test_any_text_comes_back_as_it_was(first, second):
    found = edited(OWN, "c", {"microphone.device": (first, second), "speaker.device": first})
    assert flat(found, "c")["microphone.device"] == (first, second)
    assert flat(found, "c")["speaker.device"] == first
    assert in_yaml(True) == "true"


# Files of many shapes: sections in blocks or on one line, texts and lists on lines of their own, comments anywhere.
NAMES, KEYS = ("button", "provider", "visitor", "log"), ("gpio", "name", "device", "pull")
comments = st.sampled_from(["", "", " # c: d", "   # 'q' \"z\" {", " #"])
between = st.sampled_from(["", "", "\n", "# a: b\n", "    # deep\n"])
plain = st.sampled_from(
    ["1", "on", "''", "'a # b'", '"x\\ty, {"', "plain text", "[a, 'b, c']", "", "usb:1:2", "0x1F"]
)
blocks = st.sampled_from([" |\n{0}one # no\n{0}  two\n", " >-\n{0}one\n\n{0}two\n", "\n{0}- a\n{0}- 'b'\n"])


@st.composite
def files(draw):
    parts = [draw(between)]
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4)):
        keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
        if draw(st.booleans()):
            inner = ", ".join(f"{key}: {draw(plain)}" for key in keys)
            parts.append(f"{name}: {{{inner}}}{draw(comments)}\n")
        else:
            indent = " " * draw(st.integers(1, 4))
            parts.append(f"{name}:{draw(comments)}\n")
            for key in keys:
                block = draw(st.none() | blocks)
                one_line = f" {draw(plain)}{draw(comments)}\n"
                parts.append(f"{draw(between)}{indent}{key}:")
                parts.append(block.format(indent + "  ") if block else one_line)
        parts.append(draw(between))
    text = "".join(parts)
    text = text.removesuffix("\n") if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def comments_of(text):
    """What follows the last value of each line, so far as it is a comment."""
    scanned = [token for token in yaml.scan(text) if isinstance(token, yaml.ScalarToken)]
    ends = [0, *(token.end_mark.index for token in scanned)]
    starts = [*(token.start_mark.index for token in scanned), len(text)]
    gaps = (text[end:start] for end, start in zip(ends, starts, strict=True))
    return sorted(found for gap in gaps for found in re.findall(r"#[^\r\n]*", gap))


def values_of(text, but):
    found = yaml.load(text, Loader=yaml.BaseLoader) or {}
    flat_ = {
        f"{name}.{key}": value for name, part in found.items() if part for key, value in part.items() if value
    }
    return {name: value for name, value in flat_.items() if name not in but}


@given(
    files(),
    st.dictionaries(
        st.sampled_from([f"{name}.{key}" for name in NAMES for key in KEYS]),
        st.sampled_from([5, "openai", ("a", "b, c"), True, "it's # x", "x: y", 1.5]),
        min_size=1,
        max_size=3,
    ),
)
def test_an_edit_keeps_every_comment_and_every_other_value(text, wanted):
    after = edited(text, "c", wanted)
    assert values_of(after, wanted) == values_of(text.rstrip("\r\n") + "\n", wanted)
    assert comments_of(after) == comments_of(text)
