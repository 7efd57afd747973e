"""Fixtures and hooks for all tests."""

import gc
import io
import logging
import os
from pathlib import Path

import pytest

from edged.system.journal import setup
from instruments.lab.kiosk import kiosk_of
from instruments.lab.loop import run
from instruments.lab.net import SimNet
from tests import effort

effort.register()


def pytest_collection_finish():
    """Freeze what was collected: it stays to the end, so the garbage collector need not scan it on every pass."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session, exitstatus):
    """Record that this run reached its end: a test that ends the process must not look like a success."""
    done = os.environ.get("EDGED_TESTED")
    if done and not hasattr(session.config, "workerinput"):
        Path(done).write_text(f"{int(exitstatus)}\n")


@pytest.fixture
def lab_run():
    """Runs a coroutine to its end in virtual time: `lab_run(main(), net=SimNet(), seed=7)`."""
    return run


@pytest.fixture
def shell(lab_run):
    """Runs `body(kiosk)` in virtual time."""

    def run(body, *settings, **server_options):
        net = SimNet(latency_ms=10)

        async def main():
            async with kiosk_of(net, *settings, **server_options) as kiosk:
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


@pytest.fixture
def journal():
    """The stream that the journal writes to."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("websockets", "asyncio")}
    stream = io.StringIO()
    setup("info", stream)
    yield stream
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
