"""Which threads the kernel holds, and which start of the machine this is."""

import threading

import pytest

from edged.system.in_kernel import BOOT, boot_id, in_kernel

STAT = "{pid} ({name}) {state} 1 4711 4711 0 -1 4194304 2081 0 0 0"


@pytest.fixture
def tasks(tmp_path):
    """Makes threads in these states; each name is one that a program could give to a thread."""

    def make(*states):
        for pid, (name, state) in enumerate(states, 100):
            folder = tmp_path / str(pid)
            folder.mkdir()
            (folder / "stat").write_text(STAT.format(pid=pid, name=name, state=state))
        return tmp_path

    return make


def test_only_threads_that_nothing_can_end_count(tasks):
    assert in_kernel(tasks(("python", "S"), ("microphone", "D"), ("speaker", "R"))) == {101}


def test_the_name_of_a_thread_is_not_taken_for_its_state(tasks):
    assert in_kernel(tasks(("a) D (b", "S"), ("D", "S"), (") S (", "D"))) == {102}


def test_a_thread_that_has_ended_meanwhile_does_not_count(tasks):
    folder = tasks(("python", "D"))
    (folder / "100" / "stat").unlink()
    assert in_kernel(folder) == frozenset()


def test_this_process_has_no_such_thread():
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    assert thread.native_id not in in_kernel()
    waiting.set()
    thread.join()


def test_a_start_of_the_machine_has_a_name_of_its_own(tmp_path):
    if BOOT.exists():
        assert boot_id() == boot_id() != ""
    assert boot_id(tmp_path / "missing") == ""
