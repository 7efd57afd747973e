"""Many buttons at once, all of which bounce and lose edges, at their drivers and the tables of a turn in virtual time.

A judge outside compares what the fingers did at each button with what the gate did and with what actions ran.
"""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from edged.contact_kinds import BOUNCE_MS
from edged.panel.bindings import Act, Bindings, Meanings, TakeBack
from edged.panel.contact import Debouncer
from edged.panel.driver import ButtonDriver
from edged.panel.gestures import BETWEEN_MS, MOST_REPEATS, REPEAT_AFTER_MS, REPEAT_MS, GestureTimes, Grammar
from edged.panel.leaving import CONFIRM_MS
from edged.turn import OPEN, Mode
from instruments.lab.bouncing import BUTTON, RoughContact
from tests.kiosk.test_rough_contacts import NOTICED_S, SHUT_S, Stage

BOUNCE_S = BOUNCE_MS["button"] / 1000
TIMES = GestureTimes()
TAP_S, LONG_S, VERY_LONG_S = TIMES.tap_ms / 1000, TIMES.long_press_ms / 1000, TIMES.very_long_press_ms / 1000
LATE_S = NOTICED_S + 0.005
RELEASED_S = (BUTTON.most_ms + CONFIRM_MS) / 1000  # until a release is certain
MEANT_S = BOUNCE_S + 0.005
ROLES = {
    "english": Bindings(),
    "german": Bindings(),
    "mute": Bindings(talks=False, press="mute"),
    "volume_up": Bindings(talks=False, press="volume_up"),
    "volume_down": Bindings(talks=False, press="volume_down"),
    "new_conversation": Bindings(talks=False, press="new_conversation"),
    "repeat_answer": Bindings(talks=False, press="repeat_answer"),
    "stop": Bindings(talks=False, press="stop"),
    "shutdown": Bindings(talks=False, long_press="shutdown"),
    "another mute": Bindings(talks=False, press="mute"),
}


class Kiosk(Stage):
    """A stage with buttons, which notes when an action ran and who held the gate."""

    def __init__(self, mode, roles, bouncing, seed):
        super().__init__(mode)
        self.acts = {name: [] for name in roles}  # when each button ran an action, and which
        self.gate = []  # [from, to, the button that opened it]
        self._drivers = []
        self.began = self._loop.time()
        for name, bindings in roles.items():
            contact = RoughContact(bouncing, Random(f"contact {name} {seed}"))
            meant = None if bindings.talks else int(MEANT_S * 1000)
            grammar = Grammar(TIMES, repeats=bindings.press.startswith("volume"), meant_after_ms=meant)
            driver = ButtonDriver(
                contact,
                Debouncer(bounce_ms=BOUNCE_MS["button"]),
                grammar,
                self._emit(name, Meanings(bindings)),
                self._loop,
                lambda: int(self._loop.time() * 1000 + 1e-3),
            )
            driver.start(lambda error: None)
            self._drivers.append((contact, driver))
        self.contacts = dict(zip(roles, (contact for contact, _ in self._drivers), strict=True))

    @property
    def now(self):
        return self._loop.time() - self.began

    def _emit(self, name, meanings):
        def emit(gesture):
            for meaning in meanings.of(gesture):
                match meaning:
                    case Act(name=action):
                        self.acts[name].append((self.now, action))
                    case TakeBack():
                        self.take_back(name)
                    case _:
                        self.gesture(meaning, by=name)

        return emit

    def on_turn(self, was, by):
        super().on_turn(was, by)
        if self.is_open and was not in OPEN:
            self.gate.append([self.now, None, self.turns.holder])
        elif was in OPEN and not self.is_open:
            self.gate[-1][1] = self.now

    def stop(self):
        for _, driver in self._drivers:
            driver.stop()


async def play(kiosk, presses):
    """Let ten fingers press at once, each its own button."""

    async def finger(name):
        for press in presses[name]:
            for move in press.moves:
                await asyncio.sleep(move.at_ms / 1000 - kiosk.now)
                kiosk.contacts[name].follow(move)

    await asyncio.gather(*map(finger, presses))
    kiosk.speaks = False
    await asyncio.sleep(160)
    assert not kiosk.is_open
    kiosk.stop()
    await asyncio.sleep(0)


def span(press):
    return press.down_ms / 1000, press.up_ms / 1000


