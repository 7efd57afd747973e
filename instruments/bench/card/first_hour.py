"""`edged setup` in the machine with a card and pins: somebody speaks, listens, presses, looks, and makes a turn.

    python -m instruments.bench.card.first_hour FIGURES

The kiosk runs as its own unit. Somebody's voice goes into the card's other end, the button is a simulated pin, and the
light is seen on one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from edged.config import load
from instruments.bench.card import kiosk as whole
from instruments.bench.card import pins
from instruments.bench.card.figures import Figures
from instruments.bench.card.loop import FORMAT, OTHER_END
from instruments.bench.card.ruler import ruler
from instruments.bench.card.subjects import service
from tests.cli.terminal import Terminal

CHUNK_MS = 100
EMBEDDED = 8765
"""The port of edged-local.service: the set-up offers the service that answers there."""
HOLD_S = 2.0
TRIES = 6
WORDS = ("setup", "--plain")


class Voice:
    """Somebody in front of the microphone, who is quiet until told to speak."""

    def __init__(self) -> None:
        words = ["aplay", "-D", OTHER_END, *FORMAT, "-c", "1", "--buffer-time=400000", "--period-time=100000"]
        self._player = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._speech = ruler(CHUNK_MS)
        self.speaks, self._ended = False, False
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        assert self._player.stdin is not None
        with suppress(BrokenPipeError), self._player.stdin as sound:  # the player has been stopped
            while not self._ended:
                sound.write(self._speech if self.speaks else bytes(len(self._speech)))
                sound.flush()

    def stop(self) -> None:
        self._ended = True
        self._player.terminate()
        self._player.wait()


@contextmanager
def hall(place: Path) -> Iterator[Voice]:
    """The kiosk under its unit, its service, and somebody in front of it."""
    with ExitStack() as stack:
        stack.enter_context(service(place, port=EMBEDDED, answer_ms=500))
        stack.enter_context(whole.kiosk(EMBEDDED, panel="gpiod"))
        voice = Voice()
        stack.callback(voice.stop)
        yield voice


def press(hold_s: float = HOLD_S) -> None:
    whole.move(pressed=True)
    time.sleep(hold_s)
    whole.move(pressed=False)


def until(terminal: Terminal, words: str, meanwhile: Callable[[], None] | None = None) -> None:
    """Wait for these words, however they are broken into lines. `meanwhile` is done again and again."""
    wanted, end = "".join(words.split()), time.monotonic() + 90
    while wanted not in "".join(terminal.text.split()):
        if time.monotonic() > end:
            raise RuntimeError(f"no {words!r} in:\n{terminal.text}")
        if meanwhile is not None:
            meanwhile()
        terminal.wait(0.2)


def with_a_person(place: Path) -> Figures:
    """A person at a terminal answers each question by what the machine does."""
    with hall(place) as voice, ExitStack() as stack:
        before = whole.CONFIG_FILE.read_text()
        terminal = Terminal(*WORDS, columns=80, rows=24)
        stack.callback(terminal.close)
        until(terminal, "Please be quiet for two seconds")
        until(terminal, "Now speak")
        voice.speaks = True
        until(terminal, "You spoke into")
        voice.speaks = False
        stopped = whole.pid() == 0
        until(terminal, "Did you hear the tone")
        terminal.type("1\r")
        until(terminal, "Now press the button")
        until(terminal, "Is that the button?", lambda: press(0.7))
        found = terminal.text.rpartition("It is at ")[2].partition("Is that")[0]
        terminal.type("yes\r")
        until(terminal, "What did you see?")
        lit = pins.is_high(whole.LAMP)
        terminal.type("1\r")
        until(terminal, "Which speech service?")
        terminal.type("1\r")
        until(terminal, "local accepts it")
        until(terminal, "Which language")
        terminal.type("2\r")
        until(terminal, "How do visitors use the button?")
        terminal.type("1\r")
        until(terminal, "Write this?")
        terminal.type("yes\r")
        until(terminal, "Hold the button, ask something")
        voice.speaks = True
        press(3.0)
        voice.speaks = False
        code = terminal.end()
        config = load(whole.CONFIG_FILE, env={}).config
        [backup] = whole.CONFIG_FILE.parent.glob("config.yaml.*.bak")
        return {
            "code": code,
            "said": terminal.text,
            "stopped": stopped,
            "runs": whole.pid() > 0,
            "state": whole.state(),
            "found": " ".join(found.split()),
            "lit": lit,
            "microphone": config.microphone.device,
            "speaker": config.speaker.device,
            "button": [config.button.gpio, config.button.pull, config.button.contact],
            "languages": config.visitor.languages,
            "kept": backup.read_text() == before,
        }


def without_a_person(place: Path) -> Figures:
    """Options in place of a person; the turn is begun by the command, and somebody speaks."""
    with hall(place) as voice:
        voice.speaks = True
        words = [
            *WORDS,
            "--button",
            "gpio:17",
            "--light",
            "gpio:27",
            "--mode",
            "hybrid",
            "--turn",
            "press",
            "--yes",
        ]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "edged", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        return {
            "code": done.returncode,
            "said": done.stdout + done.stderr,
            "runs": whole.pid() > 0,
            "mode": load(whole.CONFIG_FILE, env={}).config.mode,
        }


def lost_terminal(place: Path) -> Figures:
    """The terminal is lost while the kiosk is stopped."""
    with hall(place):
        before = whole.CONFIG_FILE.read_text()
        terminal = Terminal(*WORDS, columns=80, rows=24)
        until(terminal, "Please be quiet for two seconds")
        stopped = whole.pid() == 0
        terminal.hang_up()
        end = time.monotonic() + 60
        while not whole.is_connected(whole.state()) and time.monotonic() < end:
            time.sleep(0.2)
        return {
            "stopped": stopped,
            "runs": whole.pid() > 0 and whole.is_connected(whole.state()),
            "same": whole.CONFIG_FILE.read_text() == before,
        }


EVERY = {"with": with_a_person, "without": without_a_person, "lost": lost_terminal}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("into", type=Path)
    args = parser.parse_args()
    results: Figures = {}
    for name, measure in EVERY.items():
        with tempfile.TemporaryDirectory(dir="/dev/shm", prefix=f"{name}-") as place:
            try:
                results[name] = measure(Path(place))
            except Exception as error:  # noqa: BLE001 the others still run
                traceback.print_exc()
                print(whole.journal()[-3000:], file=sys.stderr)
                results[name] = {"error": repr(error)}
        for left in whole.CONFIG_FILE.parent.glob("*.bak"):
            left.unlink()
        print(name, json.dumps(results[name]), flush=True)
        args.into.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
