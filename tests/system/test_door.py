"""The door in virtual time. tests/app/test_door.py tests it in real processes."""

import asyncio

import pytest

from edged.errors import ConfigError, DeviceError
from edged.system.door import MOST_KINDS, MOST_WORDS, ExitDoor
from edged.system.redactor import REDACTOR
from edged.wire.words import Words
from instruments.lab.loop import run
from instruments.lab.ports import SimExit


def of_ours(error=ZeroDivisionError):
    module = {"__name__": "edged.fault", "error": error}
    exec("def made(*_): raise error", module)
    return module["made"]


def foreign(number=0, error=ZeroDivisionError):
    module = {"__name__": f"library{number}", "error": error}
    exec("def made(*_): raise error", module)
    return module["made"]


def opened(body, farewell=lambda: None):
    """Return the exit and the door of a loop that has run `body(loop)`."""
    leave = SimExit()
    door = ExitDoor(leave)
    door.farewell = farewell

    async def main():
        with door:
            door.watch(asyncio.get_running_loop())
            body(asyncio.get_running_loop())
            await asyncio.sleep(10)

    run(main())
    return leave, door


def test_two_failures_are_one_end(caplog):
    farewells = []

    def body(loop):
        loop.call_soon(of_ours())
        loop.call_later(1, of_ours())

    leave, _ = opened(body, lambda: farewells.append(1))
    assert [code for code, _ in leave.calls] == [70]
    assert farewells == [1]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert caplog.records[0].edged == {"cause": "bug"}


def test_a_device_call_that_hangs_has_its_own_cause(caplog):
    leave, _ = opened(lambda loop: loop.call_soon(of_ours(DeviceError("it hangs", "device_hung"))))
    assert [code for code, _ in leave.calls] == [70]
    assert caplog.records[0].edged == {"cause": "device_hung"}
    assert caplog.records[0].exc_info is None


@pytest.mark.parametrize("held", [True, False])
def test_a_task_that_nobody_asks_has_failed(held):
    kept = []

    async def failing():
        of_ours()()

    def body(loop):
        task = loop.create_task(failing())
        if held:
            kept.append(task)

    leave, _ = opened(body)
    assert [code for code, _ in leave.calls] == [70]
    for task in kept:
        assert isinstance(task.exception(), ZeroDivisionError)


def test_a_task_that_is_asked_in_time_has_not():
    async def failing():
        of_ours()()

    async def asks():
        with pytest.raises(ZeroDivisionError):
            await asyncio.get_running_loop().create_task(failing())

    leave, _ = opened(lambda loop: loop.create_task(asks()))
    assert leave.calls == []


def test_kinds_of_foreign_failures_are_bounded(caplog):
    def body(loop):
        for number in range(MOST_KINDS + 10):
            loop.call_soon(foreign(number))
            loop.call_soon(foreign(number))

    leave, door = opened(body)
    assert leave.calls == []
    assert door.foreign.total() == 2 * (MOST_KINDS + 10)
    assert door.foreign["others"] == 20
    assert len(caplog.records) == MOST_KINDS


def test_what_the_caller_has_an_end_for_passes():
    leave = SimExit()
    with pytest.raises(ConfigError), ExitDoor(leave):
        raise ConfigError(["no"])
    assert leave.calls == []


def test_all_else_does_not():
    leave = SimExit()
    for error in (ZeroDivisionError, SystemExit, DeviceError("gone")):
        with pytest.raises((ZeroDivisionError, SystemExit, DeviceError)), ExitDoor(leave):
            raise error
    assert [code for code, _ in leave.calls] == [70, 70, 70]


MESSAGE = b'{"transcript": "marmalade umbrellas dance"}\xff' * 50
UNREADABLE = UnicodeDecodeError("utf-8", MESSAGE, 43, 44, "invalid start byte")


@pytest.mark.parametrize("of", [of_ours, lambda error: foreign(error=error)])
@pytest.mark.parametrize("error", [UNREADABLE, ValueError("x " * 5000), ValueError("a\n<0>b")])
def test_a_failure_is_told_in_one_bounded_line_without_the_message_it_holds(caplog, of, error):
    opened(lambda loop: loop.call_soon(of(error)))
    (line,) = [record.getMessage() for record in caplog.records]
    assert type(error).__name__ in line
    assert "marmalade" not in line
    assert "\n" not in line
    assert len(line) < MOST_WORDS + 400


def test_of_what_a_library_says_passes_what_passes_of_a_service(caplog, monkeypatch):
    monkeypatch.setattr(REDACTOR, "filter_service", Words().filtered)
    opened(lambda loop: loop.call_soon(foreign(error=ValueError("invalid message: marmalade umbrellas"))))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith("ValueError: invalid message: …")


def test_what_a_callback_of_a_library_was_called_with_is_not_told(caplog):
    opened(lambda loop: loop.call_soon(foreign(), "marmalade umbrellas", b"(dance)"))
    (line,) = [record.getMessage() for record in caplog.records]
    assert "made(…) at" in line
    assert "marmalade" not in line
    assert "dance" not in line
