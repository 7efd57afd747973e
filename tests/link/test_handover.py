"""The change to another session."""

import asyncio
from types import SimpleNamespace

import pytest

from edged.errors import LinkError
from edged.link.handover import Handover
from edged.link.liveness import Owed
from edged.link.pump import Renewed
from edged.link.renewal import RenewalPolicy
from edged.link.session.history import History


class Opened:
    """A session that was opened."""

    def __init__(self):
        self.closed = False
        self.transport = self

    async def close(self):
        self.closed = True


@pytest.mark.parametrize("first", ["renewal", "rescue"])
def test_two_sessions_that_are_ready_in_one_moment_leave_none_open(lab_run, first):
    """The session is about to end at the moment when the link hangs: both tasks have opened another one."""

    async def main():
        loop = asyncio.get_running_loop()
        opening = []

        async def open_session():
            opening.append(loop.create_future())
            return await opening[-1]

        handover = Handover(
            RenewalPolicy(session_s=100),
            lambda: 1e6,
            open_session,
            History(0),
        )
        live = SimpleNamespace(
            born_s=0.0, expires_at=None, spoken=False, session=SimpleNamespace(owed=Owed.NOTHING)
        )
        pump = SimpleNamespace(stuck=asyncio.Event())
        beside = asyncio.create_task(handover.beside(live, pump))
        await asyncio.sleep(80.5)
        pump.stuck.set()
        await asyncio.sleep(1)
        assert len(opening) == 2
        sessions = [Opened(), Opened()]
        ready = opening if first == "renewal" else opening[::-1]
        for future, opened in zip(ready, sessions, strict=True):
            future.set_result(opened)
        await asyncio.wait({beside})
        failures = beside.exception().exceptions
        assert {type(failure) for failure in failures} <= {Renewed, LinkError}
        spare = handover.take()
        assert spare in sessions
        assert [opened.closed for opened in sessions if opened is not spare] == [True]

    lab_run(main())


class Stage:
    """A session in use, with its Handover. Opening another session may take time, or fail."""

    def __init__(self, *, two_at_once=True, session_s=100, forget_after_s=0.0, lines=5):
        self.session = SimpleNamespace(owed=Owed.NOTHING)
        self.live = SimpleNamespace(born_s=0.0, expires_at=None, spoken=False, session=self.session)
        self.pump = SimpleNamespace(stuck=asyncio.Event())
        self.history = History(lines, forget_after_s)
        self.opened = []  # when each session was opened, and the session
        self.takes_s, self.refuses = 0.0, False
        policy = RenewalPolicy(session_s=session_s, two_at_once=two_at_once, forget_after_s=forget_after_s)
        self.handover = Handover(policy, lambda: 1e6, self.open, self.history)

    async def open(self):
        self.opened.append((now(), Opened()))
        live = self.opened[-1][1]
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            live.closed = True
            raise
        if self.refuses:
            raise LinkError("no more sessions", "session_limit")
        return live

    @property
    def times(self):
        return [at for at, _ in self.opened]

    async def ends(self):
        """Run until the session is left; returns when, and with which exception."""
        try:
            await self.handover.beside(self.live, self.pump)
        except ExceptionGroup as group:
            return now(), group.exceptions[0]

    def start(self):
        return asyncio.create_task(self.ends())


def now():
    return asyncio.get_running_loop().time()


def test_a_session_is_changed_at_four_fifths_of_its_time_for_one_that_is_ready(lab_run):
    async def main():
        stage = Stage(session_s=100.625)  # the handover looks once per second
        at, end = await stage.ends()
        assert isinstance(end, Renewed)
        assert stage.times == [pytest.approx(at)] == [pytest.approx(81, abs=0.1)]
        spare = stage.opened[0][1]
        assert stage.handover.take() is spare
        assert not spare.closed
        assert stage.handover.take() is None

    lab_run(main())


def test_where_only_one_session_is_allowed_the_old_one_closes_first(lab_run):
    async def main():
        stage = Stage(two_at_once=False)
        _, end = await stage.ends()
        assert isinstance(end, Renewed)
        assert (stage.opened, stage.handover.take()) == ([], None)

    lab_run(main())


@pytest.mark.parametrize("under_way", ["the owner is busy", "an answer is owed"])
def test_nothing_is_changed_while_something_is_under_way(lab_run, under_way):
    async def main():
        stage = Stage()
        leaving = stage.start()
        if under_way == "the owner is busy":
            stage.handover.on_idle(False)
        else:
            stage.session.owed = Owed.ANSWER
        await asyncio.sleep(95)
        assert stage.opened == []
        stage.session.owed = Owed.NOTHING
        stage.handover.on_idle(True)
        at, _ = await leaving
        assert at == pytest.approx(97, abs=1.1)  # two seconds of quiet

    lab_run(main())


def test_a_renewal_that_fails_is_tried_again_after_half_a_minute_and_the_session_goes_on(lab_run):
    async def main():
        stage = Stage()
        stage.refuses = True
        leaving = stage.start()
        await asyncio.sleep(145)
        assert stage.times == pytest.approx([80, 110, 140], abs=0.01)
        assert not leaving.done()
        stage.refuses = False
        _, end = await leaving
        assert isinstance(end, Renewed)

    lab_run(main())


