"""What all tests share."""

import pytest

from tests.lab.loop import run


@pytest.fixture
def lab_run():
    """Runs a coroutine to its end in virtual time: `lab_run(main(), net=SimNet(), seed=7)`."""
    return run
