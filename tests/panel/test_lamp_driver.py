import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.causes import Light
from edged.errors import DeviceError
from edged.panel.lamp_driver import GateLight, LampDriver
from edged.panel.light import BLINKS, RED
from edged.panel.null import NullLamp
from instruments.lab.loop import run


def now_ms(loop):
    return lambda: int(loop.time() * 1000)


def test_a_light_is_on_when_show_returns_and_then_keeps_its_rhythm(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        lamp = NullLamp()
        driver = LampDriver(lamp, loop, now_ms(loop))
        driver.show(Light.OFFLINE)
        assert lamp.level == 1
        levels = []
        for _ in range(4):
            await asyncio.sleep(0.5)
            levels.append(lamp.level)
            await asyncio.sleep(0.5)
        assert levels == [1, 0, 1, 0]
        driver.show(Light.RECORDING)
        await asyncio.sleep(1)
        lamp.history.clear()
        await asyncio.sleep(100)
        assert lamp.level == 1
        assert list(lamp.history) == []
        driver.stop()
        assert lamp.level == 0

    lab_run(main())


def test_showing_the_same_light_again_does_not_break_its_rhythm(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        lamp = NullLamp()
        driver = LampDriver(lamp, loop, now_ms(loop))
        driver.show(Light.OFFLINE)
        for _ in range(13):
            await asyncio.sleep(0.1)
            driver.show(Light.OFFLINE)
        assert lamp.level == 0
        driver.stop()

    lab_run(main())


class Broken:
    dims = False

    def set(self, level, colour):
        raise DeviceError("GPIO 27 cannot be claimed", "light_lost")

    def stop(self):
        pass


def test_a_lamp_that_fails_is_told_once_and_holds_nothing_up(lab_run, caplog):
    async def main():
        loop = asyncio.get_running_loop()
        driver = LampDriver(Broken(), loop, now_ms(loop))
        driver.show(Light.THINKING)
        await asyncio.sleep(10)
        driver.show(Light.READY)
        driver.stop()

    lab_run(main())
    assert len(caplog.records) == 1
    assert "light_lost" in caplog.text


@pytest.mark.parametrize("light", [Light.READY, Light.OFFLINE, Light.MUTED, Light.OFF_HOOK, *BLINKS])
@pytest.mark.parametrize("dims", [False, True])
def test_what_may_last_wakes_the_loop_less_than_twice_a_second(lab_run, light, dims):
    assert wakes(lab_run, light, dims=dims) < 2 * 60


@pytest.mark.parametrize("light", [Light.RECORDING, Light.STOPPING])
def test_a_steady_light_wakes_the_loop_once_to_see_whether_the_lamp_shows_it(lab_run, light):
    assert wakes(lab_run, light, dims=True) == 1


@pytest.mark.parametrize("is_slow", [False, True])
def test_a_lamp_that_fails_during_a_recording_is_tried_again_and_shows_it(lab_run, caplog, is_slow):
    """A slow lamp has a thread, so its error comes with the next call."""

    async def main():
        caplog.set_level("INFO")
        loop = asyncio.get_running_loop()
        lamp = NullLamp()
        driver = LampDriver(lamp, loop, now_ms(loop))
        driver.show(Light.READY)
        await asyncio.sleep(1)
        if is_slow:
            loop.call_later(0.1, lambda: setattr(lamp, "level", 0.0))
        error = DeviceError("/dev/spidev0.0: it is gone", "light_lost")
        if is_slow:
            loop.call_later(0.1, setattr, lamp, "broken", error)
        else:
            lamp.broken = error
        driver.show(Light.RECORDING)
        await asyncio.sleep(10)
        assert "it is gone" in driver.trouble
        assert lamp.level == 0
        lamp.broken = None
        await asyncio.sleep(2.1)
        assert (lamp.level, driver.trouble) == (1, "")
        lamp.history.clear()
        await asyncio.sleep(60)
        assert not lamp.history
        driver.stop()

    lab_run(main())
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["light_lost", "light"]


def test_a_lamp_that_was_stopped_wakes_nobody(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        counted = CountingLoop(loop, lambda _: 0.0)
        driver = LampDriver(NullLamp(), counted, now_ms(loop))
        driver.stop()
        driver.show(Light.THINKING)
        await asyncio.sleep(60)
        assert counted.fired == 0

    lab_run(main())


def test_a_fade_wakes_the_loop_twenty_times_a_second_at_most(lab_run):
    assert 2 * 60 < wakes(lab_run, Light.SPEAKING, dims=True) <= 20 * 60
    assert wakes(lab_run, Light.SPEAKING, dims=False) <= 2.5 * 60 + 1


def wakes(lab_run, light, *, dims, late_s=lambda _: 0.0):
    """How often the light's timer fires in a minute."""
    found = 0

    async def main():
        nonlocal found
        loop = CountingLoop(asyncio.get_running_loop(), late_s)
        driver = LampDriver(NullLamp(dims=dims), loop, now_ms(asyncio.get_running_loop()))
        driver.show(light)
        await asyncio.sleep(60)
        found = loop.fired
        driver.stop()

    lab_run(main())
    return found


class CountingLoop:
    """Counts the timers that fire, `late_s(count)` after they are due."""

    def __init__(self, loop, late_s):
        self._loop, self._late_s, self.fired = loop, late_s, 0

    def call_later(self, delay_s, call):
        def fire():
            self.fired += 1
            call()

        return self._loop.call_later(delay_s + self._late_s(self.fired), fire)


def test_gaps_announce_the_end_of_the_longest_recording(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        lamp = NullLamp()
        clock = now_ms(loop)
        driver = LampDriver(lamp, loop, clock)
        driver.show(Light.RECORDING, clock() + 30_000)
        lamp.history.clear()
        await asyncio.sleep(20.5)
        assert set(lamp.history) <= {1}
        lamp.history.clear()
        await asyncio.sleep(9.4)
        assert list(lamp.history) == [*[0, 1] * 9, 0]
        driver.show(Light.RECORDING, None)
        await asyncio.sleep(1)
        lamp.history.clear()
        await asyncio.sleep(100)
        assert (lamp.level, list(lamp.history)) == (1, [])
        driver.stop()

    lab_run(main())


class Watched(NullLamp):
    """Records when it changes between lit and dark."""

    def __init__(self, dims, clock):
        super().__init__(dims=dims)
        self._clock, self.edges = clock, [(-1000, False)]

    def set(self, level, colour=(1, 1, 1)):
        super().set(level, colour)
        if (level >= 0.5) is not self.edges[-1][1]:
            self.edges.append((self._clock(), level >= 0.5))


def flashes(edges):
    """How many began in the worst second."""
    began = [at for at, lit in edges if lit]
    return max((sum(at <= other < at + 1000 for other in began) for at in began), default=0)


CHANGES = st.lists(
    st.tuples(st.sampled_from([each for each in Light if each is not Light.STOPPING]), st.integers(0, 400))
)


@given(changes=CHANGES, dims=st.booleans())
def test_however_fast_lights_change_the_lamp_does_not_flash_and_recording_is_shown_at_once(changes, dims):
    async def main():
        loop = asyncio.get_running_loop()
        clock, recorded = now_ms(loop), set()
        lamp = Watched(dims, clock)
        driver = LampDriver(lamp, loop, clock)
        for light, ms in changes:
            driver.show(light)
            if light is Light.RECORDING:
                assert lamp.level == 1
                recorded.add(clock())
            await asyncio.sleep(ms / 1000)
        await asyncio.sleep(3)
        driver.stop()
        assert flashes(lamp.edges[:-1]) <= 3
        for (began, lit), (ended, _) in pairwise(lamp.edges[:-1]):
            assert ended - began >= 99 or (not lit and ended in recorded)  # timers come a trifle late

    run(main())


def test_a_lamp_that_had_to_wait_shows_the_rhythm_of_its_light_after_a_second(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        lamp = NullLamp()
        driver = LampDriver(lamp, loop, now_ms(loop))
        for _ in range(8):
            for light in (Light.RECORDING, Light.READY):
                driver.show(light)
                await asyncio.sleep(0.15)
        await asyncio.sleep(2)
        lamp.history.clear()
        await asyncio.sleep(19)
        assert sorted(lamp.history) == [0] * 10 + [1] * 10
        driver.stop()

    lab_run(main())


def test_a_loop_that_is_a_little_late_does_not_wake_more_often(lab_run):
    assert wakes(lab_run, Light.MUTED, dims=False, late_s=lambda fired: 0.015 * (fired % 2)) < 2 * 60


def test_a_lamp_that_was_stopped_stays_dark(lab_run):
    async def main():
        lamp = NullLamp()
        loop = asyncio.get_running_loop()
        driver = LampDriver(lamp, loop, now_ms(loop))
        driver.show(Light.THINKING)
        driver.stop()
        driver.show(Light.RECORDING)
        await asyncio.sleep(1)
        assert lamp.level == 0

    lab_run(main())


# -- the recording light -----------------------------------------------------------------------------


def test_the_recording_light_is_on_while_the_gate_is_open(lab_run):
    async def main():
        lamp = NullLamp()
        light = GateLight(lamp, asyncio.get_running_loop())
        shown = []
        for is_open in (False, True, True, False, True):
            light.show(is_open)
            shown.append(lamp.level)
            await asyncio.sleep(10)
            shown.append(lamp.level)
        assert shown == [0, 0, 1, 1, 1, 1, 0, 0, 1, 1]
        assert lamp.colour == RED
        lamp.history.clear()
        await asyncio.sleep(3600)
        assert list(lamp.history) == []
        light.stop()
        light.show(True)
        assert lamp.level == 0

    lab_run(main())


def test_a_recording_light_that_fails_is_reported_once_tried_again_and_shows_the_gate_of_then(
    lab_run, caplog
):
    async def main():
        lamp, changes = NullLamp(), []
        light = GateLight(lamp, asyncio.get_running_loop(), lambda: changes.append(bool(light.trouble)))
        light.show(False)
        await asyncio.sleep(1)
        lamp.broken = DeviceError("GPIO 22: it is gone", "recording_light_lost")
        light.show(True)
        assert "it is gone" in light.trouble
        await asyncio.sleep(60)
        assert changes == []  # `show` has said so
        lamp.broken = None
        await asyncio.sleep(2)
        assert (lamp.level, light.trouble, changes) == (1, "", [False])
        light.stop()

    lab_run(main())
    (line,) = caplog.records
    assert line.edged == {"cause": "recording_light_lost", "device": "recording_light"}


def test_that_another_recording_light_fails_or_works_is_reported(lab_run):
    async def main():
        changes = []
        light = GateLight(NullLamp(), asyncio.get_running_loop(), lambda: changes.append(bool(light.trouble)))
        for kind in ("bad", "none", "bad", "good"):
            lamp = NullLamp()
            if kind == "bad":
                lamp.broken = DeviceError("GPIO 22: it is gone", "recording_light_lost")
            light.replace(None if kind == "none" else lamp)
            await asyncio.sleep(10)
        assert changes == [True, False, True, False]
        light.stop()

    lab_run(main())


def test_another_recording_light_shows_the_gate_at_once(lab_run):
    async def main():
        old, new = NullLamp(), NullLamp()
        light = GateLight(old, asyncio.get_running_loop())
        light.show(True)
        light.replace(new)
        assert (old.level, new.level) == (0, 1)
        light.replace(None)
        light.show(False)
        assert new.level == 0
        light.stop()

    lab_run(main())
