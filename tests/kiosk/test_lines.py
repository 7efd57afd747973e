"""Half an hour of journal, whatever a service, a visitor or a client does: at most a hundred lines."""

import asyncio
import re

import pytest

from edged.local import faults, garbage
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet

MOST = 100
HALF_AN_HOUR = 1800
FAULTS = (
    *("refuse_with:403:region", "refuse_with:403:endless", "handshake:accept", "break:opcode"),
    *("refuse:401", "refuse:429:0", "refuse:503", "slow:9", "hang", "mute"),
    *("close:1000", "close:1011:x", "close:4000:out of it", "close:1011@response.created"),
    *("drop", "drop@response.done", "stall", "stall@response.created", "half_open"),
    *(
        "expire",
        "expire@session.updated",
        "swallow@response.done",
        "swallow@session.updated",
        "unasked",
        "deaf",
        "delay:3@input_audio_buffer.committed",
    ),
    *("twice", "foreign", "late", "odd", "cut", "bad_base64", "bare", "code_in_type"),
    *("eager", "stranger:voice", "stranger:detection@response.created", "picky:null", "picky:all", "on_top"),
    *("nameless", "nameless:all"),
    *(
        "bloat:lists",
        "bloat:wide@error",
        "huge:2",
        "huge:17",
        "flood:1000",
        *(f"garbage:{kind}" for kind in garbage.GARBAGE),
    ),
)
QUICK = ("refuse:401", "garbage:untyped")


def every_fault():
    """Return the names that edged/local/faults.py knows, as it lists them."""
    with pytest.raises(ValueError, match="one of") as refused:
        faults.parse("no_fault")
    return set(re.search(r"one of (.*)\)", str(refused.value))[1].split(", "))


def test_none_is_left_out():
    assert {faults.parse(line).do for line in FAULTS} == every_fault()


def lived(lab_run, body, **options):
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        async with kiosk_of(net, wall=loop.wall, **options) as kiosk:
            while loop.time() < HALF_AN_HOUR:
                await body(kiosk)

    lab_run(main(), net=net)


async def visit(kiosk):
    await kiosk.visitor.hold(1.0)
    await asyncio.sleep(39)


async def mash(kiosk):
    await kiosk.visitor.hold(0.11)
    await asyncio.sleep(0.1)


async def hold_and_go(kiosk):
    await kiosk.visitor.hold(0.6)
    await asyncio.sleep(0.4)


async def ask_nonsense(kiosk):
    for by in range(20):
        kiosk.app.command("press", None, by)
        await asyncio.sleep(0.05)
        kiosk.app.let_go(by)
        kiosk.app.command("mute", None)
        kiosk.app.command("unmute", None)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(each, marks=pytest.mark.hours if each in QUICK else pytest.mark.nightly)
        for each in FAULTS
    ],
)
def test_a_service_that_fails(lab_run, journal, fault):
    lived(lab_run, visit, fault_lines=(fault,))
    lines = journal.getvalue().splitlines()
    assert 0 < len(lines) <= MOST


@pytest.mark.nightly
@pytest.mark.parametrize("body", [mash, hold_and_go, ask_nonsense])
def test_people_and_programs(lab_run, journal, body):
    lived(lab_run, body)
    lines = journal.getvalue().splitlines()
    assert 0 < len(lines) <= MOST
    assert any("more since the last line of this kind" in line for line in lines)
