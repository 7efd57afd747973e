"""What the tests of visits ask: which visit, and whether what came of it was right."""

from itertools import pairwise

import pytest

from edged.local import voice
from edged.pcm import PCM16
from instruments.gateways.stage import GATEWAYS


def through(visit, gateways=GATEWAYS):
    """A test of what came of a visit, through each of these."""

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
    """What the service says to an utterance."""
    return voice.ListenVoice().answer(bytes(taken["n_bytes"])).pcm


def check_heard(sound, seen):
    """It was played bit for bit; a machine that was too busy for that has counted it."""
    if sound not in seen.played and not seen.after["counters"].get("underruns"):
        of_it, all_ms, played_ms = (
            length_played(sound, seen.played),
            *map(PCM16.ms_of, map(len, (sound, seen.played))),
        )
        pytest.fail(f"{of_it} of {all_ms} ms were played, of {played_ms} ms in all; see {seen.folder}")


def length_played(sound, played):
    """How much of it was played, from its beginning, in milliseconds."""
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
    """Each utterance is an unbroken stretch of what was said, none of it is in two of them."""
    if None in seen.stretches:
        pytest.fail(
            f"not an unbroken stretch of what was said: {seen.stretches}, {seen.audit}; see {seen.folder}"
        )
    if any(before[1] > after[0] for before, after in pairwise(seen.stretches)):
        pytest.fail(f"said twice: {seen.stretches}; see {seen.folder}")


def at_rest(after):
    """No state is left waiting."""
    return (after["state"], after["pending"], after["link"]["up"], after["lost"]) == ("IDLE", 0, True, {})
