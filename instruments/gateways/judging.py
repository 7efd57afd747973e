"""Helpers for the tests of visits: which visit a test is about, and whether its result was right."""

from itertools import pairwise

import pytest

from edged.local import voice
from edged.pcm import PCM16
from instruments.gateways.stage import GATEWAYS


def through(visit, gateways=GATEWAYS):
    """A test of the result of a visit, through each of these gateways."""

    def marked(test):
        for mark in (
            pytest.mark.gateways,
            pytest.mark.parametrize("gateway", gateways),
            pytest.mark.parametrize("visit", [visit]),
        ):
            test = mark(test)
        return test

    return marked


def listened_to(taken):
    """The service's answer to an utterance: how long it listened."""
    return voice.ListenVoice().answer(bytes(taken["n_bytes"])).pcm


def check_heard(sound, seen):
    """Check that this sound was played bit for bit. A machine that is too busy for that must have counted underruns."""
    if sound not in seen.played and not seen.after["counters"].get("underruns"):
        of_it, all_ms, played_ms = (
            length_played(sound, seen.played),
            *map(PCM16.ms_of, map(len, (sound, seen.played))),
        )
        pytest.fail(f"{of_it} of {all_ms} ms were played, of {played_ms} ms in all; see {seen.folder}")


def length_played(sound, played):
    """How much of this sound was played, from its beginning, in milliseconds."""
    start = played.find(sound[: PCM16.bytes_of(100)])
    if start < 0:
        return 0
    n_bytes = 0
    while (
        n_bytes < len(sound)
        and sound[n_bytes : n_bytes + 48] == played[start + n_bytes : start + n_bytes + 48]
    ):
        n_bytes += 48
    return PCM16.ms_of(n_bytes)


def check_in_order(seen):
    """Each utterance is an unbroken stretch of what was said, and no two of them share any of it."""
    if None in seen.stretches:
        pytest.fail(
            f"not an unbroken stretch of what was said: {seen.stretches}, {seen.audit}; see {seen.folder}"
        )
    if any(before[1] > after[0] for before, after in pairwise(seen.stretches)):
        pytest.fail(f"said twice: {seen.stretches}; see {seen.folder}")


def at_rest(after):
    """Whether no state is left waiting."""
    return (after["state"], after["pending"], after["link"]["up"], after["lost"]) == ("IDLE", 0, True, {})
