"""A contact that opens for a moment while somebody holds it: the whole daemon in virtual time.

Each run is compared with the same one without the gap: nothing may differ.
"""

import asyncio
from random import Random

import pytest

from instruments.lab.bouncing import BUTTON, HOOK, Move, RoughContact
from instruments.lab.stamp import locate
from tests.kiosk.test_gate import Quiet
from tests.kiosk.test_release import PER_MS, SAMPLE
from tests.kiosk.test_shell import cues, states

UP, DOWN = False, True
GAPS = {  # [(ms, level, is it told?)]
    **{f"{ms} ms": [(0, UP, True), (ms, DOWN, True)] for ms in (1, 5, 15, 29)},
    **{f"{ms} ms, its end is lost": [(0, UP, True), (ms, DOWN, False)] for ms in (1, 15, 29)},
    **{f"{ms} ms, its beginning is lost": [(0, UP, False), (ms, DOWN, True)] for ms in (1, 15, 29)},
    **{f"{ms} ms, both are lost": [(0, UP, False), (ms, DOWN, False)] for ms in (1, 15, 29)},
    "it bounces": [(at, n % 2 == 1, True) for n, at in enumerate((0, 2, 4, 9, 11, 20, 23, 24, 26, 29))],
    "it bounces afterwards": [(at, n % 2 == 1, True) for n, at in enumerate((0, 29, 31, 34, 38, 42, 45, 49))],
    "it bounces, and an edge is lost": [(0, UP, True), (9, DOWN, False), (12, UP, True), (29, DOWN, True)],
    "three of them": [
        (0, UP, True),
        (5, DOWN, True),
        (60, UP, True),
        (80, DOWN, True),
        (90, UP, True),
        (91, DOWN, True),
    ],
}
QUICK = ("1 ms", "15 ms", "29 ms", "15 ms, its end is lost", "15 ms, its beginning is lost", "it bounces")
# Also where something else is decided: the bouncing is over, no slip any more, no tap any more, a long press.
MOMENTS_S = (0.03, 0.14, 0.28, 0.7033, 1.49)
MODES = ("hold", "toggle", "hybrid", "conversation", "handset")


async def jolt(contact, gap):
    at_ms = 0
    for each in gap:
        move = Move(*each)
        await asyncio.sleep((move.at_ms - at_ms) / 1000)
        at_ms = move.at_ms
        contact.follow(move)


