"""Random events for a booth, as a state machine of hypothesis: it finds violations and shortens the way to them.

In each run, hypothesis switches some of the rules off. So there are runs without a fault, and runs with little else.
Rules that are needed often appear twice.
"""

from collections import Counter
from typing import ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from instruments.model.booth import KEPT, Booth

STEPS_A_RUN = 50
STEPS_AN_EXAMPLE = 140  # at least: one rule may be several steps
MOST_EXAMPLES = 20  # per round
WHO = st.sampled_from(["button", "button", "another button", KEPT, "a program", "another"])
COMMANDS = st.sampled_from(
    ["interrupt", "stop", "new_conversation", "repeat_answer", "toggle_mute", "volume_up"]
)
PROGRAM = st.sampled_from(["a program", "another"])
DEVICE = st.sampled_from(["microphone", "microphone", "speaker"])
SHORT = st.sampled_from([0.0, 0.0, 0.02, 0.1, 0.3])
WAITS = st.sampled_from([0.02, 0.1, 0.2, 0.5, 0.5, 1.0, 2.5])
ROOMS = st.sampled_from([0, 5_000, 20_000])
ENDS = st.sampled_from(["completed", "completed", "completed", "cancelled", "failed", "incomplete"])
CODES = st.sampled_from(
    [
        "conversation_already_has_active_response",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "rate_limit_exceeded",
    ]
)
TROUBLE = st.sampled_from(
    [
        ("mute", False),
        ("mute", True),
        ("unplug", "microphone", False),
        ("unplug", "microphone", True),
        ("unplug", "speaker", True),
        ("refusal", "input_audio_buffer_commit_empty"),
        ("link_breaks", True),
        ("link_is_narrow", 0),
        ("interrupt",),
        ("press", "button", 0.0),
    ]
)


