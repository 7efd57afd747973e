"""One session in use: what the pump sends and when, and how it judges the link."""

import asyncio
import itertools
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from edged import pcm, wire
from edged.dial.ports import Flow
from edged.errors import LinkError
from edged.link.acknowledgements import Acknowledgements
from edged.link.commit_check import COMMIT_DETECTION, HINT_S
from edged.link.live_session import LiveSession
from edged.link.pump import Pump, Renewed
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import UtteranceCommitted
from edged.link.session.session import LinkSession
from edged.wire import Dialect, Settings
from tests.link.session.sending import control

SETTINGS = Settings(instructions="Be brief.")
MS = 48  # bytes


class Socket:
    """A connection whose other end sends what the test says. While `blocked` it takes nothing without a wait."""

    def __init__(self):
        self.sent, self.given, self.looked = [], 0, []
        self.blocked, self.room = False, 10**9  # messages
        self.way_out = asyncio.Event()
        self.way_out.set()
        self.kernel = Flow(0, 0)
        self._in = asyncio.Queue()

    def give(self, texts):
        taken = list(itertools.islice(texts, 0 if self.blocked else self.room))
        self.room -= len(taken)
        self.given += bool(taken)
        self.sent += [(now(), json.loads(text)) for text in taken]
        return len(taken)

    async def send(self, text):
        await self.way_out.wait()
        self.sent.append((now(), json.loads(text)))

    async def receive(self):
        item = await self._in.get()
        if isinstance(item, Exception):
            raise item
        return item

    def flow(self):
        self.looked.append(now())
        return self.kernel

    def says(self, event):
        self._in.put_nowait(event if isinstance(event, Exception) else wire.encode(event, Dialect.GA, "e"))

    @property
    def types(self):
        return [message["type"].removeprefix("input_audio_buffer.") for _, message in self.sent]

    @property
    def sound(self):
        texts = [json.dumps(message) for _, message in self.sent if "audio" in message]
        return b"".join(wire.parse_client(text, Dialect.GA).audio for text in texts)


class Log:
    """Entries in order, each once; adjacent sound is not joined. A batch ends where an utterance ends."""

    def __init__(self):
        self.entries, self.closed, self.asked, self.rewound = [], 0, [], 0

    def add(self, *kinds, sound=b"\1\2"):
        self.entries += [SimpleNamespace(kind=kind, uid=1, pcm=sound) for kind in kinds]

    def read(self, most, most_bytes):
        self.asked.append(most_bytes)
        ends = (at for at, entry in enumerate(self.entries[:most]) if entry.kind != "sound")
        return self.entries[: next(ends, most - 1) + 1]

    def took(self, count):
        del self.entries[:count]

    def rewind(self):
        self.rewound += 1

    def committed(self, _uid=None):
        self.closed += 1
        return 1

    refused = committed


class Honoured:
    """The policy for a service about which there is nothing to find out."""

    rests = False

    def sent(self, uid):
        pass

    def hear(self, event, _now):
        return event

    def passed(self, now, *, trip_s):
        pass

    def overdue(self, _now):
        return False


class Rig:
    """`ignores`: the service is known to ignore commits. `walks`: the check finds that out."""

    def __init__(self, *, ignores=False, walks=False, beside=None):
        self.what_is_beside = beside
        numbers = itertools.count()
        self.socket, self.log, self.heard, self.sent = Socket(), Log(), [], []
        settings = replace(SETTINGS, turn_detection=COMMIT_DETECTION) if ignores else SETTINGS
        self.session = LinkSession(settings, Dialect.GA, lambda: f"e{next(numbers)}")
        self.session.configure()
        control(self.session)
        self.session.receive(
            wire.encode(
                wire.SessionUpdated({**wire.to_wire(settings, Dialect.GA), "id": "s"}), Dialect.GA, "e"
            )
        )
        commits = Honoured()
        if ignores or walks:
            notes, heard = ServiceNotes(), self.heard.append
            commits = Acknowledgements(SETTINGS, notes, self.log, took=lambda _: None, tell=heard)
            commits.begin(self.session)
        self.pump = Pump(
            LiveSession(self.socket, self.session, now()),
            self.log,
            commits=commits,
            on=self.heard.append,
            sent=lambda batch: self.sent.append([entry.kind for entry in batch]),
        )
        self.beside = asyncio.Event()

    async def _beside(self):
        await self.beside.wait()
        raise Renewed

    def start(self):
        return asyncio.create_task(self.pump.run(self.what_is_beside or self._beside))

    async def __aenter__(self):
        self.task = self.start()
        await asyncio.sleep(0.01)
        self.socket.looked.clear()
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.wait({self.task})

    async def ends(self):
        """Run until the link is given up; returns when, and why."""
        with pytest.raises(LinkError) as lost:
            await self.task
        return now(), lost.value.cause