def each(presses, acts, least_s, found):
    """Judge the actions of one button: `found` of the times that belong to a press that was as long as `least_s`."""
    left = list(acts)
    for press, following in zip(presses, [*presses[1:], None], strict=True):
        down, up = span(press)
        last = up + LATE_S if following is None else min(up + LATE_S, following.down_ms / 1000 - 0.001)
        mine = [at for at, _ in left if at <= last]
        assert all(at >= down + least_s - 0.002 for at in mine), (press, mine)
        del left[: len(mine)]
        found(press, mine)
    assert not left, left


def at_the_press(press, times):
    down, up = span(press)
    assert len(times) <= 1, f"one press, two actions: {press}, {times}"
    if press.is_whole or up - down >= NOTICED_S:
        assert times, press
        assert times[0] <= down + LATE_S + MEANT_S, (press, times)


def at_the_long_press(press, times):
    down, up = span(press)
    assert len(times) <= 1, (press, times)
    if up - down >= LONG_S + LATE_S:
        assert times, press
    if up - down < LONG_S - LATE_S or (press.is_whole and up - down < LONG_S - 0.002):
        assert not times, press


def while_it_is_held(press, times):
    down, up = span(press)
    repeats = int(max(0, (up - down) * 1000 - REPEAT_AFTER_MS) // REPEAT_MS) + (
        up - down >= REPEAT_AFTER_MS / 1000
    )
    most = 1 + min(MOST_REPEATS, repeats + 2)
    least = 1 + min(MOST_REPEATS, max(0, repeats - 2))
    assert len(times) <= most, (press, times)
    if press.is_whole or up - down >= NOTICED_S:
        assert len(times) >= least, (press, times)


@pytest.mark.parametrize(
    ("count", "lost", "seed"),
    [
        (200, 0.05, 1),
        pytest.param(2000, 0.01, 3, marks=pytest.mark.hours),
        pytest.param(10_000, 0.01, 2, marks=pytest.mark.nightly),
    ],
)
def test_ten_buttons_pressed_at_once_do_what_each_of_them_is_for(lab_run, count, lost, seed):
    """In the long run, a hundred thousand presses."""

    async def main():
        bouncing = replace(BUTTON, pause_ms=(450, 6000), lost=lost)
        presses = {name: list(bouncing.presses(Random(f"{name} {seed}"), count)) for name in ROLES}
        kiosk = Kiosk(Mode.HOLD, ROLES, bouncing, seed)
        await play(kiosk, presses)
        for name, bindings in ROLES.items():
            acts = kiosk.acts[name]
            assert {action for _, action in acts} <= {bindings.press or bindings.long_press}
            if bindings.talks:
                assert acts == []
            elif bindings.long_press:
                each(presses[name], acts, LONG_S - NOTICED_S, at_the_long_press)
            elif bindings.press.startswith("volume"):
                each(presses[name], acts, 0, while_it_is_held)
            else:
                each(presses[name], acts, 0, at_the_press)
        the_gate_belongs_to_one_finger(kiosk, presses)

    lab_run(main())


def the_gate_belongs_to_one_finger(kiosk, presses):
    """It opens for a press of a talk button, and shuts at the release of that very press. No press goes unheard."""
    fingers = sorted((*span(press), name) for name in ("english", "german") for press in presses[name])
    for opened, shut, holder in kiosk.gate:
        mine = [
            (down, up)
            for down, up, name in fingers
            if name == holder and down - 0.002 <= opened <= max(up, down + NOTICED_S) + BOUNCE_S
        ]
        assert mine, f"nobody pressed {holder} at {opened}"
        assert shut >= mine[-1][1] - 0.002, f"{holder} was still pressed at {shut}"
        # another press may begin while the last syllable of this one is recorded
        others = [up for down, up, _ in fingers if opened <= down <= shut]
        assert shut <= max([mine[-1][1], *others]) + LATE_S + SHUT_S, (opened, shut, holder)
    for down, up, name in fingers:
        if up - down < NOTICED_S:
            continue
        heard = any(opened <= up + LATE_S and shut >= down for opened, shut, _ in kiosk.gate)
        assert heard, f"{name} was pressed from {down} to {up}, and the gate was shut"


# -- gestures of the talk button ---------------------------------------------------------------------------

BOUND = Bindings(long_press="new_conversation", very_long_press="shutdown", double_press="repeat_answer")
SLOW = replace(BUTTON, hold_ms=(60, 8000))
TAPS = replace(BUTTON, hold_ms=(60, 320), pause_ms=(60, 420))


