"""The daemon with services of one dialect, of both and of none, in virtual time."""

import asyncio
import json
from random import Random

import pytest

from edged.config import Secret
from edged.errors import LinkError
from edged.retry import MOST_TRIES, WINDOW_S
from edged.system.store import FileStore, MemoryStore
from instruments.lab.kiosk import Kiosk
from instruments.lab.net import SimNet
from tests.dial.service import BETA, GA, WAYS, Service, dials

KEY = "sk-a-key-nobody-may-see"
# Each row of the providers with its first dialect. At Azure the path decides between the two.
FIRST = {
    "openai": (GA, "/v1/realtime"),
    "azure": (GA, ""),
    "azure-preview": (BETA, ""),
    "portkey": (BETA, "/v1/realtime"),
    "a15t": (BETA, "/v1/realtime"),
    "local": (GA, "/v1/realtime"),
    "custom": (GA, "/v1/realtime"),
}

MORE = {
    "azure-preview": ["provider.azure.api_version=2024-10-01-preview"],
    "portkey": ["provider.portkey.provider=openai"],
}


class Keeps(MemoryStore):
    """A memory that keeps the facts over a restart."""

    def __init__(self):
        super().__init__()
        self.saved = []

    def save(self, name, facts):
        self.saved.append(name)
        return super().save(name, facts)


def settings(provider):
    name = provider.partition("-")[0]
    more = MORE.get(provider, [])
    return [f"provider.name={name}", "provider.model=openai/m", *more]


def kiosk_at(net, server, provider, *more, store=None):
    url = server.origin + FIRST[provider][1]
    return Kiosk(net, url, Random(1), *settings(provider), *more, store=store, key=Secret(KEY))


async def up_within(kiosk, seconds=5.0):
    assert await kiosk.until(lambda: kiosk.app.link.up, seconds), kiosk.app.link.cause


@pytest.mark.parametrize("speaks", ["ga", "beta", "both"])
@pytest.mark.parametrize("provider", FIRST)
def test_the_line_is_up_within_two_dials_and_after_a_restart_with_the_first(lab_run, provider, speaks):
    net, store = SimNet(latency_ms=10), Keeps()
    expected = dials(FIRST[provider][0], speaks)

    async def main():
        async with Service(speaks) as server:
            for asked in (expected, expected[-1:]):
                server.asked.clear()
                async with kiosk_at(net, server, provider, store=store) as kiosk:
                    await up_within(kiosk, 1.0)
                    assert server.asked == asked
                    assert [up for _, up in kiosk.links] == [True]
                    assert kiosk.app.snapshot()["link"]["dialect"] == expected[-1].value

    lab_run(main(), net=net)


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("first", [GA, BETA])
def test_a_dialect_is_refused_in_many_ways(lab_run, first, by):
    net = SimNet(latency_ms=10)
    provider, speaks = ("custom", "beta") if first is GA else ("a15t", "ga")

    async def main():
        async with Service(speaks, by) as server, kiosk_at(net, server, provider) as kiosk:
            await up_within(kiosk, 1.0)
            assert server.asked == dials(first, speaks)

    lab_run(main(), net=net)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["event", "close", "http"])
@pytest.mark.parametrize("provider", ["custom", "a15t"])
def test_where_both_are_refused_that_is_one_cause_and_the_usual_waits(lab_run, provider, by):
    net, store = SimNet(latency_ms=10), Keeps()

    async def main():
        async with Service("none", by) as server, kiosk_at(net, server, provider, store=store) as kiosk:
            await asyncio.sleep(WINDOW_S)
            first = FIRST[provider][0]
            pairs = [server.asked[at : at + 2] for at in range(0, len(server.asked), 2)]
            assert all(pair == dials(first, "none") for pair in pairs[:4])
            assert 6 < len(server.asked) <= MOST_TRIES
            assert [(event["up"], event["cause"]) for event in kiosk.events if event["event"] == "link"] == [
                (False, "dialect_refused")
            ]
            (trouble,) = kiosk.app.snapshot()["troubles"]
            assert "both dialects" in trouble["text"]
            assert "provider.dialect" in trouble["remedy"]
        assert "services" not in store.saved

    lab_run(main(), net=net)


