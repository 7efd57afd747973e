import asyncio
import threading

import pytest

from edged.causes import Light
from edged.errors import DeviceError
from edged.panel.contact import Debouncer
from edged.panel.driver import ButtonDriver, LampDriver
from edged.panel.gestures import Gesture, GestureTimes, Grammar
from edged.panel.null import NullContact, NullLamp


def now_ms(loop):
    return lambda: round(loop.time() * 1000)


def driven(gestures, *, button=None, bounce_ms=25, long_press_ms=1500):
    loop = asyncio.get_running_loop()
    button = button or NullContact()
    debouncer, grammar = Debouncer(bounce_ms=bounce_ms), Grammar(GestureTimes(long_press_ms=long_press_ms))
    return button, ButtonDriver(button, debouncer, grammar, gestures.append, loop, now_ms(loop))


def test_a_press_is_told_in_the_next_turn_of_the_loop(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(0)
        assert gestures == [Gesture.PRESS]
        await asyncio.sleep(0.5)
        button.release()
        await asyncio.sleep(0.031)
        assert gestures == [Gesture.PRESS, Gesture.RELEASE]
        driver.stop()
        button.press()
        await asyncio.sleep(1)
        assert len(gestures) == 2

    lab_run(main())


def test_time_alone_makes_a_long_press_and_settles_a_bounce(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures, bounce_ms=25, long_press_ms=500)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(0.6)
        assert gestures == [Gesture.PRESS, Gesture.LONG_PRESS]
        button.release()
        await asyncio.sleep(0.1)
        button.press()
        await asyncio.sleep(0.01)
        button.release()
        await asyncio.sleep(0.1)
        assert gestures[2:] == [Gesture.RELEASE, Gesture.PRESS, Gesture.RELEASE]

    lab_run(main())


def test_a_button_that_is_down_at_the_start_is_no_press(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures)
        button.press()
        driver.start(lambda error: None)
        await asyncio.sleep(5)
        button.release()
        await asyncio.sleep(1)
        assert gestures == []
        button.press()
        await asyncio.sleep(0)
        assert gestures == [Gesture.PRESS]

    lab_run(main())


def test_a_button_that_goes_while_it_is_down_is_let_go_and_the_next_press_counts(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures, long_press_ms=500)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(0.1)
        driver.stop()
        button.release()
        await asyncio.sleep(0)
        assert gestures == [Gesture.PRESS, Gesture.RELEASE]
        await asyncio.sleep(1)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(0)
        assert gestures == [Gesture.PRESS, Gesture.RELEASE, Gesture.PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_a_release_whose_edge_is_missed_is_noticed_within_200_ms(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(0.777)
        button.down = False
        await asyncio.sleep(0.2)
        assert gestures == [Gesture.PRESS, Gesture.RELEASE]
        button.press()
        await asyncio.sleep(0)
        assert gestures[2:] == [Gesture.PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_a_press_whose_edge_is_missed_is_noticed_within_200_ms(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures)
        driver.start(lambda error: None)
        await asyncio.sleep(3.333)
        button.down = True
        await asyncio.sleep(0.2)
        assert gestures == [Gesture.PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


@pytest.mark.parametrize(("held_s", "is_long"), [(1.49, False), (1.505, True)])
def test_a_press_ends_at_the_edge_of_its_release_also_if_that_is_certain_only_later(lab_run, held_s, is_long):
    async def main():
        gestures = []
        button, driver = driven(gestures, long_press_ms=1500)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(held_s)
        button.release()
        await asyncio.sleep(1)
        assert gestures == [Gesture.PRESS, *[Gesture.LONG_PRESS] * is_long, Gesture.RELEASE]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_taps_are_as_long_as_from_edge_to_edge(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures)
        driver.start(lambda error: None)
        for _ in range(2):
            button.press()
            await asyncio.sleep(0.295)
            button.release()
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert gestures[-1] is Gesture.DOUBLE_PRESS
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_a_gap_delays_a_long_press_and_does_not_end_it(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures, long_press_ms=1500)
        driver.start(lambda error: None)
        button.press()
        await asyncio.sleep(1.49)
        button.release()
        await asyncio.sleep(0.02)
        assert gestures == [Gesture.PRESS]
        button.press()
        await asyncio.sleep(0.1)
        assert gestures == [Gesture.PRESS, Gesture.LONG_PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


class Stalled(NullContact):
    """A contact in a process that stands still, and its clock.

    The edges from meanwhile are known once the contact is read, as with evdev, or never.
    """

    def __init__(self, *, told):
        super().__init__()
        self._loop, self._held_up_ms, self._told, self._missed = asyncio.get_running_loop(), 0, told, []

    def now_ms(self):
        return round(self._loop.time() * 1000) + self._held_up_ms

    def stand_still(self, ms, *, released_after_ms=None):
        if released_after_ms is not None:
            self.down = False
            self._missed = [self.now_ms() + released_after_ms] if self._told else []
        self._held_up_ms += ms

    def read(self):
        while self._missed:
            self._edge(False, self._missed.pop())
        return super().read()


def watched(gestures, *, told=True):
    contact = Stalled(told=told)
    loop = asyncio.get_running_loop()
    driver = ButtonDriver(contact, Debouncer(), Grammar(), gestures.append, loop, contact.now_ms)
    driver.start(lambda error: None)
    return contact, driver


@pytest.mark.parametrize("told", [True, False], ids=["late edge", "lost edge"])
@pytest.mark.parametrize("held_s", [0.01, 0.7])
def test_a_press_that_ended_while_the_process_stood_still_is_no_long_one(lab_run, held_s, told):
    """Otherwise a short press could shut down a machine that is busy for seconds."""

    async def main():
        gestures = []
        contact, driver = watched(gestures, told=told)
        await asyncio.sleep(1)
        contact.press()
        await asyncio.sleep(held_s)
        contact.stand_still(6000, released_after_ms=200)
        await asyncio.sleep(1)
        assert gestures == [Gesture.PRESS, Gesture.RELEASE]
        contact.press()
        await asyncio.sleep(2)
        assert gestures[2:] == [Gesture.PRESS, Gesture.LONG_PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_a_press_that_lasts_while_the_process_stands_still_is_a_long_one(lab_run):
    async def main():
        gestures = []
        contact, driver = watched(gestures)
        contact.press()
        await asyncio.sleep(0.7)
        contact.stand_still(2000)
        await asyncio.sleep(0.2)
        assert gestures == [Gesture.PRESS, Gesture.LONG_PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_a_press_that_is_shorter_than_any_finger_is_a_disturbance(lab_run):
    async def main():
        gestures = []
        button, driver = driven(gestures)
        driver.start(lambda error: None)
        for _ in range(2):
            await asyncio.sleep(0.1)
            button.press()
            await asyncio.sleep(0.002)
            button.release()
        await asyncio.sleep(1)
        assert gestures == [Gesture.PRESS, Gesture.DISTURBANCE, Gesture.RELEASE] * 2
        button.press()
        button.release()
        button.press()
        await asyncio.sleep(0.03)
        button.release()
        await asyncio.sleep(1)
        assert gestures[6:] == [Gesture.PRESS, Gesture.RELEASE]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


class Unplugged(NullContact):
    """A contact that cannot be read any more after some time."""

    reads = 3

    def read(self):
        self.reads -= 1
        if not self.reads:
            raise DeviceError("No such device", "button_lost")
        return super().read()


def test_a_contact_that_cannot_be_read_any_more_is_lost_and_is_not_read_again(lab_run):
    async def main():
        gestures, lost = [], []
        button, driver = driven(gestures, button=Unplugged())
        driver.start(lost.append)
        await asyncio.sleep(60)
        assert [str(error) for error in lost] == ["No such device"]
        assert button.reads == 0
        driver.stop()
        driver.start(lost.append)
        button.press()
        await asyncio.sleep(0)
        assert gestures == [Gesture.PRESS]
        driver.stop()
        await asyncio.sleep(0)

    lab_run(main())


def test_a_contact_that_is_not_watched_is_not_read(lab_run):
    async def main():
        button, driver = driven([], button=Unplugged())
        driver.start(lambda error: None)
        driver.stop()
        await asyncio.sleep(60)
        assert button.reads == 3

    lab_run(main())


def test_edges_from_another_thread_arrive():
    async def main():
        gestures, arrived = [], asyncio.Event()
        loop = asyncio.get_running_loop()
        button = NullContact()

        def emit(gesture):
            gestures.append((gesture, threading.current_thread()))
            arrived.set()

        driver = ButtonDriver(button, Debouncer(), Grammar(), emit, loop, now_ms(loop))
        driver.start(lambda error: None)
        thread = threading.Thread(target=button.press)
        thread.start()
        await asyncio.wait_for(arrived.wait(), 60)
        thread.join()
        driver.stop()
        assert gestures == [(Gesture.PRESS, threading.main_thread())]

    asyncio.run(main())


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
    def set(self, level):
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
