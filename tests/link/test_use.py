"""Another session with other settings, while everything goes on."""

import asyncio
from dataclasses import replace

from edged import wire
from edged.link.session.events import UtteranceCommitted
from edged.retry import AT_ONCE, WINDOW_S
from tests.link.test_link import SETTINGS, Connection, Rig, way_out  # noqa: F401 a fixture for all tests here

GERMAN = replace(SETTINGS, instructions="Antworte kurz.")
SOUND, MORE = b"\1\2" * 100, b"\3\4" * 100


def instructions(connection):
    return [message["session"]["instructions"] for message in connection.sent if "session" in message]


def test_what_is_being_said_goes_whole_to_the_session_with_the_other_settings(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second) as rig:
            rig.utter(SOUND, end=False)
            await asyncio.sleep(0.05)
            rig.link.use(GERMAN)
            rig.log.add(MORE)
            rig.log.end(0)
            rig.link.sound()
            await asyncio.sleep(0.1)
            assert (first.sound, first.closed, "commit" in first.types) == (SOUND, True, False)
            assert (second.sound, second.types[-1]) == (SOUND + MORE, "commit")
            assert instructions(second) == ["Antworte kurz."]
            assert rig.owner.links == [(True, None)]  # nothing was lost, so there is no news

    lab_run(main())


def test_after_a_drop_the_settings_are_still_the_other_ones(lab_run):
    async def main():
        connections = [Connection() for _ in range(3)]
        async with Rig(*connections) as rig:
            rig.link.use(GERMAN)
            await asyncio.sleep(6)
            connections[1].drop()
            await asyncio.sleep(1)
            assert [instructions(each) for each in connections[1:]] == [["Antworte kurz."]] * 2

    lab_run(main())


def test_nothing_that_the_old_session_says_later_is_heard(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second) as rig:
            rig.utter(SOUND)
            await asyncio.sleep(0.05)
            first.say(wire.Committed("item_1", None))
            rig.link.use(GERMAN)
            await asyncio.sleep(0.1)
            assert not any(isinstance(event, UtteranceCommitted) for event in rig.owner.events)
            assert second.sound == SOUND

    lab_run(main())


def test_a_session_that_was_being_opened_with_the_old_settings_is_not_used(lab_run):
    async def main():
        first, second = Connection(confirms=False), Connection()
        async with Rig(first, second) as rig:
            rig.link.use(GERMAN)
            rig.utter(SOUND)
            first.say(wire.SessionUpdated({**wire.to_wire(SETTINGS, wire.Dialect.GA), "id": "s"}))
            await asyncio.sleep(0.1)
            assert (first.closed, first.sound) == (True, b"")
            assert (second.sound, instructions(second)) == (SOUND, ["Antworte kurz."])

    lab_run(main())


def test_a_new_session_with_the_same_settings_is_opened_only_if_this_one_knows_of_somebody(lab_run):
    async def main():
        first, second = Connection(), Connection()
        async with Rig(first, second, history_lines=4) as rig:
            rig.link.use(SETTINGS)
            await asyncio.sleep(0.1)
            assert not first.closed
            rig.utter(SOUND)
            await asyncio.sleep(0.1)
            first.say(wire.Committed("item_1", None))
            rig.link.ask()
            first.say(wire.ResponseCreated("resp_1", "conv", None))
            first.say(wire.AudioTranscriptDone("resp_1", wire.Part("item_2", 0), 0, "So it is."))
            await asyncio.sleep(0.1)
            rig.link.use(SETTINGS)
            await asyncio.sleep(0.1)
            assert first.closed
            assert second.types == ["session.update"]  # and nothing of what was said before

    lab_run(main())


def test_however_often_somebody_asks_for_another_session_the_service_sees_few(lab_run):
    async def main():
        connections = [Connection() for _ in range(200)]
        async with Rig(*connections) as rig:
            for number in range(1000):
                rig.link.use(replace(SETTINGS, instructions=f"{number % 2}"))
                await asyncio.sleep(WINDOW_S / 2000)
            assert len(rig.dialled) <= AT_ONCE + 12
            await asyncio.sleep(60)
            assert rig.link.up
            assert instructions(rig.dialled[-1]) == ["1"]

    lab_run(main())


def test_sessions_that_have_lived_cost_nobody_a_wait(lab_run):
    async def main():
        connections = [Connection() for _ in range(50)]
        async with Rig(*connections) as rig:
            for number in range(40):
                await asyncio.sleep(25)  # each session has lived
                rig.link.use(replace(SETTINGS, instructions=f"{number}"))
                await asyncio.sleep(0.2)
                assert rig.link.up

    lab_run(main())