class Walk(RuleBasedStateMachine):
    """A walk through one mode; `counted` is shared by all its walks."""

    mode = "hold"
    counted: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self):
        self.booth = Booth(self.mode)
        self.service = self.booth.service

    # -- people --------------------------------------------------------------------------------------

    @rule(who=WHO, seconds=SHORT)
    def press(self, who, seconds):
        self._press(who, seconds)

    @rule(who=WHO)
    def release(self, who):
        self.booth.release(who)

    @rule(who=PROGRAM)
    def program_goes(self, who):
        self.booth.release(who, gone=True)

    @rule(said=st.booleans())
    def question(self, said):
        """A question that the service has acknowledged (`said`), or that is still on its way."""
        self._press("button", 0.5)
        self.booth.release("button")
        if said:
            self.booth.says(self.service.commits_one)

    @rule(said=st.booleans())
    def question_again(self, said):
        self.question(said)

    @rule()
    def interrupt(self):
        self.booth.command("interrupt")

    @rule(name=COMMANDS)
    def command(self, name):
        self.booth.command(name)
        if name == "toggle_mute":
            self.booth.mute(muted=False)

    @rule(answered=st.booleans(), refused=st.booleans())
    def say(self, answered, refused):
        """A program lets the kiosk say a text; the service begins to, or refuses, or is silent."""
        self.booth.say()
        if refused:
            self.booth.says(self.service.refuses, "invalid_value")
        if answered:
            self._answer(1)

    @rule(back=st.booleans())
    def mute(self, back):
        self.booth.mute(muted=True)
        if back:
            self.booth.mute(muted=False)

    # -- the world -----------------------------------------------------------------------------------

    @rule(seconds=WAITS)
    def wait(self, seconds):
        self.booth.wait(seconds)

    @rule(seconds=SHORT)
    def wait_a_little(self, seconds):
        self.booth.wait(seconds)

    @rule(device=DEVICE, back=st.booleans())
    def unplug(self, device, back):
        self.booth.unplug(device)
        if back:
            self.booth.plug_in(device)

    @rule(room=ROOMS)
    def link_is_narrow(self, room):
        self.booth.link(reachable=True, room=room)

    @rule(reachable=st.booleans())
    def link_breaks(self, reachable):
        self.booth.link(reachable=reachable, room=float("inf"))
        self.booth.breaks()

    @rule()
    def all_is_well(self):
        self.booth.heal()

    @rule()
    def all_is_well_again(self):
        self.booth.heal()

    @rule(narrow=st.booleans(), tool=st.booleans(), seconds=WAITS)
    def a_press_crosses_a_commit(self, narrow, tool, seconds):
        """From rest: the service commits what a press has just ended; the end of the press is still on its way."""
        self.booth.heal()
        self.booth.wait(2.5)
        self._press("button", 0.5)
        self.booth.release("button")
        self.booth.says(self.service.hears_speech, started=True)
        if narrow:
            self.link_is_narrow(0)
            self.booth.wait(0.1)
        self._press("button", 0.0)
        self.booth.says(self.service.hears_speech, started=False)
        self.booth.says(self.service.commits_one)
        self._answer(3)  # sounds for longer than an utterance is kept
        self.booth.says(self.service.ends, "completed", tool=tool)
        self.booth.wait(seconds)

    # -- the service ---------------------------------------------------------------------------------

    @rule(sounds=st.integers(0, 2), status=ENDS, tool=st.booleans(), seconds=SHORT)
    def answer(self, sounds, status, tool, seconds):
        """An answer, requested or not."""
        self._answer(sounds)
        self.booth.says(self.service.ends, status, tool=tool)
        self.booth.wait(seconds)

    @rule(seconds=SHORT)
    def beginning_of_an_answer(self, seconds):
        self._answer(1)
        self.booth.wait(seconds)

    @rule(heard=st.booleans(), seconds=WAITS)
    def turn_of_a_conversation(self, heard, seconds):
        if heard:
            self.booth.says(self.service.hears_speech, started=True)
        self.booth.says(self.service.commits_one)
        self._answer(1)
        self.booth.says(self.service.ends, "completed")
        self.booth.wait(seconds)

    @rule(started=st.sampled_from([True, True, False]))
    def speech(self, started):
        self.booth.says(self.service.hears_speech, started=started)

    @rule()
    def commit(self):
        self.booth.says(self.service.commits_one)

    @rule(back=st.integers(0, 3))
    def sound_comes_late(self, back):
        self.booth.says(self.service.sounds, self.service.named(back))

    @rule(back=st.integers(0, 3), status=ENDS)
    def end_comes_late(self, back, status):
        self.booth.says(self.service.ends, status, response_id=self.service.named(back))

    @rule(code=CODES)
    def refusal(self, code):
        self.booth.says(self.service.refuses, code)

    @rule(trouble=TROUBLE, ended=st.booleans(), tool=st.booleans())
    def trouble_in_the_middle_of_an_answer(self, trouble, ended, tool):
        """From rest: trouble in the middle of an answer."""
        self.booth.heal()
        self.booth.wait(2.5)
        self.question(said=True)
        self._answer(1)
        if ended:
            self.booth.says(self.service.ends, "completed", tool=tool)
        getattr(self, trouble[0])(*trouble[1:])
        if not ended:
            self.booth.says(self.service.ends, "completed", tool=tool)
        self.booth.wait(1.0)

    # -- their parts ---------------------------------------------------------------------------------

    def _press(self, who, seconds):
        self.booth.press(who)
        if seconds:
            self.booth.wait(seconds)

    def _answer(self, sounds):
        if self.service.running is None or self.service.asked is not None:
            self.booth.says(self.service.begins)
        for _ in range(sounds):
            self.booth.says(self.service.sounds)

    def teardown(self):
        booth = getattr(self, "booth", None)
        if booth is None:
            return
        booth.close(at_rest=booth.steps % 3 > 0)
        self.counted[self.mode] += booth.steps
        self.counted["runs"] += 1
        self.counted["opened"] += booth.opened > 0


def walk(mode: str, steps: int, *, first_seed: int = 0, shrink: bool = True) -> Counter[str]:
    """Take at least `steps` steps in `mode`; return the counts. Raises a violation with the shortest way to it."""
    of_mode = type("Walk", (Walk,), {"mode": mode, "counted": Counter()})
    rounds = settings(
        max_examples=min(MOST_EXAMPLES, 1 + steps // STEPS_AN_EXAMPLE),
        stateful_step_count=STEPS_A_RUN,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    number = first_seed
    while of_mode.counted[mode] < steps:
        run_state_machine_as_test(seed(number)(of_mode), settings=rounds)
        number += 1
    return of_mode.counted
