"""The volume over whole weeks, and over changes of the clock; without the rest of the kiosk, which would take hours."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from edged.app.adapters import Ports
from edged.app.volume import FADE_S, VolumeControl
from edged.config import load
from edged.system.store import MemoryStore
from instruments.lab.ports import SimClock, SimOffload

NIGHT = "speaker.quiet_hours=22:00-07:00"


@pytest.fixture
def living(lab_run):
    """Runs `body(control, clock)` beside the control of the volume."""

    def run(body, *settings, zone=UTC):
        async def main():
            clock = SimClock(asyncio.get_running_loop(), zone)
            config = load(None, env={}, sets=settings).config
            ports = Ports(clock, None, None, MemoryStore(), SimOffload(), Random(1))
            control = VolumeControl(config, ports)
            await control.recall(None)
            running = asyncio.ensure_future(control.run())
            await body(control, clock)
            running.cancel()

        lab_run(main())

    return run


@pytest.mark.parametrize(
    ("zone", "night_h"), [("Europe/Berlin", 10), ("Australia/Lord_Howe", 9), ("America/St_Johns", 9)]
)
def test_a_night_in_which_the_clock_changes_ends_when_the_wall_says_so(living, zone, night_h):
    async def body(control, clock):
        clock.set(datetime(2026, 10, 24, 21, 58))  # noqa: DTZ001 Berlin's clock goes back at three o'clock
        await asyncio.sleep(10)
        quiet = 0
        for _ in range(14 * 60):
            await asyncio.sleep(60)
            quiet += control.snapshot()["quiet_hours"]
        assert quiet == pytest.approx(night_h * 60, abs=1)

    living(body, NIGHT, zone=ZoneInfo(zone))


def test_four_weeks_in_a_row_have_quiet_nights(living):
    async def body(control, clock):
        clock.set(datetime(2026, 3, 16, 12))  # noqa: DTZ001 two weeks before a change of the clock
        for _ in range(4 * 7 * 24 * 4):
            await asyncio.sleep(15 * 60)
            local = clock.local()
            if local.minute not in (0, 59):
                is_quiet = local.hour >= 22 or local.hour < 7
                assert control.loudness.volume == (20 if is_quiet else 50)

    living(body, NIGHT, zone=ZoneInfo("Europe/Berlin"))


def test_however_the_clock_jumps_the_wall_is_right_within_a_minute(living):
    async def body(control, clock):
        rng = Random(7)
        for _ in range(300):
            clock.set(datetime(2026, 11, 30) + timedelta(minutes=rng.randrange(14 * 24 * 60)))  # noqa: DTZ001
            await asyncio.sleep(rng.uniform(61 + FADE_S, 4 * 3600))
            local = clock.local()
            if 2 < local.minute < 58:  # no change is under way
                is_quiet = local.hour >= 22 or local.hour < 7
                assert control.loudness.volume == (20 if is_quiet else 50)

    living(body, NIGHT)


def test_a_start_in_quiet_hours_is_quiet_at_once(living, lab_run):
    async def body(control, clock):
        clock.set(datetime(2026, 11, 30, 3))  # noqa: DTZ001
        await control.recall(80)
        assert (control.loudness.volume, control.chosen) == (20, 80)

    living(body, NIGHT)


def test_a_kept_volume_comes_back_within_the_bounds(living):
    async def body(control, clock):
        await control.recall(80)
        assert control.loudness.volume == 70

    living(body, "speaker.volume_most=70")


def test_hours_that_a_new_configuration_names_begin_without_a_restart(living):
    async def body(control, clock):
        clock.set(datetime(2026, 11, 30, 23))  # noqa: DTZ001
        await asyncio.sleep(1)
        assert control.loudness.volume == 50
        control.configure(load(None, env={}, sets=[NIGHT]).config, level=None)
        await asyncio.sleep(FADE_S + 0.1)
        assert control.loudness.volume == 20
        control.configure(load(None, env={}, sets=[]).config, level=None)
        await asyncio.sleep(FADE_S + 0.1)
        assert control.loudness.volume == 50

    living(body)


def test_without_quiet_hours_nothing_wakes_the_kiosk(living):
    async def body(control, clock):
        looks = []
        clock.local = lambda: looks.append(1)
        await asyncio.sleep(3600)
        assert not looks

    living(body)


class Card:
    """A mixer that notes what it is set to."""

    def __init__(self):
        self.set_to = []

    def set(self, volume, card):
        self.set_to.append(volume)


def test_a_card_fades_too_and_leaves_cues_as_loud_as_they_have_to_be(living, monkeypatch):
    card = Card()
    monkeypatch.setattr("edged.app.volume._mixer", lambda _: card)

    async def body(control, clock):
        clock.set(datetime(2026, 11, 30, 21, 58))  # noqa: DTZ001
        control.configure(load(None, env={}, sets=[NIGHT, "speaker.quiet_volume=5"]).config, level=None)
        control.speaker_opened("hw:CARD=One")
        await asyncio.sleep(121 + FADE_S)
        assert card.set_to[0] == 50
        assert min(card.set_to) == card.set_to[-1] == 20  # the least volume of cues
        assert len(set(card.set_to)) > 10
        assert control.loudness.cue_gain == 1.0
        assert control.loudness.gain < 1.0  # software makes answers quieter than that

    living(body)


def test_a_card_that_may_be_silent_is_silent(living, monkeypatch):
    card = Card()
    monkeypatch.setattr("edged.app.volume._mixer", lambda _: card)

    async def body(control, clock):
        control.speaker_opened("hw:CARD=One")
        await control.set(0)
        assert (card.set_to[-1], control.loudness.gain, control.loudness.cue_gain) == (0, 0.0, 0.0)

    living(body, "speaker.cue_least=0")
