"""The control socket over real Unix sockets."""

import array
import asyncio
import fcntl
import gc
import json
import os
import resource
import socket
import termios
import threading
from contextlib import AsyncExitStack, asynccontextmanager, chdir, contextmanager, suppress
from pathlib import Path

import pytest

from edged import __version__
from edged.errors import CommandError, ConfigError
from edged.system.control import MOST_CLIENTS, OFTEN, ControlServer
from edged.system.control_client import ControlClient
from edged.system.control_guest import ControlGuest
from edged.system.control_lines import MOST_LINE, ControlLine

IN_TIME_S = 60  # only a hang takes longer; a busy machine is slow


class Target:
    """Records its commands, and who holds what was pressed."""

    def __init__(self):
        self.commands = []
        self.holder = None
        self.peers = []
        self.problems = []
        self.by = []  # who did what
        self.went = []  # who disconnected while pressing

    def snapshot(self):
        return {"state": "IDLE", "n": len(self.commands)}

    def command(self, name, peer, by=None):
        if name == "mute" and "mute" in self.commands:
            raise CommandError("muted already")
        self.commands.append(name)
        self.peers.append(peer)
        self.by.append(by)
        if name in ("press", "release"):
            self.holder = by if name == "press" else None
        return self.snapshot()

    async def kept(self):
        return {**self.snapshot(), "kept": True}

    def let_go(self, by):
        self.went.append(by)
        if by is self.holder:
            self.commands.append("let go")

    async def reload(self):
        if self.problems:
            raise ConfigError(self.problems)
        return {"live": ["mode"], "reopen": [], "restart": [], "key": False, "when": "now"}


class Client:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def read(self):
        return json.loads(await asyncio.wait_for(self.reader.readline(), IN_TIME_S))

    async def ask(self, line):
        self.writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        return await self.read()

    async def close(self):
        self.writer.close()
        with suppress(ConnectionError):  # the server may have disconnected it while it wrote
            await self.writer.wait_closed()


@asynccontextmanager
async def serving(path, target, **options):
    """A server that works. The test fails if anything goes wrong in it, unless the test handles that itself."""
    loop, wrong = asyncio.get_running_loop(), []
    if loop.get_exception_handler() is None:
        loop.set_exception_handler(lambda _, context: wrong.append(context))
    server = ControlServer(path, target)
    await server.start(**options)
    try:
        yield server
    finally:
        await server.close()
    assert wrong == []


@asynccontextmanager
async def client_of(path, greeted=True):
    client = Client(*await asyncio.open_unix_connection(path))
    if greeted:
        assert (await client.read())["type"] == "hello"
        assert (await client.read())["type"] == "snapshot"
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "control.sock"


def test_a_client_hears_hello_the_state_and_then_what_happens(path):
    async def main():
        target = Target()
        async with serving(path, target) as server, client_of(path, greeted=False) as client:
            assert await client.read() == {"type": "hello", "protocol": 2, "edged": __version__}
            assert await client.read() == {"type": "snapshot", "state": "IDLE", "n": 0}
            server.publish({"event": "light", "light": "ready"})
            assert await client.read() == {"type": "event", "event": "light", "light": "ready"}

    asyncio.run(main())


def test_commands_are_carried_out_and_answered_with_the_state(path):
    async def main():
        target = Target()
        async with serving(path, target), client_of(path) as client:
            for number, name in enumerate(["press", "release", "interrupt", "mute", "unmute"], 1):
                answer = await client.ask({"id": number, "command": name})
                kept = {"kept": True} if name in ("mute", "unmute") else {}
                assert answer == {
                    "type": "answer",
                    "id": number,
                    "ok": True,
                    "state": {"state": "IDLE", "n": number, **kept},
                }
            assert await client.ask({"id": "s", "command": "status"}) == {
                "type": "answer",
                "id": "s",
                "ok": True,
                "state": {"state": "IDLE", "n": 5},
            }
            assert target.commands == ["press", "release", "interrupt", "mute", "unmute"]
            assert {(peer.pid, peer.uid, peer.gid) for peer in target.peers} == {
                (os.getpid(), os.getuid(), os.getgid())
            }

    asyncio.run(main())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\n", "one JSON object"),
        (b"{\n", "one JSON object"),
        (b"[]\n", '"command"'),
        (b'{"command": 7}\n', '"command"'),
        (b'{"command": "dance"}\n', "unknown command 'dance'"),
        (b"[" * 5000 + b"\n", "JSON object"),
        (b'{"command": "status", "id": ' + b"[" * 700 + b"]" * 700 + b"}\n", "id of a request"),
        (b'{"command": "status", "id": true}\n', "id of a request"),
        (b'{"command": "status", "id": 1.5}\n', "id of a request"),
    ],
)
def test_nonsense_is_answered_and_the_connection_lives(path, line, says):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            answer = await client.ask(line)
            assert answer["ok"] is False
            assert says in answer["error"]
            assert (await client.ask({"command": "status"}))["ok"] is True

    asyncio.run(main())


