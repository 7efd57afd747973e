"""Whether the doctor knows that it had to wait for the processor."""

import pytest

from edged.doctor.starved import Starved


@pytest.fixture
def tasks(tmp_path):
    """A process of two threads."""
    waits(tmp_path, 5_000_000, 0)
    return tmp_path


def waits(tasks, *waited_ns):
    for number, each in enumerate(waited_ns, 1):
        (tasks / str(number)).mkdir(exist_ok=True)
        (tasks / str(number) / "schedstat").write_text(f"123456 {each} 42\n")


def test_threads_that_wait_for_the_processor_are_starved(tasks, monkeypatch):
    now_s = at(monkeypatch)
    starved = Starved(tasks)
    now_s[0] += 8.0
    waits(tasks, 3_000_000_000, 1_000_000_000)
    assert starved.is_so()


def test_threads_that_wait_for_something_else_are_not(tasks, monkeypatch):
    now_s = at(monkeypatch)
    starved = Starved(tasks)
    now_s[0] += 8.0
    waits(tasks, 400_000_000, 100_000_000)
    assert not starved.is_so()


def test_a_kernel_that_does_not_count_it_says_nothing(tmp_path, monkeypatch):
    now_s = at(monkeypatch)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    (tmp_path / "2/schedstat").write_text("")
    for tasks in (tmp_path, tmp_path / "nothing"):
        starved = Starved(tasks)
        now_s[0] += 8.0
        assert not starved.is_so()


def at(monkeypatch):
    """A clock that a test moves."""
    now_s = [100.0]
    monkeypatch.setattr("edged.doctor.starved.time.monotonic", lambda: now_s[0])
    return now_s
