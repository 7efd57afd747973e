"""What all tests share."""

import pytest
from hypothesis import settings

from tests.lab.loop import run

# How long an example takes says how busy the machine is, and nothing of edged.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def lab_run():
    """Runs a coroutine to its end in virtual time: `lab_run(main(), net=SimNet(), seed=7)`."""
    return run
