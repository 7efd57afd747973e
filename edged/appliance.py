"""Moves sound and events between the rooms; decides nothing.

Who may speak is the turn's, what a failure looks like causes.py's, what is sent the link's. All of it runs on the loop.

The walk of a microphone frame: device thread -> Intake.hand -> (gate open) `on_sound` -> the log -> the link, in the
same call -> socket. The walk of a delta: socket -> carrier -> session -> link -> dialogue -> Playout.push -> speaker.
A press: `gesture` -> the queue -> turn.step -> effects, in one go, before anything else runs.
"""

from collections.abc import Callable, Mapping

from edged import turn
from edged.announcer import Announcer
from edged.audio.capture.intake import Intake
from edged.audio.capture.utterances import Utterances
from edged.audio.playout.cue_queue import CueDone
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed, PlaybackStarted, Underrun
from edged.audio.playout.playout import Playout
from edged.causes import CAUSES, Light
from edged.dialogue import Dialogue
from edged.link.link import Link
from edged.panel.button import Gesture
from edged.panel.driver import LampDriver
from edged.panel.light import look
from edged.pcm import PCM16
from edged.timeline import Timeline
from edged.turn import (
    OPEN,
    OVER_AN_ANSWER,
    UNSPOKEN,
    Action,
    Effect,
    Event,
    Facts,
    Mode,
    State,
    Tell,
    TurnLimits,
)
from edged.turn.driver import Turns

LAG_BYTES = PCM16.bytes_of(1000)  # of sound that the line has not taken: more than any line that keeps up
UNSPOKEN_KEPT_MS = 2000  # of what the line has: the beginning of a word, should the line be lost in it


