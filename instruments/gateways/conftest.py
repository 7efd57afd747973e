"""The gateways, and what happens in front of kiosks that speak through them."""

import pytest

from instruments.foreign import demand, wanted
from instruments.gateways.programs import missing
from instruments.gateways.stage import Stage


def pytest_configure(config):
    config.addinivalue_line("markers", "gateways: needs other people's gateways, which scripts/test installs")


@pytest.fixture(scope="session")
def stage(request, tmp_path_factory):
    demand(missing())
    with Stage(tmp_path_factory.mktemp("gateways")) as running:
        running.invite(wanted(request, "gateway", "visit"))
        yield running


@pytest.fixture
def seen(stage, gateway, visit):
    """What came of the visit that the test is about; fails with what went wrong in it."""
    return stage.saw(gateway, visit)
