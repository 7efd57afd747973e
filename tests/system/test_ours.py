"""Whose fault an exception is."""

import threading
from functools import partial
from pathlib import Path

import pytest

import edged.pcm
from edged.panel.gestures import Grammar
from edged.system.ours import Whose, name_of, whose

OURS, FOREIGN, PYTHON = Whose.OURS, Whose.FOREIGN, Whose.PYTHON


def made(name, source, file=None, **known):
    """Return what `source` calls `made`, from a module of that name."""
    module = {"__name__": name, **known}
    exec(compile(source, file or f"{name}.py", "exec"), module)
    return module["made"]


def calling(name, inner, file=None):
    return made(name, "def made(*a): return inner(*a)", file, inner=inner)


def raising(name, file=None):
    return made(name, "def made(*a): raise ZeroDivisionError", file)


def raised(call, *arguments):
    """Return the exception, without the frame of this test."""
    with pytest.raises(Exception) as caught:
        call(*arguments)
    return caught.value.with_traceback(caught.value.__traceback__.tb_next)


def chained(*calls):
    """Return a function: the first one calls the second, and so on."""
    inner = calls[-1]
    for name in reversed(calls[:-1]):
        inner = calling(name, inner)
    return inner


@pytest.mark.parametrize(
    ("chain", "fault"),
    [
        ((raising("edged.turn"),), OURS),
        ((raising("__main__"),), OURS),
        ((raising("lgpio"),), FOREIGN),
        ((raising("asyncio.events"),), PYTHON),
        (("gpiozero.mixins", raising("edged.app.device_panel")), OURS),  # it calls our code
        (("edged.app.device_panel", raising("gpiozero.mixins")), OURS),  # our code calls it
        (("asyncio.events", raising("websockets.client")), FOREIGN),
        (("lgpio", "edged.panel", raising("gpiozero")), OURS),
        ((raising("edgedness"),), FOREIGN),
        ((raising("__main__", "/usr/lib/python3/dist-packages/tool/__main__.py"),), FOREIGN),
    ],
)
def test_any_frame_of_ours_makes_it_ours(chain, fault):
    assert whose(raised(chained(*chain))) is fault


def test_a_callback_that_never_began_is_his_whose_it_is():
    grammar = Grammar()
    for ours in (grammar.due, partial(grammar.due), lambda: None):
        wanted = FOREIGN if ours.__module__ == __name__ else OURS
        assert whose(raised(calling("asyncio.events", ours), 1, 2, 3), ours) is wanted


def test_a_coroutine_is_his_whose_code_it_is():
    coroutine = made("edged.x", "async def made(): pass", f"{Path(edged.pcm.__file__).parent}/x.py")()
    assert whose(ValueError(), coroutine) is OURS
    coroutine.close()


def test_a_thread_is_his_whose_class_it_is():
    assert whose(ValueError(), threading.Thread()) is PYTHON
    assert (
        whose(ValueError(), made("gpiozero.threads", "class made(T): pass", T=threading.Thread)()) is FOREIGN
    )


def test_what_it_was_raised_from_counts_and_what_was_being_handled_does_not():
    cause = raised(raising("edged.app"))
    error = made("lgpio", "def made(cause): raise OSError from cause")
    assert whose(raised(error, cause)) is OURS
    aside = "def made(ours):\n try: ours()\n except Exception: raise OSError"
    error = raised(made("lgpio", aside), raising("edged.app"))
    assert error.__context__ is not None
    assert whose(error) is FOREIGN


def test_one_of_a_group_is_enough():
    group = ExceptionGroup("two", [raised(raising("lgpio")), raised(raising("edged.app"))])
    assert whose(group) is OURS
    assert whose(ExceptionGroup("one", group.exceptions[:1])) is FOREIGN


def test_a_ring_of_causes_ends():
    error = raised(raising("lgpio"))
    error.__cause__ = error
    assert whose(error) is FOREIGN


def test_what_does_not_even_tell_its_module_is_a_stranger():
    class Hostile:
        def __getattribute__(self, name):
            raise RuntimeError(name)

    assert whose(ValueError(), Hostile()) is PYTHON


def test_the_same_failure_has_the_same_name():
    names = {name_of(raised(raising("lgpio")), f"callback at {n}") for n in range(2)}
    assert names == {"ZeroDivisionError in lgpio"}
    assert name_of(None, "Task was destroyed") == "Task was destroyed"
