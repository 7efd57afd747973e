"""Nothing of the machine's own voice reaches the service, whenever somebody interrupts it.

The limit of what counts as found is what chance finds in the same sound without the machine's voice in it.
"""

import pytest

from edged.audio.capture.intake import Intake
from instruments.lab.interrupts import Outcome, interrupted
from instruments.lab.leaks import most
from instruments.lab.setups import MODES, TALK

TIMES = 10


def judged(outcomes: list[Outcome]) -> list[str]:
    """What is wrong with these runs."""
    utterances = [each for outcome in outcomes for each in outcome.utterances]
    limit = most(each.by_chance for each in utterances)
    return [
        f"seed {outcome.seed}, {each.kind}: {each} of {outcome.setup}"
        for outcome in outcomes
        for each in outcome.utterances
        if any(each.likeness[ms] > limit[ms] for ms in limit)
    ] + [f"seed {outcome.seed}: {outcome.counts}" for outcome in outcomes if outcome.counts["not found"]]


def interrupts(outcomes: list[Outcome], *, of_phrases: bool = False) -> int:
    """How many questions interrupted something; `of_phrases`: a phrase, or the tone before it, while it sounded."""
    return sum(
        each.sounded and each.kind == "phrase" if of_phrases else bool(each.kind)
        for outcome in outcomes
        for each in outcome.utterances
    )


@pytest.mark.parametrize(
    "mode", [mode if mode not in TALK else pytest.param(mode, marks=pytest.mark.slow) for mode in MODES]
)
def test_no_voice_of_the_machine_is_in_an_utterance_that_interrupts_it(mode):
    outcomes = [interrupted(seed, mode, times=TIMES) for seed in range(2)]
    assert judged(outcomes) == []
    assert interrupts(outcomes) > TIMES


@pytest.mark.hours
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in TALK])
def test_no_voice_of_the_machine_is_in_any_of_200_interrupts_in_three_modes(mode):
    outcomes = [interrupted(seed, mode, times=TIMES) for seed in range(100, 110)]
    assert judged(outcomes) == []
    assert interrupts(outcomes) >= 67


@pytest.mark.nightly
@pytest.mark.parametrize("mode", MODES)
def test_no_voice_of_the_machine_is_in_any_of_200_interrupts_of_each_mode(mode):
    outcomes = [interrupted(seed, mode, times=TIMES) for seed in range(110, 140)]
    assert judged(outcomes) == []
    assert interrupts(outcomes) >= 200
    assert interrupts(outcomes, of_phrases=True) >= 20


def test_a_run_without_an_echo_is_the_same_run_and_finds_by_chance_what_was_reckoned():
    echoes, silent = (interrupted(3, "hold", times=4, reaches=reaches) for reaches in (True, False))
    assert [each.by_chance for each in echoes.utterances] == [each.likeness for each in silent.utterances]
    assert [each.late_ms for each in echoes.utterances] == [each.late_ms for each in silent.utterances]
    assert interrupts([silent]) > 0


def test_a_kiosk_that_lets_its_own_voice_in_is_found(monkeypatch):
    opened = Intake.open
    monkeypatch.setattr(Intake, "open", lambda intake, *, guarded: opened(intake, guarded=False))
    assert len(judged([interrupted(3, "hold", times=6)])) >= 3


def test_a_kiosk_that_lets_its_phrases_in_is_found(monkeypatch):
    phrases = [interrupted(3, "hold", times=6, kinds=("phrase",))]
    assert judged(phrases) == []
    assert interrupts(phrases, of_phrases=True) >= 3
    opened = Intake.open
    monkeypatch.setattr(Intake, "open", lambda intake, *, guarded: opened(intake, guarded=False))
    assert len(judged([interrupted(3, "hold", times=6, kinds=("phrase",))])) >= 3


def test_a_kiosk_that_does_not_wait_for_the_tail_of_its_room_is_found():
    outcome = interrupted(3, "hold", times=6, settings=("turn.room_tail_ms=0",))
    assert judged([outcome])


def test_a_question_that_interrupts_an_answer_begins_soon_after_the_press():
    """After the tail, the sound that the devices hold, and the blocks under way."""
    late = [
        each.late_ms
        for seed in range(2)
        for each in interrupted(seed, "hold", times=6).utterances
        if each.kind == "answer"
    ]
    assert late
    assert max(late) < 150 + 200
