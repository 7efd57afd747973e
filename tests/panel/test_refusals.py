"""What an error says that was raised for a line or an input device."""

import errno
import grp
import os
import pwd

import pytest

from edged.panel.refusals import PanelPart

BUTTON, LIGHT = PanelPart("GPIO 17", "button"), PanelPart("GPIO 27", "light")


def denied(number, path):
    return BUTTON.denied(PermissionError(number, os.strerror(number)), str(path))


@pytest.mark.parametrize(
    ("place", "kind", "cause"),
    [(BUTTON, "lost", "button_lost"), (BUTTON, "busy", "button_busy"), (LIGHT, "busy", "light_lost")],
)
def test_the_cause_says_which_part_it_is_and_what_is_wrong(place, kind, cause):
    error = place.refused("no", kind)
    assert (error.cause, str(error)) == (cause, f"{place.name}: no")


def test_who_holds_a_line_is_named_as_the_kernel_knows_it():
    error = BUTTON.held("spi0 CS0", "gpiochip0")
    assert error.cause == "button_busy"
    assert str(error).startswith("GPIO 17: 'spi0 CS0' holds the line on gpiochip0")
    assert "another program holds" in str(BUTTON.held("", "gpiochip0"))


def test_the_group_that_may_open_it_is_named(tmp_path):
    group = next(each for each in grp.getgrall() if each.gr_gid != 0)
    path = tmp_path / "gpiochip0"
    path.touch()
    os.chown(path, -1, group.gr_gid)
    path.chmod(0o660)
    error = denied(errno.EACCES, path)
    assert error.cause == "button_denied"
    assert f"the group {group.gr_name} may open {path}" in str(error)
    assert f"`sudo usermod -aG {group.gr_name} {pwd.getpwuid(os.geteuid()).pw_name}`" in str(error)


@pytest.mark.parametrize("exists", [False, True])
def test_a_file_that_only_root_may_open_needs_the_rule_of_udev(tmp_path, exists):
    path = tmp_path / "gpiochip0"
    if exists:
        path.touch(0o600)
        os.chown(path, 0, 0)
    assert "the udev rule that edged's installer adds" in str(denied(errno.EACCES, path))


def test_what_the_unit_forbids_is_told_apart_from_what_the_group_allows():
    assert "the systemd unit does not let edged open /dev/input/event3" in str(
        denied(errno.EPERM, "/dev/input/event3")
    )