async def hold(contact, seconds, gap, at_s):
    """Press for so long, with a gap `at_s` after the beginning."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    contact.follow(Move(0, DOWN, edge=True))
    await asyncio.sleep(at_s)
    await jolt(contact, gap)
    await asyncio.sleep(began + seconds - loop.time())
    contact.follow(Move(0, UP, edge=True))


def outcome(shell, gap, at_s, *settings):
    """What the visitor and the service got from two presses with this gap."""
    found = {}
    held_s = 6.0 if "mode=handset" in settings else 2.2

    async def body(kiosk):
        visitor = Quiet(kiosk)
        for _ in range(2):
            speaking = asyncio.ensure_future(visitor.say(2.3))
            await hold(kiosk.button, held_s, gap, at_s)
            await speaking
            await asyncio.sleep(6)
        await asyncio.sleep(12)
        found["states"] = states(kiosk)
        found["sounds"] = [taken.pcm for taken in kiosk.server.audit]
        found["cues"] = cues(kiosk)
        found["bill"] = len(kiosk.server.bill)
        counters = kiosk.app.snapshot()["counters"]
        found["causes"] = {name: n for name, n in counters.items() if name.startswith("edged_cause_")}

    kind = HOOK if "button.kind=hook" in settings else BUTTON
    shell(body, "turn.idle_s=5", *settings, button=RoughContact(kind, Random(1)))
    return found


_without = {}


def cases(*quick):
    """All gaps, at all moments; all but the `quick` ones take minutes together."""
    for at_s in MOMENTS_S:
        for gap in GAPS:
            is_quick = at_s in quick and gap in QUICK
            yield pytest.param(at_s, gap, marks=() if is_quick else pytest.mark.hours)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("at_s", "gap"), [*cases(0.7033)])
def test_a_gap_in_a_press_does_nothing(shell, mode, at_s, gap):
    settings = (f"mode={mode}", *["button.kind=hook"] * (mode == "handset"))
    if settings not in _without:
        _without[settings] = outcome(shell, (), 1.0, *settings)
        assert _without[settings]["sounds"]
    assert outcome(shell, GAPS[gap], at_s, *settings) == _without[settings]


@pytest.mark.hours
@pytest.mark.parametrize("kind", ["plunger", "hook"])
@pytest.mark.parametrize("gap", GAPS)
def test_nor_does_it_in_a_contact_that_bounces_for_longer(shell, kind, gap):
    settings = ("mode=hold", f"button.kind={kind}")
    assert outcome(shell, GAPS[gap], 0.7, *settings) == outcome(shell, (), 0.7, *settings)


ROLES = "buttons=[{role: mute, gpio: 5}, {role: volume_up, gpio: 6}, {role: shutdown, gpio: 11}]"


@pytest.mark.parametrize("at_s", [0.05, 0.49, 0.8])
@pytest.mark.parametrize(
    "gap", ["1 ms", "29 ms", "15 ms, its beginning is lost", "15 ms, its end is lost", "it bounces"]
)
def test_a_gap_in_the_press_of_another_button_runs_nothing_a_second_time(shell, caplog, gap, at_s):
    caplog.set_level("INFO")

    def ran():
        records, caplog.records[:] = list(caplog.records), []
        return [each.message for each in records if getattr(each, "edged", {}).get("event") == "action"]

    async def body(kiosk):
        for button in kiosk.buttons:
            button.follow = lambda move, button=button: (
                button._set(down=move.active) if move.edge else setattr(button, "down", move.active)
            )
        for part in (GAPS[gap], ()):
            for button, held_s in zip(kiosk.buttons, (1.0, 1.03, 1.7), strict=True):
                await hold(button, held_s, part, at_s)
                await asyncio.sleep(2)
            found.append(ran())

    found = []
    shell(body, ROLES)
    with_it, without = found
    assert with_it == without
    assert with_it.count("buttons.1: mute") == with_it.count("buttons.3: shutdown") == 1


def test_a_question_ends_at_the_first_edge_of_its_release_also_if_the_release_bounces(shell):
    async def body(kiosk):
        ends = []
        for moves in ([(0, UP, True)], [(0, UP, True), (3, DOWN, True), (17, UP, True)]):
            kiosk.button.follow(Move(0, DOWN, edge=True))
            await asyncio.sleep(1.0031)
            at = kiosk.microphone.position
            await jolt(kiosk.button, moves)
            await asyncio.sleep(8)
            ends.append(locate(kiosk.server.audit[-1].pcm) + len(kiosk.server.audit[-1].pcm) // SAMPLE - at)
        assert all(150 * PER_MS <= end <= 190 * PER_MS for end in ends)
        presses, releases = (
            [event["at_ms"] for event in kiosk.events if event.get("name") == name]
            for name in ("press", "release")
        )
        assert [up - down for down, up in zip(presses, releases, strict=True)] == [1003, 1003]

    shell(body, button=RoughContact(BUTTON, Random(1)))


@pytest.mark.parametrize(("held_s", "counts"), [(0.149, False), (0.151, True)])
def test_a_press_is_as_long_as_from_its_first_edge_to_the_first_one_of_its_release(shell, held_s, counts):
    """The release is certain only later than `button.min_hold_ms`."""

    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(held_s)
        kiosk.button.release()
        await asyncio.sleep(3)
        assert (len(kiosk.server.audit) == 1) is counts
        assert ("LISTENING" in states(kiosk)) is counts

    shell(body)


@pytest.mark.parametrize(("held_s", "latches"), [(0.299, True), (0.301, False)])
def test_a_tap_is_as_long_as_from_its_first_edge_to_the_first_one_of_its_release(shell, held_s, latches):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(held_s)
        kiosk.button.release()
        await asyncio.sleep(3)
        assert ("LATCHED" in states(kiosk)) is latches

    shell(body, "mode=hybrid")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bounces", [False, True])
def test_two_quick_presses_of_a_finger_are_two(shell, mode, bounces):
    """As quick as a finger can: 50 ms between them, of which the contact may bounce for 20."""

    async def body(kiosk):
        for _ in range(2):
            kiosk.button.press()
            await asyncio.sleep(0.05)
            kiosk.button.release()
            if bounces:
                await jolt(kiosk.button, [(5, DOWN, True), (7, UP, True), (12, DOWN, True), (20, UP, True)])
            await asyncio.sleep(0.03 if bounces else 0.05)
        await asyncio.sleep(0.1)
        by = [event["by"] for event in kiosk.events if event["event"] == "turn"]
        assert by.count("PRESS") == 2

    shell(body, f"mode={mode}", button=RoughContact(BUTTON, Random(1)))