def test_a_reload_is_answered_when_it_is_done_with_what_has_changed(path):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            answer = await client.ask({"id": 1, "command": "reload"})
            assert (answer["ok"], answer["state"]["live"]) == (True, ["mode"])

    asyncio.run(main())


def test_a_reload_that_is_refused_names_every_fault(path):
    async def main():
        target = Target()
        target.problems = ["config.yaml:3:3: button.gpoi: unknown key", "config.yaml:9:1: mode: is wrong"]
        async with serving(path, target), client_of(path) as client:
            assert await client.ask({"id": 1, "command": "reload"}) == {
                "type": "answer",
                "id": 1,
                "ok": False,
                "error": "the configuration cannot be used; the current one stays in use",
                "problems": target.problems,
            }

    asyncio.run(main())


def test_a_command_that_is_refused_says_why_and_the_journal_says_whose_it_was(path, caplog):
    caplog.set_level("INFO", "edged.system.control")

    async def main():
        async with serving(path, Target()), client_of(path) as client:
            await client.ask({"command": "mute"})
            answer = await client.ask({"id": 2, "command": "mute"})
            assert answer == {"type": "answer", "id": 2, "ok": False, "error": "muted already"}

    asyncio.run(main())
    [refused] = [record for record in caplog.records if "refused" in record.getMessage()]
    assert refused.getMessage() == "control socket: refused: muted already"
    assert refused.edged == {"cause": "command_refused", "uid": os.getuid(), "pid": os.getpid()}


def test_an_unknown_command_is_told_those_that_are_known(path):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            known = (
                "status, levels, wire, config, say, interrupt, more_time, mute, new_conversation, press, release, "
                "reload, repeat_answer, shutdown, stop, toggle_mute, unmute, volume, volume_down, volume_up"
            )
            assert await client.ask({"command": "dance"}) == {
                "type": "answer",
                "id": None,
                "ok": False,
                "error": f"unknown command 'dance'; known are {known}",
            }

    asyncio.run(main())


async def until(holds):
    """Wait until the server has done this much."""
    async with asyncio.timeout(IN_TIME_S):
        while not holds():  # noqa: ASYNC110 what is waited for has no event
            await asyncio.sleep(0)


def test_a_client_that_goes_while_it_presses_lets_go(path):
    async def main():
        target = Target()
        async with serving(path, target):
            async with client_of(path) as client:
                await client.ask({"command": "press"})
                await client.ask({"command": "interrupt"})  # the client still presses
                assert target.by == [target.holder] * 2
            await until(lambda: target.commands == ["press", "interrupt", "let go"])
            assert len(target.went) == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"command": "interrupt"}],
        [{"command": "press", "keep": True}],
        [{"command": "press"}, {"command": "release"}],
    ],
)
def test_a_press_that_is_kept_or_was_let_go_is_not_let_go_again(path, requests):
    async def main():
        target = Target()
        async with serving(path, target) as server:
            async with client_of(path) as client:
                for request in requests:
                    await client.ask(request)
            async with client_of(path) as client:
                await client.ask({"command": "interrupt"})
            assert target.commands == [*(request["command"] for request in requests), "interrupt"]
            assert target.went == []
            assert server.dropped == 0

    asyncio.run(main())


@pytest.mark.parametrize(
    ("request_", "is_its_own"),
    [
        ({"command": "press"}, True),
        ({"command": "press", "keep": False}, True),
        ({"command": "press", "keep": "yes"}, True),
        ({"command": "press", "keep": True}, False),
        ({"command": "release"}, True),
        ({"command": "release", "keep": True}, True),
        ({"command": "interrupt", "keep": True}, True),
    ],
)
def test_only_a_press_that_is_kept_is_nobodys(path, request_, is_its_own):
    async def main():
        target = Target()
        async with serving(path, target), client_of(path) as client:
            assert (await client.ask(request_))["ok"] is True
            assert [by is not None for by in target.by] == [is_its_own]

    asyncio.run(main())


def test_a_line_too_long_ends_the_connection_with_a_word(path):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            answer = await client.ask(b"x" * (MOST_LINE + 100) + b"\n")
            assert answer == {"type": "error", "error": f"a line is at most {MOST_LINE} bytes"}
            assert await client.reader.read() == b""

    asyncio.run(main())


