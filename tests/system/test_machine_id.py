"""The name of this machine for others."""

import shutil
import subprocess
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.system.machine_id import APPLICATION, FILE, app_specific, kiosk_id


@given(st.binary(min_size=16, max_size=16))
def test_it_is_a_random_uuid_of_which_the_machine_cannot_be_told(machine):
    name = app_specific(machine)
    assert (uuid.UUID(name).version, uuid.UUID(name).variant) == (4, uuid.RFC_4122)
    assert name == app_specific(machine) != machine.hex()
    assert name != app_specific(machine, bytes(16))


def test_a_known_machine_has_the_name_that_systemd_gives_it():
    # systemd-id128 machine-id --app-specific=4dca1fd75e4c4f1c8a6c52a5ff5d4e01, on a machine with this id
    assert (
        app_specific(bytes.fromhex("0123456789abcdef0123456789abcdef")) == "7376a6c824ba4315935e0d77a163e1c9"
    )


def test_here_it_is_what_systemd_says():
    program = shutil.which("systemd-id128")
    if program is None or not kiosk_id():
        pytest.skip("there is no systemd-id128 here, or no machine-id")
    said = subprocess.run(
        [program, "machine-id", f"--app-specific={APPLICATION.hex()}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert kiosk_id(FILE) == said.stdout.strip()


@pytest.mark.parametrize("text", [None, "", "uninitialized\n", "0" * 32, "0123", "zz" * 16, "12" * 17])
def test_a_machine_without_an_id_has_no_name(tmp_path, text):
    file = tmp_path / "machine-id"
    if text is not None:
        file.write_text(text)
    assert kiosk_id(file) == ""
