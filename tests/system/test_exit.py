import signal
import subprocess
import sys
from pathlib import Path

import pytest

from instruments.lab.ports import SimExit

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


@pytest.mark.slow
def test_a_log_that_hangs_does_not_hold_it():
    assert ended(HANGING_LOG).returncode == 70


def test_the_end_that_was_asked_for_is_no_error():
    assert ended(code=0, why="stopped").stderr == "INFO exit 0: stopped\n"


def test_the_reason_is_one_line():
    assert ended(why="it said:\n<3>fake\r line").stderr == "ERROR exit 70: it said: <3>fake line\n"


def test_closed_streams_do_not_hold_it():
    assert ended("sys.stdout.close(); sys.stdout = None", "print = lambda *a, **k: None").returncode == 70


def left(*before, last):
    """An exit that does not wait, and a main thread that goes on as long as it may."""
    soon = f"ProcessExit().soon(70, {last})"
    return ended("print = lambda *a, **k: None", "import time, threading", *before, soon, "time.sleep(60)")


@pytest.mark.slow
@pytest.mark.parametrize(
    "last",
    [
        "lambda: logging.info('last')",
        "lambda: time.sleep(60), lambda: logging.info('last')",
        "lambda: 1 / 0, lambda: logging.info('last')",
    ],
)
def test_what_is_still_to_be_done_is_done_and_not_waited_for(last):
    process = left(last=last)
    assert (process.returncode, process.stderr) == (70, "INFO last\n")


NO_THREADS = """
import _thread
def refuse(*_): raise RuntimeError("can't start new thread")
"""


@pytest.mark.parametrize("refused", ["_thread.start_new_thread = refuse", "threading.Thread.start = refuse"])
def test_without_a_thread_to_be_had_it_is_done_all_the_same(refused):
    process = left(NO_THREADS, refused, last="lambda: logging.info('last')")
    assert (process.returncode, process.stderr) == (70, "INFO last\n")


@pytest.mark.slow
def test_without_a_thread_what_hangs_is_ended_by_the_kernel():
    process = left(NO_THREADS, "_thread.start_new_thread = refuse", last="lambda: time.sleep(60)")
    assert process.returncode == -signal.SIGALRM


def test_who_waits_for_the_end_is_not_to_be_woken():
    again = "signal.signal(signal.SIGALRM, lambda *_: 1 / 0), signal.setitimer(signal.ITIMER_REAL, 0.05)"
    process = ended("import signal", again, "logging.Handler.flush = lambda _: __import__('time').sleep(0.2)")
    assert process.returncode == 70


def test_the_simulated_end_is_written_down():
    leave = SimExit()
    leave(70, "a bug")
    assert leave.calls == [(70, "a bug")]
