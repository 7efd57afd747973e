"""How the service hears speech: both detectors, their parameters, all formats, and the content of an utterance."""

import json
import math
import struct

import pytest

from edged import pcm, wire
from edged.local import hearing as hearing_module
from edged.local.g711 import ALAW, ULAW
from edged.local.hearing import MOST_MS, HeardStart, HeardStop, Hearing, Idle
from edged.local.sounds import from_client, to_client
from edged.local.voice import ParrotVoice
from edged.pcm import PCM16
from edged.wire import BadClientEvent, TurnDetection
from tests.local.desk import BETA, GA, MS, Desk, loud, types

VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}


def tone(ms, level=8000, hz=200, end_level=None):
    """A sine whose level changes from one value to another."""
    n = ms * 24
    end_level = level if end_level is None else end_level
    return struct.pack(
        f"<{n}h",
        *(
            int((level + (end_level - level) * k / n) * math.sin(2 * math.pi * hz * k / 24000))
            for k in range(n)
        ),
    )


def quiet(ms):
    return bytes(ms * MS)


def hearing(detection=VAD, fmt=PCM16):
    ids = iter(range(1000))
    ear = Hearing(lambda: f"item_{next(ids)}")
    ear.configure(detection, fmt)
    return ear


def heard(ear, sound, step_ms=20):
    step = step_ms * MS
    return [event for at in range(0, len(sound), step) for event in ear.append(sound[at : at + step])]


@pytest.mark.parametrize("padding_ms", [0, 100, 300])
@pytest.mark.parametrize("silence_ms", [200, 500, 900])
def test_an_utterance_begins_before_its_speech_and_ends_after_its_silence(padding_ms, silence_ms):
    ear = hearing({**VAD, "prefix_padding_ms": padding_ms, "silence_duration_ms": silence_ms})
    events = heard(ear, quiet(1000) + tone(600) + quiet(silence_ms))
    assert events == [
        HeardStart(1000 - padding_ms, "item_0"),
        HeardStop(1600 + silence_ms, "item_0"),
    ]
    item_id, sound = ear.take()
    assert item_id == "item_0"
    assert PCM16.ms_of(len(sound)) == padding_ms + 600 + silence_ms
    assert sound[padding_ms * MS :][: 600 * MS] == tone(600)


@pytest.mark.parametrize(
    ("threshold", "level", "is_speech"),
    [(0.5, 2000, True), (0.5, 500, False), (0.9, 8000, False), (0.9, 30000, True), (0.1, 100, True)],
)
def test_the_threshold_parts_speech_from_noise(threshold, level, is_speech):
    events = heard(hearing({**VAD, "threshold": threshold}), tone(400, level))
    assert bool(events) == is_speech


def test_a_click_is_no_speech_and_a_breath_no_end():
    ear = hearing()
    assert heard(ear, tone(40) + quiet(200)) == []
    events = heard(ear, tone(300) + quiet(480) + tone(300) + quiet(500))
    assert [type(event) for event in events] == [HeardStart, HeardStop]


def test_the_size_of_the_pieces_changes_nothing():
    sound = quiet(700) + tone(500) + quiet(900) + tone(300) + quiet(600)
    runs = []
    for step_ms in (3, 20, 333, 5000):
        ear, out = hearing(), []
        step = step_ms * MS
        for at in range(0, len(sound), step):
            for event in ear.append(sound[at : at + step]):
                out.append(event)
                if isinstance(event, HeardStop):
                    out.append(ear.take())
        runs.append(out)
    assert len(runs[0]) == 6
    assert all(run == runs[0] for run in runs)


@pytest.mark.parametrize(
    ("eagerness", "waits_ms"), [("low", 8000), ("medium", 4000), ("auto", 4000), ("high", 2000)]
)
def test_semantic_detection_waits_for_who_stops_in_full_voice(eagerness, waits_ms):
    ear = hearing({"type": "semantic_vad", "eagerness": eagerness})
    events = heard(ear, tone(1000) + quiet(9000))
    assert [event.at_ms for event in events] == [0, 1000 + waits_ms]


def test_semantic_detection_answers_soon_who_let_the_voice_fall():
    ear = hearing({"type": "semantic_vad", "eagerness": "low"})
    events = heard(ear, tone(1000) + tone(400, 8000, end_level=1500) + tone(200, 1500) + quiet(2000))
    assert events[-1].at_ms == 1600 + 400