def test_a_fault_of_ours_is_told_as_one_and_not_as_the_clients(path):
    async def main():
        contexts = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: contexts.append(context))
        target = Target()
        async with serving(path, target), client_of(path) as client:
            target.snapshot = lambda: int("a bug")
            client.writer.write(b'{"command": "status"}\n')
            assert await asyncio.wait_for(client.reader.read(), IN_TIME_S) == b""
        [context] = contexts
        assert (context["message"], type(context["exception"])) == ("control socket", ValueError)
        assert context["task"].exception() is context["exception"]
        assert context.keys() == {"message", "exception", "task"}

    asyncio.run(main())


def test_of_one_user_s_clients_the_one_that_was_quiet_for_longest_makes_room_for_one_more(path):
    async def main():
        async with serving(path, Target()) as server, AsyncExitStack() as stack:
            first, second, third, *_ = [
                await stack.enter_async_context(client_of(path)) for _ in range(MOST_CLIENTS)
            ]
            assert (await first.ask({"command": "status"}))["ok"] is True
            extra = await stack.enter_async_context(client_of(path))
            assert "got this place" in (await second.read())["error"]
            assert await second.reader.read() == b""
            assert server.dropped == 1
            for client in (first, third, extra):
                assert (await client.ask({"command": "status"}))["ok"] is True

    asyncio.run(main())


def test_where_all_of_one_user_have_spoken_the_one_that_was_heard_first_makes_room(path):
    async def main():
        async with serving(path, Target()) as server, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client_of(path)) for _ in range(16)]
            for client in clients[::-1]:
                assert (await client.ask({"command": "status"}))["ok"] is True
            assert server.dropped == 0
            await stack.enter_async_context(client_of(path))
            assert "got this place" in (await clients[-1].read())["error"]
            assert server.dropped == 1

    asyncio.run(main())


def test_whoever_goes_leaves_its_place(path):
    async def main():
        async with serving(path, Target()) as server:
            for number in range(40):
                async with client_of(path) as client:
                    if number % 2:
                        assert (await client.ask({"command": "status"}))["ok"] is True
            assert server.dropped == 0

    asyncio.run(main())


