"""Decides whose fault an exception is: edged's own, or that of a library that ran without edged's code. Pure.

Rules:
1. An exception is ours if it went through any frame of our code. A caller of our code (gpiozero, asyncio, websockets)
   is not to blame for a failure in our code. Our code must handle the failures of the code that it calls.
2. Without such a frame, the failed thing decides: the callback, the finaliser, the coroutine, the class of the thread.
   So a callback of ours that is called with wrong arguments is ours, though it never began.
3. The exception that it was raised `from` counts as well, and so does each part of a group. The exception that was
   being handled at the time does not count, because another library's finaliser may run at any moment.
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
    FOREIGN = auto()  # from an installed library
    PYTHON = auto()  # from the standard library, or without any evidence


def whose(error: BaseException | None, *things: object) -> Whose:
    """Say whose fault `error` is. `things` are the objects that failed."""
    found = [*(_of_place(*place) for place in _places(error)), *map(_of_thing, things)]
    return next((each for each in (Whose.OURS, Whose.FOREIGN) if each in found), Whose.PYTHON)


def name_of(error: BaseException | None, message: str) -> str:
    """Return a stable name for a failure: the class and the place of the error, or `message` if there is no error."""
    if error is None:
        return message
    places = list(_places(error))
    where = places[-1][0] if places else message
    return f"{type(error).__qualname__} in {where}"


def _places(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """Yield the module and the file of each frame."""
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
    except Exception:  # noqa: BLE001 an object of a library, because our own objects have names
        return Whose.PYTHON
    file = next((code.co_filename for code in codes if isinstance(code, CodeType)), "")
    return _of_place("" if file else module, file)