def now():
    return asyncio.get_running_loop().time()


@pytest.fixture
def pumped(lab_run):
    """Runs `body(rig)` with a pump at work."""

    def run(body, **options):
        async def main():
            async with Rig(**options) as rig:
                await body(rig)

        return lab_run(main())

    return run


# Sending


def test_what_is_said_goes_out_within_the_call_that_wakes_the_pump(pumped):
    async def body(rig):
        rig.log.add("sound", "end")
        rig.pump.wake()
        assert rig.socket.types == ["append", "commit"]
        assert rig.sent == [["sound", "end"]]

    pumped(body)


def test_a_batch_goes_out_as_one(pumped):
    async def body(rig):
        rig.log.add("sound", "sound", "sound", "end")
        rig.pump.wake()
        assert rig.socket.given == 1
        assert rig.socket.types == ["append", "append", "append", "commit"]
        assert rig.sent == [["sound", "sound", "sound", "end"]]

    pumped(body)


def test_the_owner_hears_where_an_utterance_begins_and_where_it_ends(pumped):
    async def body(rig):
        for kinds in (["sound", "sound"], ["sound"], ["sound", "end"], ["sound"], ["abort"]):
            rig.log.add(*kinds)
            rig.pump.wake()
        assert rig.sent == [["sound", "sound"], ["sound", "end"], ["sound"], ["abort"]]

    pumped(body)


@pytest.mark.parametrize("room", range(5))
def test_what_the_socket_does_not_take_of_a_batch_stays_in_the_log(pumped, room):
    async def body(rig):
        rig.socket.room = room
        rig.socket.way_out.clear()
        for number in range(3):
            rig.log.add("sound", sound=bytes([number, 0]))
        rig.log.add("end")
        rig.pump.wake()
        assert (len(rig.socket.sent), len(rig.log.entries)) == (room, 4 - room)
        await asyncio.sleep(0.1)
        assert len(rig.log.entries) == max(0, 3 - room)  # one message is on its way
        rig.socket.way_out.set()
        await asyncio.sleep(0.1)
        assert rig.socket.sound == bytes([0, 0, 1, 0, 2, 0])
        assert rig.socket.types == ["append", "append", "append", "commit"]
        assert rig.sent[-1][-1] == "end"

    pumped(body)


def test_control_that_the_socket_does_not_take_is_not_lost(pumped):
    async def body(rig):
        rig.socket.room = 1
        rig.socket.way_out.clear()
        for call in ("one", "two", "three"):
            rig.session.tool_result(call, "{}")
        rig.log.add("sound")
        rig.pump.wake()
        await asyncio.sleep(1)
        assert rig.socket.types == ["conversation.item.create"]
        rig.socket.room, rig.socket.blocked = 10, False
        rig.socket.way_out.set()
        await asyncio.sleep(0.1)
        assert rig.socket.types == ["conversation.item.create"] * 3 + ["append"]

    pumped(body)


def test_sound_of_an_answer_looks_for_nothing_to_send(pumped):
    async def body(rig):
        rig.session.ask()
        rig.socket.says(wire.ResponseCreated(response_id="r", conversation_id="c", metadata=None))
        await asyncio.sleep(0.01)
        rig.log.asked.clear()
        rig.socket.says(wire.AudioDelta("r", wire.Part("i", 0), 0, bytes(4800)))
        await asyncio.sleep(0.01)
        assert [type(event).__name__ for event in rig.heard] == ["ResponseStarted", "AnswerSound"]
        assert rig.log.asked == []

    pumped(body)


def test_the_writer_rests_where_the_call_has_sent_all(pumped):
    async def body(rig):
        rig.log.asked.clear()
        rig.log.add("sound")
        rig.pump.wake()
        await asyncio.sleep(0.01)
        assert len(rig.log.asked) == 1  # it returned less than was asked for, so there is no more

    pumped(body)


