"""Who talks to whom, and a service for all of them."""

import os

import pytest

from instruments.peers.company import Company, missing


def pytest_configure(config):
    config.addinivalue_line("markers", "peers: needs other people's clients, which scripts/test installs")


@pytest.fixture(scope="session")
def company(request, tmp_path_factory):
    why = missing()
    if why is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    with Company(tmp_path_factory.mktemp("peers")) as running:
        asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
        running.invite((of["client"], of["target"]) for of in asked if {"client", "target"} <= of.keys())
        yield running
