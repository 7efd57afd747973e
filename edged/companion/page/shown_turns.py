"""What the page shows of turns: the newest one as a timeline, how late answers were, and what was said. Pure."""

from statistics import median

from edged.companion.kiosk_view import KioskView
from edged.companion.page.charts import latencies, stretches, timeline
from edged.companion.page.markup import Markup, element, together
from edged.seen.conversation import SpokenTurn
from edged.seen.legs import ANSWER, span

MOST_TURNS = 10
AT_REST = ("IDLE", "NOTICE", "ASKED_BACK", "OFF_HOOK", "STOPPED")
"""States in which nothing of a turn is to come, unless its question still waits for the link."""
NOTHING = "Nobody has pressed the button since this page began to follow the kiosk."


def turn(view: KioskView, *, transcripts: bool) -> Markup:
    """The newest turn and its parts."""
    newest = view.turn
    if newest is None:
        return element("p", NOTHING, class_="faint")
    parts = stretches(newest.marks)
    return together(
        element("p", element("strong", f"Turn {newest.number}"), f": {_how_far(newest, view)}"),
        timeline(parts),
        element(
            "ol",
            element("li", "press"),
            *(
                element(
                    "li",
                    element("span", class_=f"key {each.name}"),
                    f"{each.called} ",
                    element("b", f"+{each.ms} ms"),
                )
                for each in parts
            ),
            class_="legs",
        ),
        _notes(newest),
        _words(newest) if transcripts else None,
    )


def _how_far(newest: SpokenTurn, view: KioskView) -> str:
    waited_ms = span(newest.marks, *ANSWER)
    heard = f"; the answer began {waited_ms} ms after the release" if waited_ms is not None else ""
    if newest.interrupted:
        return f"interrupted{heard}"
    if "drained" in newest.marks:
        return f"finished{heard}"
    if not view.is_up:
        return "lost: the kiosk is gone"
    if view.snapshot.get("state") in AT_REST and not view.snapshot.get("pending"):
        return f"ended before the end of the answer{heard}" if heard else "ended without an answer"
    if "first_sound" in newest.marks:
        return f"the answer plays{heard}"
    if "release" in newest.marks:
        return "waiting for the answer"
    return "nobody speaks yet" if view.snapshot.get("state") == "AWAITING_SPEECH" else "somebody speaks"


def latency(view: KioskView) -> Markup:
    """How long visitors waited for their answers."""
    waits = list(view.latencies)
    if not waits:
        return element("p", "No answer was heard yet.", class_="faint")
    times = sorted(ms for _, ms in waits)
    slow = times[min(len(times) - 1, len(times) * 95 // 100)]
    middle, many = median(times), f"{len(times)} {'answer' if len(times) == 1 else 'answers'}"
    return together(
        element(
            "p",
            f"Half of the last answers began within {middle:.0f} ms of the release, and 95 of 100 within {slow} ms"
            f" ({many}; the newest: {waits[-1][1]} ms).",
        ),
        latencies(waits),
        element("p", "Each bar is an answer. The line is at one second.", class_="faint"),
    )


def turns(view: KioskView, *, transcripts: bool) -> Markup:
    """The last turns, the newest one first."""
    known = [each for each in view.conversation if each.number or each.notes][-MOST_TURNS:]
    if not known:
        return element("p", NOTHING, class_="faint")
    return together(*(_row(each, transcripts=transcripts) for each in reversed(known)))


def _row(each: SpokenTurn, *, transcripts: bool) -> Markup:
    waited_ms, spoke_ms = span(each.marks, *ANSWER), each.spoke_ms
    facts = [
        f"spoke {spoke_ms / 1000:.1f} s" if spoke_ms is not None else "",
        f"answer after {waited_ms} ms" if waited_ms is not None else "",
        "interrupted" if each.interrupted else "",
    ]
    head = f"Turn {each.number}" if each.number else "Before the first turn"
    return element(
        "div",
        element("p", element("strong", head), " ", ", ".join(fact for fact in facts if fact)),
        _notes(each),
        _words(each) if transcripts else None,
        class_="row",
    )


def _notes(each: SpokenTurn) -> Markup | None:
    if not each.notes:
        return None
    return element("p", *(element("code", note, " ") for note in each.notes))


def _words(each: SpokenTurn) -> Markup | None:
    if not (each.asked or each.answered):
        return None
    return element(
        "dl",
        *([element("dt", "visitor"), element("dd", each.asked)] if each.asked else []),
        *([element("dt", "answer"), element("dd", each.answered)] if each.answered else []),
        class_="said",
    )