def test_a_call_sends_four_entries_at_most_and_the_writer_the_rest(pumped):
    async def body(rig):
        rig.log.add(*["sound"] * 9)
        rig.pump.wake()
        assert len(rig.socket.sent) == 4
        await asyncio.sleep(0.01)
        assert len(rig.socket.sent) == 9

    pumped(body)


def test_a_replay_goes_out_in_messages_of_a_tenth_of_a_second(pumped):
    async def body(rig):
        rig.pump.wake()
        assert set(rig.log.asked) == {100 * MS}

    pumped(body)


def test_a_connection_that_is_lost_in_a_long_replay_is_given_no_more_of_it(pumped):
    """Only the loop reports that, and a socket may take everything without a wait."""

    async def body(rig):
        give = rig.socket.give

        def breaks(texts):
            before = len(rig.socket.sent)
            taken = give(texts)
            if before < 10 <= len(rig.socket.sent):
                rig.socket.says(LinkError("gone", "link_closed"))
            return taken

        rig.socket.give = breaks
        rig.log.add(*["sound"] * 100)
        rig.pump.wake()
        assert (await rig.ends())[1] == "link_closed"
        assert len(rig.socket.sent) < 20

    pumped(body)


def test_control_goes_before_the_log(pumped):
    async def body(rig):
        rig.session.tool_result("call", "{}")
        rig.log.add("sound")
        rig.pump.wake()
        assert rig.socket.types == ["conversation.item.create", "append"]

    pumped(body)


def test_only_the_writer_waits_for_the_socket_and_nothing_is_lost_or_sent_twice(pumped):
    async def body(rig):
        rig.socket.blocked = True
        rig.socket.way_out.clear()
        for number in range(5):
            rig.log.add("sound", sound=bytes([number, 0]))
            rig.pump.wake()
        await asyncio.sleep(1)
        assert (rig.socket.sent, len(rig.log.entries)) == ([], 4)  # one message is on its way
        rig.socket.blocked = False
        rig.pump.wake()
        assert rig.socket.sent == []  # nothing overtakes it
        rig.socket.way_out.set()
        await asyncio.sleep(0.1)
        assert rig.socket.sound == bytes([0, 0, 1, 0, 2, 0, 3, 0, 4, 0])
        assert rig.sent == [["sound"]]  # an utterance begins, once

    pumped(body)


def test_control_waits_for_the_socket_too_and_goes_before_the_log_then(pumped):
    async def body(rig):
        rig.socket.blocked = True
        rig.socket.way_out.clear()
        rig.session.tool_result("call", "{}")
        rig.log.add("sound")
        rig.pump.wake()
        await asyncio.sleep(1)
        assert rig.socket.sent == []
        rig.socket.way_out.set()
        await asyncio.sleep(0.1)
        assert rig.socket.types == ["conversation.item.create", "append"]

    pumped(body)


def test_what_is_thrown_away_is_cleared_and_what_the_service_committed_itself_needs_no_message(pumped):
    async def body(rig):
        rig.log.add("sound", "abort", "close")
        rig.pump.wake()
        assert rig.socket.types == ["append", "clear"]
        assert rig.log.closed == 1
        assert rig.sent == [["sound", "abort"], ["close"]]

    pumped(body)


def test_a_service_that_ignores_commits_hears_a_silence_longer_than_its_detection_waits(pumped):
    async def body(rig):
        rig.log.add("sound", "end", sound=b"\1\2" * 100)
        rig.pump.wake()
        assert rig.socket.types == ["append", "append"]
        assert rig.socket.sound == b"\1\2" * 100 + pcm.silence(1700 * MS)
        assert COMMIT_DETECTION.type == "server_vad"
        assert COMMIT_DETECTION.silence_duration_ms == 1500  # nobody pauses that long in a sentence

    pumped(body, ignores=True)


def test_what_was_there_before_it_runs_goes_out_when_it_does(lab_run):
    async def main():
        rig = Rig()
        rig.log.add("sound")
        rig.pump.wake()
        assert (rig.socket.sent, rig.pump.slow, rig.pump.stuck.is_set()) == ([], False, False)
        async with rig:
            assert rig.socket.types == ["append"]

    lab_run(main())


# Receiving


def test_what_the_service_says_is_heard_and_may_give_something_to_say(pumped):
    async def body(rig):
        rig.log.add("sound", "end")
        rig.pump.wake()
        rig.session.ask()
        rig.socket.says(wire.Committed("item"))
        await asyncio.sleep(0.01)
        assert rig.heard == [UtteranceCommitted("item")]
        assert rig.socket.types == ["append", "commit", "response.create"]

    pumped(body)