def test_two_closes_without_a_word_are_not_blamed_on_the_dialect(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with Service("none", "bare") as server, kiosk_at(net, server, "custom") as kiosk:
            await asyncio.sleep(5)
            assert server.asked == [GA, BETA]
            assert kiosk.app.link.cause != "dialect_refused"

    lab_run(main(), net=net)


@pytest.mark.parametrize("by", ["event", "close", "http"])
@pytest.mark.parametrize(("set_to", "speaks"), [(GA, "beta"), (BETA, "ga")])
def test_a_dialect_that_is_configured_is_not_changed(lab_run, set_to, speaks, by):
    net = SimNet(latency_ms=10)

    async def main():
        dialect = f"provider.dialect={set_to.value}"
        async with Service(speaks, by) as server, kiosk_at(net, server, "custom", dialect) as kiosk:
            await asyncio.sleep(30)
            assert set(server.asked) == {set_to}
            assert kiosk.app.link.cause == "dialect_refused"
            assert "provider.dialect" in kiosk.app.snapshot()["troubles"][0]["remedy"]

    lab_run(main(), net=net)


@pytest.mark.parametrize(("before", "then"), [("ga", "beta"), ("beta", "ga")])
def test_what_was_remembered_and_is_refused_is_forgotten(lab_run, before, then):
    net, store = SimNet(latency_ms=10), Keeps()

    async def main():
        async with Service(before) as server:
            async with kiosk_at(net, server, "custom", store=store) as kiosk:
                await up_within(kiosk)
            server.door.speaks = Service(then).door.speaks
            server.asked.clear()
            async with kiosk_at(net, server, "custom", store=store) as kiosk:
                await up_within(kiosk, 1.0)
            assert server.asked == dials(GA if before == "ga" else BETA, then)
            server.door.speaks = ()
            async with kiosk_at(net, server, "custom", store=store) as kiosk:
                await asyncio.sleep(5)
        assert store.load("services") == {"known": {}}

    lab_run(main(), net=net)


@pytest.mark.parametrize("code", [None, "invalid_request_error"])
@pytest.mark.parametrize(("close", "reason"), [(1000, ""), (1008, "policy"), (4000, "invalid_request_error")])
@pytest.mark.parametrize(("remembered", "speaks"), [(GA, "beta"), (BETA, "ga")])
def test_what_is_said_just_before_a_close_is_read_though_nothing_can_be_sent_any_more(
    lab_run, remembered, speaks, close, reason, code
):
    """The link sends the settings at once to a service whose dialect is known, but the service has hung up by then."""
    net, store = SimNet(latency_ms=10), Keeps()
    words = {GA: "The OpenAI-Beta header is required", BETA: "The beta API is no longer supported"}
    error = {"type": "invalid_request_error", "code": code, "message": words[remembered]}

    class Hasty(Service):
        over = False  # until it is over, the service speaks the other dialect

        async def _client(self, connection):
            if not (self.over and self.asked[-1] is remembered):
                await super()._client(connection)
                return
            await connection.send(json.dumps({"type": "error", "event_id": "e", "error": error}))
            await connection.close(close, reason)

    async def main():
        async with Hasty(remembered.value) as server:
            async with kiosk_at(net, server, "custom", store=store) as kiosk:
                await up_within(kiosk)
            server.door.speaks, server.over = Service(speaks).door.speaks, True
            server.asked.clear()
            async with kiosk_at(net, server, "custom", store=store) as kiosk:
                await up_within(kiosk, 1.0)
            assert server.asked == dials(remembered, speaks)
            (known,) = store.load("services")["known"].values()
            assert known == {"dialect": speaks}

    lab_run(main(), net=net)


def test_a_service_that_gives_its_dialect_up_while_the_line_is_up_costs_one_dial(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with Service("beta") as server, kiosk_at(net, server, "a15t") as kiosk:
            await up_within(kiosk)
            server.door.speaks = (GA,)
            net.strike("reset")
            await kiosk.until(lambda: len(server.asked) == 3 and kiosk.app.link.up, 5.0)
            assert server.asked == [BETA, BETA, GA]
            assert [event["cause"] for event in kiosk.events if event["event"] == "link"] == [
                None,
                "link_closed",
                None,
            ]

    lab_run(main(), net=net)


def test_the_settings_go_out_at_once_where_the_dialect_is_known(lab_run):
    net, store = SimNet(latency_ms=10), Keeps()

    async def main():
        async with Service("both", fault_lines=["mute"]) as server:
            for within_s in (4.0, 1.0):  # without a greeting nothing shows the dialect
                async with kiosk_at(net, server, "custom", store=store) as kiosk:
                    await up_within(kiosk, within_s)

    lab_run(main(), net=net)


# -- what is remembered ------------------------------------------------------------------------------------


def test_nothing_secret_is_in_what_is_kept(lab_run, tmp_path):
    net = SimNet(latency_ms=10)

    async def main():
        query = "provider.query={seat: sk-in-the-query-0123456789, user: lobby}"
        async with (
            Service("beta") as server,
            kiosk_at(net, server, "custom", query, store=FileStore(tmp_path)) as kiosk,
        ):
            await up_within(kiosk)

    lab_run(main(), net=net)
    kept = (tmp_path / "services.json").read_text()
    assert '"beta"' in kept
    assert "sk-" not in kept
    assert [path.name for path in tmp_path.iterdir()] == ["services.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"known": 7}', '{"known": {"x": {"dialect": 3}, "y": []}}', "\0"]
)
def test_what_cannot_be_read_is_as_if_nothing_was_known(lab_run, tmp_path, text):
    net = SimNet(latency_ms=10)
    (tmp_path / "services.json").write_text(text)

    async def main():
        async with (
            Service("beta") as server,
            kiosk_at(net, server, "custom", store=FileStore(tmp_path)) as kiosk,
        ):
            await up_within(kiosk, 1.0)
            assert server.asked == [GA, BETA]

    lab_run(main(), net=net)
    assert '"beta"' in (tmp_path / "services.json").read_text()


def test_a_disk_that_hangs_holds_nothing_up_for_long(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with Service("beta") as server, kiosk_at(net, server, "custom") as kiosk:
            kiosk.app._ports.offload.hangs = True
            await up_within(kiosk, 6.0)

    lab_run(main(), net=net)


def test_another_service_is_another_entry(lab_run):
    net, store = SimNet(latency_ms=10), Keeps()

    async def main():
        async with Service("beta") as one, Service("ga") as another:
            for server, provider in ((one, "custom"), (another, "a15t")):
                async with kiosk_at(net, server, provider, store=store) as kiosk:
                    await up_within(kiosk)
            for server, provider in ((one, "custom"), (another, "a15t")):
                server.asked.clear()
                async with kiosk_at(net, server, provider, store=store) as kiosk:
                    await up_within(kiosk)
                assert len(server.asked) == 1
        assert len(store.load("services")["known"]) == 2

    lab_run(main(), net=net)


@pytest.mark.slow
def test_the_card_is_not_written_again_for_what_it_holds(lab_run):
    net, store = SimNet(latency_ms=10), Keeps()

    async def main():
        async with Service("both") as server:
            for _ in range(3):
                async with kiosk_at(net, server, "custom", store=store) as kiosk:
                    await up_within(kiosk)
                    net.strike("reset")
                    await asyncio.sleep(120)
        assert store.saved.count("services") == 1

    lab_run(main(), net=net)


def test_an_error_carries_the_code_of_its_close():
    assert LinkError("x", "link_closed", code=4000).code == 4000
    assert LinkError("x", "link_closed").code is None
