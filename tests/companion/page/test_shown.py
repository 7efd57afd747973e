"""What the page shows follows from the kiosk alone, and a text of others is never markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.causes import Light
from edged.companion.kiosk_view import KioskView
from edged.companion.page.document import TITLES, PageFrame, document, login
from edged.companion.page.feed import ALL, SECTIONS, TOUCHES, Feed, PageState
from edged.companion.page.lights import LIGHTS, rhythm, stylesheet
from edged.companion.page.markup import element, together
from edged.companion.page.page_health import page_health
from edged.companion.page.shown_kiosk import Examined, ShownSettings, checks, settings
from edged.companion.page.shown_now import DOING, meter
from edged.panel.light import LOOKS
from edged.turn import State
from tests.companion.page.kiosk import MARKS, READY, RecordingKiosk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "state",
    "light",
    "link",
    "lost",
    "devices",
    "usage",
    "troubles",
    "endings",
    "volume",
    "muted",
    "edged",
)
SNAPSHOTS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON))
HOSTILE = "<script>alert(1)</script>\"'&\x1b[2J"


def whole(kiosk, **more):
    state = PageState(kiosk.view, **more)
    return document(PageFrame("Kiosk 7", "0.1.0", button=True), Feed(state).sections(), kiosk.view)


def test_text_is_escaped_and_markup_is_not():
    made = element("p", HOSTILE, element("b", 1), None, class_="x", title=HOSTILE, hidden=True, id=None)
    assert "<script>" not in made
    assert made.endswith("<b>1</b></p>")
    assert 'class="x"' in made
    assert " hidden>" in made
    assert "id=" not in made
    assert together(element("br"), "<") == "<br/>&lt;"


def test_each_state_and_each_light_has_words():
    assert set(DOING) == {state.value for state in State}
    assert set(LIGHTS) == {light.value for light in Light}


@pytest.mark.parametrize("light", list(Light))
def test_a_light_looks_as_it_does_at_the_kiosk(light):
    look, lamp = LIGHTS[light.value], LOOKS[light]
    if len(lamp.pattern) > 1:
        assert [1 - number % 2 for number in range(len(look.beats_ms))] == [
            level for level, _ in lamp.pattern
        ]
        assert list(look.beats_ms) == [ms for _, ms in lamp.pattern]
    else:
        assert bool(look.beats_ms) == bool(lamp.pattern[0][0])
    colour = tuple(int(look.colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    assert colour == pytest.approx(lamp.colour, abs=0.01)
    assert rhythm(look)
    assert f".light-{light.value} " in stylesheet()


def test_a_rhythm_in_words():
    assert rhythm(LIGHTS["ready"]) == "0.1 s on, 1.8 s off"
    assert rhythm(LIGHTS["recording"]) == "on without a break"
    assert rhythm(LIGHTS["error_sound"]) == "2 times 0.35 s on with 0.3 s off between, then 1.4 s off"


def test_a_finished_turn_shows_its_legs():
    kiosk = RecordingKiosk()
    kiosk.a_turn(3)
    text = whole(kiosk)
    assert "Turn 3</strong>: finished; the answer began 610 ms after the release" in text
    for words in (
        "release <b>+1480 ms",
        "commit sent <b>+20 ms",
        "first sound <b>+110 ms",
        "drained <b>+1000 ms",
    ):
        assert words in text
    assert text.count('class="leg ') == len(MARKS) - 1


def test_a_turn_is_shown_as_far_as_it_has_come():
    kiosk = RecordingKiosk()
    kiosk.tell({"event": "turn", "state": "AWAITING_SPEECH", "by": "PRESS"})
    kiosk.a_turn(1, press=0)
    assert "Turn 1</strong>: nobody speaks yet" in whole(kiosk)
    kiosk.tell({"event": "turn", "state": "HEARING", "by": "SPEECH_STARTED"})
    assert "Turn 1</strong>: somebody speaks" in whole(kiosk)
    kiosk.a_turn(1, release=900)
    assert "Turn 1</strong>: waiting for the answer" in whole(kiosk)


def test_what_is_said_is_shown_only_if_that_is_wanted():
    kiosk = RecordingKiosk()
    kiosk.a_turn()
    kiosk.tell({"event": "transcript", "role": "user", "text": "a secret wish", "turn": 1})
    assert "secret wish" not in whole(kiosk)
    assert "secret wish" in whole(kiosk, transcripts=True)


def test_a_trouble_has_its_cause_and_its_remedy():
    kiosk = RecordingKiosk()
    assert "Nothing is wrong." in whole(kiosk)
    trouble = {
        "what": "line",
        "cause": "dns_failed",
        "text": "no address",
        "remedy": "Check the name server.",
    }
    kiosk.tell({**READY, "troubles": [trouble]})
    text = whole(kiosk)
    assert "dns_failed" in text
    assert "What helps: Check the name server." in text
    kiosk.tell({"event": "gone", "text": "no edged answers"})
    assert "kiosk_gone" in whole(kiosk)


def test_the_configuration_and_the_checks():
    given_ = {
        "settings": [{"key": "mode", "value": "hold", "origin": "c.yaml:3:7", "default": False}],
        "hash": "ab",
    }
    shown = settings(ShownSettings(given_))
    assert "c.yaml:3:7" in shown
    assert "Configuration ab" in shown
    assert "This kiosk does not say." in settings(ShownSettings(why="unknown command"))
    report = {
        "verdict": "failures",
        "findings": [{"id": "dns_failed", "check": "dns", "gravity": "failure", "text": "t", "remedy": "r"}],
        "checks": [{"id": "dns", "looks_at": "the name server", "outcome": "failure", "skipped": ""}],
    }
    assert "What helps: r" in checks(Examined(at_s=1.0, report=report))
    assert "the name server" in checks(Examined(at_s=1.0, report=report))
    assert "have not run" in checks(Examined(failed="too slow"))


@given(SNAPSHOTS, st.lists(st.dictionaries(st.sampled_from(["event", "text", "id"]), JSON), max_size=3))
def test_nothing_that_a_kiosk_says_breaks_the_page(snapshot, events):
    view = KioskView()
    view.hear({**snapshot, "event": "snapshot"}, 0.0)
    for event in events:
        view.hear(event, 0.0)
    made = document(PageFrame("x", view.edged), Feed(PageState(view)).sections(), view)
    assert len(made) < 200_000
    page_health(view)
    Feed(PageState(view)).news(Feed(PageState(view)).reader())


def hostile(value):
    """The value with a hostile text in place of each of its texts."""
    match value:
        case dict():
            return {name: hostile(each) for name, each in value.items()}
        case list():
            return [hostile(each) for each in value]
        case str() | None:
            return HOSTILE
    return value


def test_no_text_becomes_an_element():
    kiosk = RecordingKiosk()
    trouble = {"what": "", "cause": "", "text": "", "remedy": ""}
    rich = {**READY, "troubles": [trouble], "endings": [""], "lost": {"button": ""}}
    kiosk.tell({**hostile(rich), "event": "snapshot"})
    kiosk.a_turn(1)
    kiosk.tell(
        {"event": "cause", "id": HOSTILE, "phrase": HOSTILE, "remedy": HOSTILE},
        {"event": "wire", "direction": HOSTILE, "kind": HOSTILE, "bytes": 1},
        {"event": "transcript", "role": "user", "text": HOSTILE, "turn": 1},
        {"event": "transcript", "role": "assistant", "text": HOSTILE, "turn": 1},
    )
    report = hostile(
        {"verdict": "", "findings": [{**trouble, "gravity": "", "id": ""}], "checks": [{"skipped": ""}]}
    )
    known = ShownSettings(hostile({"settings": [{"key": "", "value": "", "origin": ""}], "hash": ""}))
    more = {"transcripts": True, "examined": Examined(at_s=1.0, report=report), "settings": known}
    made = whole(kiosk, **more)
    assert made.count("alert(1)") > 20
    assert made.count("<script") == 1
    assert "\x1b" not in made
    assert "<script" not in login(HOSTILE, HOSTILE)


@pytest.mark.parametrize(
    ("level", "value"),
    [
        (None, 0),
        ({"rms_dbfs": -30}, 0.5),
        ({"rms_dbfs": -100.0}, 0),
        ({"rms_dbfs": 3}, 1),
        ({"rms_dbfs": "x"}, 0),
    ],
)
def test_the_meter(level, value):
    assert meter(level)["value"] == value


def test_every_section_is_made_and_touched():
    assert set(TITLES) == set(SECTIONS)
    assert frozenset().union(*(touched for touched in TOUCHES.values() if touched != ALL)) == ALL


def test_news_are_what_has_changed_and_nothing_twice():
    kiosk = RecordingKiosk()
    feed = Feed(PageState(kiosk.view))
    first, second = feed.reader(), feed.reader()
    assert feed.news(first).count("event: section") == len(SECTIONS)
    assert feed.news(first) == ""
    kiosk.tell({"event": "light", "light": "muted"})
    assert feed.touch("light")
    assert re.findall('"id": "([a-z]+)"', feed.news(first)) == ["now"]
    for _ in range(100):  # a slow reader gets each section once, as it is now
        kiosk.a_turn(press=1)
        feed.touch("mark")
    assert feed.news(second).count("event: section") == len(SECTIONS)
    assert not feed.touch("something_new")


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({}, None),
        ({"link": {"up": False, "resting": True}}, None),
        ({"muted": True, "troubles": [{"what": "switches", "cause": "muted", "text": ""}]}, None),
        ({"troubles": [{"what": "budget", "cause": "budget_used", "text": ""}]}, None),
        (
            {"link": {"up": False}, "troubles": [{"what": "line", "cause": "dns_failed", "text": ""}]},
            "dns_failed",
        ),
        ({"link": {"up": False}}, "connecting"),
        ({"lost": {"microphone": "microphone_lost"}}, "microphone_lost"),
        (
            {"troubles": [{"what": "switches", "cause": "switches_unreadable", "text": ""}]},
            "switches_unreadable",
        ),
    ],
)
def test_a_kiosk_is_bad_if_no_visitor_can_be_served_and_nobody_wants_that(more, cause):
    kiosk = RecordingKiosk()
    kiosk.tell({**READY, **more})
    health = page_health(kiosk.view)
    assert health.status == (503 if cause else 200)
    assert health.body(whole=True).get("cause") == cause
    assert health.body(whole=False) == {"status": "bad" if cause else "ok"}


def test_a_kiosk_that_is_gone_is_bad():
    kiosk = RecordingKiosk()
    kiosk.tell({"event": "gone", "text": "no edged answers"})
    assert page_health(kiosk.view).body(whole=True)["cause"] == "kiosk_gone"


def how_far(kiosk):
    return re.search(r"Turn \d+</strong>: ([^<]*)<", whole(kiosk))[1]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"press": 0, "release": 90}, "ended without an answer"),
        ({"press": 0}, "ended without an answer"),
        (
            {"press": 0, "release": 900, "first_sound": 1500},
            "ended before the end of the answer; the answer began 600 ms after the release",
        ),
    ],
)
@pytest.mark.parametrize("state", ["IDLE", "NOTICE", "OFF_HOOK"])
def test_a_turn_without_the_end_of_an_answer_is_over_when_the_kiosk_is_at_rest(marks, words, state):
    kiosk = RecordingKiosk()
    kiosk.tell({"event": "turn", "state": "THINKING", "by": "COMMITTED"})
    kiosk.a_turn(1, **marks)
    assert "ended" not in how_far(kiosk)
    kiosk.tell({"event": "turn", "state": state, "by": "UNFIT"})
    assert how_far(kiosk) == words
    kiosk.tell({**READY, "state": state, "pending": 1})  # it waits for the link
    assert "ended" not in how_far(kiosk)
    kiosk.tell({"event": "gone", "text": "no edged answers"})
    assert how_far(kiosk) == "lost: the kiosk is gone"


def test_messages_that_came_together_are_counted():
    kiosk = RecordingKiosk()
    kiosk.tell(
        {"event": "wire", "direction": "up", "kind": "input_audio_buffer.append", "bytes": 9000, "count": 7}
    )
    kiosk.tell({"event": "wire", "direction": "down", "kind": "response.created", "bytes": 90, "count": 1})
    assert "input_audio_buffer.append</code> 7 times<" in whole(kiosk)
    assert "response.created</code><" in whole(kiosk)
