"""What the screen says follows from the events alone."""

import pytest

from edged.seen.conversation import MOST_NOTES, MOST_TURNS, MOST_WORDS
from edged.seen.legs import Leg, legs
from edged.seen.plain import MOST, plain
from edged.talk import texts
from edged.talk.texts import KeyWords
from edged.talk.view import TalkView
from edged.turn import OPEN, State

TOGGLES, HOLDS = KeyWords(holds=False, is_down=False), KeyWords(holds=True, is_down=True)
SNAPSHOT = {
    "event": "snapshot",
    "state": "IDLE",
    "mode": "hold",
    "muted": False,
    "lost": {},
    "link": {"up": True, "cause": None, "dialect": "ga", "session": "sess_1"},
}
MARKS = (
    ("press", 1000),
    ("first_audio_sent", 1002),
    ("release", 3000),
    ("commit_sent", 3250),
    ("committed", 3270),
    ("first_delta", 3500),
    ("first_sound", 3540),
    ("response_done", 5000),
)


def words(pieces):
    return "".join(text for text, _ in pieces)


def heard(*events, snapshot=True):
    view = TalkView("the test")
    for event in ((SNAPSHOT,) if snapshot else ()) + events:
        view.hear(event)
    return view


def turn(state, was="IDLE"):
    return {"event": "turn", "state": state, "was": was, "by": "PRESS", "limit_ms": None}


def mark(name, at_ms, number=1):
    return {"event": "mark", "name": name, "turn": number, "at_ms": at_ms}


def marks(number=1, until="response_done", later=0):
    names = [name for name, _ in MARKS]
    return [mark(name, at_ms + later, number) for name, at_ms in MARKS[: names.index(until) + 1]]


def said(role, text, turn=None):
    return {"event": "transcript", "role": role, "text": text} | ({} if turn is None else {"turn": turn})


def link(up, cause=None, text=""):
    return {"event": "link", "up": up, "cause": cause, "text": text}


def talk(view):
    return [words(pieces) for turn in view.conversation for pieces in texts.spoken(turn)]


# -- the session, the link and the state ---------------------------------------------------------------


def test_the_head_says_which_kiosk_dialect_and_session_this_is():
    assert words(texts.head(heard())) == "edged talk  the test  ga  session sess_1"
    assert "no session" in words(texts.head(heard(link(False, "dns_failed", "no answer"))))
    assert "session sess_2" in words(texts.head(heard({"event": "session", "id": "sess_2", "dialect": "ga"})))
    assert "session without an id" in words(
        texts.head(heard({"event": "session", "id": None, "dialect": "ga"}))
    )


@pytest.mark.parametrize("state", list(State))
def test_recording_is_said_exactly_while_the_gate_is_open(state):
    shown = words(texts.status(heard(turn(state.value)), TOGGLES))
    assert ("RECORDING" in shown) == (state in OPEN)
    assert shown


@pytest.mark.parametrize(
    ("keys", "ready", "end"),
    [
        (TOGGLES, "press K or space, speak, and press it again", "press K to end"),
        (HOLDS, "hold K or space while you speak", "release K to end"),
        (KeyWords(holds=True, is_down=False), "hold K or space while you speak", "press K to end"),
    ],
)
def test_the_status_says_what_the_key_does_in_this_terminal(keys, ready, end):
    assert ready in words(texts.status(heard(), keys))
    assert end in words(texts.status(heard(turn("LISTENING")), keys))


def test_without_a_link_the_status_says_so_and_why_also_while_somebody_speaks():
    down = link(False, "dns_failed", "no such host")
    for more in ((), (turn("LISTENING"),), (turn("COMMITTING"),)):
        assert "no link: dns_failed: no such host" in words(texts.status(heard(down, *more), TOGGLES))
    assert "no link" not in words(texts.status(heard(down, link(True)), TOGGLES))


def test_a_muted_or_missing_microphone_is_said_before_anybody_presses():
    assert "muted" in words(texts.status(heard({**SNAPSHOT, "muted": True}), TOGGLES))
    lost = {"event": "device", "name": "microphone", "up": False, "cause": "microphone_lost", "opened": None}
    assert "no microphone: microphone_lost" in words(texts.status(heard(lost), TOGGLES))
    assert "○" in words(texts.status(heard(lost, {**lost, "up": True, "cause": None}), TOGGLES))


def test_a_speaker_that_is_lost_or_comes_back_is_said_because_no_answer_is_heard_without_it():
    lost = {"event": "device", "name": "speaker", "up": False, "cause": "speaker_lost", "opened": None}
    view = heard(lost, lost)
    for more in ((), (turn("LISTENING"),), (turn("SPEAKING"),)):
        assert "no speaker: speaker_lost" in words(texts.status(heard(lost, *more), TOGGLES))
    assert len(talk(view)) == 1
    assert "speaker_lost: " in talk(view)[0]
    assert "plugged in" in talk(view)[0]
    view.hear({**lost, "up": True, "cause": None})
    assert talk(view)[1].strip() == "the speaker is back"
    assert "speaker" not in words(texts.status(view, TOGGLES))


