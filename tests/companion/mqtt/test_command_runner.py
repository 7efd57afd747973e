"""What becomes of commands when the connection that they came over ends."""

import asyncio

from edged.companion.mqtt.command_runner import MOST_WAITING, CommandRunner
from edged.companion.mqtt.commands import RemoteCommands
from tests.companion.mqtt.scripted_kiosk import ScriptedKiosk


class BusyKiosk(ScriptedKiosk):
    """Answers no command until `free` is set."""

    def __init__(self):
        super().__init__()
        self.free = asyncio.Event()

    async def ask(self, command, **more):
        await self.free.wait()
        return await super().ask(command, **more)


class Slowly(RemoteCommands):
    """Commands that come once in a minute."""

    minutes = 0

    def take(self, name, payload, now_s, *, retained):
        self.minutes += 1
        return super().take(name, payload, now_s + 60 * self.minutes, retained=retained)


def volume(runner, number):
    runner.take("volume", f'{{"id": "{number}", "volume": 20}}'.encode(), retained=False)


def test_each_command_has_a_result_and_what_was_not_carried_out_may_come_again():
    async def main():
        kiosk, commands, results = BusyKiosk(), RemoteCommands(may_unmute=False), []

        def connected():
            runner = CommandRunner(kiosk, commands, results.append, dict)
            return runner, asyncio.ensure_future(runner.run())

        runner, life = connected()
        for number in ("first", "second"):
            volume(runner, number)
        await asyncio.sleep(0.01)
        life.cancel()
        await asyncio.wait([life])
        assert [(each["id"], each["ok"]) for each in results] == [("first", False), ("second", False)]
        assert "before the kiosk has answered" in results[0]["error"]
        assert "send it again" in results[1]["error"]
        kiosk.free.set()
        results.clear()
        runner, life = connected()
        for number in ("first", "second"):  # the first one may have been carried out
            volume(runner, number)
        await asyncio.sleep(0.01)
        assert [(each["id"], each["ok"]) for each in results] == [("second", True)]
        life.cancel()

    asyncio.run(main())


def test_a_command_for_which_there_was_no_place_may_come_again():
    async def main():
        kiosk, results = BusyKiosk(), []
        commands = Slowly(may_unmute=False)
        runner = CommandRunner(kiosk, commands, results.append, dict)
        for number in range(MOST_WAITING + 1):
            volume(runner, number)
        assert [each["id"] for each in results] == [str(MOST_WAITING)]
        kiosk.free.set()
        life = asyncio.ensure_future(runner.run())
        await asyncio.sleep(0.01)
        volume(runner, MOST_WAITING)
        await asyncio.sleep(0.01)
        assert results[-1]["id"] == str(MOST_WAITING)
        assert results[-1]["ok"]
        life.cancel()

    asyncio.run(main())
