"""Going over to another line."""

import asyncio
from types import SimpleNamespace

import pytest

from edged.errors import LinkError
from edged.realtime.carrier import Renewed
from edged.realtime.changeover import Changeover
from edged.realtime.history import History
from edged.realtime.renewal import Habits
from edged.realtime.vigil import Owed


class Opened:
    """A line that was opened."""

    def __init__(self):
        self.closed = False
        self.transport = self

    async def close(self):
        self.closed = True


@pytest.mark.parametrize("first", ["renewal", "rescue"])
def test_two_lines_that_are_ready_in_one_moment_leave_none_open(lab_run, first):
    """The session's time is up just when the line hangs: both have opened another."""

    async def main():
        loop = asyncio.get_running_loop()
        opening = []

        async def open_line():
            opening.append(loop.create_future())
            return await opening[-1]

        change = Changeover(
            Habits(session_s=100),
            lambda: 1e6,
            open_line,
            SimpleNamespace(idle=True),
            History(0),
        )
        line = SimpleNamespace(born_s=0.0, expires_at=None, session=SimpleNamespace(owed=Owed.NOTHING))
        carrier = SimpleNamespace(stuck=asyncio.Event())
        beside = asyncio.create_task(change.beside(line, carrier, spoken=lambda: False))
        await asyncio.sleep(80.5)
        carrier.stuck.set()
        await asyncio.sleep(1)
        assert len(opening) == 2
        lines = [Opened(), Opened()]
        ready = opening if first == "renewal" else opening[::-1]
        for future, opened in zip(ready, lines, strict=True):
            future.set_result(opened)
        await asyncio.wait({beside})
        failures = beside.exception().exceptions
        assert {type(failure) for failure in failures} <= {Renewed, LinkError}
        spare = change.take()
        assert spare in lines
        assert [opened.closed for opened in lines if opened is not spare] == [True]

    lab_run(main())
