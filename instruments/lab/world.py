"""The process around a run in virtual time: its clocks and its randomness belong to the run."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from instruments.lab.loop import VirtualLoop


class Forbidden(BaseException):
    """Something that has no place in virtual time. Not an Exception, so that nobody can swallow it."""


@contextmanager
def world(loop: "VirtualLoop") -> Iterator[None]:
    """The process's clocks and randomness belong to this run; threads and blocking sleeps are refused."""

    def no_thread(thread: threading.Thread) -> None:
        raise Forbidden(f"a thread in virtual time: {thread.name}")

    def no_sleep(seconds: float) -> None:
        raise Forbidden(f"time.sleep({seconds}) would block the loop")

    state = random.getstate()
    random.seed(loop.random.getrandbits(64))
    with (
        mock.patch.object(os, "urandom", loop.random.randbytes),
        mock.patch.object(random, "_urandom", loop.random.randbytes),
        mock.patch.object(time, "time", loop.wall),
        mock.patch.object(time, "time_ns", loop.wall_ns),
        mock.patch.object(time, "monotonic", loop.time),
        mock.patch.object(time, "monotonic_ns", loop.time_ns),
        mock.patch.object(time, "sleep", no_sleep),
        mock.patch.object(threading.Thread, "start", no_thread),
    ):
        try:
            yield
        finally:
            random.setstate(state)