def test_a_device_that_is_there_from_the_start_is_not_back():
    assert talk(heard({"event": "device", "name": "speaker", "up": True, "cause": None})) == []


def test_a_snapshot_takes_no_words_from_a_trouble_that_goes_on():
    down = link(False, "unreachable", "start the embedded service")
    snapshot = {**SNAPSHOT, "link": {"up": False, "cause": "unreachable", "dialect": None}}
    assert "start the embedded" in words(texts.status(heard(down, snapshot), TOGGLES))
    other = {**SNAPSHOT, "link": {"up": False, "cause": "dns_failed", "dialect": None}}
    assert words(texts.status(heard(down, other), TOGGLES)).endswith("no link: dns_failed")
    assert "unreachable" not in words(texts.status(heard(down, SNAPSHOT), TOGGLES))


def test_a_kiosk_that_is_gone_is_not_shown_as_ready():
    view = heard({"event": "lost", "text": "no edged answers at /run/x"})
    assert words(texts.status(view, TOGGLES)) == "✕ no edged answers at /run/x"
    assert "no session" in words(texts.head(view))
    view.hear(SNAPSHOT)
    assert "○" in words(texts.status(view, TOGGLES))


def test_the_link_is_back_only_after_it_was_lost():
    down = {**SNAPSHOT, "link": {"up": False, "cause": None, "dialect": None}}
    view = heard(down, link(True), snapshot=False)
    assert talk(view) == []
    view.hear(link(False, "link_closed", "gone"))
    view.hear(link(False, "unreachable", "refused"))
    view.hear(link(True))
    assert [each.strip() for each in talk(view)] == ["the link is lost: link_closed", "the link is back"]


def test_a_link_that_rests_is_no_trouble():
    view = heard({**link(False), "resting": True})
    shown = words(texts.status(view, TOGGLES))
    assert shown.startswith("○")
    assert "the link rests until the next question" in shown
    view.hear(link(True))
    assert talk(view) == []


# -- what was said ---------------------------------------------------------------------------------------


def test_both_sides_are_shown_in_the_order_of_the_turns_whenever_their_words_come():
    four = (said("assistant", "Four."), said("user", "Two and two?"))
    view = heard(*marks(), *four, mark("drained", 8000))
    for each in [*marks(2, later=9000), said("user", "And three?"), said("assistant", "Five.")]:
        view.hear(each)
    assert talk(view) == ["you    Two and two?", "answer Four.", "you    And three?", "answer Five."]


def test_words_of_two_questions_that_wait_belong_to_the_older_one_first():
    view = heard(*marks(1, "committed"), *marks(2, "committed", later=5000))
    view.hear(said("user", "first"))
    view.hear(said("user", "second"))
    assert talk(view) == ["you    first", "you    second"]


def test_words_that_come_late_belong_to_the_turn_that_comes_with_them():
    four = said("assistant", "Four.", 1)
    view = heard(*marks(1), four, mark("drained", 8000), *marks(2, "release", later=9000))
    view.hear(said("user", "Two and two?", 1))
    assert talk(view) == ["you    Two and two?", "answer Four.", "you    (2.0 s, no words from the service)"]
    view.hear(mark("committed", 12_000, 2))
    view.hear(said("user", "And three?", 2))
    assert talk(view)[-1] == "you    And three?"


def test_late_words_without_their_turn_are_not_those_of_a_question_that_is_still_spoken():
    view = heard(*marks(1), mark("press", 9000, 2), said("user", "Two and two?"))
    assert talk(view)[0] == "you    Two and two?"


def test_a_question_whose_words_never_come_does_not_take_those_of_the_next():
    view = heard(*marks(1), *marks(2, "committed", later=9000), said("user", "second"))
    assert talk(view)[0].startswith("you    (2.0 s")
    assert talk(view)[-1] == "you    second"


def test_without_words_the_screen_still_says_that_somebody_spoke_and_was_answered():
    view = heard(*marks())
    assert talk(view) == [
        "you    (2.0 s, no words from the service)",
        "answer (heard, no words from the service)",
    ]


def test_an_answer_that_a_press_stops_is_called_interrupted():
    view = heard(*marks(until="first_sound"), said("assistant", "One, two,"), mark("press", 4000, 2))
    assert "answer One, two, (interrupted)" in talk(view)
    view = heard(*marks(), mark("drained", 6000), mark("press", 7000, 2))
    assert not any("interrupted" in each for each in talk(view))


def test_causes_and_refusals_are_shown_once():
    cause = {"event": "cause", "id": "muted", "phrase": "", "language": "en", "remedy": "Unmute."}
    view = heard(cause, {"event": "refused", "cause": "muted", "text": "muted", "remedy": "Unmute."})
    assert [each.strip() for each in talk(view)] == ["muted: Unmute."]
    view.hear({"event": "refused", "cause": None, "text": "somebody else is speaking", "remedy": "Wait."})
    assert "refused: somebody else is speaking. Wait." in talk(view)[-1]


