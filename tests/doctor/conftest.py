"""What the tests of the doctor share."""

import pytest

from edged.app import doctor

LIMITS = doctor.CHECK_S, doctor.LANE_S


@pytest.fixture
def limits():
    """The limits of time as they are."""
    return LIMITS


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a machine that does many things at once, a check in this process is not late, and no program is cut off."""
    monkeypatch.setattr("edged.app.doctor.CHECK_S", 120.0)
    monkeypatch.setattr("edged.app.doctor.LANE_S", dict.fromkeys(doctor.LANE_S, 600.0))
    monkeypatch.setattr("edged.doctor.machine._PROGRAM_S", 60.0)
    monkeypatch.setattr("edged.app.doctor_key.DECRYPT_S", 60.0)
