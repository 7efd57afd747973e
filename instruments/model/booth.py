"""The whole daemon in virtual time with a scripted service and devices that fail, and checks after each event.

Rules of the model, each checked without the turn's tables:

1. The gate is open exactly when an utterance takes sound and when the light says *recording*.
2. Then the microphone is there and not muted. Somebody has pressed since the last of these: the kiosk came to rest,
   the visitor was notified of a failure, the microphone was muted or lost.
3. Not a byte that was heard with the gate shut reaches the service.
4. Only the holder of a press releases it.
5. The visitor is notified of each utterance that was lost.
6. No exception goes unnoticed, and the daemon does not end.
7. The link knows whether something is under way.
8. When everything works again, the kiosk comes to rest on its own, and nothing is pending.
9. With a handset, the gate is open only while somebody has lifted the receiver.
"""

import asyncio
from random import Random

from edged.app import App, Devices, Ports
from edged.audio.devices.null import NullSpeaker
from edged.causes import Light
from edged.config import load
from edged.errors import DeviceError
from edged.panel.leaving import CONFIRM_MS
from edged.panel.null import NullContact, NullLamp
from edged.system.store import MemoryStore
from edged.turn import AT_REST, OPEN, Event, State
from instruments.lab.loop import VirtualLoop
from instruments.lab.net import SimNet
from instruments.lab.pace import LoopPace
from instruments.lab.ports import SimClock, SimNetwatch, SimOffload, SimResolver
from instruments.model.service import OPEN as HEARD_OPEN
from instruments.model.service import SHUT as HEARD_SHUT
from instruments.model.service import Service

BLOCK_MS = 80
BLOCK_BYTES = 48 * BLOCK_MS
SETTLE_S = 0.001
RELEASED_S = CONFIRM_MS / 1000 + SETTLE_S  # until a release of a contact is certain
# the longest chain of time limits, plus a cue, plus the wait until a new request (retry.Allowance)
WELL_AGAIN_S = 75.0
SETTINGS = (
    "control.socket=",
    "state.dir=",
    "microphone.backend=null",
    "microphone.preroll_ms=0",
    "button.bounce_ms=0",
    "button.long_press_ms=500",
    "turn.longest_s=2",
    "turn.keep_s=2",
    "turn.think_s=2",
    "turn.idle_s=2",
    "turn.history_lines=0",
    "turn.forget_after_s=0",
)
TWO_BUTTONS = "buttons=[{role: talk, gpio: 5, language: de}]"
MODES = {
    "hold": ("mode=hold", "turn.follow_up_s=1", TWO_BUTTONS),
    "toggle": ("mode=toggle", TWO_BUTTONS),
    "hybrid": ("mode=hybrid", "turn.tap_over_answer=listen", TWO_BUTTONS),
    "conversation": ("mode=conversation", TWO_BUTTONS),
    "duplex": ("mode=conversation", "microphone.echo_cancel=true", TWO_BUTTONS),
    "handset": ("mode=handset",),
    "handset_duplex": ("mode=handset", "microphone.echo_cancel=true"),
}
LOST = frozenset({"utterance_too_old", "utterance_refused", "answer_lost"})
KEPT = None  # the owner of a press that any program may release
NOBODY = "nobody"
BUTTONS = ("button", "another button")


class Microphone:
    """Hands over blocks that say whether the gate was open when they were heard."""

    def __init__(self, pace, is_open):
        self._pace, self._is_open = pace, is_open
        self.is_there, self._lost = True, None

    def start(self, hand, lost):
        if not self.is_there:
            raise DeviceError("it is not there", "microphone_lost")
        self._lost = lost

        def tick():
            hand((HEARD_OPEN if self._is_open() else HEARD_SHUT) * BLOCK_BYTES)

        self._pace.start(BLOCK_MS / 1000, tick)

    def stop(self):
        self._lost = None
        self._pace.stop()

    def set_urgency(self, urgency):
        pass

    def unplug(self):
        self.is_there = False
        self._pace.stop()
        if self._lost is not None:
            self._lost(DeviceError("unplugged", "microphone_lost"))


class Speaker(NullSpeaker):
    """Takes sound as it should, until it is unplugged."""

    is_there, _lost = True, None

    def start(self, source, lost):
        if not self.is_there:
            raise DeviceError("it is not there", "speaker_lost")
        self._lost = lost
        super().start(source, lost)

    def stop(self):
        self._lost = None
        super().stop()

    def unplug(self):
        self.is_there = False
        self._pace.stop()
        if self._lost is not None:
            self._lost(DeviceError("unplugged", "speaker_lost"))


