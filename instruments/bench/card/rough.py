"""The whole kiosk, under its own unit, with a contact that does not behave: what it asks, and what it says.

Each scene is a few seconds in which somebody moves the contact. Afterwards, the marks of the service say how many
questions came in each of them, and how long they were.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from edged.pcm import PCM16
from edged.system.control_client import ControlClient
from instruments.bench.card import kiosk as whole
from instruments.bench.card.loop import playing
from instruments.bench.card.ruler import ruler
from instruments.bench.card.subjects import PORT, marks, service

Figures = dict[str, Any]
Move = Callable[..., float]

HELD_S = 3.0
FLIPS = 500  # more than any kernel or library keeps for a process that is stopped
SETTLED_S = 2.0  # for the question, and an answer of 300 ms


class Scenes:
    """The contact, and when each scene began and ended."""

    def __init__(self, move: Move) -> None:
        self._move = move
        self._rng = random.Random(1)
        self.spans: dict[str, tuple[float, float]] = {}
        self.said: Figures = {}

    @contextmanager
    def scene(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        time.sleep(SETTLED_S)
        self.spans[name] = (began, time.monotonic())

    def turn(self, *, pressed: bool) -> None:
        """Move the contact, which bounces for up to 15 ms."""
        until = time.monotonic() + self._rng.uniform(0.005, 0.015)
        self._move(pressed=pressed)
        while time.monotonic() < until:
            self._move(pressed=not pressed)
            time.sleep(self._rng.uniform(0, 0.002))
            self._move(pressed=pressed)
            time.sleep(self._rng.uniform(0, 0.002))

    def press(self, for_s: float = 0.6) -> None:
        self.turn(pressed=True)
        time.sleep(for_s)
        self.turn(pressed=False)

    def lose(self, *, ends_pressed: bool) -> None:
        """Stop the process, flip the contact more often than anybody keeps edges, and let the process go on."""
        pid = whole.pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(FLIPS):
                self._move(pressed=ends_pressed)
                self._move(pressed=not ends_pressed)
            self._move(pressed=ends_pressed)
        finally:
            os.kill(pid, signal.SIGCONT)


def rough(place: Path, panel: str, move: Move) -> Figures:
    """Play all scenes on one kind of input."""
    (place / "mic.raw").write_bytes(ruler(120_000))
    scenes = Scenes(move)
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=300))
        stack.enter_context(playing(place / "mic.raw"))
        stack.enter_context(whole.kiosk(PORT, drop_in=whole.ALLOWED, panel=panel))
        time.sleep(1)
        _play(scenes)
        scenes.said["counters"] = (whole.state() or {})["counters"]
        _held_at_the_start(scenes, move)
        if panel != "pedal":  # a pedal belongs to nobody unless somebody grabs it
            _busy(scenes)
        scenes.said["restarts"] = whole.restarts()
    commits, appends = marks(place, "input_audio_buffer.commit"), marks(place, "append")
    for name, (began, ended) in scenes.spans.items():
        sound = sum(mark["bytes"] for mark in appends if began <= mark["at"] < ended)
        scenes.said[name] = {
            "questions": sum(began <= mark["at"] < ended for mark in commits),
            "sound_s": PCM16.ms_of(sound) / 1000,
        }
    return scenes.said


def _play(scenes: Scenes) -> None:
    with scenes.scene("bounces"):
        scenes.press()
    with scenes.scene("held"):
        scenes.press(HELD_S)
    with scenes.scene("press lost"):
        scenes.lose(ends_pressed=True)
        time.sleep(0.8)
        scenes.turn(pressed=False)
    with scenes.scene("release lost"):
        scenes.turn(pressed=True)
        time.sleep(0.5)
        scenes.lose(ends_pressed=False)


def _busy(scenes: Scenes) -> None:
    """Another program holds the line while edged starts."""
    words = ["gpiomon", "pinctrl-bcm2711", str(whole.BUTTON)]
    whole.stop()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as holder:
        try:
            time.sleep(0.5)
            whole.start(whole.is_connected)
            state = whole.state() or {}
            scenes.said["busy"] = [state["lost"], [each["text"] for each in state["troubles"]]]
            with scenes.scene("by the socket"), ControlClient(whole.SOCKET) as client:
                client.command("press")
                time.sleep(0.6)
                client.command("release")
        finally:
            holder.terminate()
    until = time.monotonic() + 10
    while (whole.state() or {}).get("lost") and time.monotonic() < until:
        time.sleep(0.05)
    with scenes.scene("free again"):
        scenes.press()


def _held_at_the_start(scenes: Scenes, move: Move) -> None:
    whole.stop()
    # The simulated chip has one level for its own resistor and for a finger: edged's pull would let go of the button.
    whole.CONFIG_FILE.write_text(
        whole.CONFIG_FILE.read_text().replace("gpio: 17", "gpio: 17, pull: external_up")
    )
    move(pressed=True)
    whole.start()
    with scenes.scene("held at the start"):
        time.sleep(1.5)
        scenes.turn(pressed=False)
    with scenes.scene("and then pressed"):
        scenes.press()
