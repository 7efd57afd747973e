"""What the table of `scripts/bench audio` says about figures that are missing."""

from instruments.bench.audio import MEASURES, rows, table

SPREAD = {"p50": 1.0, "p95": 1.5, "worst": 2.0}
COST = {"edged_s": 2.0, "floor_s": 1.0, "edged_idle_percent": 1.0, "edged_idle_mb": 30.0, "edged_cycles": 6}


def judged(measures):
    return {what.strip(): holds for what, _, _, holds in rows(measures)}


def test_a_requested_measure_without_a_figure_is_missed():
    held = judged({name: {} for name in MEASURES})
    assert len(held) >= 15
    assert True not in held.values()
    assert (
        held["first delta to speaker"]
        is held["answers without a fault"]
        is held["descriptors leaked"]
        is False
    )
    assert "holds" not in table({name: {} for name in MEASURES})


def test_none_of_none_does_not_hold():
    none = {"answers_whole": 0, "answers": 0, "utterances_whole": 0, "utterances": 0}
    assert judged({"turns": none})["answers without a fault"] is False
    some = {"answers_whole": 5, "answers": 5, "utterances_whole": 4, "utterances": 5, "preroll_ms": SPREAD}
    held = judged({"turns": some | {"delta_to_speaker_ms": SPREAD}})
    assert held["answers without a fault"] is held["first delta to speaker"] is True
    assert held["questions without a fault"] is held["sound from before the press"] is False


def test_a_daemon_that_does_not_answer_is_not_cheap():
    assert judged({"cost": COST | {"edged_answers": 0}})["questions of that minute answered"] is False
    held = judged({"cost": COST | {"edged_answers": 6}})
    assert held["questions of that minute answered"] is held["beside arecord and aplay"] is True


def test_a_measure_that_was_not_requested_has_no_row():
    assert judged({"cost": COST}).keys() == judged({"cost": COST, "peer": {}}).keys() - {"beside pipecat"}
    assert judged({}) == {}
