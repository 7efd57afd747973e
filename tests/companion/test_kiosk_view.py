"""What the companion knows of a kiosk, from its events. Whatever a kiosk says, it never fails and stays bounded."""

from hypothesis import given
from hypothesis import strategies as st

from edged.companion.kiosk_view import MOST_HAPPENINGS, MOST_LATENCIES, MOST_WIRE, KioskView
from edged.seen.conversation import MOST_WORDS
from edged.seen.legs import CALLED
from edged.seen.plain import MOST

NAMES = (
    *("snapshot", "back", "gone", "turn", "link", "light", "mute", "volume", "mark", "transcript", "cause"),
    *(
        "level",
        "wire",
        "headset",
        "session",
        "device",
        "usage",
        "budget",
        "reloaded",
        "unfinished",
        "__init__",
    ),
)
KEYS = (
    *("state", "to", "from", "light", "up", "muted", "volume", "name", "turn", "at_ms", "role", "text", "id"),
    *(
        "remedy",
        "phrase",
        "direction",
        "kind",
        "bytes",
        "plugged",
        "edged",
        "event",
        "what",
        "cause",
        "by",
        "run",
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ANY_EVENT = st.builds(
    lambda name, more: {**more, "event": name},
    st.sampled_from(NAMES) | JSON,
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), JSON, max_size=6),
) | st.fixed_dictionaries(
    {
        "event": st.just("mark"),
        "name": st.sampled_from([*CALLED]) | JSON,
        "turn": st.integers() | JSON,
        "at_ms": st.integers() | JSON,
    }
)


def seen(*events):
    view = KioskView()
    for at, event in enumerate(events):
        view.hear(event, float(at))
    return view


@given(st.lists(ANY_EVENT, max_size=12))
def test_no_event_makes_it_fail(events):
    view = seen(*events)
    assert isinstance(view.is_up, bool)
    assert isinstance(view.why_gone, str)
    assert all(
        isinstance(part, str) for each in view.happenings for part in (each.cause, each.text, each.remedy)
    )
    assert all(isinstance(each.size, int) and each.size >= 0 for each in view.wire)


def test_what_grows_drops_the_oldest():
    view = KioskView()
    long = "x" * 100_000
    for turn in range(1, 1000):
        view.hear({"event": "cause", "id": f"c{turn}", "phrase": long, "remedy": long}, turn)
        view.hear({"event": "wire", "direction": long, "kind": long, "bytes": turn}, turn)
        for name, at_ms in (
            ("press", 0),
            ("release", 500),
            (long, 600),
            (f"m{turn}", 600),
            ("first_sound", 1200),
        ):
            view.hear({"event": "mark", "name": name, "turn": turn, "at_ms": turn * 10_000 + at_ms}, turn)
        view.hear({"event": "transcript", "role": "visitor", "text": long, "turn": turn}, turn)
    assert len(view.happenings) == MOST_HAPPENINGS
    assert len(view.wire) == MOST_WIRE
    assert len(view.latencies) == MOST_LATENCIES
    assert view.happenings[-1].cause == "c999"
    assert view.latencies[-1] == (999, 700)
    kept = [part for each in view.happenings for part in (each.text, each.remedy)]
    kept += [each.kind for each in view.wire] + [each.direction for each in view.wire]
    assert max(map(len, kept)) <= MOST
    turns = list(view.conversation)
    assert sum(turn.size for turn in turns) <= MOST_WORDS + 2 * 3 * MOST
    assert set(turns[-1].marks) == {"press", "release", "first_sound"}


def test_a_snapshot_replaces_what_was_known_and_events_change_it():
    view = seen({"event": "snapshot", "edged": "0.9.1", "state": "IDLE", "volume": 50, "muted": False})
    assert (view.is_up, view.edged, view.snapshot["volume"]) == (True, "0.9.1", 50)
    view.hear({"event": "snapshot", "state": "LISTENING"}, 1.0)
    assert view.snapshot == {"state": "LISTENING"}
    assert view.edged == "0.9.1"


def test_of_a_kiosk_that_is_gone_what_was_known_stays_and_after_its_return_turns_begin_again():
    marks = [
        {"event": "mark", "turn": 3, "name": name, "at_ms": at_ms}
        for name, at_ms in (("press", 0), ("release", 100), ("first_sound", 900))
    ]
    view = seen({"event": "snapshot", "state": "IDLE"}, *marks)
    view.hear({"event": "level", "dbfs": -20}, 2.0)
    view.hear({"event": "gone", "text": "it has\nended\x1b[31m"}, 3.0)
    assert (view.is_up, view.level, view.snapshot) == (False, None, {"state": "IDLE"})
    assert view.why_gone.isprintable()
    assert (view.turn.number, list(view.latencies)) == (3, [(3, 800)])
    view.hear({"event": "back"}, 4.0)
    assert (view.turn, list(view.latencies)) == (None, [])


def test_texts_of_others_are_one_bounded_line():
    view = seen({"event": "cause", "id": "link_closed\n", "phrase": "a\u202eb\n<b>", "remedy": "x" * 5000})
    (happening,) = view.happenings
    for text in (happening.cause, happening.text, happening.remedy):
        assert "\n" not in text
        assert "\u202e" not in text
        assert len(text) <= MOST
