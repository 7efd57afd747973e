import asyncio
import logging
import socket
import threading

import pytest

from edged.errors import LinkError
from edged.system.resolver import (
    DEADLINE_S,
    KEPT_S,
    MOST_HANGING,
    PATIENCE_S,
    SystemResolver,
    lookup_in_thread,
)
from instruments.lab.loop import run, virtual
from instruments.lab.net import SimNet
from instruments.lab.ports import SimResolver

NAME = "voice.example"


class Names:
    """A name service that answers when the test says so."""

    def __init__(self):
        self.asked = []

    def __call__(self, host, port):
        future = asyncio.get_running_loop().create_future()
        self.asked.append((host, future))
        return future

    def answer(self, addresses):
        self.asked[-1][1].set_result(addresses)

    def fail(self, error):
        self.asked[-1][1].set_exception(error)


async def asked(resolver, names, *, answer=None, error=None, host=NAME):
    """Ask one question, which is answered at once."""
    task = asyncio.ensure_future(resolver.resolve(host, 443))
    await asyncio.sleep(0)
    if error is not None:
        names.fail(error)
    elif answer is not None:
        names.answer(answer)
    return await task


def scene(main, *, in_network=True):
    async def whole():
        names = Names()
        return await main(SystemResolver(names, lambda: in_network), names)

    return run(whole())


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("localhost", "127.0.0.1"),
        ("edged.localhost", "127.0.0.1"),
    ],
)
def test_addresses_and_localhost_ask_nobody(host, address):
    async def main(resolver, names):
        assert await resolver.resolve(host, 443) == [address]
        assert not names.asked

    scene(main)


def test_addresses_keep_their_order_and_come_once():
    async def main(resolver, names):
        return await asked(resolver, names, answer=["b", "a", "b"])

    assert scene(main) == ["b", "a"]


@pytest.mark.parametrize(
    "error", [socket.gaierror(socket.EAI_AGAIN, "try again"), OSError("no"), UnicodeError("label too long")]
)
def test_a_failed_look_up_is_a_link_error(error):
    async def main(resolver, names):
        with pytest.raises(LinkError, match=NAME) as raised:
            await asked(resolver, names, error=error)
        return raised.value.cause

    assert scene(main) == "dns_failed"


def test_without_a_network_that_is_the_cause():
    """The light and the remedy then speak of the network, not of the name server."""

    async def main(resolver, names):
        with pytest.raises(LinkError, match=NAME) as raised:
            await asked(resolver, names, error=socket.gaierror(socket.EAI_AGAIN, "try again"))
        return raised.value.cause

    assert scene(main, in_network=False) == "offline"


def test_a_name_without_addresses_is_a_link_error():
    async def main(resolver, names):
        with pytest.raises(LinkError, match="no address"):
            await asked(resolver, names, answer=[])

    scene(main)


def test_a_hanging_look_up_is_given_up_in_time():
    async def main(resolver, names):
        with pytest.raises(LinkError, match="no answer within 3 s"):
            await resolver.resolve(NAME, 443)
        return virtual().time()

    assert scene(main) == DEADLINE_S


def test_who_asks_while_one_is_fresh_waits_for_the_same():
    async def main(resolver, names):
        first = asyncio.ensure_future(resolver.resolve(NAME, 443))
        await asyncio.sleep(1)
        second = asyncio.ensure_future(resolver.resolve(NAME, 443))
        await asyncio.sleep(1)
        names.answer(["192.0.2.1"])
        assert len(names.asked) == 1
        return await first, await second

    assert scene(main) == (["192.0.2.1"], ["192.0.2.1"])


def test_one_that_hangs_is_left_alone_and_the_next_asks_anew():
    async def main(resolver, names):
        with pytest.raises(LinkError):
            await resolver.resolve(NAME, 443)
        found = await asked(resolver, names, answer=["192.0.2.1"])
        assert len(names.asked) == 2
        return found, virtual().time()

    assert scene(main) == (["192.0.2.1"], DEADLINE_S)


def test_only_so_many_may_hang_and_each_that_ends_makes_room():
    async def main(resolver, names):
        for _ in range(MOST_HANGING):
            with pytest.raises(LinkError, match="no answer"):
                await resolver.resolve(NAME, 443)
        began = virtual().time()
        for host in (NAME, "another.example"):
            with pytest.raises(LinkError, match="4 look-ups hang"):
                await resolver.resolve(host, 443)
        assert virtual().time() == began
        assert len(names.asked) == MOST_HANGING
        names.asked[0][1].set_exception(OSError("timed out"))
        await asyncio.sleep(0)
        return await asked(resolver, names, answer=["192.0.2.1"])

    assert scene(main) == ["192.0.2.1"]


def test_a_late_end_of_one_that_hung_does_not_disturb_the_fresh_one():
    async def main(resolver, names):
        with pytest.raises(LinkError):
            await resolver.resolve(NAME, 443)
        first = asyncio.ensure_future(resolver.resolve(NAME, 443))
        await asyncio.sleep(0)
        names.asked[0][1].set_exception(OSError("timed out"))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(resolver.resolve(NAME, 443))
        await asyncio.sleep(0)
        assert len(names.asked) == 2
        names.answer(["192.0.2.1"])
        return await first, await second

    assert scene(main) == (["192.0.2.1"], ["192.0.2.1"])


