"""The thread crossing up: the gate loses nothing, and nothing is kept that should not be."""

from array import array
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from edged import pcm
from edged.audio.capture.health import Fitness, Health
from edged.audio.capture.intake import MOST_GUARDED_MS, Intake
from edged.audio.capture.utterances import Utterances
from edged.audio.ports import Urgency
from tests.audio.capture.reading import held_bytes, one
from tests.effort import examples

BLOCK = 960  # 20 ms
MS = 48


class Rig:
    """An intake, its log, and how often the loop was woken."""

    def __init__(self, **options) -> None:
        self.log = Utterances(longest_ms=options.pop("longest_ms", 1000), most=99)
        self.wakes = 0
        self.intake = Intake(self.log, wake=self.wake, **{"preroll_ms": 40, **options})
        self.intake.follow(lambda: 0.0)
        self.number = 0

    def wake(self) -> None:
        self.wakes += 1

    def block(self, n_bytes: int = BLOCK) -> bytes:
        self.number += 1
        return bytes([self.number % 256]) * n_bytes

    def hand(self, n_bytes: int = BLOCK) -> bytes:
        block = self.block(n_bytes)
        self.intake.hand(block)
        return block

    def open(self, *, guarded: bool = True) -> None:
        self.log.begin(0)
        self.intake.open(guarded=guarded)

    def said(self) -> bytes:
        """The sound of the newest utterance in the log, after the gate is shut."""
        self.intake.shut()
        self.log.end(0)
        sound = b""
        while (entry := one(self.log)) is not None:
            sound += entry.pcm
        self.log.committed()
        return sound


def test_the_preroll_comes_first_then_what_is_handed_in():
    rig = Rig()
    blocks = [rig.hand() for _ in range(3)]
    rig.open()
    blocks += [rig.hand() for _ in range(3)]
    assert rig.said() == b"".join(blocks[1:])  # 40 ms of pre-roll


def test_the_preroll_is_in_the_log_when_the_gate_is_open():
    rig = Rig()
    block = rig.hand()
    rig.open()
    assert one(rig.log, BLOCK).pcm == block
    assert rig.intake.is_open


