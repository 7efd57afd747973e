"""The one exit for bugs: any failure of edged's own code ends the process once, with one journal line and exit code 70.

Rules:
1. Failures of callbacks, timers, tasks, threads, finalisers and signal handlers arrive here, and so do all uncaught
   exceptions. Only the first one is reported, because the process is already ending after that.
2. A failure of a library that ran without edged's code (ours.py) is counted, reported once per kind, and ends nothing.
   A complaint of asyncio without an exception of edged's code is treated the same way: if a connection breaks under
   TLS, its reader learns of it, and a destroyed task has done nothing wrong.
3. On the way out the loop's own thread runs the farewell and then stays there, so that nothing can light the lamp
   again. If the loop does not run it within `LOOP_S`, another thread does. The farewell and the journal line together
   have exit.LAST_WORDS_S, whatever hangs.
4. If nobody retrieves the exception of a task within `ASKED_WITHIN_S`, the task counts as failed, even if somebody
   still holds it. While the garbage collector rests (heap.py), asyncio itself may never report it.
5. An exit that is already under way changes nothing: a bug during it is reported as usual, and the code is 70.
"""

import asyncio
import logging
import os
import re
import sys
import threading
import traceback
import weakref
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from edged.causes import CAUSES
from edged.errors import EXIT_BUG, AddressError, ConfigError, UsageError
from edged.system.exit import Exit, flush
from edged.system.offload import hung_call
from edged.system.ours import Whose, name_of, whose
from edged.system.redactor import REDACTOR

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOP_S = 0.15  # the loop needs only a few milliseconds, unless it is stuck
ASKED_WITHIN_S = 1.0
MOST_KINDS = 32  # kinds of library failures that are reported, each once
# asyncio reports the arguments of a callback, and they may contain what was said.
_ARGUMENTS = re.compile(r"\(.+\)", re.DOTALL)
MOST_WORDS = 300  # characters of a failure's text
NO_FAULT = (AddressError, ConfigError, UsageError, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)
"""These may pass through the door: the caller handles them in its own way."""


