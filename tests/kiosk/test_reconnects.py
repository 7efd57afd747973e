"""A real daemon whose link comes up and is lost thousands of times: nothing of it remains."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from edged.system.control_client import ControlClient
from tests.system.test_flood import MEMORY_MAX_KB, SILENT, most_memory_kb, opened, serving

# The real daemon without its waits: with them, ten thousand reconnects would take days.
WITHOUT_WAITS = """
import subprocess
import sys
import time
import edged.retry
edged.retry._Waits.after = lambda *_: (0.0, 0.0)
from edged.cli import main
sys.exit(main(sys.argv[1:]))
"""

# Few looks fall between two sessions, where fewer files are open. A leak shows in each of them.
LOOKS_BEFORE = 100
MOST_LOOKS = 500


def lines_up(client, count):
    """Read on until the link has come up this many times."""
    while count:
        message = client.receive()
        count -= message.get("event") == "link" and message["up"]


def looked_at(process, client):
    """Return what is open after the link has come up once more."""
    lines_up(client, 1)
    return opened(process)


@pytest.mark.parametrize(
    "reconnects",
    [pytest.param(300, marks=pytest.mark.hours), pytest.param(10_000, marks=pytest.mark.nightly)],
)
@pytest.mark.parametrize(
    "fault", ["drop@session.updated", "expire@session.updated", "close:1000@session.updated"]
)
def test_a_link_that_comes_and_goes_leaves_nothing_behind(tmp_path, started, fault, reconnects):
    with serving("serve", "--fault", fault) as (_, port):
        path = tmp_path / "control.sock"
        here = [f"--set=control.socket={path}", f"--set=state.dir={tmp_path}"]
        line = ["--set=provider.name=local", f"--set=provider.url=ws://127.0.0.1:{port}/v1/realtime"]
        process = started(
            sys.executable, "-P", "-c", WITHOUT_WAITS, "run", *SILENT, *here, *line, until=path.exists
        )
        with ControlClient(path) as client:
            lines_up(client, 50)
            lines_up(client, reconnects // 2)
            # The number varies between two sessions. The lowest of several looks is what remains.
            before = min(looked_at(process, client) for _ in range(LOOKS_BEFORE))
            lines_up(client, reconnects // 2)
            looks = (looked_at(process, client) for _ in range(MOST_LOOKS))
            assert any(look.is_within(before) for look in looks), f"more stays than {before}"
            assert most_memory_kb(process) < MEMORY_MAX_KB


@pytest.fixture
def started():
    """Starts processes and waits until a condition holds; ends all of them."""
    processes = []

    def start(*words, until):
        processes.append(
            subprocess.Popen(
                words, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
        while not until():
            assert processes[-1].poll() is None
            time.sleep(0.02)
        return processes[-1]

    yield start
    for process in processes:
        process.terminate()
        process.wait()
