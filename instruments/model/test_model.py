"""The model walks without a finding. With a fix taken out, it finds the fault."""

import logging

import pytest

from edged.audio.capture.utterances import TooMany
from instruments.model import steps
from instruments.model.booth import MODES
from instruments.model.faults import FAULTS
from instruments.model.machine import walk

STEPS = [2_000, pytest.param(6_000, marks=pytest.mark.hours)]  # per mode; in the nightly suite ten million
# An ExceptionGroup: it was seen in two places. TooMany: the log of utterances saw it first.
FOUND = (AssertionError, ExceptionGroup, TooMany)
ENOUGH = 40_000  # every fault was found within these steps, many times over


@pytest.fixture(autouse=True)
def no_journal():
    """Nobody reads what a walk logs, and logging takes a third of its time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_the_gate_is_open_for_a_press_only_whatever_happens(mode, steps):
    counted = walk(mode, steps)
    assert counted["opened"] * 5 >= counted["runs"]


@pytest.mark.hours
@pytest.mark.parametrize("fault", FAULTS)
def test_the_model_notices_each_fix_that_is_taken_out(fault):
    mode, taken_out = FAULTS[fault]
    with taken_out(), pytest.raises(FOUND):
        walk(mode, ENOUGH, shrink=False)


@pytest.mark.parametrize("mode", MODES)
def test_steps_with_facts_open_the_gate_only_if_nothing_forbids_it(mode):
    steps.walk(mode, 20_000)


@pytest.mark.parametrize("fault", steps.FAULTS)
def test_steps_with_a_fact_ignored_are_noticed(fault):
    mode = "conversation"
    with pytest.raises(AssertionError):
        steps.walk(mode, 50_000, ignoring=fault)