def test_who_begins_to_speak_while_the_new_session_opens_keeps_the_old_one(lab_run):
    async def main():
        stage = Stage()
        stage.takes_s = 2.0
        leaving = stage.start()
        await asyncio.sleep(81.5)
        stage.handover.on_idle(False)
        await asyncio.sleep(5)
        assert not leaving.done()
        assert [live.closed for _, live in stage.opened] == [True]
        assert stage.handover.take() is None

    lab_run(main())


def test_when_the_visitor_has_gone_the_next_session_is_told_nothing_of_him(lab_run):
    async def main():
        stage = Stage(session_s=None, forget_after_s=30.0)
        stage.history.under_way(now())
        stage.history.said("user", "My name is Ada.")
        stage.live.spoken = True
        at, end = await stage.ends()
        assert isinstance(end, Renewed)
        assert at == pytest.approx(30, abs=1.1)
        assert len(stage.history) == 0

    lab_run(main())


def test_an_expiring_session_passes_on_what_was_said(lab_run):
    async def main():
        stage = Stage()
        stage.history.said("user", "My name is Ada.")
        await stage.ends()
        assert len(stage.history) == 1

    lab_run(main())


def test_a_visitor_who_is_quiet_is_forgotten_and_one_who_speaks_is_not(lab_run):
    async def main():
        stage = Stage(forget_after_s=30.0)
        stage.handover.on_idle(False)
        stage.history.said("user", "My name is Ada.")
        await asyncio.sleep(40)
        stage.history.look(now())
        stage.handover.on_idle(True)
        await asyncio.sleep(29)
        stage.history.look(now())
        assert len(stage.history) == 1
        await asyncio.sleep(1)
        stage.handover.on_idle(False)  # another visitor begins
        assert len(stage.history) == 0

    lab_run(main())


def test_a_link_that_hangs_is_left_for_another_as_soon_as_that_is_ready(lab_run):
    async def main():
        stage = Stage()
        stage.takes_s = 1.0
        leaving = stage.start()
        await asyncio.sleep(10)
        stage.pump.stuck.set()
        at, end = await leaving
        assert (at, end.cause) == (pytest.approx(11), "link_silent")
        assert stage.handover.take() is stage.opened[0][1]

    lab_run(main())


def test_a_link_that_moves_again_before_the_other_is_ready_stays(lab_run):
    async def main():
        stage = Stage()
        stage.takes_s = 1.0
        leaving = stage.start()
        await asyncio.sleep(10)
        stage.pump.stuck.set()
        await asyncio.sleep(0.5)
        stage.pump.stuck.clear()
        await asyncio.sleep(5)
        assert not leaving.done()
        assert [live.closed for _, live in stage.opened] == [True]
        assert stage.handover.take() is None

    lab_run(main())


def test_where_another_takes_longer_than_three_seconds_the_link_that_hangs_is_given_up(lab_run):
    async def main():
        stage = Stage()
        stage.takes_s = 60.0
        leaving = stage.start()
        await asyncio.sleep(10)
        stage.pump.stuck.set()
        at, end = await leaving
        assert (at, end.cause) == (pytest.approx(13), "link_silent")
        assert [live.closed for _, live in stage.opened] == [True]
        assert stage.handover.take() is None

    lab_run(main())


@pytest.mark.parametrize("why", ["one session only", "no other can be had"])
def test_without_another_the_link_that_hangs_is_given_up_at_once(lab_run, why):
    async def main():
        stage = Stage(two_at_once=why != "one session only")
        stage.refuses = True
        leaving = stage.start()
        await asyncio.sleep(10)
        stage.pump.stuck.set()
        at, end = await leaving
        assert (at, end.cause) == (pytest.approx(10), "link_silent")
        assert len(stage.opened) == (why != "one session only")

    lab_run(main())


def test_a_link_that_moves_again_and_hangs_once_more_is_left(lab_run):
    async def main():
        stage = Stage()
        stage.takes_s = 1.0
        leaving = stage.start()
        for _ in range(2):
            await asyncio.sleep(10)
            stage.pump.stuck.set()
            await asyncio.sleep(0.5)
            stage.pump.stuck.clear()
        assert not leaving.done()
        await asyncio.sleep(10)
        stage.pump.stuck.set()
        at, end = await leaving
        assert (at, end.cause) == (pytest.approx(32), "link_silent")

    lab_run(main())


def test_company_for_a_link_that_hangs_is_on_the_allowance(lab_run):
    """Ten tries at once, of which four are kept. Without a try the link still gets its three seconds."""

    async def main():
        stage = Stage(session_s=None)
        stage.takes_s = 1.0
        leaving = stage.start()
        for number in range(8):
            stage.pump.stuck.set()
            await asyncio.sleep(0.5)
            stage.pump.stuck.clear()
            await asyncio.sleep(3)
            assert len(stage.opened) == min(number + 1, 6)
        began = now()
        stage.pump.stuck.set()
        at, end = await leaving
        assert (at - began, end.cause) == (pytest.approx(3.0), "link_silent")
        assert len(stage.opened) == 6
        assert stage.handover.take() is None

    lab_run(main())
