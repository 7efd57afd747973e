import asyncio
import logging

import pytest

from edged.app.turn_log import TurnLog
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
def entries_of(lab_run, caplog):
    """Return what a turn log writes after `hear(turn_log)`, as fields of the journal."""

    def run(hear):
        async def main():
            turn_log = TurnLog()
            await hear(turn_log)
            turn_log.close()

        with caplog.at_level(logging.INFO):
            lab_run(main())
        return [dict(fields_of(record)) for record in caplog.records]

    return run


def marks(turn_log, turn, names=tuple(MARKS)):
    for name in names:
        turn_log({"event": "mark", "name": name, "turn": turn, "at_ms": MARKS[name]})


def idle(turn_log, state="IDLE"):
    turn_log({"event": "turn", "state": state, "was": "DRAINING", "by": "DRAINED"})


def test_a_turn_is_one_line_with_the_latency_of_each_leg(entries_of):
    async def hear(turn_log):
        marks(turn_log, 7)
        idle(turn_log)
        idle(turn_log)

    (entry,) = entries_of(hear)
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


def opened(turn_log, device, name, rate_hz, card=""):
    about = {"name": name, "card": card, "rate_hz": rate_hz}
    turn_log({"event": "device", "name": device, "up": True, "cause": None, "opened": about})


def devices_of(entry):
    return {
        key.removeprefix("EDGED_"): value
        for key, value in entry.items()
        if key.startswith(("EDGED_MICROPHONE", "EDGED_SPEAKER"))
    }


def test_a_turn_names_its_devices_with_their_rates(entries_of):
    async def hear(turn_log):
        opened(turn_log, "microphone", "hw:CARD=USB,DEV=0", 16_000, "Jabra SPEAK 510 USB")
        opened(turn_log, "speaker", "pulse", 48_000)
        marks(turn_log, 1)
        idle(turn_log)

    (entry,) = entries_of(hear)
    assert devices_of(entry) == {
        "MICROPHONE": "hw:CARD=USB,DEV=0",
        "MICROPHONE_CARD": "Jabra SPEAK 510 USB",
        "MICROPHONE_HZ": "16000",
        "SPEAKER": "pulse",
        "SPEAKER_HZ": "48000",
    }


def test_a_turn_names_the_devices_that_it_used_not_those_that_were_opened_later(entries_of):
    async def hear(turn_log):
        opened(turn_log, "microphone", "first", 16_000)
        marks(turn_log, 1, ("press", "release"))
        turn_log(
            {
                "event": "device",
                "name": "microphone",
                "up": False,
                "resting": False,
                "cause": "microphone_lost",
                "opened": None,
            }
        )
        opened(turn_log, "microphone", "second", 48_000)
        opened(turn_log, "speaker", "hdmi", 48_000)
        marks(turn_log, 1, ("commit_sent", "committed", "first_delta", "first_sound", "drained"))
        opened(turn_log, "speaker", "usb", 48_000)
        idle(turn_log)
        marks(turn_log, 2, ("press", "release"))
        idle(turn_log, "STOPPED")

    first, second = (devices_of(entry) for entry in entries_of(hear) if "EDGED_TURN" in entry)
    assert (first["MICROPHONE"], first["SPEAKER"]) == ("first", "hdmi")
    assert (second["MICROPHONE"], second["SPEAKER"]) == ("second", "usb")


def test_where_devices_tell_nothing_a_turn_names_none(entries_of):
    async def hear(turn_log):
        turn_log({"event": "device", "name": "microphone", "up": True, "cause": None, "opened": None})
        marks(turn_log, 1)
        idle(turn_log)

    (entry,) = entries_of(hear)
    assert devices_of(entry) == {}


