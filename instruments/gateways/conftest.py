"""The gateways, and what happens in front of kiosks that speak through them."""

import os

import pytest

from instruments.gateways.programs import missing
from instruments.gateways.stage import Stage


def pytest_configure(config):
    config.addinivalue_line("markers", "gateways: needs other people's gateways, which scripts/test installs")


@pytest.fixture(scope="session")
def stage(request, tmp_path_factory):
    why = missing()
    if why is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    with Stage(tmp_path_factory.mktemp("gateways")) as running:
        asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
        running.invite((of["gateway"], of["visit"]) for of in asked if {"gateway", "visit"} <= of.keys())
        yield running


@pytest.fixture
def seen(stage, gateway, visit):
    """What came of the visit that the test is about; fails with what went wrong in it."""
    return stage.saw(gateway, visit)