class ExitDoor:
    """Catches bugs of the whole process while it is entered. `watch` adds a loop."""

    def __init__(self, leave: Exit) -> None:
        self.farewell: Callable[[], None] = lambda: None
        """Called once, by any thread, when the process ends. It must return soon."""
        self.foreign: Counter[str] = Counter()
        """Failures of libraries, by kind."""
        self._leave = leave
        self._first, self._left = threading.Lock(), threading.Lock()  # never released: the first keeps it
        self._gone = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._depth = 0
        self._before: Callable[[], None] = lambda: None

    # -- entry points --------------------------------------------------------------------------------

    def __enter__(self) -> "ExitDoor":
        self._depth += 1
        if self._depth == 1:
            hooks = sys.excepthook, sys.unraisablehook, threading.excepthook

            def before() -> None:
                sys.excepthook, sys.unraisablehook, threading.excepthook = hooks

            self._before = before
            sys.excepthook, sys.unraisablehook = self._uncaught, self._unraisable
            threading.excepthook = self._of_thread
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, NO_FAULT):
            self.failed_here(error)
        elif self._first.locked():
            self._leave.stay()  # the process is ending already; that exit counts, not this one
        self._depth -= 1
        # If this was cancelled, the failure that is still to be reported may have torn down the loop.
        if self._depth == 0 and not isinstance(error, asyncio.CancelledError):
            self._before()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """asyncio.run, behind this door."""

        async def watched() -> T:
            self.watch(asyncio.get_running_loop())
            return await main

        with self, asyncio.Runner() as runner:
            try:
                return runner.run(watched())
            except NO_FAULT:
                raise
            except BaseException as error:  # before the runner waits for the rest of the loop
                self.failed_here(error)
                raise

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on, failures of this loop's callbacks, timers and tasks arrive here. Call it on the loop."""
        if self._loop is not loop:
            self._loop = loop
            loop.set_exception_handler(self._complaint)
            loop.set_task_factory(_watched(loop.get_task_factory() or asyncio.Task))

    # -- the way out ---------------------------------------------------------------------------------

    def failed(self, error: BaseException) -> None:
        """End the process because of `error`. Returns at once. Any thread may call it, at any point."""
        if self._first.acquire(blocking=False):
            self._leave.soon(EXIT_BUG, lambda: _tell(error), self._goodbye)

    def failed_here(self, error: BaseException) -> None:
        """The same, for a caller that has nothing left to do. In a real process it does not return."""
        self.failed(error)
        if self._loop is None or _is_running(self._loop) or not self._loop.is_running():
            self._say_farewell()
        self._leave.stay()

    def _goodbye(self) -> None:
        """Let the loop run the farewell; if it does not, run it here."""
        loop = self._loop
        if loop is not None and not _is_running(loop):
            with suppress(RuntimeError):  # it is closed
                loop.call_soon_threadsafe(self._say_farewell_and_stay)
                self._gone.wait(LOOP_S)
        self._say_farewell()
        self._gone.wait()  # the thread that began it may hang, but the exit does not wait for long

    def _say_farewell(self) -> None:
        if self._left.acquire(blocking=False):
            try:
                self.farewell()
            finally:
                self._gone.set()

    def _say_farewell_and_stay(self) -> None:
        self._say_farewell()
        self._leave.stay()

    # -- hooks ---------------------------------------------------------------------------------------

    def _complaint(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, message = context.get("exception"), str(context.get("message", ""))
        future = context.get("future") or context.get("task")
        is_task = isinstance(future, asyncio.Task)
        if error is None or (future is not None and not is_task and isinstance(error, OSError)):
            # A broken connection fails every future that waits for it, and its reader sees one of them.
            self._count(error, message)
            return
        things = [getattr(context.get("handle"), "_callback", None)]
        things += [future.get_coro()] if isinstance(future, asyncio.Task) else []
        self._judge(error, message, [thing for thing in things if thing is not None])

    def _of_thread(self, args: threading.ExceptHookArgs) -> None:
        error = args.exc_value if args.exc_value is not None else args.exc_type()
        judged = whose(error, args.thread)
        if judged is Whose.PYTHON and isinstance(error, SystemExit):
            return
        # If a thread has no library code in it, edged has started it wrongly.
        if judged is Whose.FOREIGN:
            self._count(error, f"thread {args.thread.name if args.thread else ''}")
        else:
            self.failed(error)

    def _unraisable(self, what: "sys.UnraisableHookArgs") -> None:
        error = what.exc_value if what.exc_value is not None else what.exc_type()
        self._judge(error, what.err_msg or "a finaliser", [what.object])

    def _uncaught(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Handle an exception that ends the main thread, or that our callback raised in a C library's thread."""
        error = error if error is not None else kind()
        if isinstance(error, NO_FAULT):
            sys.__excepthook__(kind, error, trace)
        elif threading.current_thread() is threading.main_thread():
            self.failed_here(error)
        else:
            self._judge(error, "a callback of a library", [])

    def _judge(self, error: BaseException, message: str, things: list[object]) -> None:
        if whose(error, *things) is Whose.OURS:
            self.failed(error)
        else:
            self._count(error, message)

    def _count(self, error: BaseException | None, message: str) -> None:
        name = name_of(error, message)
        is_new = name not in self.foreign
        if is_new and len(self.foreign) >= MOST_KINDS:
            name, is_new = "others", False
        self.foreign[name] += 1
        if is_new:
            self._later(lambda: _tell_of(error, message))

    def _later(self, tell: Callable[[], None]) -> None:
        """Let the loop call `tell`: this code may have interrupted the log itself."""
        try:
            if self._loop is None:
                tell()
            else:
                self._loop.call_soon_threadsafe(tell)
        except RuntimeError:  # it is closed
            tell()


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this is the loop's thread."""
    return asyncio._get_running_loop() is loop  # noqa: SLF001 the public function raises where no loop runs


def _watched(make: Any) -> Any:
    """Return a task factory that watches the tasks of the factory `make`."""

    def watched(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> Any:
        task = make(work, loop=loop, **more) if make is asyncio.Task else make(loop, work, **more)
        task.add_done_callback(_look_later)
        return task

    return watched


def _look_later(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and task._log_traceback:  # noqa: SLF001 only this says whether it was retrieved
        task.get_loop().call_later(ASKED_WITHIN_S, _look, weakref.ref(task))


def _look(ended: "weakref.ref[asyncio.Task[Any]]") -> None:
    task = ended()
    if task is not None and task._log_traceback:  # noqa: SLF001
        message = {
            "message": "Task exception was never retrieved",
            "exception": task.exception(),
            "task": task,
        }
        task.get_loop().call_exception_handler(message)


def _tell(error: BaseException) -> None:
    """Write the one journal line."""
    hung = hung_call(error)
    cause = "device_hung" if hung else "bug"
    words = f"{cause}: {CAUSES[cause].remedy} ({hung or _words(error, REDACTOR.filter_own)})"
    try:
        log.critical("%s", words, exc_info=None if hung else error, extra={"edged": {"cause": cause}})
    except BaseException:  # noqa: BLE001 the log itself failed
        stack = "" if hung else "".join(traceback.format_exception(error))
        lines = REDACTOR.redacted(REDACTOR.filter_own("\n    ".join([words, *stack.splitlines()])))
        os.write(sys.stderr.fileno(), f"{lines}\n".encode(errors="replace"))
    flush()


def _tell_of(error: BaseException | None, message: str) -> None:
    message = _ARGUMENTS.sub("(…)", message)
    words = message if error is None else f"{message}: {_words(error, REDACTOR.filter_service)}"
    log.warning("a library has failed, but edged goes on; each kind is reported once and counted: %s", words)


def _words(error: BaseException, passed: Callable[[str], str]) -> str:
    """Return the class of an error and its text, filtered by `passed`, in one line. A repr may hold a whole message."""
    name = type(error).__qualname__
    try:
        text = passed(REDACTOR.redacted(str(error)))
    except Exception:  # noqa: BLE001 its own text is broken, too
        return name
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    line = line if len(line) <= MOST_WORDS else line[: MOST_WORDS - 1] + "…"
    return f"{name}: {line}" if line else name