def kept(kind, beside=()):
    """Return all objects of a kind, without those in `beside`."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, kind) and id(each) not in beside]


def test_nothing_is_kept_of_what_was_answered(path):
    async def main():
        before = {id(each) for each in kept(asyncio.Task)}
        async with serving(path, Target()), client_of(path) as client:
            for _ in range(50):
                await client.ask({"command": "status"})
            assert not [task for task in kept(asyncio.Task, before) if task.done()]

    asyncio.run(main())


def test_a_press_behind_a_command_of_one_who_has_gone_is_not_made(path):
    async def main():
        target = Target()
        begun, done = slow_to_reload(target)
        async with serving(path, target) as server:
            async with client_of(path) as client:
                client.writer.write(b'{"command": "reload"}\n{"command": "press"}\n')
                await begun.wait()
            server.publish({"event": "x"})  # this makes the server notice
            for _ in range(20):
                await asyncio.sleep(0)
            done.set()
            for _ in range(20):
                await asyncio.sleep(0)
            assert target.commands == []

    asyncio.run(main())


def test_the_end_cancels_what_was_asked_and_lets_go_what_is_pressed(path):
    async def main():
        target, begun, ended = Target(), asyncio.Event(), []

        async def reload():
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(1)

        target.reload = reload
        async with serving(path, target) as server, client_of(path) as waiting, client_of(path) as pressing:
            waiting.writer.write(b'{"command": "reload"}\n')
            await begun.wait()
            assert (await pressing.ask({"command": "press"}))["ok"] is True
            await server.close()
            assert ended == [1]
            assert target.commands == ["press", "let go"]
            assert await pressing.reader.read() == b""

    asyncio.run(main())


def test_the_end_waits_for_what_one_who_has_gone_had_asked_for(path):
    async def main():
        target, begun, ended = Target(), asyncio.Event(), []

        async def reload():
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(1)

        target.reload = reload
        async with serving(path, target) as server:
            async with client_of(path) as client:
                client.writer.write(b'{"command": "reload"}\n')
                await begun.wait()
            server.publish({"event": "x"})  # this makes the server notice
            for _ in range(20):
                await asyncio.sleep(0)
            await server.close()
            assert ended == [1]

    asyncio.run(main())


def test_one_that_never_served_ends_without_a_trace(path):
    path.parent.mkdir()
    path.write_text("another's")
    asyncio.run(ControlServer(path, Target()).close())
    assert path.read_text() == "another's"


def test_a_socket_that_somebody_took_away_does_not_keep_the_server_from_its_end(path):
    async def main():
        async with serving(path, Target()) as server:
            path.unlink()
            server.abandon()

    asyncio.run(main())


def test_folders_are_made_and_what_cannot_be_bound_leaves_nothing_open(tmp_path):
    async def main():
        before, mask = open_files(), os.umask(0o022)
        try:
            async with serving(tmp_path / "a" / "b" / "c" / "control.sock", Target()):
                assert os.umask(0o022) == 0o022
            with pytest.raises(OSError, match="too long"):
                await ControlServer(tmp_path / ("x" * 200), Target()).start()
            assert os.umask(0o022) == 0o022
            assert open_files() == before
        finally:
            os.umask(mask)

    asyncio.run(main())


def test_who_presses_or_waits_for_an_answer_never_makes_room(path):
    async def main():
        target, done = Target(), asyncio.Event()

        async def reload():
            await done.wait()
            return {}

        target.reload = reload
        async with serving(path, target), AsyncExitStack() as stack:
            pressing, waiting = [await stack.enter_async_context(client_of(path)) for _ in range(2)]
            assert (await pressing.ask({"command": "press"}))["ok"] is True
            waiting.writer.write(b'{"command": "reload"}\n')
            for _ in range(3 * MOST_CLIENTS):
                await stack.enter_async_context(client_of(path))
            done.set()
            assert (await waiting.read())["ok"] is True
            assert (await pressing.ask({"command": "release"}))["ok"] is True
            assert target.commands == ["press", "release"]

    asyncio.run(main())


def test_whoever_goes_while_it_waits_for_an_answer_has_its_place_until_it_is_made(path):
    async def main():
        target, done, begun = Target(), asyncio.Event(), []

        async def reload():
            begun.append(1)
            await done.wait()
            return {}

        target.reload = reload
        async with serving(path, target):
            for number in range(MOST_CLIENTS):
                async with client_of(path) as client:
                    client.writer.write(b'{"command": "reload"}\n')
                    await until(lambda n=number: len(begun) > n)
            refused = Client(*await asyncio.open_unix_connection(path))
            while (contexts := await refused.read())["type"] != "error":
                pass
            assert "all of them are busy" in contexts["error"]
            await refused.close()
            done.set()
            async with client_of(path) as client:
                assert (await client.ask({"command": "status"}))["ok"] is True
        assert len(begun) == MOST_CLIENTS

    asyncio.run(main())


def connected_as(uid, path):
    """A silent connection of another user of the group."""
    client = socket.socket(socket.AF_UNIX)
    path.chmod(0o666)
    with chdir(path.parent):  # only root may enter the folders above
        os.seteuid(uid)
        try:
            client.connect(path.name)
        finally:
            os.seteuid(0)
    client.setblocking(False)
    return client


async def heard(client):
    """Return all that the client receives until nothing more comes for now."""
    said = b""
    for _ in range(20):
        await asyncio.sleep(0)
        with suppress(BlockingIOError, ConnectionResetError):
            said += client.recv(65536)
    return said.decode()


others = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@others
@pytest.mark.parametrize("users", [[1001], [1001, 1002], range(1001, 1061)])
@pytest.mark.parametrize("spoken", [False, True])
def test_root_gets_in_whatever_others_do_and_no_one_of_them_loses_a_place_for_that(path, users, spoken):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            crowd = []
            for n in range(60):
                crowd.append(stack.enter_context(connected_as(users[n % len(users)], path)))
                await heard(crowd[-1])
                if spoken:
                    with suppress(OSError):
                        crowd[-1].send(b'{"command": "status"}\n')
            for client in crowd:
                await heard(client)
            for _ in range(MOST_CLIENTS):
                root = await stack.enter_async_context(client_of(path))
                assert (await root.ask({"command": "status"}))["ok"] is True
            assert not any([await heard(client) for client in crowd])

    asyncio.run(main())


@others
def test_one_user_cannot_take_the_places_of_the_others(path):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            watcher = stack.enter_context(connected_as(1001, path))
            assert "snapshot" in await heard(watcher)
            crowd = [stack.enter_context(connected_as(1002, path)) for _ in range(100)]
            greeted = ["snapshot" in await heard(client) for client in crowd]
            # Clients that connect too fast are refused.
            assert greeted == [True] * OFTEN.most + [False] * (100 - OFTEN.most)
            assert "snapshot" in await heard(stack.enter_context(connected_as(1003, path)))
            assert await heard(watcher) == ""

    asyncio.run(main())


@others
def test_where_all_have_spoken_another_user_is_told_that_there_is_no_place(path):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            for n in range(MOST_CLIENTS):
                client = stack.enter_context(connected_as(1001 + n % 2, path))
                client.send(b'{"command": "status"}\n')
                assert '"ok": true' in await heard(client)
            assert "all of them are busy" in await heard(stack.enter_context(connected_as(1003, path)))

    asyncio.run(main())


@others
def test_where_no_more_files_can_be_opened_root_gets_in_and_the_others_make_room(path, caplog):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            idle = [stack.enter_context(connected_as(1001, path)) for _ in range(3)]
            assert ["snapshot" in await heard(client) for client in idle] == [True] * 3
            root = stack.enter_context(socket.socket(socket.AF_UNIX))
            root.setblocking(False)
            with no_more_files():
                root.connect(str(path))
                assert "snapshot" in await heard(root)
            assert ["too many open files" in await heard(client) for client in idle] == [True, False, False]

    asyncio.run(main())
    assert caplog.text.count("too many open files and refuses") == 1


class Clock(asyncio.SelectorEventLoop):
    """A loop whose clock stands still until the test sets it."""

    now = 0.0

    def time(self):
        return self.now


def on_a_clock(main):
    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(main(runner.get_loop()))


@others
def test_a_user_who_comes_too_fast_is_greeted_twenty_times_a_second(path):
    async def main(loop):
        async with serving(path, Target()):

            async def greeted():
                with connected_as(1001, path) as client:
                    return "snapshot" in await heard(client)

            assert [await greeted() for _ in range(17)] == [True] * 16 + [False]
            loop.now = 0.049
            assert not await greeted()
            loop.now = 0.050
            assert [await greeted() for _ in range(2)] == [True, False]
            loop.now = 0.200
            assert [await greeted() for _ in range(4)] == [True] * 3 + [False]
            loop.now = 60.0
            assert [await greeted() for _ in range(17)] == [True] * 16 + [False]

    on_a_clock(main)


@contextmanager
def running_as(uid):
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@others
@pytest.mark.parametrize(
    ("users", "edged", "most"),
    [([0], 0, 16), ([1005], 1005, 16), ([1001], 1005, 8), ([1001, 1002], 1005, 16), ([0], 1005, 16)],
    ids=["root", "edged's own user", "one of the group", "two of the group", "root beside edged's user"],
)
def test_so_many_have_a_place(path, users, edged, most):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            clients = []
            for n in range(most + 1):
                clients.append(stack.enter_context(connected_as(users[n % len(users)], path)))
                with running_as(edged):
                    assert "snapshot" in await heard(clients[-1])
                if n < most:
                    assert not any([await heard(client) for client in clients])
            with running_as(edged):
                assert ["got this place" in await heard(client) for client in clients] == [True] + [
                    False
                ] * most

    asyncio.run(main())


@others
def test_where_no_more_files_can_be_opened_who_has_spoken_stays_and_only_root_gets_in(path):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            spoken = stack.enter_context(connected_as(1001, path))
            spoken.send(b'{"command": "status"}\n')
            assert '"ok": true' in await heard(spoken)
            comes = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2)]
            path.chmod(0o666)
            with no_more_files(), chdir(path.parent):
                os.seteuid(1002)
                comes[0].connect(path.name)
                os.seteuid(0)
                comes[0].setblocking(False)
                assert await heard(comes[0]) == ""
                assert comes[0].recv(1) == b""  # the server disconnected it
                comes[1].connect(path.name)
                comes[1].setblocking(False)
                assert "snapshot" in await heard(comes[1])
            assert await heard(spoken) == ""

    asyncio.run(main())


@others
@pytest.mark.parametrize("is_other_there", [True, False])
def test_where_no_more_files_can_be_opened_others_make_room_before_root_does(path, is_other_there):
    async def main():
        async with serving(path, Target()), AsyncExitStack() as stack:
            idle = [stack.enter_context(connected_as(0, path))]
            if is_other_there:
                idle.append(stack.enter_context(connected_as(1001, path)))
            assert ["snapshot" in await heard(client) for client in idle] == [True] * len(idle)
            root = stack.enter_context(socket.socket(socket.AF_UNIX))
            with no_more_files():
                root.connect(str(path))
                root.setblocking(False)
                assert "snapshot" in await heard(root)
            goes = ["too many open files" in await heard(client) for client in idle]
            assert goes == ([False, True] if is_other_there else [True])

    asyncio.run(main())


def greeting(client):
    client.settimeout(IN_TIME_S)
    with client.makefile("rb") as lines:
        return json.loads(lines.readline())["type"]


def test_of_a_burst_everybody_is_greeted_and_no_more_stay_than_may_be_here(path):
    async def main():
        clients = [socket.socket(socket.AF_UNIX) for _ in range(3 * MOST_CLIENTS)]
        async with serving(path, Target()) as server:
            # The server shares this loop, so it accepts none before all are in the queue.
            for client in clients:
                client.connect(str(path))
            greetings = [await asyncio.to_thread(greeting, client) for client in clients]
            assert greetings == ["hello"] * 3 * MOST_CLIENTS
            assert server.dropped == 2 * MOST_CLIENTS
        for client in clients:
            client.close()

    asyncio.run(main())


@contextmanager
def no_more_files():
    """No file can be opened in this process."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_who_comes_while_no_files_are_left_does_not_wait_and_is_let_in_at_once_when_there_are(path, caplog):
    async def main():
        loop = asyncio.get_running_loop()
        complaints = []
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with serving(path, Target()), client_of(path) as before:
            assert (await before.ask({"command": "status"}))["ok"] is True
            crowd = [socket.socket(socket.AF_UNIX) for _ in range(50)]
            later = socket.socket(socket.AF_UNIX)
            with no_more_files():
                for client in crowd:
                    client.setblocking(False)
                    client.connect(str(path))
                    await heard(client)
                assert (await before.ask({"command": "status"}))["ok"] is True
            begun = loop.time()
            later.connect(str(path))
            later.setblocking(False)
            assert "hello" in await heard(later)  # within twenty rounds of the loop
            assert loop.time() - begun < 1  # asyncio on its own would wait that long
            for client in (*crowd, later):
                client.close()
        assert not complaints

    asyncio.run(main())
    assert caplog.text.count("too many open files and refuses") <= 1