def people(rng, count, *, lost=0.0, pause_ms=60):
    """More than half of them tap."""
    at_ms = 1000
    for _ in range(count):
        kind = TAPS if rng.random() < 0.6 else SLOW
        kind = replace(kind, lost=lost, pause_ms=(pause_ms, kind.pause_ms[1]))
        (press,) = kind.presses(rng, 1, at_ms=at_ms)
        at_ms = press.up_ms
        yield press


def meant(presses):
    """The actions that these presses mean, in order: [(from, to, action)]."""
    found, taps = [], 0
    for n, press in enumerate(presses):
        # In whole milliseconds: a press may be exactly as long as a long one.
        down, up = press.down_ms, press.up_ms
        before = down - presses[n - 1].up_ms if n else 10_000
        after = presses[n + 1].down_ms - up if n + 1 < len(presses) else 10_000
        if before >= BETWEEN_MS:
            taps = 0
        taps = taps + 1 if up - down < TIMES.tap_ms else 0
        if up - down >= TIMES.very_long_press_ms:
            found.append(((down + TIMES.very_long_press_ms) / 1000, "shutdown"))
        elif up - down >= TIMES.long_press_ms:
            found.append((up / 1000, "new_conversation"))
        elif taps == 2 and after >= BETWEEN_MS:
            found.append(((up + BETWEEN_MS) / 1000, "repeat_answer"))
    return found


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.DUPLEX])
@pytest.mark.parametrize(
    ("count", "seed"),
    [
        (400, 1),
        pytest.param(20_000, 2, marks=pytest.mark.hours),
        pytest.param(50_000, 3, marks=pytest.mark.nightly),
    ],
)
def test_a_bouncing_button_means_exactly_what_the_finger_meant(lab_run, mode, count, seed):
    async def main():
        presses = list(people(Random(seed), count))
        kiosk = Kiosk(mode, {"button": BOUND}, BUTTON, seed)
        await play(kiosk, {"button": presses})
        acts, expected = kiosk.acts["button"], meant(presses)
        assert [action for _, action in acts] == [action for _, action in expected]
        for (at, action), (due, _) in zip(acts, expected, strict=True):
            late_s = RELEASED_S if action == "new_conversation" else 0  # it waits for the release
            assert -0.006 <= at - due <= late_s + 0.006
        assert {action for _, action in acts} == {"new_conversation", "shutdown", "repeat_answer"}
        assert kiosk.pressed == [
            pytest.approx(kiosk.began + press.down_ms / 1000, abs=0.002) for press in presses
        ]

    lab_run(main())


@pytest.mark.parametrize(
    ("count", "lost", "seed"),
    [
        (400, 0.05, 1),
        pytest.param(20_000, 0.01, 2, marks=pytest.mark.hours),
        pytest.param(50_000, 0.01, 3, marks=pytest.mark.nightly),
    ],
)
def test_one_that_also_loses_edges_never_acts_without_a_press_of_that_length(lab_run, count, lost, seed):
    """What a lost edge does to the length of a press is less than the time until it is noticed."""

    async def main():
        presses = list(people(Random(seed), count, lost=lost, pause_ms=250))
        kiosk = Kiosk(Mode.CONVERSATION, {"button": BOUND}, BUTTON, seed)
        await play(kiosk, {"button": presses})
        least = {"new_conversation": LONG_S, "shutdown": VERY_LONG_S}
        n = 0
        for at, action in kiosk.acts["button"]:
            while n + 1 < len(presses) and presses[n + 1].down_ms / 1000 <= at - 0.002:
                n += 1
            # A third press that was not noticed in time does not undo the two taps before it.
            is_late = n > 0 and action not in least and at < span(presses[n])[0] + LATE_S
            down, up = span(presses[n - 1] if is_late else presses[n])
            if action in least:
                assert up - down >= least[action] - LATE_S, (at, action, presses[n])
            else:
                assert up - down < TAP_S + LATE_S, (at, action, presses[n])
        ran = [action for _, action in kiosk.acts["button"]]
        whole = [
            press
            for press, last in zip(presses, [presses[0], *presses], strict=False)
            if press.is_whole and last.is_whole and press.held_ms >= 1000 * VERY_LONG_S
        ]
        assert ran.count("shutdown") >= len(whole)

    lab_run(main())
