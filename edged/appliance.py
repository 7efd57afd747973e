"""Moves sound and events between the packages. Decides nothing.

`turn` decides who may speak, causes.py what a failure looks like, and `link` what is sent. Everything here runs on the
loop.

The path of a microphone frame: device thread -> Intake.hand -> (gate open) `on_sound` -> the log -> the link, in the
same call -> socket. The path of a delta: socket -> pump -> session -> link -> dialogue -> Playout.push -> speaker.
The path of a press: `gesture` -> the queue -> turn.step -> gate, lamp, effects, and the first sound sent. All of this
happens before anything else runs on the loop. The events about it are published afterwards (publisher.py).
"""

from collections.abc import Callable, Mapping

from edged import turn
from edged.announcer import Announcer
from edged.audio.capture.intake import Intake
from edged.audio.capture.utterances import Utterances
from edged.audio.playout.playout import Playout
from edged.causes import Cue, Light
from edged.dialogue import Dialogue
from edged.effects import Effects
from edged.gate_facts import GateFacts
from edged.link.link import Link
from edged.panel.gestures import Gesture
from edged.panel.lamp_driver import Lamps
from edged.phrases.speech import Speech
from edged.publisher import Publisher
from edged.shown_light import ShownLight
from edged.timeline import Timeline
from edged.turn import (
    ANSWER_DUE,
    DUPLEX,
    OPEN,
    OVER_AN_ANSWER,
    UNDECIDED,
    UNSPOKEN,
    Action,
    Effect,
    Event,
    Mode,
    State,
    Tap,
    Tell,
    TurnLimits,
)
from edged.turn.driver import Turns
from edged.turn.pace import PressPace
from edged.wire import Settings

# Sound that the service does not have yet. A link that keeps up, with a round trip of up to one second, has less.
LAG_MS = 2000
# Sound kept although it has arrived. The machine at the other end may have acknowledged it for a service that hangs,
# which is noticed within 7.5 s (dial/keepalive.py).
UNSPOKEN_KEPT_MS = 8000