class Appliance:
    """One kiosk. `publish` gets every change as a plain dict (docs/control-socket.md)."""

    def __init__(
        self,
        *,
        mode: Mode,
        limits: TurnLimits,
        utterances: Utterances,
        intake: Intake,
        playout: Playout,
        lamp: LampDriver,
        now_ms: Callable[[], int],
        publish: Callable[[dict[str, object]], None],
        muted: Callable[[], bool],
        lost: Callable[[], Mapping[str, str]],
        capture: Callable[[], None],
        transcripts: bool = False,
    ) -> None:
        """`muted()` and `lost()` (missing devices, and why) belong to others; `capture()`: the gate has moved."""
        self.light, self._turns = Light.STARTING, Turns(mode, limits, self)
        self._utterances, self._intake, self._playout, self._lamp = utterances, intake, playout, lamp
        self._now_ms, self._publish = now_ms, publish
        self._muted, self._lost, self._capture = muted, lost, capture
        self._line: Link | None = None
        self._teller = Announcer(playout, publish)
        self._timeline = Timeline(now_ms, publish)
        self.dialogue = Dialogue(
            turns=self._turns,
            utterances=utterances,
            playout=playout,
            teller=self._teller,
            timeline=self._timeline,
            now_ms=now_ms,
            publish=publish,
            sounds=self._sounds,
            changed=self._show,
            transcripts=transcripts,
        )

    def configure(self, mode: Mode, limits: TurnLimits, *, transcripts: bool) -> None:
        """Go on with these; only while IDLE."""
        self._turns.mode, self._turns.limits, self.dialogue.transcripts = mode, limits, transcripts

    def begin(self, line: Link) -> None:
        """Start with this line, or go on with it in the place of another; on the loop."""
        self._line = line
        self.dialogue.begin(line)
        self._show()

    # -- what happens to it --------------------------------------------------------------------------

    def gesture(self, gesture: Gesture, *, by: object = None) -> None:
        """The button, or a permitted local user in its place; `by` tells them apart (turn/driver.py)."""
        match gesture:
            case Gesture.PRESS:
                self._the_line.retry_now()
                self._turns.post(Event.PRESS, by=by)
            case Gesture.RELEASE:
                self._turns.post(Event.RELEASE, by=by)
            case Gesture.LONG_PRESS:
                self._turns.post(Event.LONG_PRESS, by=by)

    def interrupt(self) -> None:
        self.post(Event.PRESS_REFUSED, "interrupted")  # silence now; opens nothing

    def on_mute(self) -> None:
        """The microphone was switched off, or on again."""
        self.post(Event.MUTED if self._muted() else Event.UNMUTED)
        self._show()

    def stop(self) -> None:
        """Gate shut, silence; the owner ends everything else."""
        self.post(Event.STOP)

    def on_sound(self) -> None:
        """The microphone's thread has gathered something."""
        self._intake.collect()
        if self.state in UNSPOKEN:
            self._utterances.forget_read(UNSPOKEN_KEPT_MS)
        self._the_line.sound()

    def on_playout(self) -> None:
        """The speaker's thread has news."""
        for event in self._playout.events():
            match event:
                case PlaybackStarted():
                    self._timeline.answer("first_sound")
                case Underrun():
                    self._teller.counters["underruns"] += 1
                case PlaybackFlushed(heard=heard):
                    self._the_line.heard(heard)
                case CueDone(heard=heard):
                    if self._teller.cue_done(heard=heard):
                        self.post(Event.CUE_DONE)
                case PlaybackDrained():
                    self._timeline.answer("drained")
                    if not self._playout.answering:
                        self.post(Event.DRAINED)
        self._intake.blind(not self._playout.idle)

    def on_device(self, name: str, is_up: bool, cause: str | None) -> None:  # noqa: FBT001 a switch
        """A device was opened or lost."""
        if cause is not None:
            self._teller.count(cause)
        if name == "microphone":
            self.post(Event.DEVICE_BACK if is_up else Event.DEVICE_LOST, cause)
        if name == "speaker" and not is_up:
            self._sounds()
        self._publish({"event": "device", "name": name, "up": is_up, "cause": cause})
        self._show()

    # -- turns ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._turns.state

    def post(self, event: Event, cause: str | None = None) -> None:
        self._turns.post(event, cause)

    def facts(self, *, invited: bool, withdrawn: str | None) -> Facts:
        """What may forbid an open gate, each from its one owner."""
        return Facts(
            muted=self._muted(),
            microphone="microphone" not in self._lost(),
            room=self._utterances.room,
            invited=invited,
            withdrawn=withdrawn,
        )

    def on_turn(self, was: State, by: Event) -> None:
        """The state has changed."""
        self._publish({"event": "turn", "state": self.state.value, "was": was.value, "by": by.name})
        if (was in OPEN) != (self.state in OPEN):
            if was is State.COMMITTING and self._playout.answering:
                self.do(Action.INTERRUPT, None)  # an answer that the turn knows nothing of
            self._set_gate(self.state in OPEN)
        elif was in OVER_AN_ANSWER and self.state not in OVER_AN_ANSWER:
            self._timeline.begin(self._utterances.last)

    def unfit(self, state: State) -> str | None:
        """Why what was recorded is not to be committed; what is bad about it is noted."""
        verdict = self._intake.judge()
        if state is State.AWAITING_SPEECH and not verdict.dead:
            # Nobody spoke: so a conversation ends. Unless the line has not carried yet what somebody said.
            behind = self._utterances.lag_bytes > LAG_BYTES and verdict.refused is None
            return "utterance_too_old" if behind else None
        for cause in verdict.told:
            self._teller.note(cause)
        return verdict.refused

    def after_turn(self) -> None:
        """All that belongs to the change is done."""
        if self.state in OPEN:
            self._the_line.sound()  # what the gate has let in goes behind what the effects had to say
        self._show()
        self.dialogue.settle()
        if self.state is State.NOTICE and self._teller.silent:
            self.post(Event.CUE_DONE)  # a cause without a sound

    def _set_gate(self, is_open: bool) -> None:  # noqa: FBT001 a switch
        """The one place that opens and shuts the gate, and with it switches the recording light."""
        if is_open:
            if not self._teller.silent:
                self._playout.hush()  # a cue would be recorded
            self._timeline.begin(self._utterances.begin(self._now_ms()))
            self._intake.open()
        else:
            self._intake.shut()
            self._timeline.mark("release")
        self._capture()
        self._show()

    def do(self, effect: Effect, cause: str | None) -> None:  # noqa: C901 a flat list of effects
        """Carry out one effect."""
        match effect:
            case Tell(cause=own):
                self._teller.tell(own or cause or "bug", gate_open=self.state in OPEN)
                self._sounds()
            case Action.END:
                self._utterances.end(self._now_ms())
                self.dialogue.watch()
                self._shut_settled()
            case Action.ABORT:
                self._utterances.abort()
                self._shut_settled()
            case Action.CLOSE:
                self._utterances.close(self._now_ms())
                self._shut_settled()
            case Action.SPLIT:
                self._timeline.mark("release")
                self._intake.go_on()
                self._utterances.go_on(self._now_ms())
                self._the_line.sound()
            case Action.ASK:
                self._timeline.asks()
                self._the_line.ask()
            case Action.CANCEL:
                self._the_line.cancel()
                self._playout.end()
            case Action.INTERRUPT:
                self._the_line.interrupt()
                self._playout.flush()
                self._sounds()
            case Action.DROP_PENDING:
                self._utterances.discard()
                self._the_line.sound()
            case Action.STOP_CUE:
                self._playout.hush()

    def _shut_settled(self) -> None:
        """After the gate was shut: what had to wait for that."""
        self._the_line.sound()
        self._teller.gate_shut()
        self._sounds()
        self.dialogue.expire()

    # -- sound, light, words -------------------------------------------------------------------------

    def _sounds(self) -> None:
        """The speaker was given something: the ring is blind meanwhile; without a speaker it is over at once."""
        self._intake.blind(not self._playout.idle)
        if "speaker" in self._lost():
            self._playout.settle()
            self.on_playout()

    def _show(self) -> None:
        line = self._line
        link = None if line is None or line.up or line.cause is None else CAUSES[line.cause].light
        holding = line is not None and not line.up and self._utterances.pending > 0
        faulty = any(CAUSES[cause].light is Light.FAULT for cause in self._lost().values())
        shown = look(
            turn=turn.light(self.state, holding=holding),
            link=link,
            health=Light.FAULT if faulty else None,
            muted=self._muted(),
            stopping=self.state is State.STOPPED,
        )
        if shown is not self.light:
            self.light = shown
            self._publish({"event": "light", "light": shown.value})
        self._lamp.show(shown)

    @property
    def _the_line(self) -> Link:
        assert self._line is not None, "begin() first"
        return self._line

    # -- the control socket --------------------------------------------------------------------------

    def snapshot(self, counted: Mapping[str, int] | None = None) -> dict[str, object]:
        """The whole state, for a client that has just connected; `counted`: more counters."""
        line, lost = self._the_line, self._lost()
        return {
            "state": self.state.value,
            "light": self.light.value,
            "mode": self._turns.mode.value,
            "link": {"up": line.up, "cause": line.cause, "dialect": line.dialect and line.dialect.value},
            "pending": self._utterances.pending,
            "muted": self._muted(),
            "microphone": "microphone" not in lost,
            "speaker": "speaker" not in lost,
            "lost": dict(lost),
            "turns": self._timeline.turn,
            "counters": {**self._teller.counters, **(counted or {})},
        }
