"""A service that refuses to forget old turns."""

import asyncio

import pytest

from edged import wire
from edged.link.session.events import ServiceWarning
from tests.link.test_link import Connection, Rig

DELETE = "conversation.item.delete"


async def turn(rig, connection, number):
    """A question and its answer."""
    rig.link.on_idle(False)
    rig.utter(bytes(9600))
    await asyncio.sleep(0.1)
    connection.say(wire.Committed(f"question_{number}", None))
    rig.link.ask()
    await asyncio.sleep(0.1)
    connection.say(wire.ResponseCreated(f"resp_{number}", "conv"))
    connection.say(wire.ItemAdded({"id": f"answer_{number}", "type": "message"}))
    connection.say(wire.ResponseDone(f"resp_{number}", "completed", conversation_id="conv"))
    await asyncio.sleep(0.1)
    rig.link.on_idle(True)
    rig.link.turn_over()
    await asyncio.sleep(0.1)


def deletions(connection):
    return [message for message in connection.sent if message["type"] == DELETE]


def refusals(rig):
    return [event for event in rig.owner.events if isinstance(event, ServiceWarning)]


@pytest.mark.parametrize("code", ["unknown_event", None, "invalid_value"])
@pytest.mark.parametrize("named", [True, False])
def test_a_refusal_is_told_once_and_nothing_is_deleted_any_more(lab_run, code, named):
    async def main():
        connection = Connection()
        async with Rig(connection, remember_turns=1) as rig:
            for number in (1, 2):
                await turn(rig, connection, number)
            came = deletions(connection)
            assert [message["item_id"] for message in came] == ["question_1", "answer_1"]
            for message in came:
                name = message["event_id"] if named else None
                connection.say(wire.ErrorEvent(wire.ServerError("no such event", code=code, event_id=name)))
            await asyncio.sleep(0.1)
            for number in (3, 4):
                await turn(rig, connection, number)
            assert deletions(connection) == came
            assert rig.link.up
            found = [event for event in refusals(rig) if event.cause]
            assert [(event.cause, event.text) for event in found] == [("deletion_refused", "no such event")]

    lab_run(main())


def test_an_item_that_has_gone_is_no_refusal(lab_run):
    async def main():
        connection = Connection()
        async with Rig(connection, remember_turns=1) as rig:
            for number in (1, 2):
                await turn(rig, connection, number)
            for message in deletions(connection):
                error = wire.ServerError(
                    "gone", code="item_delete_invalid_item_id", event_id=message["event_id"]
                )
                connection.say(wire.ErrorEvent(error))
            await turn(rig, connection, 3)
            assert len(deletions(connection)) == 4
            assert not refusals(rig)

    lab_run(main())


def test_a_connection_that_is_lost_once_switches_nothing_off(lab_run):
    async def main():
        connections = [Connection() for _ in range(4)]
        async with Rig(*connections, remember_turns=1) as rig:
            for number, connection in enumerate(connections):
                await turn(rig, connection, 2 * number)
                await turn(rig, connection, 2 * number + 1)
                assert len(deletions(connection)) == 2
                if number % 2:  # this time the service had answered
                    for message in deletions(connection):
                        connection.say(wire.ItemDeleted(message["item_id"]))
                    await asyncio.sleep(0.1)
                    rig.link.turn_over()
                connection.drop()
                await asyncio.sleep(40)
            assert not refusals(rig)

    lab_run(main())
