"""What the tests of the doctor share."""

import pytest


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a machine that does many things at once, a check in this process is not late, and no program is cut off."""
    monkeypatch.setattr("edged.app.doctor.CHECK_S", 120.0)
    monkeypatch.setattr("edged.doctor.machine._PROGRAM_S", 60.0)
    monkeypatch.setattr("edged.app.doctor_key.DECRYPT_S", 60.0)
