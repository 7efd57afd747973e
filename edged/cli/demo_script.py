"""The visitor of the demo, and the timeline it prints."""

import asyncio
import functools
import itertools
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from edged.cli.demo_panel import DemoPanel
from edged.files import opened
from edged.panel.gestures import Gesture
from edged.panel.keyboard import KeyboardContact
from edged.seen.legs import CALLED, in_order

if TYPE_CHECKING:
    from edged.app import App

# A step that takes longer has failed.
CONNECT_S, SPEAK_S, ANSWER_S = 10.0, 20.0, 40.0
BREATH_S = 0.3  # a person releases the button a moment after the last word
INTERRUPT_AFTER_S = 1.0  # in the middle of the second answer


class DemoStep(Exception):  # noqa: N818  # it names the step, not the error
    """A step of the script failed; the message names it."""


class DemoScript:
    """Collects the events that the daemon publishes, and prints the timeline."""

    def __init__(self, out: TextIO) -> None:
        self.on_event: Callable[[dict[str, Any]], None] = lambda _: None
        """Set by the owner; receives each event after it was noted."""
        self.say: Callable[[str], None] = lambda text: print(text, file=out, flush=True)
        """Prints lines; the owner may replace it."""
        self.marks: dict[int, dict[str, int]] = {}
        self.state = "IDLE"
        self.up = False
        self.trouble: list[str] = []
        self._changed = asyncio.Event()

    def heard(self, event: dict[str, Any]) -> None:
        """One published event."""
        match event["event"]:
            case "mark":
                self.marks.setdefault(event["turn"], {})[event["name"]] = event["at_ms"]
            case "turn":
                self.state = event["state"]
            case "link":
                self.up = event["up"] or event["resting"]
                if not self.up:
                    self.trouble.append(f"link lost: {event['cause']}: {event['text']}")
            case "cause":
                self.trouble.append(f"{event['id']}: {event['remedy']}")
        self._changed.set()
        self.on_event(event)

    async def until(self, step: str, is_so: "Any", within_s: float) -> None:
        """Wait until `is_so()`. Raises DemoStep, which names what did not happen."""
        try:
            async with asyncio.timeout(within_s):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            why = f" ({self.trouble[-1]})" if self.trouble else ""
            raise DemoStep(f"{step}: not done within {within_s:.0f} s{why}") from None

    def timeline(self, turn: int) -> None:
        """Print one turn: milliseconds since the press, and since the previous mark."""
        marks = self.marks.get(turn, {})
        start = before = marks.get("press", 0)
        self.say(f"\n  turn {turn}                  at      after")
        for name, at in in_order(marks):
            self.say(f"    {CALLED[name]:<17} {at - start:>7} ms {at - before:>7} ms")
            before = at

    def summary(self, problem: str | None, answer: Path | None, bill: list[str] | None) -> int:
        """Print the result and return the exit code."""
        if answer is not None and answer.is_file():
            with opened(answer) as raw, wave.open(raw) as recorded:
                seconds = recorded.getnframes() / recorded.getframerate()
            self.say(f"\nthe speaker played: {answer.resolve()} ({seconds:.1f} s)")
        if bill is not None:
            self.say(f"billed: {len(bill)} responses ({', '.join(bill)})")
        if problem is not None:
            self.say(f"\nFAILED at {problem}")
            return 1
        self.say("\nthe demo has passed")
        return 0


class Visitor:
    """Presses the button, speaks, listens and interrupts."""

    def __init__(self, app: "App", script: DemoScript) -> None:
        self._app, self._script = app, script

    async def play(self) -> str | None:
        """The scripted visit; returns the step that failed, or None."""
        script = self._script
        try:
            await script.until("connect", lambda: script.up, CONNECT_S)
            await self._ask(1, "question.wav")
            await script.until("hear the answer out", lambda: "drained" in script.marks[1], ANSWER_S)
            await script.until("rest", lambda: script.state == "IDLE", SPEAK_S)
            script.timeline(1)
            await self._ask(2, "question2.wav")
            await script.until("hear the second answer", lambda: "first_sound" in script.marks[2], ANSWER_S)
            await asyncio.sleep(INTERRUPT_AFTER_S)
            if script.state not in ("SPEAKING", "DRAINING"):
                raise DemoStep(f"interrupt: the second answer was over already ({script.state})")  # noqa: TRY301
            await self._tap()
            await script.until("interrupt", lambda: script.state == "IDLE", SPEAK_S)
            await asyncio.sleep(BREATH_S)  # time to tell the service how much was heard
            script.timeline(2)
            script.say(f"    interrupted {INTERRUPT_AFTER_S:.1f} s after the first sound of the answer")
        except DemoStep as failed:
            return str(failed)
        return None

    async def at_the_keyboard(self) -> str | None:
        """Let a person press the button; q or Ctrl-C ends."""
        script = self._script
        try:
            await script.until("connect", lambda: script.up, CONNECT_S)
        except DemoStep as failed:
            return str(failed)
        ended = asyncio.Event()
        loop, button = asyncio.get_running_loop(), self._app.front.button
        if isinstance(button, KeyboardContact):
            button.quit = functools.partial(_soon, loop, ended.set)
        turns = asyncio.create_task(self._turns())
        with DemoPanel(self._app, script, is_recorded=self._is_recorded):
            await ended.wait()
        turns.cancel()
        await asyncio.wait({turns})
        return None

    @property
    def _is_recorded(self) -> bool:
        """Whether the microphone hears recorded questions."""
        from edged.audio.devices.wav import WavMicrophone

        return isinstance(self._app.front.microphone, WavMicrophone)

    async def _turns(self) -> None:
        script = self._script
        for turn in itertools.count(1):
            await script.until("press", functools.partial(script.marks.__contains__, turn), float("inf"))
            self._speak("question.wav")
            await script.until("answer", lambda: script.state == "IDLE", float("inf"))
            script.timeline(turn)

    async def _ask(self, turn: int, question: str) -> None:
        script, app = self._script, self._app
        app.appliance.gesture(Gesture.PRESS)
        await script.until(f"press {turn}", lambda: "press" in script.marks.get(turn, {}), 1.0)
        seconds = self._speak(question)
        await asyncio.sleep(seconds + BREATH_S)
        app.appliance.gesture(Gesture.RELEASE)
        await script.until(f"send question {turn}", lambda: "commit_sent" in script.marks[turn], SPEAK_S)
        await script.until(f"acknowledge question {turn}", lambda: "committed" in script.marks[turn], SPEAK_S)

    async def _tap(self) -> None:
        self._app.appliance.gesture(Gesture.PRESS)
        await asyncio.sleep(0.1)
        self._app.appliance.gesture(Gesture.RELEASE)

    def _speak(self, question: str) -> float:
        """Play a recorded question into a simulated microphone; returns its seconds (0 with a real microphone)."""
        from edged import pcm
        from edged.audio.devices.wav import WavMicrophone, read_wav
        from edged.local import clips

        microphone = self._app.front.microphone
        if not isinstance(microphone, WavMicrophone):
            return 0.0
        speech = read_wav(clips(question))
        microphone.say(speech)
        return pcm.PCM16.ms_of(len(speech)) / 1000


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Call `call` in the thread of the loop."""
    loop.call_soon_threadsafe(call)