def test_the_preroll_is_exact_whatever_the_block():
    rig = Rig(preroll_ms=30)
    first, second = rig.hand(), rig.hand()
    rig.open()
    assert rig.said() == first[BLOCK // 2 :] + second


def test_without_a_preroll_the_utterance_begins_with_the_press():
    rig = Rig(preroll_ms=0)
    rig.hand()
    rig.open()
    after = rig.hand()
    assert rig.said() == after


def test_all_that_was_handed_in_before_the_gate_shut_is_in_the_log():
    rig = Rig()
    rig.open()
    block = rig.hand()
    rig.intake.shut()
    assert not rig.intake.is_open
    assert held_bytes(rig.log) == BLOCK
    assert one(rig.log, BLOCK).pcm == block


def test_nothing_reaches_the_log_while_the_gate_is_shut():
    rig = Rig()
    for _ in range(10):
        rig.hand()
    rig.intake.collect()
    assert (held_bytes(rig.log), rig.wakes) == (0, 0)
    rig.open()
    rig.said()
    rig.hand()
    rig.intake.collect()
    assert (held_bytes(rig.log), rig.wakes) == (0, 0)


def test_the_ring_starts_empty_after_an_utterance():
    rig = Rig()
    rig.hand()
    rig.open()
    rig.hand()
    rig.said()
    rig.open()
    assert rig.said() == b""


def test_the_loop_is_woken_once_per_gathering():
    rig = Rig(gather_ms=40)
    rig.open()
    wakes = []
    for _ in range(5):
        rig.hand()
        wakes.append(rig.wakes)
    assert wakes == [0, 1, 1, 2, 2]


def test_forty_milliseconds_are_gathered_unless_told_otherwise():
    rig = Rig()
    rig.open()
    rig.hand(40 * MS - 2)
    assert rig.wakes == 0
    rig.hand(2)
    assert rig.wakes == 1


def test_how_much_is_gathered_may_be_changed():
    rig = Rig(gather_ms=40)
    rig.intake.set_gather(60)
    rig.open()
    wakes = []
    for _ in range(6):
        rig.hand()
        wakes.append(rig.wakes)
    assert wakes == [0, 0, 1, 1, 1, 2]


def test_a_new_utterance_gathers_anew():
    rig = Rig()
    rig.open()
    rig.hand()
    rig.said()
    rig.open()
    rig.hand()
    assert rig.wakes == 0


def test_collecting_moves_what_was_gathered_once():
    rig = Rig()
    rig.open()
    first = rig.hand() + rig.hand()
    rig.intake.collect()
    assert held_bytes(rig.log) == len(first)
    rig.intake.collect()
    second = rig.hand()
    assert rig.said() == first + second


def test_the_device_may_use_its_memory_again():
    rig = Rig()
    rig.open()
    memory = bytearray(b"ab" * 10)
    rig.intake.hand(memory)
    memory[:] = bytes(20)
    rig.intake.hand(memoryview(memory))
    assert rig.said() == b"ab" * 10 + bytes(20)


def test_it_counts_what_it_was_handed():
    rig = Rig()
    rig.hand()
    rig.intake.blind(True)
    rig.hand(100)
    rig.open()
    rig.hand(2)
    assert (rig.intake.blocks, rig.intake.dropped_bytes) == (3, 0)


def test_a_loop_that_never_collects_does_not_fill_the_memory():
    rig = Rig(longest_ms=50)
    rig.open()
    blocks = [rig.hand() for _ in range(4)]
    assert rig.intake.dropped_bytes == 30 * MS
    assert rig.said() == b"".join(blocks)[: 50 * MS]
    assert rig.log.dropped_bytes == 0


def test_what_was_collected_makes_room():
    rig = Rig(longest_ms=50)
    for _ in range(3):
        rig.open()
        first = rig.hand()
        rig.intake.collect()
        second = rig.hand()
        assert rig.said() == first + second
    assert rig.intake.dropped_bytes == 0


# The machine's own voice


def test_while_the_machine_speaks_there_is_no_preroll():
    rig = Rig()
    rig.hand()
    rig.intake.blind(True)
    rig.hand()
    rig.open(guarded=False)
    after = rig.hand()
    assert rig.said() == after


def test_the_rooms_tail_is_no_preroll_either_to_the_sample():
    rig = Rig(tail_ms=30)
    rig.intake.blind(True)
    rig.hand()
    rig.intake.blind(False)
    rig.hand()
    half = rig.hand()
    rig.open()
    assert rig.said() == half[BLOCK // 2 :]


def test_the_tail_is_sixty_milliseconds_unless_told_otherwise():
    rig = Rig()
    rig.intake.blind(True)
    rig.intake.blind(False)
    for _ in range(3):
        rig.hand()
    kept = rig.hand(2)
    rig.open()
    assert rig.said() == kept


def test_what_the_speaker_still_holds_passes_before_the_rooms_tail():
    rig = Rig(tail_ms=20)
    rig.intake.follow(lambda: 40.0)
    rig.intake.blind(True)
    rig.intake.blind(False)
    for _ in range(3):
        rig.hand()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


@pytest.mark.parametrize(("silent_ms", "blocks"), [(0, 3), (40, 1), (60, 0), (500, 0)])
def test_the_tail_is_shorter_by_the_silence_that_was_heard_already(silent_ms, blocks):
    rig = Rig(tail_ms=60)
    rig.intake.follow(lambda: -float(silent_ms))
    rig.intake.blind(True)
    rig.intake.blind(False)
    for _ in range(blocks):
        rig.hand()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


def test_an_answer_that_was_dropped_before_it_sounded_has_no_tail():
    rig = Rig(tail_ms=20)
    rig.intake.follow(lambda: None)
    rig.intake.blind(True)
    rig.open()
    rig.intake.blind(False)
    sound = rig.hand()
    assert rig.said() == sound


def test_an_answer_that_never_sounded_leaves_the_tail_of_the_one_before_it():
    rig = Rig(tail_ms=40)
    rig.intake.blind(True)
    rig.intake.blind(False)
    rig.intake.follow(lambda: None)
    rig.intake.blind(True)
    rig.hand()
    rig.intake.blind(False)
    rig.open()
    rig.hand()
    kept = rig.hand()
    assert rig.said() == kept


@pytest.mark.parametrize("still_ms", [0.0, -500.0])
def test_what_the_last_speaker_has_played_echoes_although_the_next_one_is_silent_sooner(still_ms):
    rig = Rig(tail_ms=20)
    rig.intake.follow(lambda: 60.0)
    rig.intake.blind(True)
    rig.hand()
    rig.intake.follow(lambda: still_ms)  # a headset, which no microphone hears
    rig.hand()
    rig.intake.blind(False)
    for _ in range(3):
        rig.hand()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


def test_being_silent_is_not_falling_silent():
    rig = Rig()
    rig.intake.blind(False)
    block = rig.hand()
    rig.intake.blind(False)
    rig.open()
    assert rig.said() == block


def test_each_time_the_machine_falls_silent_has_its_tail():
    rig = Rig(tail_ms=20)
    for _ in range(2):
        rig.intake.blind(True)
        rig.hand()
        rig.intake.blind(False)
        rig.hand()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


def test_who_speaks_over_the_machine_is_heard_if_something_else_removes_its_voice():
    rig = Rig()
    rig.intake.blind(True)
    rig.open(guarded=False)
    first = rig.hand()
    rig.intake.blind(False)
    second = rig.hand()
    assert rig.said() == first + second


def test_an_utterance_that_interrupts_the_machine_begins_after_the_rooms_tail_to_the_sample():
    rig = Rig(tail_ms=30)
    rig.intake.follow(lambda: 20.0)
    rig.intake.blind(True)
    rig.open()
    rig.hand()
    rig.intake.blind(False)
    rig.hand()
    rig.hand()
    half = rig.hand()
    rest = rig.hand()
    assert rig.said() == half[BLOCK // 2 :] + rest


def test_an_utterance_that_begins_within_the_rooms_tail_begins_after_it():
    rig = Rig(tail_ms=30)
    rig.intake.blind(True)
    rig.intake.blind(False)
    rig.hand()
    rig.open()
    half = rig.hand()
    assert rig.said() == half[BLOCK // 2 :]


def test_in_the_middle_of_an_utterance_nothing_is_dropped():
    rig = Rig(tail_ms=30)
    rig.open()
    sound = rig.hand()
    rig.intake.blind(True)
    sound += rig.hand()
    rig.intake.blind(False)
    sound += rig.hand()
    assert rig.said() == sound


def test_after_sound_from_before_the_press_nothing_is_dropped():
    rig = Rig()
    before = rig.hand()
    rig.open()
    rig.intake.blind(True)
    after = rig.hand()
    assert rig.said() == before + after


def test_without_a_speaker_there_is_no_tail():
    rig = Rig()
    intake = rig.intake = Intake(rig.log, preroll_ms=40, wake=rig.wake)
    intake.blind(True)
    intake.blind(False)
    sound = rig.hand()
    rig.open()
    assert rig.said() == sound


def test_what_a_speaker_played_before_another_one_took_its_place_has_its_tail():
    rig = Rig(tail_ms=20)
    rig.intake.blind(True)
    rig.intake.follow(lambda: None)
    rig.open()
    rig.intake.blind(False)
    rig.hand()
    kept = rig.hand()
    assert rig.said() == kept


def test_a_speaker_that_was_silent_leaves_no_tail_to_the_next_one():
    rig = Rig()
    rig.intake.follow(lambda: None)
    rig.intake.follow(lambda: 40.0)
    sound = rig.hand()
    rig.open()
    assert rig.said() == sound


def test_a_speaker_that_never_falls_silent_costs_a_second_of_an_utterance_and_no_more():
    rig = Rig(longest_ms=5000)
    rig.intake.blind(True)
    rig.open()
    for _ in range(MOST_GUARDED_MS // 20):
        rig.hand()
    kept = rig.hand()
    assert rig.said() == kept


def test_the_tail_of_a_deep_speaker_costs_a_second_and_no_more():
    rig = Rig(preroll_ms=20)
    rig.intake.follow(lambda: 9000.0)
    rig.intake.blind(True)
    rig.intake.blind(False)
    for _ in range(MOST_GUARDED_MS // 20):
        rig.hand()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


def test_a_microphone_that_starts_within_the_rooms_tail_skips_the_rest_of_it_only():
    now = [0.0]
    rig = Rig(tail_ms=100, now_ms=lambda: now[0])
    rig.intake.blind(True)
    rig.open()
    rig.intake.blind(False)
    now[0] = 70.0
    rig.intake.forget()
    rig.hand()
    half = rig.hand()
    assert rig.said() == half[BLOCK // 2 :]


def test_a_microphone_that_runs_through_skips_all_of_the_tail_whatever_the_clock_says():
    now = [0.0]
    rig = Rig(tail_ms=30, now_ms=lambda: now[0])
    rig.intake.blind(True)
    rig.open()
    rig.intake.blind(False)
    now[0] = 500.0
    rig.hand()
    half = rig.hand()
    assert rig.said() == half[BLOCK // 2 :]


def test_an_utterance_of_which_the_machine_left_too_little_is_too_short_and_no_fault_of_the_microphone():
    for ms, refused in ((0, "too_short"), (99, "too_short"), (100, None)):
        rig = Rig(tail_ms=20)
        rig.intake.health.fitness = Fitness(judged=False)
        rig.intake.blind(True)
        rig.open()
        rig.intake.blind(False)
        rig.hand()
        rig.hand(ms * MS)
        assert rig.intake.judge().refused == refused


def test_an_utterance_that_interrupted_nothing_may_be_as_short_as_it_is():
    rig = Rig()
    rig.intake.health.fitness = Fitness(judged=False)
    rig.open()
    rig.hand()
    assert rig.intake.judge().refused is None


def test_the_question_after_an_interrupt_is_judged_on_its_own():
    rig = Rig(tail_ms=20)
    rig.intake.health.fitness = Fitness(judged=False)
    rig.intake.blind(True)
    rig.open()
    rig.intake.blind(False)
    rig.hand()
    rig.intake.go_on()
    rig.hand()
    assert rig.intake.judge().refused is None


def test_the_tail_passes_while_somebody_speaks():
    rig = Rig(tail_ms=20)
    rig.intake.blind(True)
    rig.open()
    rig.intake.blind(False)
    rig.hand()
    rig.said()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


class AgainstAPlainString(RuleBasedStateMachine):
    """The pre-roll and the utterance equal two plain strings."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(preroll_ms=30, tail_ms=10, longest_ms=100_000)
        self.ring = self.said = b""
        self.is_open = self.speaking = False
        self.deaf = 0
        self.guard = 0

    @rule(samples=st.integers(0, 1500))
    def hand(self, samples) -> None:
        block = self.rig.hand(samples * 2)
        own = len(block) if self.speaking else min(self.deaf, len(block))
        self.deaf = max(0, self.deaf - len(block))
        if self.is_open:
            kept = block[min(own, self.guard) :]
            self.said += kept
            self.guard = 0 if kept else self.guard - len(block)
        else:
            self.ring = (self.ring + block[own:])[-30 * MS :]

    @precondition(lambda self: not self.is_open)
    @rule(guarded=st.booleans())
    def open(self, guarded) -> None:
        self.rig.open(guarded=guarded)
        self.is_open, self.said, self.ring = True, self.ring, b""
        self.guard = MOST_GUARDED_MS * MS if guarded and not self.said else 0

    @precondition(lambda self: self.is_open)
    @rule()
    def shut(self) -> None:
        assert self.rig.said() == self.said
        self.is_open = False

    @rule()
    def collect(self) -> None:
        self.rig.intake.collect()
        assert held_bytes(self.rig.log) == (len(self.said) if self.is_open else 0)

    @rule(speaking=st.booleans())
    def blind(self, speaking) -> None:
        self.rig.intake.blind(speaking)
        if speaking:
            self.ring = b""
        elif self.speaking:
            self.deaf = 10 * MS
        self.speaking = speaking


AgainstAPlainString.TestCase.settings = examples(60, stateful_step_count=30)
TestAgainstAPlainString = AgainstAPlainString.TestCase


def test_the_seam_between_preroll_and_speech_is_exact_whatever_the_threads_do():
    """A thread hands over numbered samples in blocks of every size: the speech is one run of them, and in time."""
    log = Utterances(longest_ms=100_000)
    intake = Intake(log, preroll_ms=10, wake=lambda: None)
    numbers = array("H", range(60_000))
    opened = Event()

    def device() -> None:
        at, size = 0, 0
        while at < len(numbers):
            size = size % 97 + 1
            intake.hand(numbers[at : at + size].tobytes())
            at += size
            if at > 20_000:
                opened.wait()

    for number in range(10):
        opened.clear()
        thread = Thread(target=device)
        before = intake.blocks
        thread.start()
        while intake.blocks < before + 40 * number:  # 20 000 samples are 415 blocks and more
            pass
        log.begin(0)
        intake.open()
        opened.set()
        thread.join()
        intake.shut()
        log.end(0)
        said = array("H")
        while (entry := one(log)) is not None:
            said.frombytes(entry.pcm)
        log.committed()
        assert said == numbers[said[0] :]
        assert said[0] <= 20_097


def test_what_was_heard_before_the_microphone_began_anew_is_no_preroll():
    rig = Rig()
    rig.hand()
    rig.intake.forget()
    block = rig.hand(100)
    rig.open()
    assert rig.said() == block


def test_what_is_recorded_is_judged_from_the_preroll_to_the_last_block():
    rig = Rig()
    for _ in range(2):
        rig.intake.hand(array("h", [-9000, 9000] * 240).tobytes())
        rig.open()
        rig.intake.hand(bytes(BLOCK))
        assert rig.intake.judge().refused is None  # the pre-roll was not silence
        rig.said()
        rig.open()
        rig.intake.hand(bytes(BLOCK))
        assert rig.intake.judge().refused == "microphone_silent"
        rig.intake.hand(array("h", [-9000, 9000] * 480).tobytes())
        assert rig.intake.judge().refused is None
        rig.said()


def test_a_real_thread_loses_nothing():
    log = Utterances(longest_ms=100_000)
    intake = Intake(log, preroll_ms=0, wake=lambda: None)
    log.begin(0)
    intake.open()
    blocks = [pcm.gain(number.to_bytes(2, "little") * 48, 1.0) for number in range(400)]
    thread = Thread(target=lambda: [intake.hand(block) for block in blocks])
    thread.start()
    while thread.is_alive():
        intake.collect()
    thread.join()
    intake.shut()
    assert one(log).pcm == b"".join(blocks)


def test_what_goes_on_in_another_utterance_leaves_all_until_then_to_the_one_before():
    rig = Rig()
    before = rig.hand()
    rig.open()
    before += rig.hand(100)
    rig.intake.go_on()
    rig.log.end(0)
    rig.log.begin(0)
    after = rig.hand(200)
    rig.intake.collect()
    assert [one(rig.log).pcm for _ in range(3)] == [before, b"", after]  # between them the end


def test_the_next_utterance_is_judged_by_its_own_sound_alone():
    rig = Rig()
    rig.intake.hand(array("h", [-9000, 9000] * 240).tobytes())
    rig.open()
    rig.intake.hand(array("h", [-9000, 9000] * 240).tobytes())
    rig.intake.go_on()
    rig.intake.hand(bytes(BLOCK))
    assert rig.intake.judge().refused == "microphone_silent"


def test_another_length_of_preroll_holds_at_once_and_what_was_kept_is_forgotten():
    rig = Rig(preroll_ms=40)
    rig.hand()
    rig.intake.set_preroll(20)
    rig.open()
    assert rig.said() == b""
    rig.hand()
    kept = rig.hand()
    rig.open()
    assert rig.said() == kept


def test_what_neither_the_loop_nor_the_log_could_take_is_lost():
    rig = Rig(longest_ms=50)
    rig.open()
    for _ in range(3):
        rig.hand()  # 10 ms too much for the loop
    rig.intake.collect()
    rig.hand()  # and 20 ms for the log
    rig.intake.collect()
    assert rig.intake.lost_bytes == 30 * MS


LOUD = array("h", [-9000, 9000] * 480).tobytes()  # 40 ms


def test_what_was_heard_before_the_press_is_judged_though_nothing_came_after_it():
    rig = Rig()
    rig.intake.hand(LOUD)
    rig.open()
    assert rig.intake.judge().refused is None


def test_an_utterance_of_nothing_is_judged_as_that():
    rig = Rig()
    assert rig.intake.judge().refused == rig.intake.health.verdict().refused is not None


def test_what_was_heard_before_the_press_is_not_of_the_next_utterance_either():
    rig = Rig()
    rig.intake.hand(LOUD)
    rig.open()
    rig.intake.go_on()
    rig.intake.hand(bytes(BLOCK))
    assert rig.intake.judge().refused == "microphone_silent"


def test_whoever_judges_is_the_one_that_was_given():
    health = Health(Fitness(judged=False))
    rig = Rig(health=health)
    assert rig.intake.health is health
    rig.open()
    rig.intake.hand(bytes(BLOCK))
    assert rig.intake.judge().refused is None


def test_what_was_collected_leaves_room_for_the_longest_utterance_to_the_sample():
    rig = Rig(longest_ms=50)
    rig.open()
    rig.hand()
    rig.intake.collect()
    for _ in range(3):
        rig.hand()
    assert rig.intake.dropped_bytes == 10 * MS


def test_the_longest_utterance_is_gathered_to_the_sample():
    rig = Rig(longest_ms=50)
    rig.open()
    rig.hand(50 * MS)
    assert rig.intake.dropped_bytes == 0
    rig.hand(2)
    assert rig.intake.dropped_bytes == 2


def test_other_formats_have_other_milliseconds():
    wide = pcm.Format(16_000)
    log = Utterances(longest_ms=1000, most=99)
    wakes = []
    intake = Intake(log, preroll_ms=10, gather_ms=20, tail_ms=30, wake=lambda: wakes.append(1), fmt=wide)
    intake.follow(lambda: 0.0)
    intake.blind(True)
    intake.blind(False)
    intake.hand(bytes(960))  # the room's tail
    intake.hand(b"\1\2" * 160 + b"\3\4" * 160)
    log.begin(0)
    intake.open()
    assert one(log).pcm == b"\3\4" * 160
    intake.hand(bytes(638))
    assert wakes == []
    intake.hand(bytes(2))
    assert wakes == [1]


def test_the_rest_of_the_tail_takes_as_long_in_another_format():
    rig, wide = Rig(tail_ms=30), pcm.Format(16_000)
    rig.intake.blind(True)
    rig.intake.blind(False)
    rig.hand()
    rig.intake.set_format(wide, preroll_ms=40, gather_ms=20)
    half = rig.hand(wide.bytes_of(20))
    rig.open()
    assert rig.said() == half[wide.bytes_of(10) :]


def test_what_is_wanted_of_the_microphone_is_told_when_it_changes_and_only_then():
    rig = Rig()
    wanted = []
    assert rig.intake.urgency is Urgency.SOON
    rig.intake.blind(True)  # nobody asked for a call
    rig.intake.blind(False)
    rig.intake.on_urgency = wanted.append
    rig.intake.blind(False)
    assert wanted == []
    rig.intake.blind(True)
    rig.intake.blind(True)
    assert wanted == [Urgency.NONE]
    rig.open()
    assert rig.intake.urgency is wanted[-1] is Urgency.NOW
    rig.intake.blind(False)
    rig.said()
    assert wanted == [Urgency.NONE, Urgency.NOW, Urgency.SOON]
    rig.open()
    rig.intake.blind(True)
    rig.said()
    assert wanted[3:] == [Urgency.NOW, Urgency.NONE]


def test_sound_is_wanted_before_the_gate_is_open_and_until_it_is_shut():
    """Sound that is dropped because nobody wants it must not belong to an utterance."""
    rig = Rig()
    rig.intake.on_urgency = lambda urgency: gates.append((urgency, rig.intake.is_open))
    gates = []
    rig.open()
    rig.said()
    assert gates == [(Urgency.NOW, False), (Urgency.SOON, False)]


def test_a_gate_that_is_shut_gathers_anew_after_what_was_handed_in_last():
    rig = Rig(gather_ms=40)
    rig.open()
    rig.hand()
    rig.said()
    rig.open()
    rig.hand(40 * MS - 2)
    assert rig.wakes == 0
    rig.hand(2)
    assert rig.wakes == 1
    rig.hand(40 * MS - 2)
    assert rig.wakes == 1
    rig.hand(2)
    assert rig.wakes == 2


# After the release


def trailing(ms, *, block=20, gather_ms=1000):
    """An open rig after a release that asks for `ms` more, and the blocks that come."""
    rig = Rig(gather_ms=gather_ms)
    rig.open()
    rig.intake.trail(ms)
    return rig


@given(st.integers(0, 300), st.lists(st.integers(1, 100), min_size=30, max_size=60))
def test_the_block_of_the_release_does_not_count_and_whole_blocks_after_it_do(ms, sizes):
    rig = trailing(ms, gather_ms=100_000)
    sizes += [100] * 5
    woken, came = 0, 0
    for number, size in enumerate(sizes):
        rig.intake.hand(bytes(size * 48))
        came += size if number else 0
        assert rig.intake.heard_out == (came >= ms)
        woken += 1 if came >= ms else 0
        if woken:
            break
    assert woken == 1
    assert rig.wakes == 1  # at once, although nothing else was due


def test_a_second_release_waits_anew():
    rig = trailing(20)
    for _ in range(2):
        rig.intake.hand(bytes(960))
    assert rig.intake.heard_out
    rig.intake.trail(20)
    assert not rig.intake.heard_out


def test_after_the_next_utterance_has_begun_nothing_is_awaited():
    rig = trailing(20)
    rig.intake.go_on()
    for _ in range(4):
        rig.intake.hand(bytes(960))
    assert (rig.intake.heard_out, rig.wakes) == (False, 0)
