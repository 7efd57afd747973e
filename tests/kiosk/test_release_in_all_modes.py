"""The sound after the last word in every mode: complete to the sample, and nothing after a mute, a reload or a drop."""

import asyncio

import pytest

from edged.panel.leaving import CONFIRM_MS
from tests.kiosk.test_release import PER_MS, ends, released
from tests.kiosk.test_shell import idle

BLOCK_MS = 20
DELAYS = [0, 1, 150, 300]
FINGER_S = 0.05  # no finger is faster


async def finish(kiosk, mode, held_s=1.0031):
    """Speak and finish, as this mode wants it; return the sample at which the visitor has finished."""
    if mode == "hold":
        return await released(kiosk, held_s)
    await released(kiosk, 0.1)
    await asyncio.sleep(held_s)
    at = kiosk.microphone.position
    kiosk.button.press()
    await asyncio.sleep(0)
    return at


async def rest(kiosk):
    kiosk.button.release()
    await asyncio.sleep(1.0)
    await idle(kiosk)


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid"])
@pytest.mark.parametrize("release_ms", DELAYS)
def test_the_sound_reaches_at_least_as_far_as_configured(shell, mode, release_ms):
    async def body(kiosk):
        for held_s in (0.7, 0.7013, 0.7199):
            at = await finish(kiosk, mode, held_s)
            await asyncio.sleep(0.05)
            await rest(kiosk)
            _, end = ends(kiosk.server.audit[-1].pcm)
            least = at + release_ms * PER_MS
            certain = CONFIRM_MS * PER_MS if mode == "hold" else 0
            assert least <= end <= max(least, at + certain) + 2 * BLOCK_MS * PER_MS

    shell(body, f"mode={mode}", f"turn.release_ms={release_ms}")


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid"])
@pytest.mark.parametrize("release_ms", DELAYS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_nothing_is_heard_after_a_mute_within_the_delay(shell, mode, release_ms, share):
    async def body(kiosk):
        await finish(kiosk, mode)
        await asyncio.sleep(share * release_ms / 1000)
        muted = kiosk.microphone.handed
        kiosk.app.command("mute", None)
        assert not kiosk.app.intake.is_open
        await rest(kiosk)
        assert all(ends(taken.pcm)[1] <= muted for taken in kiosk.server.audit)

    shell(body, f"mode={mode}", f"turn.release_ms={release_ms}")


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid"])
@pytest.mark.parametrize("release_ms", DELAYS)
def test_a_link_that_drops_within_the_delay_costs_no_sample(shell, mode, release_ms):
    async def body(kiosk):
        at = await finish(kiosk, mode)
        await asyncio.sleep(0.4 * release_ms / 1000)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(2.0)
        await rest(kiosk)
        _, end = ends(kiosk.server.audit[-1].pcm)
        least = at + release_ms * PER_MS
        assert least <= end <= least + 2 * BLOCK_MS * PER_MS

    shell(body, f"mode={mode}", f"turn.release_ms={release_ms}")


@pytest.mark.parametrize("release_ms", DELAYS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_press_within_the_delay_loses_and_doubles_no_sample(shell, release_ms, share):
    async def body(kiosk):
        await released(kiosk)
        await asyncio.sleep(max(share * release_ms / 1000, FINGER_S))
        at = await released(kiosk)
        await rest(kiosk)
        one, two = (ends(taken.pcm) for taken in kiosk.server.audit)
        assert one[1] == two[0]
        assert two[1] >= at + release_ms * PER_MS

    shell(body, "button.bounce_ms=0", f"turn.release_ms={release_ms}", think_ms=2000)