def test_without_a_detector_all_is_kept_until_it_is_taken():
    ear = hearing(None)
    assert heard(ear, tone(500) + quiet(2000)) == []
    assert PCM16.ms_of(len(ear.take()[1])) == 2500
    assert ear.held_ms == 0


def test_with_a_detector_silence_is_not_hoarded():
    ear = hearing()
    heard(ear, quiet(60_000), step_ms=1000)
    assert ear.held_ms <= 400


def test_no_utterance_is_longer_than_the_buffer():
    ear = hearing(None)
    for _ in range(MOST_MS // 60_000):
        list(ear.append(bytes(60_000 * MS)))
    with pytest.raises(BadClientEvent) as refused:
        list(ear.append(bytes(MS)))
    assert refused.value.param == "audio"
    assert ear.held_ms == MOST_MS


def test_an_idle_visitor_is_noticed_once_after_an_answer():
    ear = hearing({**VAD, "idle_timeout_ms": 5000})
    assert heard(ear, quiet(6000)) == []  # there was no answer yet
    ear.wait_for_speech()
    assert heard(ear, quiet(12_000)) == [Idle(6000, 11_000, "item_0")]


def test_the_service_asks_an_idle_visitor_again():
    desk = Desk(GA)
    desk.update(turn_detection=TurnDetection(idle_timeout_ms=5000))
    desk.send(wire.append(loud(400)))
    desk.say(500)
    desk.run(20)
    names = types([event for _ in range(60) for event in desk.say(100)])
    assert names[:2] == ["input_audio_buffer.timeout_triggered", "input_audio_buffer.committed"]
    assert names[-1] == "response.created"


@pytest.mark.parametrize("fmt", [ULAW, ALAW])
def test_the_telephone_s_formats_go_there_and_back(fmt):
    sound = tone(1000)
    there = to_client(sound, fmt)
    assert len(there) == 8000
    back = from_client(there, fmt)
    assert len(back) == len(sound)
    assert 0.8 < pcm.rms(back) / pcm.rms(sound) < 1.1


@pytest.mark.parametrize(
    ("dialect", "name", "fmt"),
    [
        (BETA, "g711_ulaw", ULAW),
        (BETA, "g711_alaw", ALAW),
        (GA, {"type": "audio/pcmu"}, ULAW),
        (GA, {"type": "audio/pcma"}, ALAW),
    ],
)
def test_a_telephone_is_heard_and_answered(dialect, name, fmt):
    desk = Desk(dialect)
    change = (
        {"input_audio_format": name, "output_audio_format": name, "turn_detection": {**VAD}}
        if dialect is BETA
        else {
            "type": "realtime",
            "audio": {"input": {"format": name, "turn_detection": {**VAD}}, "output": {"format": name}},
        }
    )
    assert types(desk.ask("session.update", session=change)) == ["session.updated"]
    speech = to_client(quiet(500) + tone(600) + quiet(500), fmt)
    events = [
        event for at in range(0, len(speech), 160) for event in desk.send(wire.append(speech[at : at + 160]))
    ]
    assert "input_audio_buffer.committed" in types(events)
    (taken,) = desk.ledger.audit
    assert fmt.ms_of(taken.n_bytes) == 300 + 600 + 500
    sound = b"".join(
        wire.parse_server(json.dumps(event)).pcm
        for _, event in desk.run()
        if event["type"] in ("response.audio.delta", "response.output_audio.delta")
    )
    assert fmt.ms_of(len(sound)) == 1000


@pytest.mark.parametrize("dialect", [GA, BETA])
def test_speech_has_one_name_from_its_first_sound_to_its_item(dialect):
    desk = Desk(dialect)
    desk.update(turn_detection=TurnDetection())
    events = desk.send(wire.append(loud(400) + quiet(600)))
    ids = [
        event.get("item_id") or event["item"]["id"] for event in events if event["type"] != "response.created"
    ]
    assert len(ids) >= 4
    assert len(set(ids)) == 1


def test_the_client_may_commit_before_the_silence_and_then_there_is_nothing_left():
    desk = Desk()
    desk.update(turn_detection=TurnDetection())
    desk.send(wire.append(loud(400)))
    assert types(desk.send(wire.commit("c")))[0] == "input_audio_buffer.committed"
    assert desk.send(wire.commit("c"))[0]["error"]["code"] == "input_audio_buffer_commit_empty"
    assert desk.say(900) == []  # the speech is committed already, so its end is not an event


def test_a_detected_utterance_may_be_shorter_than_a_client_s():
    desk = Desk()
    short = TurnDetection(prefix_padding_ms=0, silence_duration_ms=0)
    desk.update(turn_detection=short)
    names = types(desk.send(wire.append(quiet(200) + loud(60) + quiet(40) + loud(60) + quiet(40))))
    assert names.count("input_audio_buffer.committed") == 2
    assert "error" not in names


def test_the_idle_item_is_the_one_that_was_announced():
    desk = Desk(GA)
    desk.update(turn_detection=TurnDetection(idle_timeout_ms=5000, prefix_padding_ms=0))
    desk.send(wire.append(loud(400)))
    desk.say(500)
    desk.run(20)
    events = [event for _ in range(60) for event in desk.say(100)]
    assert events[0]["item_id"] == events[1]["item_id"] == events[2]["item"]["id"]


def test_half_a_sample_at_the_end_is_kept_and_answered():
    desk = Desk(GA, voice=ParrotVoice())
    output = {"output": {"format": {"type": "audio/pcmu"}}}
    desk.update(audio={"input": {"turn_detection": None}, **output})
    desk.send(wire.append(loud(200) + b"\x01"))
    desk.send(wire.commit("c"))
    desk.send(wire.response_create("r"))
    assert types([event for _, event in desk.run()])[-2:] == ["response.done", "rate_limits.updated"]
    assert desk.ledger.audit[0].n_bytes == 200 * MS + 1


def test_an_answer_that_ends_while_somebody_speaks_starts_no_idle_clock():
    ear = hearing({**VAD, "idle_timeout_ms": 5000})
    heard(ear, tone(300))
    ear.wait_for_speech()
    events = heard(ear, tone(6000) + quiet(500))
    assert [type(event) for event in events] == [HeardStop]


def test_positions_count_from_the_beginning_of_the_session():
    ear = hearing(None)
    heard(ear, quiet(5000))
    ear.configure(VAD, PCM16)
    (event,) = heard(ear, tone(300))
    assert event.at_ms == 5000 - 300


def test_a_detector_that_is_changed_in_the_middle_of_speech_forgets_the_speech():
    ear = hearing()
    heard(ear, tone(400))
    ear.configure(None, PCM16)
    ear.configure(VAD, PCM16)
    heard(ear, quiet(60_000), step_ms=1000)
    assert ear.held_ms <= 400


@pytest.mark.parametrize("end", [Hearing.clear, Hearing.take])
def test_half_a_sample_shifts_nothing_that_comes_after_a_clear_or_a_commit(end):
    ear = hearing()
    faint = struct.pack("<4h", 20, -20, 21, -21) * 6000  # with its bytes swapped, it is loud
    assert heard(ear, quiet(100) + b"\x00") == []
    end(ear)
    assert heard(ear, faint) == []


def test_positions_hold_where_half_a_frame_was_thrown_away():
    ear = hearing({**VAD, "prefix_padding_ms": 0})
    for _ in range(10):
        heard(ear, quiet(50))
        ear.clear()
    (event,) = heard(ear, tone(300))
    assert event.at_ms == 500


def test_clicks_say_nothing_about_the_voice_that_comes_after_them():
    ear = hearing({"type": "semantic_vad", "eagerness": "low"})
    assert heard(ear, (tone(40, 30000) + quiet(60)) * 100) == []
    events = heard(ear, tone(1000, 6000) + quiet(9000))
    assert events[-1].at_ms - events[0].at_ms == 300 + 1000 + 8000


def test_speech_without_end_ends_where_the_buffer_does(monkeypatch):
    monkeypatch.setattr(hearing_module, "MOST_MS", 2000)
    ear = hearing()
    taken = [
        (event.at_ms, PCM16.ms_of(len(ear.take(detected=True)[1])))
        for _ in range(3)
        for event in ear.append(tone(1500))
        if isinstance(event, HeardStop)
    ]
    assert taken == [(2000, 2000), (4000, 2000)]


def test_what_is_too_long_for_the_buffer_is_refused_before_any_of_it_is_taken(monkeypatch):
    monkeypatch.setattr(hearing_module, "MOST_MS", 1000)
    desk = Desk()
    desk.update()
    desk.say(1000)
    before = desk.ledger.appended.total()
    assert desk.say(100)[0]["error"]["param"] == "audio"
    assert desk.ledger.appended.total() == before