def open_files():
    return set(Path("/proc/self/fd").iterdir())


def test_descriptors_that_were_kept_aside_are_given_back(path):
    async def main():
        before = open_files()
        async with serving(path, Target()), client_of(path):
            with socket.socket(socket.AF_UNIX) as other, no_more_files():
                other.connect(str(path))
                other.setblocking(False)
                await heard(other)
        assert open_files() == before

    asyncio.run(main())


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_lines_are_answered_one_after_the_other_however_they_come(path, size):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            said = b"".join(json.dumps({"id": n, "command": "status"}).encode() + b"\n" for n in range(300))

            async def say():
                for at in range(0, len(said), size):
                    client.writer.write(said[at : at + size])
                    await client.writer.drain()
                    await asyncio.sleep(0)

            saying = asyncio.ensure_future(say())
            assert [(await client.read())["id"] for _ in range(300)] == list(range(300))
            await saying

    asyncio.run(main())


def slow_to_reload(target):
    """A client whose reload begins and ends with these events."""
    begun, done = asyncio.Event(), asyncio.Event()

    async def reload():
        begun.set()
        await done.wait()
        return {}

    target.reload = reload
    return begun, done


def test_what_is_sent_while_an_answer_is_made_waits_however_much_it_is(path):
    async def main():
        target = Target()
        begun, done = slow_to_reload(target)
        async with serving(path, target), client_of(path) as client:
            client.writer.write(b'{"id": 0, "command": "reload"}\n')
            await begun.wait()
            asked = [json.dumps({"id": n, "command": "status"}).encode() + b"\n" for n in range(1, 1001)]
            client.writer.write(b"".join(asked))
            for _ in range(100):
                await asyncio.sleep(0)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.reader.readline(), 0)
            done.set()
            assert [(await client.read())["id"] for _ in range(1001)] == list(range(1001))

    asyncio.run(main())


