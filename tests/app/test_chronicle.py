import asyncio
import logging

import pytest

from edged.app.chronicle import Chronicle
from edged.system.journal import fields_of

MARKS = {
    "press": 1000,
    "first_audio_sent": 1030,
    "release": 3000,
    "commit_sent": 3010,
    "committed": 3100,
    "first_delta": 3700,
    "first_sound": 3760,
    "response_done": 4000,
    "drained": 6760,
}


@pytest.fixture
def told(lab_run, caplog):
    """What a chronicle writes of `hear(chronicle)`, as fields of the journal."""

    def run(hear):
        async def main():
            chronicle = Chronicle()
            await hear(chronicle)
            chronicle.close()

        with caplog.at_level(logging.INFO):
            lab_run(main())
        return [dict(fields_of(record)) for record in caplog.records]

    return run


def marks(chronicle, turn, names=tuple(MARKS)):
    for name in names:
        chronicle({"event": "mark", "name": name, "turn": turn, "at_ms": MARKS[name]})


def idle(chronicle, state="IDLE"):
    chronicle({"event": "turn", "state": state, "was": "DRAINING", "by": "DRAINED"})


def test_a_turn_is_one_line_with_the_latency_of_each_leg(told):
    async def hear(chronicle):
        marks(chronicle, 7)
        idle(chronicle)
        idle(chronicle)

    (entry,) = told(hear)
    assert entry["EDGED_TURN"] == "7"
    assert entry["EDGED_OUTCOME"] == "answered"
    assert {key: entry[f"EDGED_{key}_MS"] for key in ("HELD", "FIRST_SENT", "COMMIT_SENT", "COMMITTED")} == {
        "HELD": "2000",
        "FIRST_SENT": "30",
        "COMMIT_SENT": "10",
        "COMMITTED": "90",
    }
    assert entry["EDGED_FIRST_DELTA_MS"] == "600"
    assert entry["EDGED_FIRST_SOUND_MS"] == "60"
    assert entry["EDGED_LATENCY_MS"] == "760"
    assert entry["EDGED_ANSWER_MS"] == "3000"
    assert entry["MESSAGE"].startswith("turn 7: answered; held 2000 ms, first sent 30 ms")


def test_a_turn_that_failed_names_its_causes(told):
    async def hear(chronicle):
        marks(chronicle, 1, ("press", "release", "commit_sent", "committed"))
        chronicle({"event": "cause", "id": "answer_late", "phrase": "", "remedy": ""})
        idle(chronicle)

    assert [entry["EDGED_OUTCOME"] for entry in told(hear)] == ["answer_late"]


def test_a_question_that_waits_for_the_line_has_not_ended_yet(told):
    async def hear(chronicle):
        marks(chronicle, 1, ("press", "release"))
        idle(chronicle)
        marks(chronicle, 1, ("commit_sent", "committed", "first_delta", "first_sound", "drained"))
        idle(chronicle)

    assert [entry["EDGED_OUTCOME"] for entry in told(hear)] == ["answered"]


def test_the_next_press_ends_a_turn_that_had_no_end(told):
    async def hear(chronicle):
        marks(chronicle, 1, ("press", "release", "commit_sent", "committed", "first_delta"))
        marks(chronicle, 2, ("press", "release"))
        marks(chronicle, 3)
        idle(chronicle)

    outcomes = [(entry["EDGED_TURN"], entry["EDGED_OUTCOME"]) for entry in told(hear)]
    assert outcomes == [("1", "interrupted"), ("2", "unanswered"), ("3", "answered")]


def test_the_end_of_the_daemon_ends_the_turn(told):
    async def hear(chronicle):
        marks(chronicle, 1, ("press",))
        idle(chronicle, "STOPPED")

    assert [entry["EDGED_OUTCOME"] for entry in told(hear)] == ["stopped"]


def test_what_lasts_is_told_again_each_hour_with_its_present_cause(told):
    async def hear(chronicle):
        chronicle({"event": "link", "up": False, "cause": "offline", "text": ""})
        await asyncio.sleep(1.5 * 3600)
        chronicle({"event": "link", "up": False, "cause": "dns_failed", "text": ""})
        await asyncio.sleep(22.4 * 3600)

    entries = told(hear)
    assert [entry["EDGED_CAUSE"] for entry in entries] == ["offline"] + ["dns_failed"] * 22
    assert [entry["EDGED_MINUTES"] for entry in entries][:3] == ["60", "120", "180"]
    assert {entry["EDGED_WHAT"] for entry in entries} == {"line"}


def test_what_is_mended_is_not_told_again(told):
    async def hear(chronicle):
        chronicle({"event": "device", "name": "speaker", "up": False, "cause": "speaker_lost"})
        await asyncio.sleep(1800)
        chronicle({"event": "device", "name": "speaker", "up": True, "cause": None})
        await asyncio.sleep(10 * 3600)

    assert told(hear) == []


def test_each_missing_part_is_told_by_itself(told):
    async def hear(chronicle):
        chronicle({"event": "device", "name": "speaker", "up": False, "cause": "speaker_lost"})
        chronicle({"event": "device", "name": "microphone", "up": False, "cause": "microphone_lost"})
        await asyncio.sleep(3601)

    assert sorted(entry["EDGED_WHAT"] for entry in told(hear)) == ["microphone", "speaker"]
