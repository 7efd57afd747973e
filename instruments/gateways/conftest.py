"""Fixtures: the gateways, and the visits to kiosks that speak through them."""

import pytest

from instruments.foreign import demand, wanted
from instruments.gateways.programs import missing
from instruments.gateways.stage import Stage


def pytest_configure(config):
    config.addinivalue_line("markers", "gateways: needs other people's gateways; scripts/test installs them")


@pytest.fixture(scope="session")
def stage(request, tmp_path_factory):
    demand(missing())
    with Stage(tmp_path_factory.mktemp("gateways")) as running:
        running.invite(wanted(request, "gateway", "visit"))
        yield running


@pytest.fixture
def seen(stage, gateway, visit):
    """The result of the visit that the test is about; fails with whatever went wrong in it."""
    return stage.saw(gateway, visit)