def test_a_connection_that_is_gone_ends_it_with_its_cause(pumped):
    async def body(rig):
        rig.socket.says(LinkError("gone", "link_closed"))
        assert await rig.ends() == (pytest.approx(now()), "link_closed")

    pumped(body)


async def fails_when_it_is_ended():
    try:
        await asyncio.Event().wait()
    finally:
        raise LinkError("this one, too", "unreachable")


async def fails_in_a_group():
    raise ExceptionGroup("", [LinkError("hangs", "link_silent"), LinkError("and more", "unreachable")])


def test_of_several_failures_the_first_is_told(pumped):
    async def body(rig):
        rig.socket.says(LinkError("gone", "link_closed"))
        assert (await rig.ends())[1] == "link_closed"

    pumped(body, beside=fails_when_it_is_ended)


def test_a_failure_of_what_goes_on_beside_is_told_as_it_is(lab_run):
    async def main():
        rig = Rig(beside=fails_in_a_group)
        rig.task = rig.start()
        assert (await rig.ends())[1] == "link_silent"

    lab_run(main())


def test_a_renewal_ends_it_well(pumped):
    async def body(rig):
        rig.beside.set()
        assert await rig.task is None

    pumped(body)


# Judging the link


async def ask(rig):
    """An utterance is sent, and the service acknowledges nothing."""
    rig.log.add("sound", "end")
    rig.pump.wake()
    await asyncio.sleep(0)


def test_an_idle_link_is_looked_at_once_a_second_and_one_that_was_used_ten_times_for_three_seconds(pumped):
    async def body(rig):
        await asyncio.sleep(4)  # the link starts as if it had just been used
        rig.socket.looked.clear()
        await asyncio.sleep(4)
        assert len(rig.socket.looked) == pytest.approx(4, abs=1)
        rig.log.add("sound")
        rig.pump.wake()
        used = now()
        rig.socket.looked.clear()
        await asyncio.sleep(6)
        often = [at for at in rig.socket.looked if at <= used + 3.05]
        assert len(often) == pytest.approx(30, abs=2)
        assert len(rig.socket.looked) - len(often) == pytest.approx(3, abs=1)

    pumped(body)


def test_a_link_that_owes_something_is_looked_at_often_however_long(pumped):
    async def body(rig):
        await ask(rig)
        await asyncio.sleep(3.5)
        rig.socket.looked.clear()
        await asyncio.sleep(0.5)
        assert len(rig.socket.looked) == pytest.approx(5, abs=1)

    pumped(body)


@pytest.mark.parametrize("blocked", [False, True])
def test_a_message_ends_the_rest_of_the_watch(pumped, blocked):
    """Whether a message arrives must show within tenths of a second, not at the end of the pause."""

    async def body(rig):
        await asyncio.sleep(6.3)
        rig.socket.blocked = blocked
        rig.socket.looked.clear()
        rig.log.add("sound")
        rig.pump.wake()
        await asyncio.sleep(0.15)
        assert len(rig.socket.looked) == 2

    pumped(body)


def test_a_link_on_which_nothing_moves_is_slow_then_stuck_and_fine_again(pumped):
    async def body(rig):
        counted = rig.session.counters
        rig.socket.kernel = Flow(4000, 4000)
        await asyncio.sleep(1.2)
        assert (rig.pump.slow, rig.pump.stuck.is_set(), counted["line_slow"]) == (True, False, 1)
        await asyncio.sleep(1)
        assert (rig.pump.slow, rig.pump.stuck.is_set(), counted["line_slow"]) == (True, True, 1)
        rig.socket.kernel = Flow(4000, 0)
        await asyncio.sleep(0.2)
        assert (rig.pump.slow, rig.pump.stuck.is_set()) == (False, False)
        rig.log.add("sound")
        rig.pump.wake()
        rig.socket.kernel = Flow(8000, 4000)
        await asyncio.sleep(1.2)
        assert (rig.pump.slow, counted["line_slow"]) == (True, 2)

    pumped(body)


def test_a_service_that_says_nothing_is_asked_and_given_up(pumped):
    async def body(rig):
        await ask(rig)
        asked = now()
        at, cause = await rig.ends()
        assert cause == "service_silent"
        assert at - asked == pytest.approx(8, abs=0.3)
        assert rig.socket.types == ["append", "commit", "conversation.item.retrieve"]
        # The service gets time to answer.
        assert rig.socket.sent[-1][0] - asked == pytest.approx(0.5, abs=0.3)

    pumped(body)