class Booth:
    """One kiosk in `mode` from its start to its end. Each act is one event, and settles before it returns."""

    def __init__(self, mode: str) -> None:
        self.loop = VirtualLoop(net=(net := SimNet()))
        self.service = Service()
        self.opened = 0  # how often the gate opened
        self.steps = 0
        self.is_sound = True  # nothing was wrong so far
        self.pressed = False  # somebody has pressed, and the kiosk waits for that person
        self.holder: object = KEPT
        self.is_handset = mode.startswith("handset")
        self.lifter: object = NOBODY  # who has lifted the receiver of a handset
        self.lost = self.noticed = 0
        self._by: list[str] = []  # what changed the state, in order
        self.loop.run_until_complete(self._start(mode, net))

    async def _start(self, mode, net):
        loop = self.loop
        config = load(None, env={}, sets=[*SETTINGS, *MODES[mode]]).config
        ports = Ports(
            SimClock(loop), SimResolver(net), SimNetwatch(net), MemoryStore(), SimOffload(), Random(1)
        )
        self.microphone = Microphone(LoopPace(loop), lambda: self.app.intake.is_open)
        self.speaker, self.button = Speaker(LoopPace(loop), block_ms=40), NullContact()
        self.lamp, self.recording = NullLamp(), NullLamp()
        others = tuple(NullContact() for _ in config.buttons)
        self.contacts = dict(zip(BUTTONS, (self.button, *others), strict=False))
        front = Devices(
            self.microphone, self.speaker, self.button, self.lamp, buttons=others, recording=self.recording
        )
        self.app = App(config, key=None, ports=ports, front=front, listeners=(self._hear,))
        self.app.link._dial = self.service
        turns = self.app.appliance._turns
        post = turns.post

        def watched(event, cause=None, **more):
            self.lost += event is Event.UTTERANCE_LOST and turns.state is not State.STOPPED
            post(event, cause, **more)

        turns.post = watched
        self.running = loop.create_task(self.app.run())
        await asyncio.sleep(0.1)

    def _hear(self, event):
        match event["event"]:
            case "turn":
                self._by.append(event["by"])
                if event["state"] in ("IDLE", "NOTICE", "OFF_HOOK"):
                    self.pressed = False
                self.opened += State(event["state"]) in OPEN and State(event["was"]) not in OPEN
            case "cause":
                self.noticed += event["id"] in LOST

    # -- acts ----------------------------------------------------------------------------------------

    def press(self, who: object) -> None:
        """`who` is one of BUTTONS, KEPT, or a program."""
        who = who if who not in BUTTONS or who in self.contacts else "button"
        self.pressed = True
        seen, is_down = len(self._by), who in self.contacts and self.contacts[who].down
        may_lift = self.lifter is NOBODY or self.app.appliance.state is State.OFF_HOOK

        def act():
            if who in self.contacts:
                self.contacts[who].press()
            else:
                self.app.command("press", None, who)

        def then():
            if "PRESS" in self._by[seen:]:
                self.holder = who
                # The press of a button with another profile ends a conversation, and begins another one.
                self.pressed = True
            if may_lift and not is_down:
                self.lifter = who

        self._settle(act, then=then)

    def release(self, who: object, *, gone: bool = False) -> None:
        """With `gone`, the program goes away without a release."""
        who = who if who not in BUTTONS or who in self.contacts else "button"
        seen = len(self._by)

        def act():
            if who in self.contacts:
                self.contacts[who].release()
            elif gone:
                self.app.let_go(who)
            else:
                self.app.command("release", None, who)

        def then():
            if {"RELEASE", "TAP"} & set(self._by[seen:]):
                may = (who,) if who in self.contacts or gone else (who, KEPT)
                holder = self.lifter if self.is_handset else self.holder
                assert holder in may, f"{who} released the press of {holder}"
            if self.lifter in ((who,) if who in self.contacts or gone else (who, KEPT)):
                self.lifter = NOBODY

        self._settle(act, RELEASED_S if who in self.contacts else SETTLE_S, then)

    def command(self, name: str) -> None:
        mutes = name == "toggle_mute" and not self.app._user_settings.muted
        self.pressed = self.pressed and not mutes
        self._settle(lambda: self.app.command(name, None))

    def say(self) -> None:
        """A program lets the kiosk say a text. It never counts as a press."""
        was_open = self.app.intake.is_open

        def act():
            self.app.desk.say("We close in ten minutes.")
            assert self.app.intake.is_open is was_open, "saying a text moved the gate"

        self._settle(act)

    def mute(self, *, muted: bool) -> None:
        self.pressed = self.pressed and not muted
        self._settle(lambda: self.app.command("mute" if muted else "unmute", None))

    def unplug(self, device: str) -> None:
        self.pressed = self.pressed and device != "microphone"
        self._settle(getattr(self, device).unplug)

    def plug_in(self, device: str) -> None:
        def act():
            getattr(self, device).is_there = True
            self.app._device_panel.plugged()

        self._settle(act)

    def wait(self, seconds: float) -> None:
        self._settle(seconds=seconds)

    def link(self, *, reachable: bool, room: float) -> None:
        """Whether the service can be reached, and how many bytes its socket accepts."""

        def act():
            self.service.reachable = reachable
            self.service.moves(room)

        self._settle(act)

    def heal(self) -> None:
        """Everything works again."""
        self.mute(muted=False)
        self.plug_in("microphone")
        self.plug_in("speaker")
        self.link(reachable=True, room=float("inf"))

    def breaks(self) -> None:
        self._settle(self.service.breaks)

    def says(self, say, *arguments, **more) -> None:
        """The service says something: `say` is one of its methods."""
        self._settle(lambda: say(*arguments, **more))

    # -- what holds ----------------------------------------------------------------------------------

    def _settle(self, act=lambda: None, seconds: float = SETTLE_S, then=lambda: None) -> None:
        """Do it, let everything happen that follows, look at it with `then`, and check."""

        async def settled():
            act()
            await asyncio.sleep(seconds)

        self.is_sound = False
        self.loop.run_until_complete(settled())
        then()
        self.steps += 1
        self.check()
        self.is_sound = True

    def check(self) -> None:
        app = self.app
        is_open, state = app.intake.is_open, app.appliance.state
        assert not self.loop.unhandled, self.loop.unhandled
        assert not self.running.done(), self.running
        assert is_open == (state in OPEN), state
        assert is_open == app.utterances.open, state
        assert is_open == (app.appliance.light is Light.RECORDING), (state, app.appliance.light)
        assert self.recording.level == is_open, f"the recording light is not that of the gate, in {state}"
        assert self.service.leaked == 0, "sound of a shut gate was sent"
        assert app.link.idle == app.appliance.dialogue.idle, (
            f"the link does not know who is there, in {state}"
        )
        if is_open:
            assert self.lamp.level == 1, "the gate is open, and the lamp is dark"
            assert not app._user_settings.muted, f"open and muted in {state}"
            assert app._device_panel.keepers["microphone"].cause is None, (
                f"open without a microphone in {state}"
            )
            assert self.pressed, f"open, and nobody has pressed, in {state}"
            assert not self.is_handset or self.lifter is not NOBODY, f"open, and on the hook, in {state}"
        else:
            assert self.noticed >= self.lost, (
                f"{self.lost} utterances were lost, {self.noticed} notices given, in {state}"
            )

    def close(self, *, at_rest: bool) -> None:
        """End the daemon, and check that it is dark and that nothing is left, whatever was wrong.

        With `at_rest`, everything works again first, and the kiosk comes to rest.
        """
        try:
            if self.is_sound and at_rest:
                self._come_to_rest()
            if self.is_sound:
                self._end()
        finally:
            self.running.cancel()
            self.loop.finish()

    def _come_to_rest(self) -> None:
        service = self.service
        self.heal()
        self._settle(self.app.link.retry_now)
        for who in ("button", self.holder):
            self.release(who)
        waited, longest = 0.0, WELL_AGAIN_S + self.app.playout._jitter.queued_ms / 1000
        while not self._rests and waited < longest:
            self.says(service.goes_on)
            self.wait(0.25)
            waited += 0.25
        assert self._rests, (self.app.appliance.state, self.app.utterances.pending, self.app.link.cause)

    def _end(self) -> None:
        self.loop.call_soon(self.app.stop)
        self.loop.run_until_complete(self.running)
        assert not self.app.intake.is_open
        assert self.lamp.level == self.recording.level == 0

    @property
    def _rests(self) -> bool:
        app = self.app
        return app.appliance.state in AT_REST and app.utterances.pending == 0 and app.link.up
