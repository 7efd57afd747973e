"""The judge of conversations must not be blind: it finds each kind of fault, and none where there is none."""

from dataclasses import replace

import pytest

from edged import wire
from edged.audio.playout.cues import render
from edged.causes import Cue
from instruments.lab.facts import Facts, Phrase, Taken
from instruments.lab.overheard import judge
from instruments.lab.spoken import NOWHERE, Run
from instruments.lab.stamp import stamps
from instruments.lab.witness import Saying, Spoken

BLOCK = 480
RATE = 24_000
ANSWER = stamps(1 << 30, 2 * RATE)


def at(seconds):
    """The position of the sample that is heard at this time."""
    return round(seconds * RATE)


def takes(sound, from_s):
    """How a speaker takes this sound, 20 ms at a time."""
    return [(from_s + n / 50, sound[n * 960 : (n + 1) * 960]) for n in range(-(-len(sound) // 960))]


def said(at_s, event):
    return Saying(at_s, 1, event)


def a_conversation():
    """Pressed at 10 s; spoken from 11 to 13; committed at 13.5; answered from 14 to 16; ended by a press at 30 s."""
    return Facts(
        blocks=[(n + 1) / 50 for n in range(100 * 50)],
        presses=[10.0, 30.0],
        phrases=[Phrase(11.0, 13.0, at(11), at(13))],
        lights=[(0.0, "ready"), (10.0, "recording"), (13.6, "thinking"), (16.1, "recording"), (30.0, "ready")],
        takes=takes(ANSWER, 14.0),
        sent={1: [Run(at(9.7), at(13.6) - at(9.7)), Run(at(16.1), at(29.9) - at(16.1))]},
        commits=[Taken("item_1", (Run(at(10.7), at(13.5) - at(10.7)),))],
        sayings=[
            said(11.2, wire.SpeechStarted(1200, "item_1")),
            said(13.55, wire.SpeechStopped(3500, "item_1")),
            said(13.6, wire.Committed("item_1", None)),
            said(13.6, wire.ResponseCreated("resp_1")),
            said(14.6, wire.ResponseDone("resp_1", "completed")),
        ],
        answers=[Spoken("resp_1", 1, 13.6, bytearray(ANSWER), 14.6, "completed")],
        over=100.0,
    )  # fmt: skip


def wrongs(**changes):
    return judge(replace(a_conversation(), **changes)).violations


def test_a_conversation_is_healthy():
    verdict = judge(a_conversation())
    assert verdict.violations == []
    assert (
        verdict.counts["committed"] == verdict.counts["answers heard"] == verdict.counts["conversations"] == 1
    )


@pytest.mark.parametrize(("from_s", "is_lost"), [(16.15, False), (16.25, True)])
def test_what_is_said_while_the_room_echoes_the_machine_may_be_missing(from_s, is_lost):
    """The answer ends at 16 s. The visitor speaks at once, and the service has his words from then on."""
    has = {
        "phrases": [*a_conversation().phrases, Phrase(16.12, 18.0, at(16.12), at(18))],
        "sent": sent((9.7, 13.6), (from_s, 29.9)),
        "sayings": [*a_conversation().sayings, said(16.5, wire.SpeechStarted(1200, "item_2"))],
        "commits": [*a_conversation().commits, Taken("item_2", (Run(at(from_s), at(18.5) - at(from_s)),))],
    }
    assert bool(wrongs(**has, tail_s=0.2)) is is_lost
    assert wrongs(**has)


def sent(*spans):
    return {1: [Run(at(first), at(end) - at(first)) for first, end in spans]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"presses": []}, "no press was the cause"),
        ({"presses": [30.0]}, "no press had opened"),
        ({"sent": sent((9.0, 13.6))}, "no press had opened"),
        ({"sent": sent((9.7, 13.6), (16.1, 30.5))}, "no press had opened"),
        ({"sent": sent((9.7, 13.6), (60, 60.1))}, "no press had opened"),
        ({"sent": sent((9.7, 13.9))}, "no recording light shone"),
        ({"mutes": [(14.5, True), (15.5, False)]}, "no press had opened"),
        ({"mutes": [(14.5, True), (15.5, False)]}, "no press was the cause"),
        ({"there": [(14.5, False), (15.5, True)]}, "no press had opened"),
        ({"sent": {1: [Run(at(9.7), at(3.9)), Run(NOWHERE, 480)]}}, "no microphone heard"),
        ({"sent": sent((9.7, 11.5), (11.4, 13.6))}, "sent again"),
        ({"sent": sent((9.7, 11.5), (11.6, 13.6))}, "left out"),
        ({"sent": sent((9.7, 13.6), (14.5, 14.6))}, "while the machine spoke"),
        ({"commits": []}, "lost silently"),
        ({"commits": [Taken("item_1", (Run(at(11.1), at(2.4)),))]}, "lost silently"),
        ({"commits": [Taken("item_1", (Run(at(10.7), at(2.2)),))]}, "lost silently"),
        ({"commits": [Taken("item_1", (Run(at(10.7), at(1)), Run(at(11.8), at(1.7))))]}, "lost silently"),
        ({"takes": []}, "neither heard nor reported"),
        ({"takes": takes(ANSWER[: len(ANSWER) // 2], 14.0)}, "neither heard nor reported"),
        (
            {"sayings": a_conversation().sayings[:3], "answers": [], "takes": [], "presses": [10.0]},
            "neither answered nor reported",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_fault_is_seen(changes, words):
    assert any(words in wrong for wrong in wrongs(**changes)), wrongs(**changes)


def test_a_second_conversation_needs_a_second_press():
    later = [*a_conversation().lights, (60.0, "recording"), (65.0, "ready")]
    twice = {1: [*a_conversation().sent[1], Run(at(60.1), at(4))]}
    assert wrongs(lights=later, sent=twice)
    assert wrongs(lights=later, sent=twice, presses=[10.0, 30.0, 60.0]) == []


def test_silence_ends_a_conversation():
    lights = [*a_conversation().lights[:-1], (46.1, "ready")]
    heard = sent((9.7, 13.6), (16.1, 46.1))
    assert wrongs(presses=[10.0], lights=lights, sent=heard) == []
    heard = sent((9.7, 13.6), (16.1, 80.0))
    assert wrongs(presses=[10.0], lights=[*lights[:-1], (80.0, "ready")], sent=heard)


def test_a_visitor_who_is_notified_has_lost_nothing_silently():
    cue = takes(render(Cue.DISCARDED), 31.0)
    assert wrongs(commits=[], takes=[*a_conversation().takes, *cue]) == []


def test_speech_that_the_visitor_takes_back_needs_no_notice():
    """The press came before the service, and so the kiosk, knew that somebody was speaking."""
    early = {
        "presses": [10.0, 13.0], "lights": [(10.0, "recording"), (13.0, "ready")], "sent": sent((9.7, 12.9)),
        "commits": [], "answers": [], "takes": [],
    }  # fmt: skip
    assert wrongs(**early, sayings=[]) == []
    assert wrongs(**early, sayings=a_conversation().sayings[:1])


def test_an_answer_that_nobody_asked_for_need_not_be_heard():
    foreign = Spoken("resp_2", 1, 50.0, bytearray(ANSWER), 51.0, "completed")
    own = a_conversation()
    created = said(50.0, wire.ResponseCreated("resp_2"))
    assert wrongs(answers=[*own.answers, foreign], sayings=[*own.sayings, created]) == []


@pytest.mark.parametrize("heard", [True, False])
def test_an_answer_waits_for_the_sound_of_the_one_before(heard):
    before, own = stamps(1 << 29, 10 * RATE), a_conversation()
    foreign = Spoken("resp_0", 1, 13.0, bytearray(before), 13.5, "completed")
    created = said(13.0, wire.ResponseCreated("resp_0"))
    wrong = wrongs(
        presses=[10.0, 50.0],
        lights=[
            (0.0, "ready"),
            (10.0, "recording"),
            (13.6, "thinking"),
            (26.0, "recording"),
            (50.0, "ready"),
        ],
        takes=takes(before + (ANSWER if heard else b""), 14.0),
        sent=sent((9.7, 13.6), (26.1, 49.9)),
        sayings=[created, *own.sayings],
        answers=[foreign, *own.answers],
    )
    assert [words for words in wrong if "neither heard nor reported" in words] == wrong
    assert bool(wrong) is not heard


def test_with_the_echo_cancelled_it_may_listen_while_it_speaks():
    lights = [(10.0, "recording"), (30.0, "ready")]
    assert wrongs(duplex=True, lights=lights, sent=sent((9.7, 29.9))) == []
    assert wrongs(duplex=False, lights=lights, sent=sent((9.7, 29.9)))


def test_in_duplex_a_press_over_an_answer_ends_nothing():
    lights = [(10.0, "recording"), (30.0, "ready")]
    over = {"duplex": True, "lights": lights, "sent": sent((9.7, 29.9))}
    assert wrongs(**over, presses=[10.0, 15.0, 30.0]) == []
    assert wrongs(**over, presses=[10.0, 20.0, 30.0])


def a_call(**changes):
    """The same conversation, from lifting a receiver to hanging it up."""
    return wrongs(**{"lifted": [(10.0, True), (30.0, False)], **changes})


def test_a_call_is_healthy():
    assert a_call() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lifted": [(10.0, True), (29.0, False)]}, "no press was the cause"),
        ({"lifted": [(10.0, True), (29.0, False)]}, "no press had opened"),
        ({"lifted": [(11.0, True), (30.0, False)]}, "no press had opened"),
        ({"sent": sent((9.7, 13.6), (16.1, 30.5))}, "no press had opened"),
        ({"mutes": [(14.5, True), (15.5, False)]}, "no press had opened"),
        ({"lifted": [(10.0, True), (15.0, False), (16.1, True), (30.0, False)]}, "lay on its hook"),
        ({"takes": [*a_conversation().takes, *takes(render(Cue.FAILED), 31.0)]}, "lay on its hook"),
    ],
)  # fmt: skip
def test_each_fault_of_a_call_is_seen(changes, words):
    assert any(words in wrong for wrong in a_call(**changes)), a_call(**changes)


def test_an_answer_that_begins_after_hanging_up_need_not_be_heard():
    """The link was behind, so the service had the question before it knew that nobody wants the answer."""
    late = {
        "presses": [10.0, 13.1],
        "lights": [(10.0, "recording"), (13.15, "ready")],
        "sent": sent((9.7, 13.1)),
        "takes": [],
    }
    assert a_call(**late, lifted=[(10.0, True), (13.1, False)]) == []
    assert "neither heard nor reported" in " ".join(
        a_call(**late, lifted=[(10.0, True), (13.1, False), (13.3, True)])
    )


def test_what_a_caller_says_while_hanging_up_needs_no_notice():
    early = {
        "presses": [10.0, 13.0], "lights": [(10.0, "recording"), (13.0, "ready")], "sent": sent((9.7, 12.9)),
        "commits": [], "answers": [], "takes": [], "sayings": a_conversation().sayings[:1],
    }  # fmt: skip
    assert a_call(**early, lifted=[(10.0, True), (13.0, False)]) == []
    for hung_up, is_wrong in ((13.3, False), (14.0, True)):
        late = {**early, "presses": [10.0, hung_up]}
        assert bool(a_call(**late, lifted=[(10.0, True), (hung_up, False)])) is is_wrong