def test_a_service_that_lives_and_acknowledges_nothing_ignores_commits(pumped):
    async def body(rig):
        await ask(rig)
        asked = now()
        for seconds in (1, 4.5):
            await asyncio.sleep(seconds)
            answer_probe(rig)
        at, cause = await rig.ends()
        assert (at - asked, cause) == (pytest.approx(6, abs=0.3), "commit_ignored")
        assert rig.socket.types.count("conversation.item.retrieve") == 2

    pumped(body)


def answer_probe(rig):
    assert rig.socket.types[-1] == "conversation.item.retrieve"
    asked = rig.socket.sent[-1][1]["event_id"]
    error = wire.ServerError("no such item", code="item_retrieve_invalid_item_id", event_id=asked)
    rig.socket.says(wire.ErrorEvent(error))


def test_a_commit_that_is_passed_over_is_followed_by_silence_then_by_the_question_for_detection(pumped):
    async def body(rig):
        await ask(rig)
        asked = now()
        await asyncio.sleep(0.8)
        answer_probe(rig)
        await asyncio.sleep(0.8)
        (hint_s, hint), (ask_s, update) = rig.socket.sent[-2:]
        assert (hint["type"], update["type"]) == ("input_audio_buffer.append", "session.update")
        assert hint_s - asked <= 1.0
        assert ask_s - hint_s == pytest.approx(HINT_S, abs=0.15)

    pumped(body, walks=True)


def test_where_round_trips_are_long_the_silence_has_longer_to_be_heard(pumped):
    async def body(rig):
        rig.socket.kernel = Flow(4000, 0, 1.0)
        await ask(rig)
        await asyncio.sleep(0.8)
        answer_probe(rig)
        await asyncio.sleep(2)
        (hint_s, _), (ask_s, _) = rig.socket.sent[-2:]
        assert ask_s - hint_s == pytest.approx(HINT_S + 1, abs=0.15)

    pumped(body, walks=True)


def test_nothing_of_the_log_goes_out_while_detection_is_asked_for(pumped):
    async def body(rig):
        await ask(rig)
        await asyncio.sleep(0.8)
        answer_probe(rig)
        await asyncio.sleep(0.8)
        rig.log.add("sound")
        rig.pump.wake()
        await asyncio.sleep(1)
        assert rig.socket.types[-1] == "session.update"
        rig.socket.says(wire.SessionUpdated(rig.socket.sent[-1][1]["session"]))
        await asyncio.sleep(0.1)
        assert rig.socket.types[-2:] == ["clear", "append"]
        assert rig.log.rewound == 1

    pumped(body, walks=True)


def test_a_service_that_confirms_nothing_that_it_was_asked_to_take_back_is_given_up(pumped):
    async def body(rig):
        await ask(rig)
        await asyncio.sleep(0.8)
        answer_probe(rig)
        await asyncio.sleep(0.8)
        rig.socket.says(wire.Committed("item"))
        taken = now()
        at, cause = await rig.ends()
        assert (at - taken, cause) == (pytest.approx(6, abs=0.3), "handshake_timeout")

    pumped(body, walks=True)


def test_a_second_utterance_has_its_own_time_from_the_acknowledgement_of_the_first(pumped):
    async def body(rig):
        await ask(rig)
        await ask(rig)
        await asyncio.sleep(3)
        rig.socket.says(wire.Committed("item"))
        settled = now()
        await asyncio.sleep(5)  # eight seconds after both
        assert not rig.task.done()
        at, cause = await rig.ends()
        assert (at - settled, cause) == (pytest.approx(8, abs=0.3), "service_silent")

    pumped(body)


def test_an_answer_that_was_cancelled_and_never_ends_costs_the_link(pumped):
    async def body(rig):
        rig.session.ask()
        rig.pump.wake()
        rig.socket.says(wire.ResponseCreated(response_id="r", conversation_id="c", metadata=None))
        await asyncio.sleep(0.01)
        rig.session.interrupt()
        rig.session.heard(())
        rig.session.ask()
        rig.session.interrupt()  # gives up the second while it waits for the end of the first
        rig.log.add("sound")
        rig.pump.wake()
        assert "append" not in rig.socket.types
        _, cause = await rig.ends()
        assert cause == "server_error"

    pumped(body)