@pytest.mark.parametrize("size", [MOST_LINE, MOST_LINE + 1])
def test_a_line_of_eight_kib_is_answered_and_a_longer_one_is_not(path, size):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            line = b'{"command": "status", "id": "' + b"x" * (size - 32) + b'"}\n'
            assert len(line) == size
            answer = await client.ask(line)
            assert answer["type"] == ("answer" if size == 8192 else "error")

    asyncio.run(main())


def test_one_that_is_dropped_in_the_moment_of_an_answer_is_not_asked_for_more(path):
    """A press of it would belong to nobody: its release would come before its press."""

    async def main():
        target = Target()
        begun, done = slow_to_reload(target)
        async with serving(path, target) as server, client_of(path) as client:
            client.writer.write(b'{"command": "reload"}\n{"command": "press"}\n')
            await begun.wait()
            asyncio.get_running_loop().call_soon(done.set)
            server.publish({"text": "y" * 70_000})
            for _ in range(20):
                await asyncio.sleep(0)
            assert server.dropped == 1
            assert target.commands == []

    asyncio.run(main())


def test_after_its_goodbye_a_client_hears_no_news(path):
    async def main():
        async with serving(path, Target()) as server, client_of(path) as client:
            client.writer.write(b"x" * MOST_LINE)
            for _ in range(50):  # before it, at the same moment, and after it
                server.publish({"event": "x"})
                await asyncio.sleep(0)
            said = (await asyncio.wait_for(client.reader.read(), IN_TIME_S)).splitlines()
            kinds = [json.loads(line)["type"] for line in said]
            assert kinds == ["event"] * (len(kinds) - 1) + ["error"]
            assert 1 < len(kinds) < 50

    asyncio.run(main())


