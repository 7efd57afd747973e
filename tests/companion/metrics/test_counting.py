"""Events become totals: each thing counts once, over restarts of the kiosk and of the companion."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.causes import CAUSES
from edged.companion.metrics.counting import Counting
from tests.companion.metrics.kiosks import (
    count,
    counted,
    link,
    month,
    outcomes,
    shown,
    snapshot,
    state,
    turn,
)

CAUSE = CAUSES["link_closed"].counter
REST = state("IDLE", "DRAINING", "DRAINED")


def again(counting, *events, **more):
    """What another companion counts that finds the file of the one before."""
    return counted(*events, kept=json.loads(json.dumps(counting.as_json())), **more)


def test_what_the_kiosk_counts_is_carried_over_once():
    counting = counted(
        snapshot(counters={CAUSE: 3, "underruns": 2}), snapshot(counters={CAUSE: 5, "underruns": 2})
    )
    assert count(counting, "edged_causes_total", "link_closed") == 5
    assert count(counting, "edged_underruns_total") == 2


def test_counters_go_on_after_a_restart_of_the_companion():
    before = counted(snapshot(counters={CAUSE: 3}, turns=1), *turn(2), REST, *turn(3, until="committed"))
    after = again(before, snapshot(counters={CAUSE: 4}, turns=3))
    assert count(after, "edged_causes_total", "link_closed") == 4
    assert outcomes(after) == {"unseen": 2, "answered": 1}  # of three turns
    assert count(after, "edged_kiosk_starts_total") == 1


def test_counters_go_on_after_a_restart_of_the_kiosk_although_its_own_are_higher_already():
    before = counted(snapshot(counters={CAUSE: 3}), *turn(1), REST)
    after = again(before, snapshot(run="b", counters={CAUSE: 7}, turns=1))
    assert count(after, "edged_causes_total", "link_closed") == 10
    assert outcomes(after) == {"unseen": 1, "answered": 1}
    assert count(after, "edged_kiosk_starts_total") == 2


@pytest.mark.parametrize(
    "fallen", [{"counters": {CAUSE: 2}, "turns": 9}, {"counters": {CAUSE: 3}, "turns": 1}]
)
def test_a_kiosk_without_a_run_has_started_again_if_anything_has_fallen(fallen):
    counting = counted(snapshot("", 9, counters={CAUSE: 3}), snapshot("", **fallen))
    assert count(counting, "edged_causes_total", "link_closed") == 3 + fallen["counters"][CAUSE]
    assert count(counting, "edged_kiosk_starts_total") == 2


def test_a_counter_that_falls_for_a_moment_in_one_run_is_not_counted_twice():
    counting = counted(*(snapshot(counters={CAUSE: each}) for each in (5, 2, 5, 6)))
    assert count(counting, "edged_causes_total", "link_closed") == 6


def test_after_a_damaged_file_nothing_of_before_is_counted_again():
    counting = counted(snapshot(counters={CAUSE: 30}, turns=8, usage=month(requests=9)), is_afresh=True)
    assert count(counting, "edged_causes_total", "link_closed") == 0
    assert not outcomes(counting)
    counting.hear(snapshot(counters={CAUSE: 31}, turns=9, usage=month(requests=11)))
    assert count(counting, "edged_causes_total", "link_closed") == 1
    assert outcomes(counting) == {"unseen": 1}
    assert count(counting, "edged_usage_requests_total") == 2


def test_the_ledger_counts_on_over_restarts_of_both_and_over_the_end_of_a_month():
    before = counted(
        snapshot(usage=month(requests=100, minutes=50.0)), snapshot(usage=month(requests=103, minutes=50.5))
    )
    assert count(before, "edged_usage_requests_total") == 3  # not those from before the companion was there
    assert count(before, "edged_usage_connection_seconds_total") == 30
    after = again(before, snapshot(run="b", usage=month(requests=110, minutes=60.0)))
    assert count(after, "edged_usage_requests_total") == 10
    after.hear(snapshot(run="b", usage=month("2026-12-01", requests=2)))
    after.hear(snapshot(run="b", usage=month("", requests=50)))  # the clock is lost
    after.hear(snapshot(run="b", usage=month("2026-12-02", requests=1)))  # corrected
    after.hear(snapshot(run="b", usage=month("2026-12-02", requests=4)))
    assert count(after, "edged_usage_requests_total") == 10 + 2 + 3


def test_a_clock_that_goes_back_to_another_month_counts_nothing_again():
    """A machine without a clock of its own starts with the time of its last end."""
    seen = counted(*(snapshot(usage=month("2026-12-01", requests=number)) for number in (40, 50)))
    back = again(seen, snapshot(run="b", usage=month("2026-11-30", requests=3000)))
    for date, requests in (("2026-12-01", 50), ("2026-11-30", 3001), ("2026-12-01", 51), ("2027-01-01", 4)):
        back.hear(snapshot(run="b", usage=month(date, requests=requests)))
    assert count(back, "edged_usage_requests_total") == 10 + 1 + 1 + 4


def test_only_a_link_that_was_lost_reconnects():
    lost, rests, up = link(up=False, cause="link_closed"), link(up=False, resting=True), link(up=True)
    for events, expected in (
        ([lost, up], 1),
        ([lost, link(up=False, cause="offline"), up, up], 1),
        ([rests, up], 0),
        ([rests, lost, up], 0),  # it was opened for a question, and not at once
        ([lost, up, lost, up], 2),
    ):
        assert count(counted(snapshot(), *events), "edged_link_reconnects_total") == expected, events
    at_first = snapshot(link={"up": False, "resting": False})
    assert count(counted(at_first, lost, up), "edged_link_reconnects_total") == 0


def test_tokens_count_by_direction_modality_and_cache():
    usage = {
        "total_tokens": 310,
        "input_tokens": 200,
        "output_tokens": 110,
        "input_token_details": {
            "text_tokens": 120,
            "audio_tokens": 80,
            "cached_tokens": 64,
            "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0},
        },
        "output_token_details": {"text_tokens": 30, "audio_tokens": 80},
    }
    counting = counted({"event": "usage", "usage": usage})
    found = {labels: n for labels, n in counting.totals.counts["edged_usage_tokens_total"].items() if n}
    assert found == {
        ("input", "text", "false"): 56,
        ("input", "text", "true"): 64,
        ("input", "audio", "false"): 80,
        ("output", "text", "false"): 30,
        ("output", "audio", "false"): 80,
    }
    counting.hear({"event": "transcription_usage", "usage": {"input_tokens": 40, "output_tokens": 9}})
    assert count(counting, "edged_usage_transcription_tokens_total", "input") == 40
    assert count(counting, "edged_usage_transcription_tokens_total", "output") == 9


def test_what_no_table_knows_is_other():
    many = {f"edged_cause_unheard_of_{n}_total": 1 for n in range(500)}
    counting = counted(snapshot(counters={**many, "buttons_1_missed_presses": 2, "button_missed_presses": 1}))
    assert count(counting, "edged_causes_total", "other") == 500
    assert count(counting, "edged_button_missed_total", "press") == 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "name",
    "turn",
    "at_ms",
    "id",
    "state",
    "up",
    "usage",
    "counters",
    "turns",
    "run",
    "troubles",
    "link",
    "budget",
]
NAMES += ["volume", "pending", "date", "month", "day", "edged", "endings", "event", "what", "cause", "limit"]
KINDS = ["snapshot", "mark", "turn", "cause", "link", "usage", "transcription_usage", "gone", "back", "level"]
events = st.builds(
    lambda event, more: {**more, "event": event},
    st.sampled_from(KINDS),
    st.dictionaries(
        st.sampled_from(NAMES), json_values | st.dictionaries(st.sampled_from(NAMES), json_values)
    ),
)


@given(st.lists(events, max_size=6), json_values)
def test_whatever_a_kiosk_says_or_a_file_has_in_it_the_exposition_can_be_read(heard, damaged):
    counting = Counting(
        {"totals": damaged, "kiosk": damaged if isinstance(damaged, dict) else {}, "turns": damaged}
    )
    for event in heard:
        counting.hear(event)
    known = shown(counting, *(event for event in heard if event["event"] == "snapshot"))
    assert len(known) < 700
    Counting(json.loads(json.dumps(counting.as_json())))
