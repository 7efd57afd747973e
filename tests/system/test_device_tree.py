"""A device tree made of files, as the kernel shows it in /proc/device-tree."""

import struct

import pytest

from edged.system.device_tree import used_pins


def node(tree, path, **properties):
    folder = tree / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in properties.items():
        content = struct.pack(f">{len(value)}I", *value) if isinstance(value, list) else value
        (folder / name.replace("__", ",").replace("_", "-")).write_bytes(content)


@pytest.fixture
def tree(tmp_path):
    """The part of a Raspberry Pi 4 that matters here; `link` is the way to it."""
    base = tmp_path / "base"
    gpio = "soc/gpio@7e200000"
    node(base, f"{gpio}/i2s", brcm__pins=[18, 19, 20, 21], phandle=[5])
    node(base, f"{gpio}/spi0_pins", brcm__pins=[9, 10, 11], phandle=[6])
    node(base, f"{gpio}/spi0_cs_pins", brcm__pins=[8, 7], phandle=[7])
    node(base, f"{gpio}/bt_pins", brcm__pins=[45, 32, 33], phandle=[8])
    node(base, "soc/i2s@7e203000", pinctrl_0=[5], status=b"okay\0")
    node(base, "soc/spi@7e204000", pinctrl_0=[6, 7], status=b"disabled\0")
    node(base, "soc/serial@7e201000", pinctrl_0=[8])
    link = tmp_path / "device-tree"
    link.symlink_to(base)
    return link


def test_what_is_switched_on_uses_its_pins(tree):
    used = used_pins(tree)
    assert {pin: part for pin, part in used.items() if pin < 28} == dict.fromkeys((18, 19, 20, 21), "i2s")
    assert used[32] == "serial"


def test_a_part_may_use_several_groups(tree):
    node(tree, "soc/spi@7e204000", status=b"okay\0")
    assert sorted(pin for pin, part in used_pins(tree).items() if part == "spi") == [7, 8, 9, 10, 11]


def test_the_pins_of_a_newer_board_have_names(tmp_path):
    node(tmp_path, "rp1/gpio@d0000/rp1_i2c1_2_3", pins=b"gpio2\0gpio3\0", phandle=[40])
    node(tmp_path, "gio/uart_pins", pins=b"sgpio0\0", phandle=[41])
    node(tmp_path, "rp1/i2c@74000", pinctrl_0=[40, 41], status=b"okay\0")
    assert used_pins(tmp_path) == {2: "i2c", 3: "i2c"}


def test_a_machine_without_a_tree_uses_none(tmp_path):
    assert used_pins(tmp_path / "missing") == {}


def test_a_broken_tree_is_no_error(tree):
    node(tree, "soc/broken", pinctrl_0=b"\0\0", status=b"okay\0")
    node(tree, "soc/another", pinctrl_0=[99], status=b"okay\0")
    assert 18 in used_pins(tree)