def test_one_that_is_talking_when_all_ends_hears_why_and_no_error(path):
    async def main():
        with socket.socket(socket.AF_UNIX) as client:
            async with serving(path, Target()) as server:
                client.connect(str(path))
                client.setblocking(False)
                assert "snapshot" in await heard(client)
                client.send(b"x" * MOST_LINE)
                for _ in range(20):
                    await asyncio.sleep(0)
                client.send(b"x" * 100)
                await server.close()
            assert b"at most 8192 bytes" in client.recv(1000)
            assert client.recv(1000) == b""

    asyncio.run(main())


def test_nothing_is_kept_of_who_was_sent_away(path):
    async def main(_):
        before = {id(each) for each in kept(ControlGuest)}
        async with serving(path, Target()), AsyncExitStack() as stack:
            for _ in range(20):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.connect(str(path))
                client.setblocking(False)
                assert "snapshot" in await heard(client)
            assert len(kept(ControlGuest, before)) == 16

    on_a_clock(main)


def test_what_was_asked_before_the_end_is_answered(path):
    async def main():
        async with serving(path, Target()), client_of(path) as client:
            client.writer.write(b'{"id": 1, "command": "status"}\n' * 3 + b'{"id": 2, "comm')
            client.writer.write_eof()
            answers = (await asyncio.wait_for(client.reader.read(), IN_TIME_S)).splitlines()
            assert [json.loads(answer)["id"] for answer in answers] == [1, 1, 1]

    asyncio.run(main())


def test_a_line_without_end_is_not_kept(path):
    async def main():
        async with serving(path, Target()) as server, client_of(path) as client:
            with suppress(ConnectionError):
                for _ in range(100):
                    client.writer.write(b"x" * 65536)
                    await client.writer.drain()
            assert server.dropped == 0
            async with client_of(path) as other:
                assert (await other.ask({"command": "status"}))["ok"] is True

    asyncio.run(main())


@pytest.mark.slow
def test_a_client_that_does_not_read_is_dropped_and_nobody_waits(path):
    async def main():
        async with serving(path, Target()) as server, client_of(path), client_of(path) as reading:
            for number in range(3000):
                server.publish({"event": "x", "n": number, "text": "y" * 100})
                assert (await reading.read())["n"] == number
            assert server.dropped == 1

    asyncio.run(main())


@pytest.mark.parametrize(("size", "dropped"), [(64 * 1024, 0), (64 * 1024 + 1, 1)])
def test_sixty_four_kib_may_be_unread(path, size, dropped):
    async def main():
        async with serving(path, Target()) as server, client_of(path) as client:
            for _ in range(10):
                await asyncio.sleep(0)
            empty = len(ControlLine({"type": "event", "text": ""}).encoded)
            server.publish({"text": "y" * (size - empty)})
            said = await asyncio.wait_for(client.reader.read(size), IN_TIME_S)
            assert bool(said) is not bool(dropped)
            assert server.dropped == dropped

    asyncio.run(main())


def waiting_to_be_read(client):
    """How many bytes the kernel keeps for the client."""
    count = array.array("i", [0])
    fcntl.ioctl(client, termios.FIONREAD, count)
    return count[0]


async def fill(server, client):
    """Publish until the kernel takes no more for the client, so that the server keeps the rest."""
    before = -1
    while (kept := waiting_to_be_read(client)) != before:
        before = kept
        server.publish({"event": "x", "text": "y" * 4096})
        for _ in range(5):
            await asyncio.sleep(0)


def test_the_end_waits_for_no_client_that_does_not_read(path):
    async def main():
        with socket.socket(socket.AF_UNIX) as deaf:
            async with serving(path, Target()) as server:
                deaf.connect(str(path))
                await until(lambda: waiting_to_be_read(deaf))
                await fill(server, deaf)
                assert server.dropped == 0
                async with asyncio.timeout(IN_TIME_S):
                    await server.close()

    asyncio.run(main())


def test_who_does_not_read_has_a_tenth_of_a_second_to_be_told_goodbye(path):
    async def main(loop):
        with socket.socket(socket.AF_UNIX) as deaf:
            async with serving(path, Target()) as server:
                deaf.connect(str(path))
                await until(lambda: waiting_to_be_read(deaf))
                await fill(server, deaf)
                closing = asyncio.ensure_future(server.close())
                for loop.now in (0.0, 0.099):
                    for _ in range(20):
                        await asyncio.sleep(0)
                    assert not closing.done()
                loop.now = 0.101
                for _ in range(20):
                    await asyncio.sleep(0)
                assert closing.done()

    on_a_clock(main)


def test_the_socket_is_for_its_owner_and_group_and_goes_with_the_server(path):
    async def main():
        async with serving(path, Target()):
            assert path.stat().st_mode & 0o777 == 0o660
        assert not path.exists()

    asyncio.run(main())