def test_a_turn_that_failed_names_its_causes(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release", "commit_sent", "committed"))
        turn_log({"event": "cause", "id": "answer_late", "phrase": "", "remedy": ""})
        idle(turn_log)

    assert [entry["EDGED_OUTCOME"] for entry in entries_of(hear)] == ["answer_late"]


def test_a_question_that_waits_for_the_link_has_not_ended_yet(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release"))
        idle(turn_log)
        marks(turn_log, 1, ("commit_sent", "committed", "first_delta", "first_sound", "drained"))
        idle(turn_log)

    assert [entry["EDGED_OUTCOME"] for entry in entries_of(hear)] == ["answered"]


def test_the_next_press_ends_a_turn_that_had_no_end(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release", "commit_sent", "committed", "first_delta"))
        marks(turn_log, 2, ("press", "release"))
        marks(turn_log, 3)
        idle(turn_log)

    outcomes = [(entry["EDGED_TURN"], entry["EDGED_OUTCOME"]) for entry in entries_of(hear)]
    assert outcomes == [("1", "interrupted"), ("2", "unanswered"), ("3", "answered")]


def test_a_turn_whose_commit_goes_out_in_the_next_one_is_answered_with_it(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release"))
        marks(turn_log, 2, ("press",))
        marks(turn_log, 1, ("commit_sent", "committed"))
        marks(turn_log, 2, ("release", "commit_sent", "committed"))
        for turn in (1, 2):
            marks(turn_log, turn, ("first_delta", "first_sound", "drained"))
        idle(turn_log)

    entries = entries_of(hear)
    assert [(entry["EDGED_TURN"], entry["EDGED_OUTCOME"]) for entry in entries] == [
        ("1", "answered"),
        ("2", "answered"),
    ]
    assert [entry["EDGED_COMMIT_SENT_MS"] for entry in entries] == ["10", "10"]


def test_one_that_was_not_answered_with_the_next_is_not(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release", "commit_sent"))
        marks(turn_log, 2, ("press", "release"))
        idle(turn_log)
        marks(turn_log, 2, ("commit_sent", "committed", "first_delta", "first_sound", "drained"))
        idle(turn_log)

    outcomes = [(entry["EDGED_TURN"], entry["EDGED_OUTCOME"]) for entry in entries_of(hear)]
    assert outcomes == [("1", "unanswered"), ("2", "answered")]


def test_one_that_was_lost_in_the_next_one_names_its_cause(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release"))
        marks(turn_log, 2, ("press", "release", "commit_sent", "committed"))
        turn_log({"event": "cause", "id": "utterance_too_old", "phrase": "", "remedy": ""})
        marks(turn_log, 2, ("first_delta", "first_sound", "drained"))
        idle(turn_log)

    outcomes = [(entry["EDGED_TURN"], entry["EDGED_OUTCOME"]) for entry in entries_of(hear)]
    assert outcomes == [("1", "utterance_too_old"), ("2", "answered")]


def test_an_answer_that_was_lost_while_the_next_question_is_asked_is_of_the_turn_before(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press", "release", "commit_sent", "committed"))
        marks(turn_log, 2, ("press", "release"))
        turn_log({"event": "cause", "id": "answer_lost", "phrase": "", "remedy": ""})
        marks(turn_log, 2, ("commit_sent", "committed", "first_delta", "first_sound", "drained"))
        idle(turn_log)

    outcomes = [(entry["EDGED_TURN"], entry["EDGED_OUTCOME"]) for entry in entries_of(hear)]
    assert outcomes == [("1", "answer_lost"), ("2", "answered")]


def test_a_turn_of_a_conversation_that_was_answered_is_not_interrupted_by_the_next(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1)
        marks(turn_log, 2, ("press",))

    assert [entry["EDGED_OUTCOME"] for entry in entries_of(hear)] == ["answered"]


def test_no_leg_ends_before_it_begins(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1)
        turn_log({"event": "mark", "name": "committed", "turn": 1, "at_ms": MARKS["commit_sent"] - 1})
        idle(turn_log)

    (entry,) = entries_of(hear)
    assert "EDGED_COMMITTED_MS" not in entry
    assert entry["EDGED_FIRST_DELTA_MS"] == "691"


def test_turns_that_nobody_answers_are_not_kept(entries_of):
    async def hear(turn_log):
        for turn in range(1, 101):
            marks(turn_log, turn, ("press", "release"))

    assert [entry["EDGED_TURN"] for entry in entries_of(hear)] == [str(turn) for turn in range(1, 98)]


def test_the_end_of_the_daemon_ends_the_turn(entries_of):
    async def hear(turn_log):
        marks(turn_log, 1, ("press",))
        idle(turn_log, "STOPPED")

    assert [entry["EDGED_OUTCOME"] for entry in entries_of(hear)] == ["stopped"]


def test_what_lasts_is_told_again_each_hour_with_its_present_cause(entries_of):
    async def hear(turn_log):
        turn_log({"event": "link", "up": False, "resting": False, "cause": "offline", "text": ""})
        await asyncio.sleep(1.5 * 3600)
        turn_log({"event": "link", "up": False, "resting": False, "cause": "dns_failed", "text": ""})
        await asyncio.sleep(22.4 * 3600)

    entries = entries_of(hear)
    assert [entry["EDGED_CAUSE"] for entry in entries] == ["offline"] + ["dns_failed"] * 22
    assert [entry["EDGED_MINUTES"] for entry in entries][:3] == ["60", "120", "180"]
    assert {entry["EDGED_WHAT"] for entry in entries} == {"line"}


def test_what_is_mended_is_not_told_again(entries_of):
    async def hear(turn_log):
        turn_log(
            {"event": "device", "name": "speaker", "up": False, "resting": False, "cause": "speaker_lost"}
        )
        await asyncio.sleep(1800)
        turn_log({"event": "device", "name": "speaker", "up": True, "cause": None})
        await asyncio.sleep(10 * 3600)

    assert entries_of(hear) == []


def test_each_missing_part_is_told_by_itself(entries_of):
    async def hear(turn_log):
        turn_log(
            {"event": "device", "name": "speaker", "up": False, "resting": False, "cause": "speaker_lost"}
        )
        turn_log(
            {
                "event": "device",
                "name": "microphone",
                "up": False,
                "resting": False,
                "cause": "microphone_lost",
            }
        )
        await asyncio.sleep(3601)

    assert sorted(entry["EDGED_WHAT"] for entry in entries_of(hear)) == ["microphone", "speaker"]
