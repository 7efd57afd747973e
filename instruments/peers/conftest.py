"""Fixtures: which client talks to which target, and a service for all of them."""

import pytest

from instruments.foreign import demand, wanted
from instruments.peers.company import Company, missing


def pytest_configure(config):
    config.addinivalue_line("markers", "peers: needs other people's clients; scripts/test installs them")


@pytest.fixture(scope="session")
def company(request, tmp_path_factory):
    demand(missing())
    with Company(tmp_path_factory.mktemp("peers")) as running:
        running.invite(wanted(request, "client", "target"))
        yield running
