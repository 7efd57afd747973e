"""Refusals as users report them, for the whole daemon: journal and status say why, in the service's words."""

import asyncio
import json
from contextlib import asynccontextmanager
from random import Random

import pytest
from websockets.asyncio.server import serve

from edged.causes import CAUSES
from edged.cli.status import lines
from instruments.lab.kiosk import Kiosk
from instruments.lab.net import SimNet
from tests.dial.said import REFUSALS

HOST = "127.0.0.1"
KEY = "sk-planted/9f8e7d6c5b4a3f2e1d0c"


@asynccontextmanager
async def refusing(case):
    """A service that refuses in this way. Returns its address."""
    if case.body is None:

        async def close(connection):
            if case.error is not None:
                await connection.recv()
                await connection.send(json.dumps({"type": "error", "event_id": "e", "error": case.error}))
            await connection.close(case.code, case.reason)

        async with serve(close, HOST, 8080, compression=None):
            yield f"ws://{HOST}:8080/v1/realtime"
        return

    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        body = case.body.encode()
        headers = [("Content-Type", case.kind), ("Content-Length", str(len(body))), *case.headers]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        writer.write(f"HTTP/1.1 {case.code} \r\n{head}\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, HOST, 8080):
        yield f"ws://{HOST}:8080/v1/realtime"


def met(lab_run, case, *settings):
    """Return the snapshot of a kiosk at such a service, and the events on the way."""
    net = SimNet(latency_ms=10)

    async def main():
        async with refusing(case) as url, Kiosk(net, url, Random(1), *settings) as kiosk:
            assert await kiosk.until(lambda: kiosk.app.link.cause is not None, 30.0)
            return kiosk.app.snapshot(), kiosk.events

    return lab_run(main(), net=net)


@pytest.mark.parametrize("case", REFUSALS, ids=[case.name for case in REFUSALS])
def test_a_refusal_is_told_by_its_cause_and_in_the_words_of_the_service(lab_run, journal, case):
    snapshot, events = met(lab_run, case)
    assert snapshot["link"]["cause"] == case.cause
    (line,) = [line for line in journal.getvalue().splitlines() if "link: down" in line]
    (trouble,) = [line for line in lines(snapshot) if line.startswith("trouble")]
    (event,) = [event for event in events if event["event"] == "link"]
    for text in (line, trouble, event["text"]):
        assert case.words.casefold() in text.casefold()
        assert "…" not in text
    assert line.endswith(CAUSES[case.cause].remedy)


def test_a_service_that_complains_and_then_says_nothing_is_told_by_its_complaint(lab_run, journal):
    async def complain(connection):
        await connection.recv()
        error = {"type": "invalid_request_error", "message": "This service is not available in your country."}
        await connection.send(json.dumps({"type": "error", "error": error}))
        await connection.wait_closed()

    net = SimNet(latency_ms=10)

    async def main():
        async with (
            serve(complain, HOST, 8080, compression=None),
            Kiosk(net, f"ws://{HOST}:8080/", Random(1)) as kiosk,
        ):
            assert await kiosk.until(lambda: kiosk.app.link.cause is not None, 30.0)
            return kiosk.app.link.cause

    assert lab_run(main(), net=net) == "region_refused"
    assert "not available in your country" in journal.getvalue()


def test_a_service_that_refuses_in_other_words_is_told_again_and_in_the_same_words_is_not(lab_run, journal):
    words = ["once (req_1)", "once (req_2)", "once (req_3)", "twice (req_4)", "twice (req_5)"]
    left = iter(words)

    def refuse(connection, request):
        return connection.respond(403, f"not {next(left, words[-1])} today")

    net = SimNet(latency_ms=10)

    async def main():
        async with (
            serve(None, HOST, 8080, compression=None, process_request=refuse),
            Kiosk(net, f"ws://{HOST}:8080/", Random(1)) as kiosk,
        ):
            await asyncio.sleep(600)
            return lines(kiosk.app.snapshot())

    status = list(lab_run(main(), net=net))
    downs = [line for line in journal.getvalue().splitlines() if "link: down" in line]
    assert ["once" in line for line in downs] == [True, False]
    assert any("twice" in line for line in status)


def test_there_are_enough_of_them():
    assert len(REFUSALS) >= 60
    covered = {case.cause for case in REFUSALS}
    assert covered >= {cause for cause in CAUSES if cause.endswith("_refused")} - {
        "settings_refused",
        "proxy_refused",
        "dialect_refused",
        "utterance_refused",
        "command_refused",
        "deletion_refused",
        "broker_refused",
    }
