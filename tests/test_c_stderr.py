"""Whose output reaches standard error."""

import subprocess
import sys

PROGRAM = """
import os, sys
from edged.c_stderr import keep_apart, silence, silenced
from edged.system.journal import setup
import faulthandler, logging
faulthandler.enable({apart})
setup("info")
silence()
os.write(2, b"chatter\\n")
with silenced():
    os.write(2, b"chatter of a call\\n")
os.write(2, b"more chatter\\n")
logging.info("a line of ours")
print("an error of ours", file=sys.stderr)
os.abort()
"""


def said(apart):
    words = [sys.executable, "-c", PROGRAM.format(apart=apart)]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stderr


def test_what_a_library_says_does_not_arrive_and_what_python_says_does():
    arrived = said("keep_apart()")
    assert "chatter" not in arrived
    assert "a line of ours" in arrived
    assert "an error of ours" in arrived
    assert "Fatal Python error: Aborted" in arrived


def test_where_python_has_no_descriptor_of_its_own_nothing_is_taken_from_it():
    arrived = said("2")
    assert "chatter\n" in arrived
    assert "more chatter" in arrived
    assert "chatter of a call" not in arrived
    assert "a line of ours" in arrived


TWO_AT_ONCE = """
import os, threading
from edged.c_stderr import silenced
inside, release = threading.Event(), threading.Event()
def hang():
    with silenced():
        inside.set()
        release.wait(60)
thread = threading.Thread(target=hang)
thread.start()
inside.wait(60)
with silenced():
    os.write(2, b"chatter of a call\\n")
os.write(2, b"chatter beside a call that hangs\\n")
release.set()
thread.join()
os.write(2, b"words after it\\n")
"""


def test_a_call_that_hangs_holds_up_no_other():
    words = [sys.executable, "-c", TWO_AT_ONCE]
    said = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stderr
    assert said == "words after it\n"