def test_names_do_not_wait_for_each_other():
    async def main(resolver, names):
        hanging = asyncio.ensure_future(resolver.resolve("slow.example", 443))
        await asyncio.sleep(0)
        found = await asked(resolver, names, answer=["192.0.2.1"])
        hanging.cancel()
        return found, virtual().time()

    assert scene(main) == (["192.0.2.1"], 0)


def test_giving_up_waiting_does_not_end_the_look_up():
    async def main(resolver, names):
        task = asyncio.ensure_future(resolver.resolve(NAME, 443))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert not names.asked[0][1].cancelled()
        names.answer(["192.0.2.1"])
        await asyncio.sleep(0)
        return await asked(resolver, names, error=OSError("down"))

    assert scene(main) == ["192.0.2.1"]


def test_the_last_good_answer_serves_for_a_day():
    async def main(resolver, names):
        await asked(resolver, names, answer=["192.0.2.1"])
        await asyncio.sleep(KEPT_S)
        assert await asked(resolver, names, error=OSError("down")) == ["192.0.2.1"]
        await asyncio.sleep(1)
        with pytest.raises(LinkError, match="down"):
            await asked(resolver, names, error=OSError("down"))

    scene(main)


def test_where_an_address_is_known_nobody_waits_for_long():
    async def main(resolver, names):
        await asked(resolver, names, answer=["192.0.2.1"])
        found = await resolver.resolve(NAME, 443)
        return found, virtual().time()

    assert scene(main) == (["192.0.2.1"], PATIENCE_S)


def test_an_address_that_is_too_old_is_not_worth_less_patience():
    async def main(resolver, names):
        await asked(resolver, names, answer=["192.0.2.1"])
        await asyncio.sleep(KEPT_S + 1)
        began = virtual().time()
        with pytest.raises(LinkError):
            await resolver.resolve(NAME, 443)
        return virtual().time() - began

    assert scene(main) == DEADLINE_S


def test_an_answer_that_comes_late_is_the_next_good_one():
    async def main(resolver, names):
        await asked(resolver, names, answer=["192.0.2.1"])
        await resolver.resolve(NAME, 443)
        names.answer(["192.0.2.2"])
        await asyncio.sleep(0)
        return await asked(resolver, names, error=OSError("down"))

    assert scene(main) == ["192.0.2.2"]


def test_a_new_answer_replaces_the_last():
    async def main(resolver, names):
        await asked(resolver, names, answer=["192.0.2.1"])
        return await asked(resolver, names, answer=["192.0.2.2"])

    assert scene(main) == ["192.0.2.2"]


def test_living_on_an_old_answer_is_told(caplog):
    async def main(resolver, names):
        await asked(resolver, names, answer=["192.0.2.1"])
        await asyncio.sleep(600)
        await asked(resolver, names, error=OSError("down"))

    with caplog.at_level(logging.INFO):
        scene(main)
    assert "using the address from 10 minutes ago" in caplog.text


# -- over the simulated net --------------------------------------------------------------------------


def test_the_nets_weather_reaches_the_resolver():
    net = SimNet()
    net.names[NAME] = ["203.0.113.5"]

    async def main():
        resolver = SimResolver(net)
        net.set(dns_fails=True)
        with pytest.raises(LinkError):
            await resolver.resolve(NAME, 443)
        net.set(dns_fails=False)
        assert await resolver.resolve(NAME, 443) == ["203.0.113.5"]
        net.set(dns_delay_ms=8000)
        started = virtual().time()
        assert await resolver.resolve(NAME, 443) == ["203.0.113.5"]
        return virtual().time() - started

    assert run(main(), net=net) == PATIENCE_S


# -- the real thread ---------------------------------------------------------------------------------


def test_the_thread_gives_addresses():
    def getaddrinfo(host, port, **_):
        return [(0, 0, 0, "", ("192.0.2.1", port)), (0, 0, 0, "", ("2001:db8::1", port, 0, 0))]

    async def main():
        return await lookup_in_thread(NAME, 443, getaddrinfo=getaddrinfo)

    assert asyncio.run(main()) == ["192.0.2.1", "2001:db8::1"]


def test_the_thread_gives_errors():
    def getaddrinfo(host, port, **_):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async def main():
        with pytest.raises(socket.gaierror, match="unknown"):
            await lookup_in_thread(NAME, 443, getaddrinfo=getaddrinfo)

    asyncio.run(main())


def test_the_machines_own_service_is_asked():
    async def main():
        return await lookup_in_thread("127.0.0.1", 443)

    assert asyncio.run(main()) == ["127.0.0.1"]


def test_a_hanging_thread_holds_up_neither_the_loop_nor_the_exit():
    release, began, threads = threading.Event(), threading.Event(), []

    def getaddrinfo(host, port, **_):
        threads.append(threading.current_thread())
        began.set()
        release.wait(60)
        return []

    async def main():
        future = lookup_in_thread(NAME, 443, getaddrinfo=getaddrinfo)
        began.wait(60)
        assert not future.done()

    asyncio.run(main())  # it returns although the thread hangs
    (thread,) = threads
    assert thread.is_alive()
    assert thread.daemon
    release.set()
    thread.join(60)  # its late answer finds the loop closed, and stays silent
    assert not thread.is_alive()
