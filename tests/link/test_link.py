"""The link over connections made of lists, in virtual time."""

import asyncio
import gc
import json
import logging
from dataclasses import replace
from random import Random

import pytest

from edged import wire
from edged.audio.capture.utterances import Utterances
from edged.dial.endpoint import endpoint
from edged.dial.ports import Flow
from edged.dial.provider import READY_S
from edged.dial.service_facts import ServiceFacts
from edged.errors import LinkError
from edged.link.commit_check import commit_silence
from edged.link.link import Link
from edged.link.live_session import GREETING_S, SENT_WITHIN_S
from edged.link.pump import AT_ONCE
from edged.link.renewal import RenewalPolicy
from edged.link.session.events import (
    CommitRefused,
    ResponseStarted,
    ServiceWarning,
    SessionInUse,
    UtteranceCommitted,
)
from edged.pcm import PCM16
from edged.retry import SPREAD_S
from edged.wire import Dialect, Settings
from edged.wire.words import Words

SETTINGS = Settings(instructions="Be brief.")
SETTINGS_AUDIO = wire.to_wire(SETTINGS, Dialect.GA)["audio"]
GA = Dialect.GA


class Connection:
    """One connection. `sent` has what the link sent; with `say` the service sends an event."""

    at_once = True  # whether the socket takes messages without a wait

    bends = True  # whether the service confirms another detection later

    def __init__(
        self, *, greets=True, confirms=True, dialect=GA, lives=True, expires_at=0, settings=SETTINGS, name="s"
    ):
        self.sent, self.closed, self.blocked = [], False, False
        self.moving = None  # the kernel's numbers; None: unknown
        self._in = asyncio.Queue()
        self._confirms, self._dialect, self.lives = confirms, dialect, lives
        if greets:
            reported = {**wire.to_wire(settings, dialect), "id": name, "expires_at": expires_at}
            self.say(wire.SessionCreated(reported))

    def say(self, event):
        self._in.put_nowait(wire.encode(event, self._dialect, "e"))

    def drop(self, cause="link_closed", text="gone"):
        self._in.put_nowait(LinkError(text, cause))

    def give(self, texts):
        taken = list(texts) if self.at_once and not self.blocked else []
        for text in taken:
            self.hear(text)
        return len(taken)

    async def send(self, text):
        if self.blocked:
            await asyncio.Event().wait()
        self.hear(text)

    def hear(self, text):
        message = json.loads(text)
        self.sent.append(message)
        later = self.types.count("session.update") > 1
        if message["type"] == "session.update" and (self.bends if later else self._confirms):
            self.say(wire.SessionUpdated({**message["session"], "id": "s"}))
        if message["type"] == "conversation.item.retrieve" and self.lives:
            error = wire.ServerError(
                "no such item", code="item_retrieve_invalid_item_id", event_id=message["event_id"]
            )
            self.say(wire.ErrorEvent(error))

    async def receive(self):
        item = await self._in.get()
        if isinstance(item, LinkError):
            raise item
        return item

    def flow(self):
        return self.moving

    async def close(self):
        self.closed = True

    @property
    def types(self):
        return [message["type"].removeprefix("input_audio_buffer.") for message in self.sent]

    @property
    def sound(self):
        return b"".join(
            wire.parse_client(json.dumps(message), GA).audio for message in self.sent if "audio" in message
        )


@pytest.fixture(autouse=True, params=[True, False], ids=["at once", "by the writer"])
def way_out(request, monkeypatch):
    """These tests hold for both ways of sending a message."""
    monkeypatch.setattr(Connection, "at_once", request.param)


class Owner:
    def __init__(self):
        self.links, self.events, self.entries, self.texts = [], [], [], []
        self.sessions = []  # the names of those that came into use

    def on_link(self, *, up, cause, text):
        self.links.append((up, cause))
        self.texts.append(text)

    def on_rest(self):
        pass

    def on_session(self, event):
        if isinstance(event, SessionInUse):
            self.sessions.append(event.session_id)
        else:
            self.events.append(event)

    def on_sent(self, batch):
        self.entries += [entry.kind for entry in batch]


class Rig:
    """A link whose dial returns the connections in `connections`, one after the other, and then refuses."""

    def __init__(self, *connections, settings=SETTINGS, dialect=None, words=None, ignores=False, **policy):
        self.connections, self.dialled, self.learnt = list(connections), [], []
        self._ignores = ignores
        self.owner, self.log = Owner(), Utterances(longest_ms=60_000)
        self.asked = []

        def to(seen):
            self.asked.append(seen)
            return endpoint("custom", url="ws://localhost/", dialect=dialect or seen)

        self.link = Link(
            dial=self._dial,
            endpoint=to,
            settings=settings,
            outgoing=self.log,
            owner=self.owner,
            rng=Random(1),
            renewal=RenewalPolicy(**policy),
            wall=lambda: 1_000_000.0 + asyncio.get_running_loop().time(),
            words=words or Words(),
            memory=self,
        )

    async def recall(self):
        return ServiceFacts(ignores_commits=self._ignores)

    def remember(self, known):
        if known.ignores_commits is not self._ignores:
            self._ignores = known.ignores_commits
            self.learnt.append(self._ignores)

    async def _dial(self, to, timeout_s):
        if not self.connections:
            raise LinkError("refused", "unreachable")
        self.dialled.append(self.connections.pop(0))
        return self.dialled[-1]

    async def __aenter__(self):
        self.task = asyncio.create_task(self.link.run())
        await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.wait({self.task})

    def utter(self, sound, *, end=True):
        self.log.begin(0)
        self.log.add(sound)
        if end:
            self.log.end(0)
        self.link.sound()


def test_configured_before_anything_else_and_only_then_the_log(lab_run):
    async def main():
        connection = Connection(confirms=False)
        async with Rig(connection) as rig:
            rig.utter(b"\1\2" * 100)
            rig.link.ask()
            await asyncio.sleep(1)
            assert connection.types == ["session.update"]
            assert not rig.link.up
            connection.say(wire.SessionUpdated({**wire.to_wire(SETTINGS, GA), "id": "s"}))
            await asyncio.sleep(0.1)
            assert rig.link.up
            assert connection.types == ["session.update", "append", "commit"]
            assert rig.owner.entries == ["sound", "end"]
            assert rig.owner.links == [(True, None)]

    lab_run(main())


def test_after_a_drop_the_utterance_is_sent_again_from_its_first_sample(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second) as rig:
            rig.utter(b"\1\2" * 100, end=False)
            await asyncio.sleep(6)  # the session has proved itself: the next try comes at once
            first.drop()
            await asyncio.sleep(0.1)
            assert first.closed
            rig.log.add(b"\3\4" * 100)
            rig.log.end(0)
            rig.link.sound()
            await asyncio.sleep(0.1)
            assert first.sound == b"\1\2" * 100
            assert second.sound == b"\1\2" * 100 + b"\3\4" * 100
            assert second.types[0] == "session.update"
            assert second.types[-1] == "commit"
            assert rig.owner.links == [(True, None), (False, "link_closed"), (True, None)]

    lab_run(main())


def test_an_acknowledged_utterance_is_not_sent_again_and_an_answer_is_owed(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second) as rig:
            rig.utter(b"\1\2" * 100)
            await asyncio.sleep(6)
            first.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.owner.events == [UtteranceCommitted("item_1")]
            assert (rig.owner.events[0].asked, rig.owner.events[0].uid) == (True, 1)
            assert rig.link.owed
            assert rig.log.pending == 0
            first.drop()
            await asyncio.sleep(SPREAD_S + 0.1)
            assert second.types == ["session.update"]

    lab_run(main())


