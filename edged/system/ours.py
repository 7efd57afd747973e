"""Whose fault an exception is: ours, or that of a library that ran without us. Pure.

Rules:
1. It is ours when it went through any frame of ours. Who calls our code (gpiozero, asyncio, websockets) is not to
   blame for what happens in it, and what our code calls is ours to handle.
2. Without such a frame it is that of what failed: the callback, the finaliser, the coroutine, the class of the thread.
   So a callback of ours that is called with the wrong arguments is ours, though it never began.
3. What an exception was raised `from` counts as well, and each part of a group. What was being handled meanwhile does
   not: a finaliser of a stranger runs in the middle of anything.
4. `__main__` is ours: it is the program.
"""

import sys
import traceback
from collections.abc import Iterator
from enum import Enum, auto
from functools import partial
from pathlib import Path
from types import CodeType

PACKAGE = Path(__file__).parents[1]
INSTALLED = ("site-packages", "dist-packages")


class Whose(Enum):
    OURS = auto()
    FOREIGN = auto()  # of a library that was installed
    PYTHON = auto()  # of the standard library, or there is nothing to judge by


def whose(error: BaseException | None, *things: object) -> Whose:
    """`things`: what failed."""
    found = [*(_of_place(*place) for place in _places(error)), *map(_of_thing, things)]
    return next((each for each in (Whose.OURS, Whose.FOREIGN) if each in found), Whose.PYTHON)


def name_of(error: BaseException | None, message: str) -> str:
    """A name for what happened, the same each time it does: what was raised, and where; else what was `message`."""
    if error is None:
        return message
    places = list(_places(error))
    where = places[-1][0] if places else message
    return f"{type(error).__qualname__} in {where}"


def _places(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """The module and the file of each frame."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        for frame, _ in traceback.walk_tb(each.__traceback__):
            yield str(frame.f_globals.get("__name__", "")), frame.f_code.co_filename
        waiting.append(each.__cause__)
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)


def _of_place(module: str, file: str) -> Whose:
    root = module.partition(".")[0]
    if root == PACKAGE.name or file.startswith(f"{PACKAGE}/"):
        return Whose.OURS
    if root == "__main__":
        return Whose.FOREIGN if any(part in file for part in INSTALLED) else Whose.OURS
    return Whose.PYTHON if not root or root in sys.stdlib_module_names else Whose.FOREIGN


def _of_thing(thing: object) -> Whose:
    try:
        while isinstance(thing, partial):
            thing = thing.func
        thing = getattr(thing, "__func__", thing)
        codes = [getattr(thing, name, None) for name in ("cr_code", "gi_code", "ag_code")]
        module = str(getattr(thing, "__module__", None) or type(thing).__module__)
    except Exception:  # noqa: BLE001 a stranger, for our own things have names
        return Whose.PYTHON
    file = next((code.co_filename for code in codes if isinstance(code, CodeType)), "")
    return _of_place("" if file else module, file)
