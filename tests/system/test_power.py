"""A request to shut the machine down."""

import stat

import pytest

from edged.errors import DeviceError
from edged.system.power import FILE, NullPower, RequestFile


def test_a_request_is_a_file_that_only_its_user_can_open_and_it_can_be_withdrawn(tmp_path):
    power, file = RequestFile(tmp_path), tmp_path / FILE
    power.ask()
    power.ask()
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    power.withdraw()
    power.withdraw()
    assert not file.exists()


def test_a_folder_that_is_gone_is_an_error_with_its_path(tmp_path):
    power = RequestFile(tmp_path / "none")
    with pytest.raises(DeviceError, match="none/shutdown: No such file") as caught:
        power.ask()
    assert caught.value.cause == "shutdown_unanswered"
    power.withdraw()


def test_without_a_service_nothing_can_shut_down():
    with pytest.raises(DeviceError, match="does not run as a service"):
        NullPower().ask()
    NullPower().withdraw()
