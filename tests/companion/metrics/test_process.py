"""A real companion beside a real daemon: what its textfile says of a turn, before and after a restart."""

import contextlib
import json
import signal
import subprocess
import sys
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edged import __version__
from edged.errors import EXIT_OK
from tests.cli.daemon import ENV, IN_TIME_S
from tests.companion.test_undisturbed_daemon import Visitor, daemon

__all__ = ["daemon"]

pytestmark = pytest.mark.slow
OFTEN = """
import sys
from edged.cli import main
from edged.companion.metrics.metrics_part import MetricsPart
MetricsPart.__init__.__kwdefaults__["save_s"] = 0.2
sys.exit(main(sys.argv[1:]))
"""
"""A companion that saves its totals more often: nobody waits half a minute for them."""


@contextlib.contextmanager
def companion(daemon):
    env = {**ENV, "STATE_DIRECTORY": str(daemon.folder / "companion")}
    words = [sys.executable, "-P", "-c", OFTEN, "companion", "--config", str(daemon.config)]
    with subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(IN_TIME_S) == EXIT_OK
        finally:
            process.kill()


def values(textfile):
    """What the file says, by name and values of labels."""
    with contextlib.suppress(FileNotFoundError):
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(textfile.read_text())
            for sample in family.samples
        }
    return {}


def until(textfile, name, value):
    end = time.monotonic() + IN_TIME_S
    while values(textfile).get(name) != value:
        assert time.monotonic() < end, values(textfile)
        time.sleep(0.1)
    return values(textfile)


ANSWERED, UNSEEN = ("edged_turns_total", "answered"), ("edged_turns_total", "unseen")


def test_a_turn_is_in_the_textfile_and_the_next_companion_goes_on(daemon):
    textfile = daemon.folder / "edged.prom"
    with contextlib.closing(Visitor(daemon.socket)) as visitor:
        with companion(daemon):
            until(textfile, ("edged_up",), 1)
            visitor.asks()
            until(textfile, ANSWERED, 1)  # it shows what it has saved
        assert not textfile.exists()  # what it said is not so any more
        visitor.asks()
        with companion(daemon):
            found = until(textfile, UNSEEN, 1)
            for name in ("edged_first_audio_seconds_count", "edged_commit_seconds_count"):
                assert found[name,] == 1
            assert found[ANSWERED] == found["edged_state", "IDLE"] == 1
            assert [name for name in found if name[0] == "edged_build_info" and __version__ in name]
            daemon.stop()
            until(textfile, ("edged_up",), 0)
            daemon.start()
            until(textfile, ("edged_up",), 1)
        totals = json.loads((daemon.folder / "companion" / "metrics.json").read_text())["totals"]
        assert totals["counts"]["edged_kiosk_starts_total"] == {"": 2}
