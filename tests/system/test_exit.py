import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.ports import SimExit

ROOT = Path(__file__).parents[2]
HANGING_THREAD = "import threading; threading.Thread(target=threading.Event().wait).start()"
HANGING_LOG = """
import logging, threading
class Stuck(logging.Handler):
    def emit(self, record): threading.Event().wait()
logging.getLogger().addHandler(Stuck())
"""


def ended(*before, code=70, why="a device hangs"):
    program = "\n".join(
        [
            "import atexit, logging, sys",
            "from edged.system.exit import ProcessExit",
            "logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')",
            "atexit.register(lambda: print('never said'))",
            *before,
            "print('said before', end='')",
            f"ProcessExit()({code}, {why!r})",
        ]
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


@pytest.mark.parametrize("hanging", ["", HANGING_THREAD])
def test_the_process_ends_with_its_code_and_its_last_words(hanging):
    process = ended(hanging)
    assert process.returncode == 70
    assert process.stdout == "said before"
    assert process.stderr == "ERROR exit 70: a device hangs\n"


def test_a_log_that_hangs_does_not_hold_it():
    assert ended(HANGING_LOG).returncode == 70


def test_the_end_that_was_asked_for_is_no_error():
    assert ended(code=0, why="stopped").stderr == "INFO exit 0: stopped\n"


def test_the_reason_is_one_line():
    assert ended(why="it said:\n<3>fake\r line").stderr == "ERROR exit 70: it said: <3>fake line\n"


def test_closed_streams_do_not_hold_it():
    assert ended("sys.stdout.close(); sys.stdout = None", "print = lambda *a, **k: None").returncode == 70


def test_the_simulated_end_is_written_down():
    leave = SimExit()
    leave(70, "a bug")
    assert leave.calls == [(70, "a bug")]