def test_a_socket_left_behind_is_replaced_and_a_live_one_is_not(path):
    async def main():
        path.parent.mkdir()
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
        async with serving(path, Target()):
            with pytest.raises(OSError, match="another edged"):
                await ControlServer(path, Target()).start()
            async with client_of(path) as client:
                assert (await client.ask({"command": "status"}))["ok"] is True

    asyncio.run(main())


def test_a_socket_with_a_full_queue_is_somebodys(path):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as first:
        busy.bind(str(path))
        busy.listen(0)
        first.connect(str(path))
        with pytest.raises(OSError, match="another edged"):
            asyncio.run(ControlServer(path, Target()).start())
        assert path.is_socket()


def test_a_socket_that_listens_already_is_taken_as_it_is(path):
    async def main():
        path.parent.mkdir()
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()
        async with serving(path, Target(), listening=listening), client_of(path) as client:
            assert (await client.ask({"command": "status"}))["ok"] is True
        assert path.exists()  # its maker removes it
        with socket.socket(socket.AF_UNIX) as late, pytest.raises(ConnectionRefusedError):
            late.connect(str(path))

    asyncio.run(main())


def in_a_thread(path, target, body):
    """Runs the server on its own loop, and `body` in this thread."""
    started, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve():
        async with serving(path, target) as server:
            in_a_thread.server = server
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert started.wait(IN_TIME_S)
        body()
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def test_the_command_lines_client(path):
    target = Target()

    def body():
        with ControlClient(path) as client:
            assert client.snapshot["state"] == "IDLE"
            assert client.command("press", keep=True)["n"] == 1
            assert client.command("mute")["n"] == 2
            with pytest.raises(CommandError, match="muted already"):
                client.command("mute")

    in_a_thread(path, target, body)
    assert target.commands == ["press", "mute"]


def test_the_client_waits_where_others_queue_before_it(path):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(0)
        first = socket.socket(socket.AF_UNIX)
        first.connect(str(path))  # the queue is full
        come = threading.Event()

        def ask():
            with ControlClient(path):
                come.set()

        asking = threading.Thread(target=ask)
        asking.start()
        for _ in range(2):
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b'{"type": "snapshot"}\n')
        assert come.wait(IN_TIME_S)
        asking.join()
        first.close()


def test_the_client_says_what_to_do_when_nobody_answers(path):
    with pytest.raises(CommandError, match="is edged running"), ControlClient(path):
        pass


def test_a_volume_comes_with_its_number_and_what_is_none_is_refused(path):
    target = Target()
    heard = []

    async def set_volume(level):
        heard.append(level)
        if level != 40:
            raise CommandError("a volume is a whole number")
        return {"volume": level}

    target.set_volume = set_volume

    def body():
        with ControlClient(str(path)) as client:
            assert client.command("volume", volume=40)["volume"] == 40
            for wrong in ({"volume": "40"}, {}):
                with pytest.raises(CommandError, match="a whole number"):
                    client.command("volume", **wrong)

    in_a_thread(path, target, body)
    assert heard == [40, "40", None]


def test_the_verbs_act_on_a_running_edged(path, capsys):
    from edged.cli import main

    target = Target()
    target.snapshot = lambda: {
        "state": "SPEAKING", "muted": True, "light": "speaking", "link": {"up": False, "cause": "offline"},
        "pending": 1, "lost": {"microphone": "microphone_lost"}, "turns": 3, "volume": 40,
    }  # fmt: skip

    def body():
        assert main(["ctl", "--socket", str(path), "press", "0s", "release"]) == 0
        assert main(["status", "--socket", str(path)]) == 2
        assert main(["ctl", "--socket", str(path), "dance"]) == 64

    in_a_thread(path, target, body)
    assert target.commands == ["press", "release"]
    out, err = capsys.readouterr()
    assert "SPEAKING (muted)" in out
    assert "down (offline), 1 waiting" in out
    assert "microphone: microphone_lost" in out
    assert "volume    40" in out
    assert "'dance' is neither a command" in err


def test_a_socket_at_another_place_than_configured_is_served_and_told(tmp_path, caplog):
    async def main():
        with socket.socket(socket.AF_UNIX) as given:
            given.bind(str(tmp_path / "given"))
            given.listen()
            server = ControlServer(tmp_path / "configured", Target())
            await server.start(given.dup())
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "given"))
            assert json.loads(await asyncio.wait_for(reader.readline(), IN_TIME_S))["type"] == "hello"
            writer.close()
            await writer.wait_closed()
            await server.close()
        assert (tmp_path / "given").exists()  # only its maker may remove it

    asyncio.run(main())
    assert "ListenStream= of edged.socket" in caplog.text
