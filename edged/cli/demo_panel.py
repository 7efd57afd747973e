"""What `edged demo --keyboard` shows while it runs: the level and the state in one line, and each leg as it ends."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from edged.audio.capture.level_bar import bar
from edged.audio.capture.level_meter import NEVER_DBFS, LevelHistory, SoundLevel
from edged.cli.screen import LiveLine, is_live
from edged.turn import OPEN, State

if TYPE_CHECKING:
    from edged.app import App
    from edged.cli.demo_script import DemoScript

BAR = 20  # cells; the rest of the line has room on 80 columns
LEGS = {
    "first_audio_sent": ("press", "first sound sent"),
    "commit_sent": ("release", "end of the question sent"),
    "first_delta": ("release", "first sound of the answer received"),
    "first_sound": ("release", "answer heard"),
}
"""Each mark, the mark from which its time counts, and what it means."""
DOES = {
    State.IDLE: "hold the space bar and speak; q ends",
    State.TRAILING: "records the last syllable",
    State.COMMITTING: "sends the question",
    State.THINKING: "waits for the answer",
    State.NOTICE: "tells what went wrong",
    **dict.fromkeys(
        (State.SPEAKING, State.BRIDGING, State.DRAINING, State.TRUNCATED), "answers; press to interrupt"
    ),
}
"""What the kiosk does in each state in which the gate is shut, and after a release."""
RECORDING = "records: release the space bar to end"
RECORDED = (
    "This computer has no microphone and speaker that edged can use. So a recorded question is heard at each press,"
    " and the answer is written into a file."
)


class DemoPanel:
    """Shows until the end of the block. `is_recorded`: the microphone hears recorded questions."""

    def __init__(self, app: "App", script: "DemoScript", *, is_recorded: bool) -> None:
        self._app, self._script, self._is_recorded = app, script, is_recorded
        self._live = LiveLine(sys.stdout) if is_live(sys.stdout) else None
        self._history = LevelHistory()
        self._meter = bar(SoundLevel(NEVER_DBFS, NEVER_DBFS, clipped=False), self._history, BAR)
        self._said = ""

    def __enter__(self) -> "DemoPanel":
        self._plain, script = self._script.say, self._script
        if self._live is not None:
            script.say = self._live.say
        script.say(RECORDED if self._is_recorded else _devices(self._app.snapshot()))
        script.on_event, self._app.audience.on_level = self._event, self._level
        self._app.want_levels(True)
        self._show()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._app.want_levels(False)
        self._script.on_event, self._script.say = lambda _: None, self._plain
        if self._live is not None:
            self._live.clear()

    def _event(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "mark":
                self._leg(event)
            case "turn":
                if event["by"] == "PRESS" and self._is_recorded and event["state"] in OPEN:
                    self._script.say("  (hears the recorded question)")
                self._show()
            case "cause":
                self._script.say(f"  {event['id']}: {event['remedy']}")
            case "device" if not event["up"]:
                self._script.say(f"  {event['name']}: {event['cause']}")
            case "link":
                down = (
                    "closed"
                    if event["resting"]
                    else f"down: {event['cause'] or 'connecting'}: {event['text']}"
                )
                self._script.say(f"  link {'up' if event['up'] else down}")
            case _:
                pass

    def _leg(self, event: dict[str, Any]) -> None:
        marks = self._script.marks.get(event["turn"], {})
        since, text = LEGS.get(event["name"], ("", ""))
        if since in marks:
            self._script.say(f"  {text}: {event['at_ms'] - marks[since]} ms after the {since}")

    def _level(self, event: dict[str, Any]) -> None:
        level = SoundLevel(event["rms_dbfs"], event["peak_dbfs"], event["clipped"])
        self._history.add(level)
        self._meter = bar(level, self._history, BAR)
        self._show()

    def _show(self) -> None:
        """On a terminal a line that moves; anywhere else a line for each state."""
        state = State(self._script.state)
        does = DOES.get(state, RECORDING)
        if self._live is not None:
            self._live.show(f"{self._meter}  {state.value}: {does}")
        elif does != self._said:
            self._said = does
            self._script.say(f"{state.value}: {does}")


def _devices(snapshot: dict[str, object]) -> str:
    """Which devices are in use."""
    from edged.audio import opened

    found: Any = snapshot["devices"]
    return "\n".join(f"{what}: {text}" for what, text in opened.lines(found)) or "The sound devices open."
