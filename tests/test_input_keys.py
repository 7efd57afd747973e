"""The names and numbers of keys, compared with the kernel's own where this machine has them."""

import re
from pathlib import Path

import pytest

from edged.input_keys import LAST, names, number_of

HEADER = Path("/usr/include/linux/input-event-codes.h")
NO_KEYS = {"KEY_RESERVED", "KEY_MIN_INTERESTING", "KEY_MAX", "KEY_CNT"}


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("KEY_ESC", 1),
        ("KEY_B", 48),
        ("key_b", 48),
        ("48", 48),
        ("BTN_TRIGGER", 288),
        ("BTN_A", 304),
        ("BTN_SOUTH", 304),
        ("KEY_MICMUTE", 248),
        ("BTN_TRIGGER_HAPPY40", 743),
        ("767", 767),
    ],
)
def test_a_key_is_found_by_its_name_and_by_its_number(key, number):
    assert number_of(key) == number


@pytest.mark.parametrize(
    "key", ["KEY_BANANA", "B", "", "0", "768", "999", "-1", "²", "9" * 400, *sorted(NO_KEYS)]
)
def test_what_is_no_key_is_none(key):
    assert number_of(key) is None


@pytest.mark.skipif(not HEADER.exists(), reason="the kernel's header is not on this machine")
def test_every_name_has_the_number_that_the_kernel_gives_it():
    """A kernel that is older or newer than this table knows other names, too."""
    kernels: dict[str, int] = {}
    for name, value in re.findall(r"(?m)^#define\s+((?:KEY|BTN)_\w+)\s+(\w+)", HEADER.read_text()):
        kernels[name] = kernels[value] if value in kernels else int(value, 0)
    common = names().keys() & kernels.keys()
    assert len(common) > 600
    assert {name: names()[name] for name in common} == {name: kernels[name] for name in common}
    assert kernels["KEY_MAX"] == LAST
