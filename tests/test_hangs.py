"""When a device that has hung is tried again, and how often the process may end because of one."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.hangs import AVOIDED_MS, MOST, MOST_ENDS, WITHIN_MS, Hangs

CARD = "hw:CARD=Device,DEV=0"


class Machine:
    """A clock, and processes that know one after another what the one before has saved."""

    def __init__(self, boot="first", spread=lambda: 1.0):
        self.now_ms, self.boot, self.spread = 1_000_000, boot, spread
        self.hangs = self.process()

    def process(self):
        return Hangs(self.boot, self.spread, lambda: self.now_ms)

    def restart(self):
        facts = json.loads(json.dumps(self.hangs.facts()))
        self.hangs = self.process()
        self.hangs.recall(facts)

    def hang(self, what="microphone", name=CARD):
        self.hangs.left(what, name)
        self.hangs.returned(what, name)

    def avoids(self, what="microphone"):
        return self.hangs.avoided(what)


def test_each_hang_is_avoided_longer_over_restarts_up_to_an_hour():
    machine = Machine()
    for wait_ms in (*AVOIDED_MS, AVOIDED_MS[-1], AVOIDED_MS[-1]):
        machine.hang()
        machine.restart()
        machine.now_ms += wait_ms - 1
        assert machine.avoids() == {CARD}
        machine.now_ms += 1
        assert machine.avoids() == frozenset()


def test_the_time_is_spread():
    machine = Machine(spread=lambda: 0.0)
    machine.hang()
    machine.now_ms += AVOIDED_MS[0] // 2
    assert machine.avoids() == frozenset()


def test_only_what_has_hung_is_avoided_and_only_for_its_part():
    machine = Machine()
    machine.hang("microphone")
    machine.hang("speaker", "")
    assert (machine.avoids("microphone"), machine.avoids("speaker")) == ({CARD}, {""})
    assert machine.avoids("button") == frozenset()


def test_a_held_device_is_avoided_until_its_call_returns():
    machine = Machine()
    machine.hangs.left("microphone", CARD)
    machine.now_ms += 10 * AVOIDED_MS[-1]
    assert machine.avoids() == {CARD}
    assert machine.hangs.held == {"microphone": 10 * AVOIDED_MS[-1]}
    machine.hangs.returned("microphone", CARD)
    assert (machine.avoids(), machine.hangs.held) == (frozenset(), {})


def test_an_action_ends_the_wait_but_does_not_forget():
    machine = Machine()
    machine.hang()
    machine.hang()
    assert machine.hangs.act()
    assert machine.avoids() == frozenset()
    assert not machine.hangs.act()
    machine.hang()
    machine.now_ms += AVOIDED_MS[2] - 1
    assert machine.avoids() == {CARD}


def test_a_device_that_has_worked_is_forgotten():
    machine = Machine()
    for _ in range(4):
        machine.hang()
    assert machine.hangs.worked("microphone", CARD)
    assert not machine.hangs.worked("microphone", CARD)
    machine.hang()
    machine.now_ms += AVOIDED_MS[0]
    assert machine.avoids() == frozenset()


def test_after_a_start_of_the_machine_nothing_is_known():
    machine = Machine()
    machine.hang()
    machine.hangs.ends()
    machine.boot = "second"
    machine.restart()
    assert machine.hangs.facts() == {"boot": "second", "hangs": [], "ends_ms": []}


def test_a_machine_that_does_not_name_its_starts_remembers_nothing():
    machine = Machine(boot="")
    machine.hang()
    machine.restart()
    assert machine.avoids() == frozenset()


def test_the_outlook_says_when_and_how_often():
    machine = Machine()
    machine.hang()
    assert machine.hangs.outlook("microphone") == f"{CARD!r}: it has not answered; next try in 5 s"
    machine.hang()
    machine.hang()
    machine.now_ms += 60_000
    assert machine.hangs.outlook("microphone") == f"{CARD!r}: it has not answered 3 times; next try in 3 min"
    machine.now_ms += AVOIDED_MS[2]
    assert machine.hangs.outlook("microphone") == ""


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=60), st.sets(st.integers(0, 60)))
def test_the_process_never_ends_more_often_than_it_may(pauses, restarts):
    machine, ends = Machine(), []
    for at, pause in enumerate(pauses):
        machine.now_ms += pause
        if machine.hangs.may_end():
            machine.hangs.ends()
            ends.append(machine.now_ms)
        if at in restarts:
            machine.restart()
    for end in ends:
        assert sum(end <= each < end + WITHIN_MS for each in ends) <= MOST_ENDS


def test_there_is_a_bound_on_what_is_remembered():
    machine = Machine()
    for at in range(MOST + 5):
        machine.hang(name=str(at))
    assert len(machine.hangs.facts()["hangs"]) == MOST
    assert str(MOST + 4) in machine.avoids()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["what", "name", "times", "next_ms", "x"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JUNK, JUNK)
def test_a_file_that_somebody_has_spoilt_does_no_harm(hangs, ends):
    machine = Machine(spread=Random(1).random)
    machine.hangs.recall({"boot": "first", "hangs": hangs, "ends_ms": ends})
    machine.hangs.outlook("microphone")
    machine.now_ms += AVOIDED_MS[-1]
    assert machine.avoids() == frozenset()
    machine.hang()
    assert machine.avoids() == {CARD}
    machine.now_ms += WITHIN_MS
    assert machine.hangs.may_end()


@pytest.mark.parametrize("times", [0, 10**9])
def test_an_odd_number_of_hangs_is_no_index(times):
    machine = Machine()
    hang = {"what": "microphone", "name": CARD, "times": times, "next_ms": 10**15}
    machine.hangs.recall({"boot": "first", "hangs": [hang], "ends_ms": []})
    assert machine.avoids() == {CARD}
    machine.hang()
    machine.now_ms += AVOIDED_MS[-1]
    assert machine.avoids() == frozenset()


OTHER = "hw:CARD=Other,DEV=0"


def test_a_device_that_failed_comes_after_the_others_longer_each_time_over_restarts_and_is_not_left_out():
    machine = Machine()
    for times, wait_ms in enumerate((*AVOIDED_MS, AVOIDED_MS[-1]), 1):
        assert machine.hangs.failed("speaker", CARD, "Input/output error")
        machine.restart()
        often = f" {times} times" if times > 1 else ""
        reason = f"it failed{often} after it had opened (Input/output error)"
        machine.now_ms += wait_ms - 1
        assert (machine.hangs.behind("speaker"), machine.avoids("speaker")) == ({CARD: reason}, frozenset())
        assert (machine.hangs.behind("microphone"), machine.hangs.due_in_ms()) == ({}, 1)
        machine.now_ms += 1
        assert (machine.hangs.behind("speaker"), machine.hangs.due_in_ms()) == ({}, None)


def test_of_two_that_fail_each_gets_its_turn_and_failures_meanwhile_do_not_count():
    machine = Machine()
    machine.hangs.failed("speaker", CARD, "no")
    machine.now_ms += 1
    machine.hangs.failed("speaker", OTHER, "no")
    for _ in range(3):
        for first, second in ((CARD, OTHER), (OTHER, CARD)):
            assert list(machine.hangs.behind("speaker")) == [first, second]
            machine.now_ms += 1
            assert not machine.hangs.failed("speaker", first, "no")
    machine.now_ms += AVOIDED_MS[0]
    assert machine.hangs.behind("speaker") == {}


def test_a_card_that_restarts_when_it_fails_does_not_come_first_again_by_that():
    machine = Machine()
    machine.hangs.failed("speaker", CARD, "no")
    assert machine.hangs.plugged()  # somebody may have plugged it in again
    machine.hangs.failed("speaker", CARD, "no")
    machine.now_ms += 2_000
    assert not machine.hangs.plugged()
    assert CARD in machine.hangs.behind("speaker")
    machine.now_ms += 10_000
    assert machine.hangs.plugged()
    assert machine.hangs.behind("speaker") == {}


def test_an_action_or_ten_minutes_of_work_ends_it():
    machine = Machine()
    for _ in range(2):
        machine.hangs.failed("speaker", CARD, "no")
        assert machine.hangs.act()
        assert machine.hangs.behind("speaker") == {}
    assert machine.hangs.worked("speaker", CARD)
    machine.hangs.failed("speaker", CARD, "no")
    assert machine.hangs.due_in_ms() == AVOIDED_MS[0]