def test_an_acknowledgement_for_nothing_is_nothing(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            connection.say(wire.Committed("item_x", None))
            await asyncio.sleep(0.1)
            assert rig.owner.events == []
            assert not rig.link.owed

    lab_run(main())


def test_a_refused_utterance_is_gone(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(b"\1\2")
            await asyncio.sleep(0.1)
            connection.say(
                wire.ErrorEvent(wire.ServerError("too small", code="input_audio_buffer_commit_empty"))
            )
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert not rig.link.owed

    lab_run(main())


VAD = replace(SETTINGS, turn_detection=wire.TurnDetection("server_vad"))
NOTHING_LEFT = wire.ErrorEvent(wire.ServerError("too small", code="input_audio_buffer_commit_empty"))


def commits_by_itself(connection):
    connection.say(wire.SpeechStopped(900, "i1"))
    connection.say(wire.Committed("i1", None))


def test_a_refusal_that_crosses_the_services_own_commit_is_told_to_nobody(lab_run):
    async def main():
        connection = Connection(settings=VAD)
        async with Rig(connection, settings=VAD) as rig:
            rig.utter(b"\1\2" * 5000)
            await asyncio.sleep(0.1)
            commits_by_itself(connection)
            await asyncio.sleep(0.1)
            assert (rig.log.pending, rig.link.owed) == (0, True)
            rig.utter(b"\1\2" * 5000)
            await asyncio.sleep(0.1)
            connection.say(NOTHING_LEFT)
            await asyncio.sleep(0.1)
            assert rig.log.pending == 1
            assert CommitRefused("too small") not in rig.owner.events
            await asyncio.sleep(30)
            # The second utterance has no reply yet.
            assert rig.owner.links[:2] == [(True, None), (False, "commit_ignored")]

    lab_run(main())


@pytest.mark.parametrize("way_out", [False], indirect=True)
def test_one_whose_end_went_out_after_the_service_had_taken_it_is_not_told_as_lost(lab_run):
    async def main():
        connection = Connection(settings=VAD)
        async with Rig(connection, settings=VAD) as rig:
            rig.utter(b"\1\2" * 5000, end=False)
            await asyncio.sleep(0.1)
            commits_by_itself(connection)
            await asyncio.sleep(0.1)
            assert rig.owner.events[-1] == UtteranceCommitted("i1")
            assert not rig.owner.events[-1].asked
            rig.log.end(0)
            rig.link.sound()
            await asyncio.sleep(0.1)
            connection.say(NOTHING_LEFT)
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert not rig.link.owed
            assert [event.lost for event in rig.owner.events if isinstance(event, CommitRefused)] == [False]

    lab_run(main())


def test_of_two_that_are_out_the_one_is_refused_that_is_named(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(b"\1\2")
            rig.utter(b"\1\2")
            await asyncio.sleep(0.1)
            second = connection.sent[-1]["event_id"]
            connection.say(wire.ErrorEvent(wire.ServerError("odd", code="x", event_id=second)))
            connection.say(wire.Committed("i1", None))
            await asyncio.sleep(0.1)
            assert [event.uid for event in rig.owner.events if not isinstance(event, ServiceWarning)] == [
                2,
                1,
            ]
            assert rig.log.pending == 0
            assert rig.link.owed

    lab_run(main())


def test_a_refusal_of_what_was_thrown_away_is_told_to_nobody(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(b"\1\2")
            await asyncio.sleep(0.1)
            rig.log.discard()
            rig.utter(b"\1\2")
            await asyncio.sleep(0.1)
            connection.say(NOTHING_LEFT)
            await asyncio.sleep(0.1)
            assert CommitRefused("too small") not in rig.owner.events
            assert rig.log.pending == 1

    lab_run(main())


def test_control_goes_before_sound_and_an_abort_clears(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.log.begin(0)
            rig.log.add(b"\1\2" * 10_000)
            rig.link.ask()  # by then there is sound in the log, and the link has not been told
            await asyncio.sleep(0.1)
            assert connection.types[1] == "response.create"
            assert set(connection.types[2:]) == {"append"}
            rig.log.abort()
            rig.link.sound()
            await asyncio.sleep(0.1)
            assert connection.types[-1] == "clear"

    lab_run(main())


@pytest.mark.parametrize("way_out", [True], indirect=True)
def test_what_the_socket_takes_goes_out_in_the_call_that_wakes_it(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            await asyncio.sleep(0.1)
            sound = bytes(range(256)) * 300  # sixteen appends
            rig.log.begin(0)
            rig.log.add(sound)
            rig.link.sound()
            assert connection.types.count("append") == AT_ONCE
            await asyncio.sleep(0.1)
            assert connection.sound == sound
            rig.log.add(b"\1\2")
            rig.log.end(0)
            rig.link.sound()
            assert connection.types[-2:] == ["append", "commit"]
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert connection.sound == sound + b"\1\2"
            assert rig.log.pending == 0

    lab_run(main())


@pytest.mark.parametrize("way_out", [True], indirect=True)
@pytest.mark.parametrize("taken", range(4))
def test_a_drop_in_the_middle_of_a_batch_replays_each_sample_once(lab_run, taken):
    """There are three pieces and the end. The socket takes some of them, and then the connection is gone."""

    async def main():
        class Narrow(Connection):
            def give(self, texts):
                room = taken - self.types.count("append") if "session.update" in self.types else 1
                return super().give(list(texts)[: max(room, 0)])

            async def send(self, text):
                await asyncio.Event().wait()

        first, second = Narrow(), Connection()
        sound = bytes(range(240)) * 60  # 300 ms
        async with Rig(first, second) as rig:
            rig.link.on_idle(False)
            rig.utter(sound)
            assert first.sound == sound[: taken * 4800]
            assert rig.owner.entries == ["sound"] * taken
            assert rig.log.lag_bytes == len(sound) - taken * 4800
            await asyncio.sleep(6)  # the session has proved itself: the next try comes at once
            first.drop()
            await asyncio.sleep(0.1)
            assert second.sound == sound
            assert second.types[-4:] == ["append", "append", "append", "commit"]
            assert rig.owner.entries[taken:] == ["sound", "sound", "sound", "end"]

    lab_run(main())


def test_who_is_idle_is_pushed_and_holds_or_lets_go_the_change_of_session(lab_run):
    async def main():
        connections = [Connection() for _ in range(3)]
        async with Rig(*connections, session_s=100) as rig:
            assert rig.link.idle
            rig.link.on_idle(False)
            await asyncio.sleep(95)
            assert rig.dialled == connections[:1]
            rig.link.on_idle(True)
            await asyncio.sleep(1.5)  # the renewal waits for two seconds of quiet
            assert rig.dialled == connections[:1]
            await asyncio.sleep(2)
            assert rig.dialled == connections[:2]

    lab_run(main())


def test_a_link_lost_in_a_long_replay_is_not_given_the_rest_of_it(lab_run):
    async def main():
        class Breaking(Connection):
            def hear(self, text):
                super().hear(text)
                if self.types.count("append") == 1:
                    self.drop()

        connection = Breaking()
        async with Rig(connection) as rig:
            rig.utter(bytes(2_000_000))
            await asyncio.sleep(0.1)
            assert connection.types.count("append") <= 2 * AT_ONCE

    lab_run(main())


def test_without_a_greeting_it_configures_all_the_same(lab_run):
    async def main():
        connection = Connection(greets=False)
        async with Rig(connection) as rig:
            await asyncio.sleep(GREETING_S - 0.2)
            assert connection.types == []
            await asyncio.sleep(0.3)
            assert connection.types == ["session.update"]
            assert rig.link.up

    lab_run(main())


def test_a_service_that_is_known_is_not_waited_for_to_greet(lab_run):
    async def main():
        first, second = Connection(greets=False), Connection(greets=False)
        async with Rig(first, second) as rig:
            await asyncio.sleep(9)
            first.drop()
            await asyncio.sleep(SPREAD_S + 0.1)
            assert second.types == ["session.update"]
            assert rig.link.up
            assert rig.asked == [None, GA]

    lab_run(main())


def test_settings_that_are_never_confirmed_are_a_failure(lab_run):
    async def main():
        connection = Connection(confirms=False)
        async with Rig(connection) as rig:
            await asyncio.sleep(READY_S + 0.1)
            assert connection.closed
            assert rig.owner.links[0] == (False, "handshake_timeout")

    lab_run(main())


def test_other_settings_than_asked_are_a_failed_connection(lab_run):
    async def main():
        connection = Connection(confirms=False)
        async with Rig(connection) as rig:
            wrong = wire.to_wire(Settings(instructions="You are a helpful assistant."), GA)
            connection.say(wire.SessionUpdated({**wrong, "id": "s"}))
            await asyncio.sleep(READY_S - 0.1)
            assert rig.owner.links == []  # our confirmation may still come
            await asyncio.sleep(0.2)
            assert connection.closed
            assert rig.owner.links[0] == (False, "settings_refused")

    lab_run(main())


def test_the_dialect_that_was_seen_is_asked_for_next_time(lab_run):
    async def main():
        async with Rig(Connection(dialect=Dialect.BETA), Connection()) as rig:
            assert rig.dialled[0].sent[0]["session"]["modalities"] == ["text", "audio"]
            rig.dialled[0].drop()
            await asyncio.sleep(5)
            assert rig.asked[:2] == [None, Dialect.BETA]

    lab_run(main())


def test_a_service_that_refuses_beta_is_asked_in_ga(lab_run):
    async def main():
        connection = Connection(dialect=Dialect.BETA)
        async with Rig(connection, Connection()) as rig:
            connection.say(wire.ErrorEvent(wire.ServerError("no beta", code="beta_api_shape_disabled")))
            await asyncio.sleep(5)
            assert rig.owner.links[1] == (False, "dialect_refused")
            assert rig.asked[1] is GA

    lab_run(main())


def test_a_socket_that_takes_nothing_is_given_up(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            connection.blocked = True
            rig.utter(b"\1\2" * 100)
            await asyncio.sleep(SENT_WITHIN_S - 0.2)
            assert rig.link.up
            await asyncio.sleep(0.3)
            assert rig.owner.links[-1][1] in ("link_silent", "unreachable")
            assert (False, "link_silent") in rig.owner.links

    lab_run(main())


def test_a_service_that_never_ends_a_cancelled_answer_is_left(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.link.ask()
            await asyncio.sleep(0.1)
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert rig.owner.events == [ResponseStarted("resp_1")]
            rig.link.interrupt()
            rig.link.heard(())
            rig.link.ask()
            rig.link.interrupt()
            await asyncio.sleep(0.1)
            assert (False, "server_error") in rig.owner.links

    lab_run(main())


def test_what_is_asked_while_the_link_is_down_is_not_kept_for_later(lab_run):
    async def main():
        async with Rig() as rig:
            rig.link.ask()
            rig.link.interrupt()
            rig.link.heard(())
            connection = Connection()
            rig.connections.append(connection)
            rig.link.retry_now()
            await asyncio.sleep(0.2)
            assert connection.types == ["session.update"]

    lab_run(main())


def test_the_same_trouble_is_told_once(lab_run):
    async def main():
        async with Rig() as rig:
            await asyncio.sleep(3600)
            assert rig.owner.links == [(False, "unreachable")]

    lab_run(main())


@pytest.mark.parametrize("wakes", [0, 40])
def test_a_service_that_accepts_and_closes_is_not_hammered(lab_run, wakes):
    async def main():
        class Closing(Connection):
            at_once = False

            async def send(self, text):
                raise LinkError("closed", "link_closed")

        rig = Rig()
        tries = []

        async def dial(to, timeout_s):
            tries.append(1)
            return Closing()

        rig.link._dial = dial
        async with rig:
            for _ in range(wakes):
                await asyncio.sleep(10)
                rig.link.retry_now()
            await asyncio.sleep(600 - wakes * 10)
            assert len(tries) <= 30 + wakes  # without waits the loop would try a thousand times per second

    lab_run(main())


def test_what_a_link_knows_of_itself(lab_run):
    async def main():
        connection = Connection()
        async with Rig() as rig:
            assert (rig.link.up, rig.link.cause, rig.link.owed) == (False, "unreachable", False)
            assert rig.link.counters() == {}
            rig.connections.append(connection)
            rig.link.retry_now()
            await asyncio.sleep(0.1)
            assert (rig.link.up, rig.link.cause, rig.link.owed) == (True, None, False)
            rig.utter(b"\1\2" * 100)
            await asyncio.sleep(0.1)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.link.owed
            rig.link.ask()
            assert not rig.link.owed
            await asyncio.sleep(0.1)
            assert connection.types[-1] == "response.create"
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert not rig.link.owed
            connection.drop()
            await asyncio.sleep(0.1)
            sent = len(connection.sent)
            assert (rig.link.up, rig.link.cause) == (False, "link_closed")
            rig.utter(b"\1\2" * 100)
            rig.link.cancel()
            await asyncio.sleep(0.1)
            assert len(connection.sent) == sent

    lab_run(main())


def test_an_answer_to_two_utterances_is_owed_until_it_is_asked_for(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            for item in ("item_1", "item_2"):
                rig.utter(b"\1\2" * 100)
                await asyncio.sleep(0.1)
                connection.say(wire.Committed(item, None))
                await asyncio.sleep(0.1)
                assert rig.link.owed
            connection.say(wire.ResponseCreated("resp_1", "conv"))  # it answers the earlier request
            await asyncio.sleep(0.1)
            assert rig.link.owed

    lab_run(main())


def test_an_answer_of_a_service_that_detects_by_itself_is_to_all_that_was_owed(lab_run):
    async def main():
        connection = Connection(settings=VAD)
        async with Rig(connection, settings=VAD) as rig:
            rig.utter(b"\1\2" * 5000)
            await asyncio.sleep(0.1)
            commits_by_itself(connection)
            await asyncio.sleep(0.1)
            assert rig.link.owed
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert not rig.link.owed
            connection.say(wire.ResponseCreated("resp_2", "conv"))
            await asyncio.sleep(0.1)
            assert not rig.link.owed

    lab_run(main())


@pytest.mark.parametrize("owed_before", [False, True])
def test_a_rest_in_which_nobody_spoke_owes_nothing_and_settles_nothing_else(lab_run, owed_before):
    second = b"\1\2" * 24_000

    async def main():
        connection = Connection(settings=VAD)
        async with Rig(connection, settings=VAD) as rig:
            if owed_before:
                rig.utter(second)
                await asyncio.sleep(0.1)
                connection.say(wire.Committed("i0", None))
                await asyncio.sleep(0.1)
                assert rig.link.owed
            began_ms = 1000 * owed_before
            rig.utter(second, end=False)
            await asyncio.sleep(0.1)
            connection.say(wire.SpeechStarted(began_ms + 100, "i1"))
            connection.say(wire.SpeechStopped(began_ms + 900, "i1"))
            connection.say(wire.Committed("i1", None))
            await asyncio.sleep(0.1)
            rig.log.end(0)
            rig.link.sound()
            await asyncio.sleep(0.1)
            connection.say(wire.Committed("i2", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert rig.link.owed is owed_before

    lab_run(main())


def test_an_acknowledgement_of_what_was_thrown_away_is_told_to_nobody(lab_run):
    async def main():
        connection = Connection(settings=VAD)
        async with Rig(connection, settings=VAD) as rig:
            rig.utter(b"\1\2" * 5000)
            await asyncio.sleep(0.1)
            rig.log.discard()
            connection.say(wire.Committed("i1", None))
            await asyncio.sleep(0.1)
            assert rig.owner.events == []
            assert not rig.link.owed

    lab_run(main())


@pytest.mark.parametrize("begins", ["an utterance", "an answer"])
def test_an_interrupt_takes_no_words_of_the_answer_before(lab_run, begins):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, history_lines=4) as rig:
            rig.utter(b"\1\2" * 4800)
            await asyncio.sleep(0.1)
            first.say(wire.Committed("item_1", None))
            rig.link.ask()
            await asyncio.sleep(0.1)
            first.say(wire.ResponseCreated("resp_1", "conv"))
            first.say(wire.AudioTranscriptDone("resp_1", wire.Part("item_2", 0), 0, "It is."))
            first.say(wire.ResponseDone("resp_1", "completed", conversation_id="conv"))
            await asyncio.sleep(0.1)
            if begins == "an utterance":
                rig.utter(b"\1\2" * 4800)
                await asyncio.sleep(0.1)
                first.say(wire.Committed("item_3", None))
            else:
                rig.link.ask()
                await asyncio.sleep(0.1)
                first.say(wire.ResponseCreated("resp_2", "conv"))
            await asyncio.sleep(0.1)
            rig.link.interrupt()
            first.drop()
            await asyncio.sleep(SPREAD_S + 0.1)
            texts = [message["item"]["content"][0]["text"] for message in second.sent if "item" in message]
            assert texts == ["It is."]

    lab_run(main())


def test_a_session_that_has_answered_knows_of_somebody(lab_run):
    """The reason does not matter: the next visitor must not hear of it."""

    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, forget_after_s=120) as rig:
            await asyncio.sleep(300)
            rig.link.ask()
            await asyncio.sleep(0.1)
            first.say(wire.ResponseCreated("resp_1", "conv"))
            first.say(wire.ResponseDone("resp_1", "completed", conversation_id="conv"))
            await asyncio.sleep(130)
            assert rig.dialled == [first, second]

    lab_run(main())


def test_what_is_cancelled_is_cancelled_at_once(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.link.ask()
            await asyncio.sleep(0.1)
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            rig.link.cancel()
            await asyncio.sleep(0.1)
            assert connection.types[-1] == "response.cancel"

    lab_run(main())


def test_a_tools_result_goes_to_its_call(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.link.tool_result("call_1", '{"open": true}')
            await asyncio.sleep(0.1)
            item = connection.sent[-1]["item"]
            assert (item["type"], item["call_id"]) == ("function_call_output", "call_1")
            assert item["output"] == '{"open": true}'

    lab_run(main())


def test_the_journal_says_what_is_up_and_what_is_not(lab_run, caplog):
    caplog.set_level("INFO", "edged.link.link")

    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            await asyncio.sleep(1)
            connection.drop("session_expired")
            await asyncio.sleep(0.1)
        assert rig.owner.texts[:2] == ["", "gone"]

    lab_run(main())
    up, down = [record for record in caplog.records if record.name == "edged.link.link"][:2]
    assert (up.getMessage(), up.edged) == ("link: up, ga", {"event": "link_up", "dialect": "ga"})
    wait_s = down.getMessage().partition("next try in ")[2].partition(" s.")[0]
    assert down.getMessage().startswith("link: down, session_expired: gone; next try in ")
    assert down.edged == {"cause": "session_expired", "wait_s": wait_s}


def test_words_that_outlive_the_link_are_the_ones_it_speaks_with(lab_run):
    async def main():
        words = Words()
        async with Rig(words=words) as rig:
            assert rig.link.words is words

    lab_run(main())


def test_nothing_is_kept_of_connections_that_are_closed(lab_run):
    def tasks():
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, asyncio.Task)]

    async def main():
        connections = [Connection() for _ in range(8)]
        before = {id(each) for each in tasks()}
        async with Rig(*connections) as rig:
            for connection in connections:
                await asyncio.sleep(30)
                connection.drop()
            await asyncio.sleep(5)
            assert all(connection.closed for connection in connections)
            kept = [each for each in tasks() if each.done() and id(each) not in before]
            assert len(kept) < len(connections)
            assert rig.owner.links[-1][0] is False

    lab_run(main())


def test_a_dialect_that_was_greeted_in_is_known_though_the_settings_fail(lab_run):
    async def main():
        async with Rig(Connection(dialect=Dialect.BETA, confirms=False), Connection()) as rig:
            await asyncio.sleep(READY_S + 5)
            assert rig.asked[:2] == [None, Dialect.BETA]

    lab_run(main())


def test_a_greeting_that_shows_no_dialect_makes_none_forgotten(lab_run):
    async def main():
        odd = Connection(greets=False, confirms=False)
        async with Rig(Connection(dialect=Dialect.BETA), odd) as rig:
            await asyncio.sleep(30)
            odd.say(wire.SessionCreated({"id": "s"}))
            rig.dialled[0].drop()
            await asyncio.sleep(SPREAD_S + READY_S + 5)
            assert rig.asked[:3] == [None, Dialect.BETA, Dialect.BETA]
            assert odd.closed

    lab_run(main())


def test_a_visitor_of_whom_the_session_knows_one_line_is_forgotten_in_time(lab_run):
    async def main():
        connections = [Connection() for _ in range(3)]
        async with Rig(*connections, history_lines=4, forget_after_s=120) as rig:
            await ann(rig, connections[0])
            connections[0].drop()
            await asyncio.sleep(5)
            assert told_of_ann(connections[1])
            await asyncio.sleep(100)
            assert rig.dialled == connections[:2]
            await asyncio.sleep(30)
            assert rig.dialled == connections
            assert not told_of_ann(connections[2])

    lab_run(main())


def test_messages_that_are_none_are_survived(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            for text in ("{", "[]", '{"type":"error"}', b"\xff\xfe", "null"):
                connection._in.put_nowait(text)
            await asyncio.sleep(0.1)
            assert rig.link.up
            assert rig.link.counters()["bad_message"] == 5

    lab_run(main())


# -- alive or not ------------------------------------------------------------------------------------


def test_an_idle_link_is_asked_for_a_sign_of_life_now_and_then(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            await asyncio.sleep(600)
            assert rig.owner.links == [(True, None)]
            assert 30 <= connection.types.count("conversation.item.retrieve") <= 41
            assert rig.owner.events == []
            assert rig.link.counters()["probes_answered"] >= 30

    lab_run(main())


def test_a_gateway_whose_service_is_gone_is_left_though_it_answers_pings(lab_run):
    async def main():
        first, second = Connection(lives=False), Connection()
        async with Rig(first, second) as rig:
            await asyncio.sleep(22)
            assert rig.owner.links == [(True, None), (False, "service_silent"), (True, None)]
            assert first.closed

    lab_run(main())


def test_asked_and_nothing_came(lab_run):
    async def main():
        first, second = Connection(lives=False), Connection()
        async with Rig(first, second) as rig:
            await asyncio.sleep(6)
            rig.link.ask()
            await asyncio.sleep(7.5)
            assert rig.link.up
            await asyncio.sleep(1.5)
            assert (False, "service_silent") in rig.owner.links
            assert rig.link.up  # again

    lab_run(main())


def test_stalled_in_the_middle_of_an_answer(lab_run):
    async def main():
        first, second = Connection(lives=False), Connection()
        async with Rig(first, second) as rig:
            await asyncio.sleep(6)
            rig.link.ask()
            await asyncio.sleep(0.1)
            first.say(wire.ResponseCreated("resp_1", "conv"))
            first.say(wire.AudioDelta("resp_1", wire.Part("item_1", 0), 0, bytes(960)))
            await asyncio.sleep(9)
            assert (False, "service_silent") in rig.owner.links

    lab_run(main())


def test_a_service_that_thinks_is_left_in_peace(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.link.ask()
            await asyncio.sleep(0.1)
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(120)
            assert rig.owner.links == [(True, None)]

    lab_run(main())


def test_a_link_that_acknowledges_nothing_is_noticed_within_a_second_and_left(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second) as rig:
            await asyncio.sleep(6)
            first.moving = Flow(0, 0, 0.02)
            await asyncio.sleep(2)
            first.moving = Flow(4000, 4000, 0.02)
            rig.utter(b"\1\2" * 100, end=False)
            await asyncio.sleep(1.0)
            assert rig.link.counters()["line_slow"] == 1
            await asyncio.sleep(0.8)
            assert rig.owner.links[1] == (False, "link_silent")
            assert rig.link.up
            assert second.sound == b"\1\2" * 100
            assert rig.link.counters()["line_slow"] == 1

    lab_run(main())


def test_a_link_that_hangs_and_moves_again_is_kept(lab_run):
    async def main():
        first, second = Connection(), Connection(confirms=False)
        async with Rig(first, second) as rig:
            await asyncio.sleep(6)
            first.moving = Flow(0, 0, 0.02)
            await asyncio.sleep(2)
            first.moving = Flow(4000, 4000, 0.02)
            rig.utter(b"\1\2" * 100, end=False)
            await asyncio.sleep(2.0)
            assert rig.dialled == [first, second]  # another connection is being opened
            first.moving = Flow(4000, 0, 0.02)
            await asyncio.sleep(5)
            assert rig.owner.links == [(True, None)]
            assert second.closed
            assert not first.closed

    lab_run(main())


def test_a_session_opened_beside_a_link_that_hangs_is_not_kept_while_the_kiosk_is_closed(lab_run):
    """The answer is lost, and nobody speaks: so nobody needs the session that was opened."""

    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second) as rig:
            await asyncio.sleep(6)
            rig.link.on_idle(False)  # an answer is under way
            rig.link.close(True)
            first.moving = Flow(0, 0, 0.02)
            await asyncio.sleep(2)
            first.moving = Flow(4000, 4000, 0.02)
            await asyncio.sleep(3.0)
            assert rig.dialled == [first, second]
            assert rig.link.resting
            assert second.closed

    lab_run(main())


def test_a_kiosk_that_opens_at_the_moment_of_the_rest_has_its_link(lab_run):
    """At each step of the loop, from the moment at which the session ends until the link rests."""

    async def rests_at():
        loop, rested = asyncio.get_running_loop(), []
        async with Rig(Connection()) as rig:
            rig.owner.on_rest = lambda: rested.append(loop.time())
            rig.link.close(True)
            await asyncio.sleep(10)
        return rested[0]

    async def main(at, steps):
        async with Rig(Connection(), Connection()) as rig:
            rig.link.close(True)
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            for _ in range(steps):
                await asyncio.sleep(0)
            rig.link.close(False)
            await asyncio.sleep(1)
            assert rig.link.up, steps

    at = lab_run(rests_at())
    for steps in range(20):
        lab_run(main(at, steps))


def test_where_only_one_session_is_allowed_a_link_that_hangs_is_given_up(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, two_at_once=False) as rig:
            await asyncio.sleep(6)
            first.moving = Flow(0, 0, 0.02)
            await asyncio.sleep(2)
            first.moving = Flow(4000, 4000, 0.02)
            rig.utter(b"\1\2" * 100, end=False)
            await asyncio.sleep(2.0)
            assert rig.owner.links == [(True, None), (False, "link_silent"), (True, None)]
            assert first.closed

    lab_run(main())


def test_of_two_commits_the_second_has_its_own_time(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(b"\1\2" * 100)
            rig.utter(b"\3\4" * 100)
            await asyncio.sleep(5)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(5.5)
            assert rig.log.pending == 1
            connection.say(wire.Committed("item_2", None))
            await asyncio.sleep(5)
            assert rig.owner.links == [(True, None)]
            assert rig.owner.events == [UtteranceCommitted("item_1"), UtteranceCommitted("item_2")]
            assert rig.log.pending == 0

    lab_run(main())


# -- services that ignore commits ----------------------------------------------------------------------


SAID = b"\1\2" * 4800


def detection(message):
    return message["session"]["audio"]["input"]["turn_detection"]


def after(connection, name):
    """The messages that were sent after the last one of this name."""
    at = max(i for i, each in enumerate(connection.types) if each == name)
    kept = Connection()
    kept.sent = connection.sent[at + 1 :]
    return kept


def test_a_service_that_ignores_commits_gets_silence_on_the_same_connection(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(SAID)
            await asyncio.sleep(2)
            hint, ask, again = [
                i for i, name in enumerate(connection.types) if name in ("session.update", "clear")
            ]
            # Some services detect whatever they are asked.
            assert connection.sound.startswith(SAID + bytes(len(commit_silence(PCM16))))
            assert detection(connection.sent[hint]) is None
            # Services refuse a voice that is sent again.
            assert list(connection.sent[ask]["session"]) == ["type", "audio"]
            assert detection(connection.sent[ask]) == {"type": "server_vad", "silence_duration_ms": 1500}
            assert connection.types.count("commit") == 1
            assert connection.types[ask : again + 1] == ["session.update", "clear"]
            assert after(connection, "clear").sound == SAID + bytes(1700 * 48)
            connection.say(wire.SpeechStarted(2000, "item_1"))
            connection.say(wire.SpeechStopped(5500, "item_1"))
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert [event for event in rig.owner.events if isinstance(event, UtteranceCommitted)] == [
                UtteranceCommitted("")
            ]
            assert rig.learnt == [True]
            rig.link.ask()
            await asyncio.sleep(0.1)
            assert "response.create" not in connection.types  # the service answers without a request
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert rig.owner.events[-1] == ResponseStarted("resp_1")
            rig.utter(b"\3\4" * 4800)
            await asyncio.sleep(1)
            assert connection.types.count("commit") == 1
            assert connection.sound.endswith(b"\3\4" * 4800 + bytes(1700 * 48))
            assert rig.owner.links == [(True, None)]

    lab_run(main())


def test_one_that_is_known_is_given_silence_from_the_first_utterance_on(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection, ignores=True) as rig:
            rig.utter(SAID)
            await asyncio.sleep(0.1)
            assert detection(connection.sent[0])["type"] == "server_vad"
            assert "commit" not in connection.types
            assert connection.sound == SAID + bytes(1700 * 48)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert rig.learnt == []

    lab_run(main())


def test_one_that_detects_whatever_it_is_told_needs_the_silence_alone(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(SAID)
            connection.say(wire.SpeechStarted(0, "item_1"))
            await asyncio.sleep(0.9)
            assert connection.sound == SAID + bytes(1700 * 48)
            connection.say(wire.SpeechStopped(1700, "item_1"))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert connection.types.count("session.update") == 1
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            rig.link.ask()
            await asyncio.sleep(20)
            assert rig.owner.events[-1] == ResponseStarted("resp_1")
            assert "response.create" not in connection.types
            assert rig.owner.links == [(True, None)]

    lab_run(main())


def test_two_that_such_a_service_heard_as_one_are_both_settled(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(SAID)
            rig.utter(SAID)
            connection.say(wire.SpeechStarted(0, "item_1"))
            await asyncio.sleep(0.9)
            connection.say(wire.SpeechStopped(1700, "item_1"))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert CommitRefused not in {type(event) for event in rig.owner.events}

    lab_run(main())


def test_a_reply_after_the_silence_makes_it_an_ordinary_service_again(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(SAID)
            await asyncio.sleep(0.95)
            assert connection.sound == SAID + bytes(1700 * 48)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert connection.types[-1] == "clear"  # the silence belongs to no utterance
            rig.link.ask()
            rig.utter(SAID)
            await asyncio.sleep(0.1)
            assert (connection.types.count("commit"), connection.types.count("response.create")) == (2, 1)
            assert connection.types.count("session.update") == 1
            assert rig.learnt == []

    lab_run(main())


def test_a_reply_before_the_detection_is_confirmed_takes_it_back(lab_run):
    async def main():
        connection = Connection()
        connection.bends = False
        async with Rig(connection) as rig:
            rig.utter(SAID)
            await asyncio.sleep(3)
            assert [detection(each) is None for each in connection.sent if "session" in each] == [True, False]
            rig.utter(b"\3\4" * 4800)
            await asyncio.sleep(0.1)
            assert b"\3\4" not in connection.sound  # a detection that is taken back hears nothing
            connection.say(wire.Committed("item_1", None))
            connection.say(wire.SessionUpdated({**connection.sent[0]["session"], **detecting(connection)}))
            await asyncio.sleep(0.1)
            rig.link.ask()
            await asyncio.sleep(0.1)
            assert detection([each for each in connection.sent if "session" in each][-1]) is None
            assert b"\3\4" not in connection.sound
            connection.say(wire.SessionUpdated(connection.sent[0]["session"]))
            await asyncio.sleep(0.1)
            assert connection.sound == SAID + bytes(1700 * 48) + b"\3\4" * 4800
            assert (connection.types.count("commit"), connection.types.count("response.create")) == (2, 1)
            connection.say(wire.Committed("item_2", None))
            await asyncio.sleep(0.1)
            assert (rig.log.pending, rig.learnt, rig.owner.links) == (0, [], [(True, None)])

    lab_run(main())


def detecting(connection):
    """The part of a session with the service's own detection."""
    return {"audio": [each for each in connection.sent if "session" in each][1]["session"]["audio"]}


def test_a_late_reply_after_detection_heard_it_counts_for_nothing_else(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(SAID)
            await asyncio.sleep(2)
            connection.say(wire.SpeechStopped(3900, "item_2"))
            connection.say(wire.Committed("item_2", None))
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert (rig.log.pending, rig.learnt) == (0, [True])
            rig.utter(b"\3\4" * 4800)
            await asyncio.sleep(0.1)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 1
            assert [each["item_id"] for each in connection.sent if each["type"].endswith("delete")] == [
                "item_1"
            ]
            assert rig.learnt == [True, False]
            assert connection.types.count("response.create") == 0
            rig.utter(SAID)
            await asyncio.sleep(0.1)
            assert connection.types[-1] == "commit"

    lab_run(main())


def test_a_late_reply_of_which_detection_heard_nothing_counts(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection) as rig:
            rig.utter(SAID)
            await asyncio.sleep(3)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            rig.link.ask()
            await asyncio.sleep(0.1)
            assert after(connection, "session.update").types[:1] != ["append"]
            assert connection.types.count("response.create") == 1
            # The sound that was sent again is no utterance.
            assert "clear" in after(connection, "append").types
            await asyncio.sleep(20)
            assert (rig.learnt, rig.owner.links) == ([], [(True, None)])
            rig.utter(SAID)
            await asyncio.sleep(3)
            connection.say(wire.Committed("item_2", None))
            await asyncio.sleep(0.1)
            # Its own time has begun.
            assert after(connection, "commit").types == ["conversation.item.retrieve"]

    lab_run(main())


def test_one_that_does_not_confirm_either_is_given_up_and_asked_otherwise_the_third_time(lab_run):
    async def main():
        first, again, third = Connection(), Connection(), Connection()
        first.bends = again.bends = False
        async with Rig(first, again, third) as rig:
            rig.utter(SAID)
            await asyncio.sleep(16)
            assert rig.owner.links.count((False, "commit_ignored")) == 2
            assert detection(third.sent[0])["type"] == "server_vad"
            assert third.sound == SAID + bytes(1700 * 48)
            assert rig.learnt == []
            third.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert (rig.log.pending, rig.learnt) == (0, [True])

    lab_run(main())


def test_a_commit_that_is_honoured_in_between_begins_the_count_anew(lab_run):
    async def main():
        first, again, third = Connection(), Connection(), Connection()
        first.bends = again.bends = False
        async with Rig(first, again, third) as rig:
            rig.utter(SAID)
            await asyncio.sleep(7)
            again.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            rig.utter(b"\3\4" * 4800)
            await asyncio.sleep(8)
            assert rig.owner.links.count((False, "commit_ignored")) == 2
            assert "commit" in third.types

    lab_run(main())


def test_known_detection_that_is_refused_is_forgotten(lab_run):
    async def main():
        connection, other = Connection(confirms=False), Connection()
        async with Rig(connection, other, ignores=True) as rig:
            connection.say(wire.SessionUpdated({**connection.sent[0]["session"], "audio": SETTINGS_AUDIO}))
            await asyncio.sleep(200)
            assert (False, "settings_refused") in rig.owner.links
            assert detection(other.sent[0]) is None
            assert rig.learnt == [False]

    lab_run(main())


def test_the_answer_itself_is_an_acknowledgement_there(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection, ignores=True) as rig:
            rig.utter(SAID)
            await asyncio.sleep(1)
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert rig.owner.events[-2:] == [UtteranceCommitted(""), ResponseStarted("resp_1")]
            assert (rig.owner.events[-2].asked, rig.owner.events[-2].uid) == (True, 1)
            assert rig.log.pending == 0
            assert rig.link.owed

    lab_run(main())


def test_an_utterance_without_speech_is_given_up_there(lab_run):
    async def main():
        async with Rig(Connection()) as rig:
            rig.utter(SAID)
            await asyncio.sleep(20)
            assert rig.log.pending == 0
            assert [type(event) for event in rig.owner.events] == [CommitRefused]

    lab_run(main())


async def ignoring(rig):
    """An utterance that the service's detection hears."""
    rig.utter(SAID)
    await asyncio.sleep(1)
    rig.dialled[-1].say(wire.Committed("item_0", None))
    await asyncio.sleep(5)
    assert rig.log.pending == 0
    rig.owner.events.clear()
    return rig.dialled[-1]


def test_an_utterance_that_waits_for_a_link_there_is_not_given_up_meanwhile(lab_run):
    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            connection = await ignoring(rig)
            rig.utter(b"\5\6" * 4800)
            await asyncio.sleep(1)
            connection.drop()
            await asyncio.sleep(15)
            assert rig.log.pending == 1
            assert rig.owner.events == []
            rig.connections.append(Connection())
            rig.link.retry_now()
            await asyncio.sleep(9)
            assert rig.dialled[-1].sound.startswith(b"\5\6" * 4800)
            assert "commit" not in rig.dialled[-1].types
            assert rig.log.pending == 1
            rig.dialled[-1].say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.owner.events == [UtteranceCommitted("item_1")]

    lab_run(main())


def test_noise_before_speech_there_does_not_stand_for_it(lab_run):
    """Each has 100 ms of sound and 1700 ms of silence. The first one, a door, ends at 1.8 s, before any speech ends."""

    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            connection = await ignoring(rig)
            sent_ms = len(connection.sound) // 48
            rig.utter(b"\1\2" * 2400)
            await asyncio.sleep(3)
            rig.utter(b"\5\6" * 2400)
            await asyncio.sleep(1)
            assert rig.log.pending == 2
            connection.say(wire.SpeechStarted(sent_ms + 1810, "item_1"))
            connection.say(wire.SpeechStopped(sent_ms + 1890, "item_1"))
            connection.say(wire.Committed("item_1", None))
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            kinds = [type(event).__name__ for event in rig.owner.events]
            assert kinds == ["VadEvent", "CommitRefused", "UtteranceCommitted", "VadEvent", "ResponseStarted"]
            await asyncio.sleep(60)
            assert len(rig.owner.events) == 5

    lab_run(main())


def test_three_signs_of_one_utterance_there_do_not_stand_for_two(lab_run):
    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            connection = await ignoring(rig)
            sent_ms = len(connection.sound) // 48
            rig.utter(b"\1\2" * 2400)
            rig.utter(b"\5\6" * 2400)
            await asyncio.sleep(1)
            connection.say(wire.SpeechStopped(sent_ms + 90, "item_1"))
            connection.say(wire.Committed("item_1", None))
            connection.say(wire.ResponseCreated("resp_1", "conv"))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 1
            connection.say(wire.SpeechStarted(sent_ms + 1810, "item_2"))
            connection.say(wire.SpeechStopped(sent_ms + 1890, "item_2"))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0
            assert CommitRefused not in {type(event) for event in rig.owner.events}

    lab_run(main())


def test_speech_that_ends_with_the_sound_there_is_of_that_utterance(lab_run):
    """Each utterance has three seconds of sound and 1.7 s of silence."""

    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            connection = await ignoring(rig)
            sent_ms = len(connection.sound) // 48
            rig.utter(b"\1\2" * 72_000)
            rig.utter(b"\5\6" * 72_000)
            await asyncio.sleep(1)
            connection.say(wire.SpeechStarted(sent_ms + 10, "item_1"))
            connection.say(wire.SpeechStopped(sent_ms + 2990, "item_1"))
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 1
            assert [type(event) for event in rig.owner.events if isinstance(event, CommitRefused)] == []

    lab_run(main())


def test_speech_that_begins_there_is_of_another_utterance_whatever_was_not_told(lab_run):
    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            connection = await ignoring(rig)
            sent_ms = len(connection.sound) // 48
            rig.utter(b"\1\2" * 2400)
            rig.utter(b"\5\6" * 2400)
            await asyncio.sleep(1)
            connection.say(wire.SpeechStarted(sent_ms + 10, "item_1"))
            connection.say(wire.SpeechStopped(sent_ms + 90, "item_1"))  # the service never reports its commit
            connection.say(wire.SpeechStarted(sent_ms + 1810, "item_2"))
            connection.say(wire.Committed("item_2", None))
            await asyncio.sleep(0.1)
            assert rig.log.pending == 0

    lab_run(main())


def test_a_long_utterance_there_is_waited_for_from_its_end(lab_run):
    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            await ignoring(rig)
            rig.utter(b"\1\2" * 2400, end=False)
            await asyncio.sleep(5)
            rig.log.end(0)
            rig.link.sound()
            await asyncio.sleep(9.5)
            assert rig.log.pending == 1
            await asyncio.sleep(1)
            assert rig.log.pending == 0

    lab_run(main())


def test_one_of_two_without_speech_there_is_given_up_by_itself(lab_run):
    """The service reports no times. The link does not wait for the second longer than its own time limit."""

    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            connection = await ignoring(rig)
            rig.utter(b"\1\2" * 2400)
            await asyncio.sleep(3)
            rig.utter(b"\5\6" * 2400)
            await asyncio.sleep(1)
            connection.say(wire.Committed("item_1", None))
            await asyncio.sleep(8.5)
            assert rig.log.pending == 1
            await asyncio.sleep(1)
            assert rig.log.pending == 0

    lab_run(main())


def test_one_that_was_discarded_there_takes_no_other_with_it(lab_run):
    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            await ignoring(rig)
            rig.utter(b"\1\2" * 2400)
            await asyncio.sleep(3)
            rig.log.discard()
            rig.utter(b"\5\6" * 2400)
            await asyncio.sleep(8)
            assert rig.log.pending == 1
            assert CommitRefused not in {type(event) for event in rig.owner.events}
            await asyncio.sleep(3)
            assert rig.log.pending == 0

    lab_run(main())


def test_a_link_that_was_ended_there_gives_nothing_up_any_more(lab_run):
    async def main():
        async with Rig(Connection(), ignores=True) as rig:
            await ignoring(rig)
            rig.utter(b"\1\2" * 2400)
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert rig.log.pending == 1

    lab_run(main())


# -- renewals --------------------------------------------------------------------------------------------


def test_the_owner_learns_which_session_is_in_use_also_after_a_renewal(lab_run):
    async def main():
        first, second = Connection(expires_at=1_000_000 + 100, name="sess_1"), Connection(name="sess_2")
        async with Rig(first, second) as rig:
            assert (rig.owner.sessions, rig.link.snapshot()["session"]) == (["sess_1"], "sess_1")
            await asyncio.sleep(90)
            assert (rig.owner.sessions, rig.link.snapshot()["session"]) == (["sess_1", "sess_2"], "sess_2")
            assert rig.owner.links == [(True, None)]  # it was up all the time
            second.drop()
            await asyncio.sleep(0.01)
            assert rig.link.snapshot()["session"] is None

    lab_run(main())


def test_a_name_that_could_be_speech_is_not_passed_on(lab_run):
    async def main():
        async with Rig(Connection(name="marmalade_umbrellas")) as rig:
            assert (rig.owner.sessions, rig.link.snapshot()["session"]) == ([""], None)

    lab_run(main())


def test_before_its_end_a_session_is_changed_without_a_gap(lab_run):
    async def main():
        first, second = Connection(expires_at=1_000_000 + 100), Connection()
        async with Rig(first, second) as rig:
            await asyncio.sleep(79)
            assert rig.dialled == [first]
            await asyncio.sleep(5)
            # The owner hears nothing, because nothing changed for it.
            assert rig.owner.links == [(True, None)]
            assert first.closed
            assert not second.closed
            rig.utter(b"\1\2" * 100)
            await asyncio.sleep(0.1)
            assert second.types[-1] == "commit"

    lab_run(main())


def test_nobody_is_disturbed_by_a_change(lab_run):
    async def main():
        first, second = Connection(expires_at=1_000_000 + 100), Connection()
        async with Rig(first, second) as rig:
            rig.link.on_idle(False)
            await asyncio.sleep(95)
            assert rig.dialled == [first]
            rig.link.on_idle(True)
            await asyncio.sleep(3.5)
            assert rig.dialled == [first, second]
            assert rig.link.up

    lab_run(main())


def test_a_change_that_somebody_walks_into_is_put_off(lab_run):
    async def main():
        first, second, third = (
            Connection(expires_at=1_000_000 + 100),
            Connection(confirms=False),
            Connection(),
        )
        async with Rig(first, second, third) as rig:
            await asyncio.sleep(82)
            assert rig.dialled == [first, second]
            rig.link.on_idle(False)
            second.say(wire.SessionUpdated({**wire.to_wire(SETTINGS, GA), "id": "s"}))
            await asyncio.sleep(1)
            assert second.closed
            assert not first.closed
            rig.link.on_idle(True)
            await asyncio.sleep(32)
            assert rig.dialled[-1] is third
            assert first.closed

    lab_run(main())


def test_a_new_session_that_cannot_be_opened_leaves_the_old_one_alone(lab_run):
    async def main():
        first = Connection(expires_at=1_000_000 + 100)
        async with Rig(first) as rig:
            await asyncio.sleep(95)
            assert rig.owner.links == [(True, None)]
            assert not first.closed

    lab_run(main())


def test_where_only_one_session_is_allowed_the_old_one_goes_first(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, session_s=100, two_at_once=False) as rig:
            closed_before = []
            dial = rig.link._dial

            async def watched(to, timeout_s):
                closed_before.append(first.closed)
                return await dial(to, timeout_s)

            rig.link._dial = watched
            await asyncio.sleep(85)
            assert closed_before == [True]
            assert rig.link.up
            assert rig.owner.links == [(True, None)]

    lab_run(main())


@pytest.mark.parametrize("ticks", range(8))
@pytest.mark.parametrize("two_at_once", [True, False])
def test_who_ends_the_link_just_when_it_changes_is_obeyed(lab_run, caplog, ticks, two_at_once):
    caplog.set_level("INFO", "edged.link.handover")

    async def main():
        first, second = Connection(expires_at=1_000_000 + 100), Connection()
        async with Rig(first, second, two_at_once=two_at_once) as rig:
            changing = asyncio.Event()

            class Seen(logging.Handler):
                def emit(self, record):
                    if "changing to a new session" in record.getMessage():
                        changing.set()

            logger, seen = logging.getLogger("edged.link.handover"), Seen()
            logger.addHandler(seen)
            try:
                await changing.wait()
            finally:
                logger.removeHandler(seen)
            for _ in range(ticks):
                await asyncio.sleep(0)
            rig.task.cancel()
            done, _ = await asyncio.wait({rig.task}, timeout=50)
            assert done
            assert rig.task.cancelled()
            assert all(connection.closed for connection in rig.dialled)

    lab_run(main())


@pytest.mark.parametrize("two_at_once", [True, False])
def test_a_link_in_the_place_of_another_waits_for_its_goodbye_where_one_session_is_allowed(
    lab_run, two_at_once
):
    class Slow(Connection):
        async def close(self):
            await asyncio.sleep(0.4)
            await super().close()

    async def main():
        first = Slow()
        async with Rig(first, two_at_once=two_at_once) as old:
            old.task.cancel()
            new, closed_before = Rig(two_at_once=two_at_once), []

            async def dial(to, timeout_s):
                closed_before.append(first.closed)
                return Connection()

            new.link._dial = dial
            task = asyncio.create_task(new.link.run(after=old.task))
            await asyncio.sleep(1)
            assert closed_before == [not two_at_once]
            assert new.link.up
            task.cancel()
            await asyncio.wait({task})

    lab_run(main())


def test_what_was_said_is_put_into_the_next_session(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, history_lines=4) as rig:
            rig.utter(b"\1\2" * 4800)
            await asyncio.sleep(0.1)
            first.say(wire.Committed("item_1", None))
            first.say(wire.TranscriptionCompleted(wire.Part("item_1", 0), "Is it open?"))
            rig.link.ask()
            await asyncio.sleep(0.1)
            first.say(wire.ResponseCreated("resp_1", "conv"))
            first.say(wire.AudioTranscriptDone("resp_1", wire.Part("item_2", 0), 0, "It is."))
            first.say(wire.ResponseDone("resp_1", "completed", conversation_id="conv"))
            await asyncio.sleep(0.1)
            first.drop()
            await asyncio.sleep(SPREAD_S + 0.1)
            items = [message["item"] for message in second.sent if "item" in message]
            assert [(item["role"], item["content"][0]["text"]) for item in items] == [
                ("user", "Is it open?"),
                ("assistant", "It is."),
            ]

    lab_run(main())


@pytest.mark.parametrize("cut", [False, True])
def test_a_transcript_that_comes_after_the_answer_is_put_before_it(lab_run, cut):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, history_lines=4) as rig:
            rig.utter(b"\1\2" * 4800)
            await asyncio.sleep(0.1)
            first.say(wire.Committed("item_1", None))
            rig.link.ask()
            await asyncio.sleep(0.1)
            first.say(wire.ResponseCreated("resp_1", "conv"))
            first.say(wire.AudioTranscriptDone("resp_1", wire.Part("item_2", 0), 0, "It is."))
            first.say(wire.TranscriptionCompleted(wire.Part("item_1", 0), "Is it open?"))
            await asyncio.sleep(0.1)
            if cut:
                rig.link.interrupt()
            first.drop()
            await asyncio.sleep(SPREAD_S + 0.1)
            texts = [message["item"]["content"][0]["text"] for message in second.sent if "item" in message]
            assert texts == ["Is it open?"] + ["It is."] * (not cut)

    lab_run(main())


def test_the_next_visitor_meets_a_service_that_knows_nothing(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, history_lines=4, forget_after_s=120) as rig:
            await asyncio.sleep(300)
            assert rig.dialled == [first]  # no visitor was there
            rig.link.on_idle(False)
            rig.utter(b"\1\2" * 4800)
            await asyncio.sleep(1.5)
            first.say(wire.Committed("item_1", None))
            first.say(wire.TranscriptionCompleted(wire.Part("item_1", 0), "My name is Ann."))
            rig.link.on_idle(True)
            await asyncio.sleep(110)
            assert rig.dialled == [first]
            await asyncio.sleep(20)
            assert rig.dialled == [first, second]
            assert second.types == ["session.update"]

    lab_run(main())


async def ann(rig, connection):
    """A visitor says something and leaves."""
    rig.link.on_idle(False)
    rig.utter(b"\1\2" * 4800)
    await asyncio.sleep(0.1)
    connection.say(wire.Committed("item_1", None))
    await asyncio.sleep(1.4)
    connection.say(wire.TranscriptionCompleted(wire.Part("item_1", 0), "My name is Ann."))
    await asyncio.sleep(5)
    rig.link.on_idle(True)


def told_of_ann(connection):
    return "My name is Ann." in json.dumps(connection.sent)


@pytest.mark.parametrize(("down_s", "knows"), [(60, True), (3600, False)])
def test_who_comes_after_the_link_was_down_is_not_taken_for_the_one_before(lab_run, down_s, knows):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, history_lines=4, forget_after_s=120) as rig:
            await ann(rig, first)
            first.drop()
            await asyncio.sleep(down_s)
            rig.connections.append(second)
            rig.link.retry_now()
            await asyncio.sleep(1)
            assert rig.dialled == [first, second]
            assert told_of_ann(second) is knows

    lab_run(main())


def test_who_speaks_while_the_link_is_down_is_not_taken_for_the_one_before(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, history_lines=4, forget_after_s=120) as rig:
            await ann(rig, first)
            first.drop()
            await asyncio.sleep(3600)
            rig.link.on_idle(False)
            rig.utter(b"\1\2" * 4800)
            rig.connections.append(second)
            rig.link.retry_now()
            await asyncio.sleep(0.4)
            assert second.types[-1] == "commit"
            assert not told_of_ann(second)

    lab_run(main())


def test_a_link_that_drops_again_and_again_does_not_keep_a_visitor_in_mind(lab_run):
    async def main():
        connections = [Connection() for _ in range(5)]
        async with Rig(*connections, history_lines=4, forget_after_s=120) as rig:
            await ann(rig, connections[0])
            for _ in range(3):
                await asyncio.sleep(90)
                rig.dialled[-1].drop()
            await asyncio.sleep(5)
            assert [told_of_ann(connection) for connection in rig.dialled] == [
                False,
                True,
                False,
                False,
                False,
            ]

    lab_run(main())
