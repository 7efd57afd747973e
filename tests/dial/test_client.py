"""The public client with services of one dialect, of both and of none, over loopback; async and sync."""

import asyncio

import pytest

from edged.realtime import APIStatusError, AsyncOpenAI, OpenAI, RealtimeClosedError
from tests.dial.service import BETA, GA, WAYS, Service, dials


def surface(client, speaks):
    return client.realtime if speaks is GA else client.beta.realtime


async def by_async(url, speaks, times):
    client = AsyncOpenAI(api_key="k", base_url=url)
    for _ in range(times):
        async with surface(client, speaks).connect(model="m") as conn:
            assert (await conn.recv()).type == "session.created"


def by_threads(url, speaks, times):
    client = OpenAI(api_key="k", base_url=url)
    for _ in range(times):
        with surface(client, speaks).connect(model="m") as conn:
            assert conn.recv().type == "session.created"


def talked(speaks, service, by, *, times, before=lambda server: None):
    """What the async and the sync client asked the service for."""

    async def main():
        asked = []
        async with Service(service, by) as server:
            url = server.url.removesuffix("/realtime")
            before(server)
            await by_async(url, speaks, times)
            asked.append([*server.asked])
            server.asked.clear()
            await asyncio.to_thread(by_threads, url, speaks, times)
            return [*asked, [*server.asked]]

    return asyncio.run(main())


@pytest.mark.parametrize("speaks", [GA, BETA])
@pytest.mark.parametrize(
    ("service", "by"), [*(("ga", way) for way in WAYS), *(("beta", way) for way in WAYS), ("both", "event")]
)
def test_a_program_is_connected_within_two_dials_and_then_with_one(speaks, service, by):
    expected = dials(speaks, service)
    assert talked(speaks, service, by, times=2) == [[*expected, expected[-1]]] * 2


@pytest.mark.parametrize(("speaks", "service", "then"), [(BETA, "ga", "beta"), (GA, "beta", "ga")])
def test_what_was_accepted_and_is_refused_is_forgotten(speaks, service, then):
    async def main():
        async with Service(service) as server:
            client = AsyncOpenAI(api_key="k", base_url=server.url.removesuffix("/realtime"))
            for way in (service, then, then):
                server.door.speaks = Service(way).door.speaks
                async with surface(client, speaks).connect(model="m") as conn:
                    assert (await conn.recv()).type == "session.created"
            other = BETA if speaks is GA else GA
            assert server.asked == [speaks, other, other, speaks, speaks]

    asyncio.run(main())


@pytest.mark.parametrize("speaks", [GA, BETA])
def test_where_both_are_refused_the_program_hears_it_and_nothing_is_kept(speaks):
    async def main():
        async with Service("none", "close") as server:
            client = AsyncOpenAI(api_key="k", base_url=server.url.removesuffix("/realtime"))
            for _ in range(2):
                async with surface(client, speaks).connect(model="m") as conn:
                    with pytest.raises(RealtimeClosedError, match="4000"):
                        await conn.recv()
            assert server.asked == dials(speaks, "none") * 2
            server.door.refuses_by = "http"
            with pytest.raises(APIStatusError) as refused:
                await surface(client, speaks).connect(model="m").enter()
            assert refused.value.status_code == 400
            assert len(server.asked) == 6

    asyncio.run(main())
