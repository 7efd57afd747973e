"""What the companion makes of a kiosk's answers and events, whatever their order. The kiosk follows a script."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from edged.companion import follower
from edged.companion.follower import MOST_ASKED
from edged.errors import CommandError
from tests.companion.test_follower import following, until

RUN = {"state": "IDLE", "light": "ready", "volume": 50, "run": "1"}


def line(**message):
    return json.dumps(message).encode() + b"\n"


def event(kind, /, **more):
    return line(type="event", event=kind, **more)


class ScriptedKiosk:
    """A control socket. `reply(request)` returns what follows a request, as bytes; `state` is that of its greeting."""

    def __init__(self):
        self.state, self.asked, self.connections = dict(RUN), [], []

    def reply(self, request):
        return self.answer(request)

    def answer(self, request, **state):
        return line(type="answer", id=request["id"], ok=True, state={**self.state, **state})

    def commands(self):
        return [request["command"] for request in self.asked]

    async def serve(self, reader, writer):
        self.connections.append(writer)
        writer.write(line(type="hello", protocol=2, edged="1") + line(type="snapshot", **self.state))
        while text := await reader.readline():
            self.asked.append(json.loads(text))
            writer.write(self.reply(self.asked[-1]))


@asynccontextmanager
async def scripted(folder, kind=ScriptedKiosk):
    script = kind()
    server = await asyncio.start_unix_server(script.serve, folder / "s")
    try:
        async with following(folder / "s") as (kiosk, heard):
            await until(lambda: kiosk.view.is_up)
            yield script, kiosk, heard
    finally:
        server.close()
        for connection in script.connections:
            connection.close()


def test_a_state_that_comes_together_with_later_events_does_not_replace_what_they_said(tmp_path):
    class Pressed(ScriptedKiosk):
        def reply(self, request):
            if len(self.asked) > 1:
                return b""
            return self.answer(request) + event("turn", state="LISTENING") + event("light", light="recording")

    async def main():
        async with scripted(tmp_path, Pressed) as (script, kiosk, _):
            await until(lambda: len(script.asked) == 2)  # after the change, it has asked again
            seen = kiosk.view.snapshot
            assert (seen["state"], seen["light"], seen["volume"]) == ("LISTENING", "recording", 50)

    asyncio.run(main())


def a_turn(number):
    marks = (("press", 0), ("release", 900), ("first_sound", 1600))
    return b"".join(event("mark", name=name, turn=number, at_ms=at_ms) for name, at_ms in marks)


@pytest.mark.parametrize(("run", "kept"), [("1", [7]), ("2", []), (None, [])])
def test_turns_are_known_after_a_lost_connection_unless_the_kiosk_has_begun_anew(tmp_path, run, kept):
    async def main():
        async with scripted(tmp_path) as (script, kiosk, heard):
            script.connections[0].write(a_turn(7))
            await until(lambda: len(kiosk.view.latencies) == 1)
            script.state["run"] = run
            script.connections[0].close()
            await until(lambda: [each["event"] for each in heard].count("back") == 2)
            await until(lambda: kiosk.view.is_up)
            assert [each.number for each in kiosk.view.conversation if each.number] == kept
            assert [turn for turn, _ in kiosk.view.latencies] == kept

    asyncio.run(main())


def test_a_release_is_sent_however_many_commands_wait(tmp_path):
    class Slow(ScriptedKiosk):
        def reply(self, request):
            return b"" if request["command"] == "mute" else self.answer(request)

    async def main():
        async with scripted(tmp_path, Slow) as (script, kiosk, _):
            waiting = [asyncio.ensure_future(kiosk.ask("mute")) for _ in range(MOST_ASKED)]
            await until(lambda: script.commands().count("mute") == MOST_ASKED)
            with pytest.raises(CommandError, match="wait for their answers"):
                await kiosk.ask("volume", volume=3)
            await kiosk.ask("release")
            assert (await kiosk.ask("status"))["volume"] == 50
            for each in waiting:
                each.cancel()
            await asyncio.wait(waiting)

    asyncio.run(main())


def test_a_kiosk_that_is_busy_with_a_slow_command_does_not_count_as_hanging(tmp_path, monkeypatch):
    monkeypatch.setattr(follower, "ANSWER_S", 0.2)
    monkeypatch.setattr(follower, "SOON_S", 0.05)

    class Slow(ScriptedKiosk):
        """Answers no more after `mute`."""

        def reply(self, request):
            return b"" if "mute" in self.commands() else self.answer(request)

    async def main():
        async with scripted(tmp_path, Slow) as (script, kiosk, heard):
            await until(lambda: script.commands() == ["status"])
            muting = asyncio.ensure_future(kiosk.ask("mute"))
            await until(lambda: "mute" in script.commands())
            script.connections[0].write(event("light", light="muted"))
            await until(lambda: script.commands().count("status") == 2)
            await asyncio.sleep(4 * follower.ANSWER_S)
            script.connections[0].write(b"".join(map(script.answer, script.asked[1:])))
            await muting
            assert "gone" not in [each["event"] for each in heard]

    asyncio.run(main())


def test_what_a_command_has_changed_is_asked_for_soon(tmp_path):
    async def main():
        async with scripted(tmp_path) as (script, kiosk, _):
            await until(lambda: script.commands() == ["status"])
            script.state["volume"] = 35
            await kiosk.ask("volume", volume=35)
            async with asyncio.timeout(3):
                await until(lambda: kiosk.view.snapshot["volume"] == 35)

    asyncio.run(main())


@pytest.mark.parametrize(
    "odd", [{"event": []}, {"event": "turn", "by": {}, "state": []}, {"type": "answer", "id": []}]
)
def test_a_misshapen_message_does_not_end_the_companion(tmp_path, odd):
    async def main():
        async with scripted(tmp_path) as (script, kiosk, heard):
            script.connections[0].write(line(**{"type": "event", **odd}) + event("light", light="busy"))
            await until(lambda: kiosk.view.snapshot.get("light") == "busy")
            assert "gone" not in [each["event"] for each in heard]

    asyncio.run(main())
