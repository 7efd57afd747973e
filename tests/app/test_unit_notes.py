"""What edged leaves for other units: whether it wants the embedded service, and where its light is."""

import asyncio
from types import SimpleNamespace

import pytest

from edged.app.unit_notes import UnitNotes, left, wants_local
from edged.causes import Light
from edged.config import load
from edged.header import CHIPS
from edged.panel.light import LOOKS
from edged.panel.pixels import apa102, in_order
from edged.system.offload import ThreadOffload
from edged.system.unit_notes import LOCAL, RESCUE, NoteFiles


def configured(*sets):
    return load(None, env={}, sets=sets).config


@pytest.mark.parametrize(
    ("sets", "wanted"),
    [
        ([], True),
        (["provider.name=openai"], False),
        (["provider.name=speech-to-speech"], False),  # another service, on the same port
        (["provider.url=ws://127.0.0.1:8765/v1/realtime"], True),
        (["provider.url=ws://localhost:8765/v1/realtime"], True),
        (["provider.url=ws://[::1]:8765"], True),
        (["provider.url=ws://127.0.0.1:9000/v1/realtime"], False),  # somebody's own `edged serve`
        (["provider.url=ws://192.168.1.5:8765/v1/realtime"], False),
        (["provider.url=wss://localhost:8765/v1/realtime"], False),
    ],
)
def test_the_embedded_service_is_wanted_where_the_link_goes_to_it(sets, wanted):
    assert wants_local(configured("provider.name=local", *sets)) is wanted


def test_the_light_is_left_as_it_shows_a_fault(monkeypatch):
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    found = left(
        configured("light.backend=gpiod", "light.gpio=22", "light.active_high=false", "light.chip=soc")
    )
    assert (found.gpio, found.chip, found.labels, found.active_high) == (22, "soc", CHIPS, False)
    assert [(level, ms) for level, ms in zip([1, 0] * 10, found.pattern, strict=False)] == list(
        LOOKS[Light.ERROR_EDGED].pattern
    )
    assert left(configured("light.backend=gpiozero", "light.gpio=5")).gpio == 5


def test_of_a_lamp_of_three_colours_one_line_is_left_and_of_the_kernel_its_name(monkeypatch):
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    lines = ("light.red_gpio=5", "light.green_gpio=6", "light.blue_gpio=13")
    found = left(configured("light.backend=gpiod", "light.kind=rgb", *lines))
    assert (found.gpio, found.led, found.dark) == (5, "", ("gpio 6 yes ", "gpio 13 yes "))
    found = left(configured("light.kind=sysfs", "light.led=ACT"))
    assert (found.gpio, found.led, bool(found.pattern)) == (None, "ACT", True)
    found = left(configured("light.kind=apa102"))
    assert (found.gpio, found.led, bool(found.pattern)) == (None, "", True)
    on, off = (apa102(1, in_order(level, LOOKS[Light.ERROR_EDGED].colour, "bgr")).hex() for level in (1, 0))
    assert (found.pixels, found.power) == (f"/dev/spidev0.0 1000000 {on} {off}", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")  # as if this machine had the lines
    found = left(configured("light.kind=ws2812", "light.power_gpio=5"))
    assert (found.gpio, found.power, found.pixels.split()[1]) == (None, 5, "2400000")
    found = left(configured("light.kind=none"))
    assert (found.gpio, found.led, found.pattern, found.pixels) == (None, "", (), "")


@pytest.mark.parametrize(
    ("sets", "dark"),
    [
        ([], []),
        (["kind=led", "gpio=5", "backend=none"], []),
        (["kind=led", "gpio=5", "backend=gpiod"], ["gpio 5 yes "]),
        (["kind=led", "gpio=5", "active_high=false", "chip=a b"], ["gpio 5 no a b"]),
        (["kind=sysfs", "led=/sys/class/leds/ACT"], ["led ACT"]),
        (
            ["kind=apa102", "spi=/dev/spidev1.0", "power_gpio=5"],
            ["pixels /dev/spidev1.0 1000000 ", "gpio 5 yes "],
        ),
    ],
)
def test_a_recording_light_of_its_own_is_left_as_one_that_must_be_dark(monkeypatch, sets, dark):
    """The process that had it on may have been killed."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "native")
    found = left(configured("light.backend=gpiod", *(f"recording_light.{each}" for each in sets))).dark
    assert len(found) == len(dark)
    assert all(each.startswith(start) for each, start in zip(found, dark, strict=True))


def test_a_simulated_light_and_none_are_left_as_no_pin(monkeypatch):
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    found = left(configured("light.backend=gpiozero"))
    assert (found.gpio, bool(found.pattern)) == (None, True)
    found = left(configured("light.backend=none"))
    assert (found.gpio, found.pattern) == (None, ())


def test_they_are_written_at_the_start_and_at_each_change(tmp_path):
    runtime, state = tmp_path / "run", tmp_path / "state"
    runtime.mkdir(), state.mkdir()

    async def main():
        ports = SimpleNamespace(notes=NoteFiles(str(runtime), str(state)), offload=ThreadOffload())
        notes = UnitNotes(configured("provider.name=local", "light.backend=none"), ports)
        task = asyncio.create_task(notes.run())
        await until((state / RESCUE).exists)
        assert (runtime / LOCAL).read_text() == (state / LOCAL).read_text() == "yes\n"
        assert "gpio=\n" in (state / RESCUE).read_text()
        notes.configure(configured("provider.name=openai", "light.backend=gpiod"))
        await until(lambda: "gpio=27\n" in (state / RESCUE).read_text())
        assert (runtime / LOCAL).read_text() == (state / LOCAL).read_text() == "no\n"
        task.cancel()

    asyncio.run(main())
    assert sorted(path.name for path in state.iterdir()) == [LOCAL, RESCUE]


async def until(is_so):
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 a file has no event
            await asyncio.sleep(0.01)


def test_what_says_the_same_is_written_again_only_where_it_is_noticed(tmp_path):
    runtime, state = tmp_path / "run", tmp_path / "state"
    runtime.mkdir(), state.mkdir()
    notes = NoteFiles(str(runtime), str(state))
    notes.put(LOCAL, "yes\n")
    before = [(folder / LOCAL).stat().st_ino for folder in (runtime, state)]
    notes.put(LOCAL, "yes\n")
    after = [(folder / LOCAL).stat().st_ino for folder in (runtime, state)]
    assert (before[0] != after[0], before[1] == after[1]) == (True, True)


def test_a_disk_that_takes_no_note_is_no_trouble(tmp_path):
    NoteFiles(str(tmp_path / "none"), "").put(LOCAL, "yes\n")
    NoteFiles("", str(tmp_path / "none")).put(RESCUE, "x")
    (tmp_path / RESCUE).mkdir()
    NoteFiles("", str(tmp_path)).put(RESCUE, "x")
    assert (tmp_path / RESCUE).is_dir()