def test_what_is_kept_has_bounds():
    view = heard()
    for number in range(1, 500):
        view.hear(mark("press", number * 10, number))
        view.hear(said("user", "a" * 100_000))
        view.hear(said("user", "b" * 100_000))
        view.hear({"event": "cause", "id": f"c{number}", "remedy": "x" * 10_000})
    for number in range(1000):
        view.hear({"event": "cause", "id": f"d{number}", "remedy": "x"})
        view.hear({"event": "device", "name": f"n{number}", "up": False, "cause": "x"})
    shown = talk(view)
    assert len(shown) <= MOST_TURNS * (2 + MOST_NOTES)
    assert max(map(len, shown)) <= MOST + 20
    assert len(view.missing) < 100
    assert "d999" in shown[-1] or "d999" in "".join(shown)


def test_long_turns_are_fewer():
    view = heard()
    for number in range(1, 101):
        for event in (*marks(number, "committed"), said("user", "a" * 5000), said("assistant", "b" * 5000)):
            view.hear(event)
        assert sum(map(len, talk(view))) < MOST_WORDS + 1000
    assert len([*view.conversation]) == MOST_WORDS // (2 * MOST)
    assert view.conversation.last.number == 100


# -- foreign text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand\r\nblanks", "two lines and blanks"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\u202eturned", "\ufffdturned"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("[bold]x[/bold] [link=a]", "[bold]x[/bold] [link=a]"),
        ("日本語 é", "日本語 é"),
        (None, "None"),
    ],
)
def test_foreign_text_does_no_more_than_it_shows(text, shown):
    assert plain(text) == shown


def test_a_long_text_is_cut_and_says_so():
    assert plain("a" * 10, 5) == "aaaa…"
    assert plain("a" * 5, 5) == "aaaaa"


# -- times and cost ------------------------------------------------------------------------------------------


def test_the_legs_of_a_turn_are_shown_from_the_press_to_the_end_of_the_answer():
    shown = words(texts.times(heard(*marks())))
    assert shown == (
        "turn 1  press ▸ sent 2 ms ▸ release 1998 ms ▸ commit 250 ms ▸ taken 20 ms ▸ delta 230 ms ▸ sound 40 ms"
        " ▸ done 1460 ms  answer after 540 ms"
    )


def test_while_the_next_question_is_recorded_the_times_of_the_turn_before_stay():
    view = heard(*marks(), mark("press", 9000, 2))
    assert "turn 1" in words(texts.times(view))
    view.hear(mark("release", 9900, 2))
    assert "turn 2" in words(texts.times(view))


def test_a_service_that_commits_before_the_release_makes_no_negative_leg():
    found = legs({"press": 0, "committed": 900, "release": 1000})
    assert found == [Leg("taken", 900), Leg("release", 100)]


USED = {
    "input_tokens": 1000,
    "output_tokens": 50,
    "input_token_details": {"audio_tokens": 900, "text_tokens": 100, "cached_tokens": 64},
    "output_token_details": {"audio_tokens": 40, "text_tokens": 10},
}


@pytest.mark.parametrize(
    ("usages", "shown"),
    [
        ([], "no requests yet"),
        ([{}], "1 request, the service counts no tokens"),
        (
            [USED, USED],
            "2 requests, 2,000 tokens in (1,800 audio, 200 text, 128 cached), 100 tokens out (80 audio, 20 text)",
        ),
        ([{"prompt_tokens": 7, "completion_tokens": 2}], "1 request, 7 tokens in, 2 tokens out"),
        ([{"duration": 2.5}], "1 request, 2.5 s"),
    ],
)
def test_what_it_costs_so_far(usages, shown):
    view = heard(*({"event": "usage", "status": "completed", "usage": usage} for usage in usages))
    assert view.tally.words() == shown


def test_a_price_is_shown_with_the_sum():
    view = TalkView("x", price=lambda _: "0.02 USD")
    view.hear({"event": "usage", "status": "cancelled", "usage": {}})
    assert view.tally.words().endswith("0.02 USD")


# -- the level, and the width of the terminal ----------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_the_level_fits_on_one_line(width):
    view = heard({"event": "level", "rms_dbfs": -20.0, "peak_dbfs": -3.0, "clipped": True})
    shown = words(texts.meter(view, width))
    assert len(shown) <= max(width, 32)
    assert "-20.0 dBFS" in shown
    assert len(words(texts.keys(width))) <= max(width, 40)


def test_a_level_of_before_is_not_shown_for_a_microphone_that_was_opened_again():
    view = heard({"event": "level", "rms_dbfs": -20.0, "peak_dbfs": -3.0, "clipped": False})
    view.hear(
        {"event": "device", "name": "microphone", "up": False, "cause": "microphone_lost", "opened": None}
    )
    assert "none yet" in words(texts.meter(view, 80))


@pytest.mark.parametrize("event", [{}, {"event": "of a later version", "x": 1}, {"event": None}])
def test_unknown_events_change_nothing(event):
    view = heard(event)
    assert words(texts.status(view, TOGGLES)).startswith("○")