class Appliance:
    """One kiosk. `publish` receives every change as a plain dict (docs/control-socket.md)."""

    def __init__(  # noqa: PLR0913 every part that it moves sound and events between
        self,
        *,
        mode: Mode,
        limits: TurnLimits,
        utterances: Utterances,
        intake: Intake,
        playout: Playout,
        lamps: Lamps,
        now_ms: Callable[[], int],
        publish: Callable[[dict[str, object]], None],
        muted: Callable[[], bool],
        lost: Callable[[], Mapping[str, str]],
        capture: Callable[[], None],
        wants: Callable[[object], Settings],
        speech: Speech,
    ) -> None:
        """`muted()` and `lost()` (the missing devices and their causes) ask other objects.

        `lost()` is called when `on_device` reports a change, and `capture()` after the gate opens or shuts.
        `wants(holder)`: the settings of the session that the holder of a press wants.
        """
        self._publisher = Publisher(publish)
        self._turns = Turns(mode, limits, self, self._publisher.step)
        self._utterances, self._intake, self._playout = utterances, intake, playout
        self._light, self._recording = ShownLight(lamps, self._publisher.publish, now_ms), lamps.recording
        self._recording.changed = self._show
        self._now_ms, self._muted, self._capture, self._wants = now_ms, muted, capture, wants
        self._ask_lost, self._lost, self._pace = lost, lost(), PressPace()
        self.facts = GateFacts(
            muted=muted,
            microphone=lambda: "microphone" not in self._lost,
            room=lambda: utterances.room,
            too_fast=lambda: self._pace.too_fast(now_ms()),
        )
        self.in_doubt: Callable[[object], bool] = lambda _: False
        """Whether the holder of a press may have released it (turn/driver.py). The owner of the contacts sets this."""
        self._link: Link  # set by `begin`
        self._speech = speech
        self._announcer = Announcer(playout, self._publisher.publish, speech, now_ms)
        self._timeline = Timeline(now_ms, self._publisher.publish)
        self.dialogue = Dialogue(
            turns=self._turns,
            utterances=utterances,
            playout=playout,
            announcer=self._announcer,
            timeline=self._timeline,
            now_ms=now_ms,
            publisher=self._publisher,
            sounds=self._sounds,
            changed=self._show,
            left=speech.forget,
        )
        self._effects = Effects(
            utterances=utterances,
            intake=intake,
            playout=playout,
            announcer=self._announcer,
            timeline=self._timeline,
            dialogue=self.dialogue,
            pace=self._pace,
            now_ms=now_ms,
            sounds=self._sounds,
        )

    def configure(self, mode: Mode, limits: TurnLimits, tap: Tap = Tap.AUTO) -> None:
        """Use these settings from now on. Call it only at rest."""
        self._turns.configure(mode, limits, tap)

    def give_time(self, more_time: Callable[[object], int]) -> None:
        """`more_time(holder)`: how many times as long the limits for a visitor are who made the last press."""
        self._turns.more_time = more_time

    def begin(self, link: Link) -> None:
        """Start with this link, or replace the present link with it. Call it on the loop."""
        self._link = self._effects.link = link
        self.dialogue.begin(link)
        self._recording.show(self._turns.state in OPEN)
        self._show()

    def started(self) -> None:
        """Everything has begun."""
        self._light.starting = False
        self._show()

    def flush(self) -> None:
        """The process is ending: write and publish everything that still waits."""
        self._turns.write()
        self._publisher.flush()

    # -- inputs --------------------------------------------------------------------------------------

    def gesture(self, gesture: Gesture, *, by: object = None, late_ms: int = 0) -> None:
        """The button, or a permitted local client, made a gesture. `by` identifies who made it (turn/driver.py).

        `late_ms`: how long ago a release was.
        """
        match gesture:
            case Gesture.PRESS:
                self._speech.asked(by)
                if self._turns.state in UNSPOKEN and self._wants(by) != self._link.settings:
                    self._turns.post(Event.TAKEN_BACK, by=self._turns.holder)  # it goes on in another session
                self._turns.post(Event.PRESS, by=by)
                self._link.retry_now()
            case Gesture.RELEASE:
                self._turns.post(Event.RELEASE, by=by, late_ms=late_ms)
            case Gesture.LONG_PRESS:
                self._turns.post(Event.LONG_PRESS, by=by)
            case _:
                pass  # the turn knows no other gestures

    def take_back(self, *, by: object) -> None:
        """The press of `by` was meant for something else than speaking."""
        self._turns.post(Event.TAKEN_BACK, by=by)

    def call_off(self) -> None:
        """End whatever is under way, without a notice."""
        self.post(Event.CALLED_OFF)

    def new_conversation(self) -> None:
        """End whatever is under way. The next conversation begins in a session that knows nothing of it."""
        self.post(Event.CALLED_OFF)
        self.dialogue.change(self._link.settings)

    def repeat(self) -> None:
        """Play the last answer again, unless somebody speaks or another answer is under way."""
        if self.dialogue.last_answer.n_bytes:
            self.post(Event.REPEAT)
        elif self._playout.idle:
            self.report("nothing_to_repeat")

    def say(self, text: str) -> bool:
        """Let the service say a text, at rest. Returns whether it does. Never opens the gate."""
        self._effects.text = text
        self.post(Event.SAY)
        is_said, self._effects.text = not self._effects.text, ""
        return is_said

    def extend(self) -> None:
        """`more_time` has changed, which counts for what is under way, too."""
        self._turns.extend()
        if self._turns.limit_ms is not None:
            self._publisher.publish({"event": "limit", **self._turns.limit()})
        self._show()

    def report(self, cause: str) -> None:
        """Tell the visitor of something that does not change the turn."""
        self._announcer.tell(cause, gate_open=self._turns.state in OPEN)
        self._sounds()
        self._show()

    def confirm(self, cue: Cue = Cue.DONE) -> None:
        """Let a cue say that something is done, unless something else is to be heard, or somebody speaks."""
        if self._playout.idle and self._turns.state not in OPEN:
            self._announcer.confirm(cue)
            self._sounds()

    def unplugged(self) -> None:
        """The headset that heard the answers is gone: what comes now would be heard by others."""
        if self._turns.state in ANSWER_DUE:
            self.post(Event.CALLED_OFF)
        self.dialogue.last_answer.forget()

    def interrupt(self) -> None:
        self.post(Event.PRESS_REFUSED, "interrupted")  # stops the sound now and opens nothing

    def on_mute(self) -> None:
        """The microphone was muted or unmuted."""
        self.post(Event.MUTED if self._muted() else Event.UNMUTED)
        self._show()

    def on_closed(self) -> None:
        """The kiosk was closed, or opened."""
        self._show()

    def stop(self) -> None:
        """Shut the gate and stop all sound. The owner stops everything else."""
        self.post(Event.STOP)

    def on_sound(self) -> None:
        """The microphone's thread has gathered sound."""
        self._intake.collect()
        if self._turns.state in UNSPOKEN:
            self._utterances.forget_arrived(UNSPOKEN_KEPT_MS, self._link.unacknowledged)
        self._link.sound()
        if self._turns.state is State.TRAILING and self._intake.heard_out:
            self.post(Event.HEARD_OUT)
        elif (self._turns.state, self._turns.mode) == (State.LATCHED, Mode.HOLD) and self._intake.fell_silent:
            self.post(Event.FELL_SILENT)

    def on_playout(self) -> None:
        """The speaker's thread has news."""
        with self._publisher.step():
            for event in self._playout.events():
                self.dialogue.on_playout(event)
            self._intake.blind(not self._playout.idle)
            self.dialogue.look()

    def on_device(self, name: str, is_up: bool, cause: str | None, opened: object = None) -> None:  # noqa: FBT001 a switch
        """A device was opened or lost. `opened`: what was opened, for listeners."""
        self._lost = self._ask_lost()
        with self._publisher.step():
            if cause is not None:
                self._announcer.count(cause)
            if name == "microphone":
                self.post(Event.DEVICE_BACK if is_up else Event.DEVICE_LOST, cause)
            if name == "speaker" and not is_up:
                self._sounds()
            event = {"event": "device", "name": name, "up": is_up, "cause": cause, "opened": opened}
            self._publisher.publish(event)
            self._show()

    # -- turns ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._turns.state

    @property
    def mode(self) -> Mode:
        return self._turns.mode

    def post(self, event: Event, cause: str | None = None) -> None:
        self._turns.post(event, cause)

    def on_turn(self, was: State, by: Event) -> None:
        """The state has changed: publish it, and move the gate if it has to move."""
        state = self._turns.state
        about = {"state": state.value, "was": was.value, "by": by.name, "limit_ms": self._turns.limit_ms}
        self._publisher.publish({"event": "turn", **about})
        if by is Event.PRESS and state in OPEN:
            self._pace.pressed(self._now_ms())
        if (was in OPEN) != (state in OPEN):
            if was is State.COMMITTING and self._playout.answering:
                self.do(Action.INTERRUPT, None)  # the turn does not know of this answer
            self._set_gate(state in OPEN)
        elif state is State.TRAILING:
            late_ms = self._turns.late_ms
            self._timeline.mark("release", late_ms)
            self._intake.trail(max(0, self._turns.limits.release_ms - late_ms))
        elif was in OVER_AN_ANSWER and state not in OVER_AN_ANSWER:
            self._timeline.begin(self._utterances.last)

    def unfit(self, state: State, by: Event) -> str | None:
        """Return why the recording must not be committed, or None. Notes what is wrong with its sound."""
        verdict = self._intake.judge()
        if state is State.AWAITING_SPEECH and (by is Event.PRESS or not verdict.dead):
            # Nobody spoke, so the conversation ends. But somebody may have spoken if the link is still behind.
            self._utterances.forget_arrived(UNSPOKEN_KEPT_MS, self._link.unacknowledged)
            behind = self._utterances.not_arrived_ms > LAG_MS
            return "utterance_too_old" if behind and verdict.refused is None else None
        for cause in verdict.faults:
            self._announcer.note(cause)
        return verdict.refused

    def after_turn(self) -> None:
        """The effects of a change are done."""
        state = self._turns.state
        if state in OPEN:  # the recording light has been on since the gate opened
            wanted = self._wants(self._turns.holder)
            # In TRAILING, the holder may be another button, which has only ended the question.
            if state not in UNDECIDED and state is not State.TRAILING and wanted != self._link.settings:
                self.dialogue.change(wanted)
            self._link.sound()  # what the gate has let in is sent after the messages of the effects
        self._show()
        self.dialogue.settle()
        if state is State.NOTICE and self._announcer.silent:
            self.post(Event.CUE_DONE)  # this cause has no cue

    def _set_gate(self, is_open: bool) -> None:  # noqa: FBT001 a switch
        """Open or shut the gate, and switch the recording light with it. Nothing else moves the gate or that lamp."""
        if is_open:
            self._recording.show(True)
            if not self._announcer.silent:
                self._playout.hush()  # otherwise the cue would be recorded
            self._effects.begin()
            self._intake.open(guarded=self._turns.mode not in DUPLEX)
        else:
            self._intake.shut()
            self._recording.show(False)
            self._timeline.mark("release", self._turns.late_ms)
        self._show()
        self._capture()

    def do(self, effect: Effect, cause: str | None) -> None:
        """Carry out one effect."""
        self._effects.do(effect, cause, gate_open=self._turns.state in OPEN)
        if isinstance(effect, Tell):
            self._show()

    # -- sound, light, words -------------------------------------------------------------------------

    def _sounds(self) -> None:
        """The speaker was given sound, so the ring stays blind while it plays.

        Without a speaker the sound counts as played at once.
        """
        self._intake.blind(not self._playout.idle)
        if "speaker" in self._lost:
            self._playout.settle()
            self.on_playout()
        else:
            self.dialogue.look()

    def _show(self) -> None:
        turns, link = self._turns, self._link
        self._light.show(
            turn.light(turns.state, holding=not link.up and self._utterances.pending > 0),
            link=None if link.up or link.resting else link.cause or "",
            muted=self._muted(),
            closed=self.facts.closed(),
            cue=self._announcer.light,
            lost=self._lost.values(),
            left_ms=turns.remaining_ms if turn.is_spoken(turns.state) else None,
        )

    @property
    def light(self) -> Light:
        """What the light shows."""
        return self._light.light

    # -- the control socket --------------------------------------------------------------------------

    def snapshot(self, counted: Mapping[str, int] | None = None) -> dict[str, object]:
        """The whole state, for a client that has just connected. `counted` holds additional counters."""
        link, lost = self._link, self._lost
        return {
            "state": self.state.value,
            "light": self.light.value,
            "mode": self._turns.mode.value,
            **self._turns.limit(),
            "link": link.snapshot(),
            "pending": self._utterances.pending,
            "muted": self._muted(),
            "microphone": "microphone" not in lost,
            "speaker": "speaker" not in lost,
            "lost": dict(lost),
            "turns": self._timeline.turn,
            "counters": {**self._announcer.counters, **(counted or {})},
        }
