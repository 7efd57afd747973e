"""What a scripted kiosk says, and how what was counted is read again."""

from prometheus_client.parser import text_string_to_metric_families

from edged.companion.kiosk_view import KioskView
from edged.companion.metrics.counting import Counting
from edged.companion.metrics.exposition import text
from edged.companion.metrics.present import Identity, present

WHO = Identity("4f1c", "Museum", "kiosk-7", "1.2.3", "3.11.2")
MARKS = (
    *("press", "first_audio_sent", "release", "commit_sent", "committed", "first_delta", "first_sound"),
    *("response_done", "drained"),
)


def mark(name, turn, at_ms):
    return {"event": "mark", "name": name, "turn": turn, "at_ms": at_ms}


def state(now, was="IDLE", by="PRESS"):
    return {"event": "turn", "state": now, "was": was, "by": by}


def cause(name):
    return {"event": "cause", "id": name, "phrase": "", "language": "en", "remedy": ""}


def link(*, up, resting=False, cause=None):
    return {"event": "link", "up": up, "resting": resting, "cause": cause, "text": ""}


def snapshot(run="a", turns=0, **more):
    return {
        "event": "snapshot",
        "edged": "1.2.3",
        "run": run,
        "turns": turns,
        "counters": {},
        "state": "IDLE",
        "light": "ready",
        "muted": False,
        "volume": 40,
        "pending": 0,
        "microphone": True,
        "speaker": True,
        "link": {"up": True, "resting": False},
        "troubles": [],
        "endings": [],
        **more,
    }


def month(date="2026-11-30", **sums):
    return {"date": date, "day": {"money": "$0.05"}, "month": {"money": "unknown", **sums}, "budget": []}


def turn(number, *, until="drained", at_ms=1000, step_ms=100):
    """The marks of a turn, up to one of them."""
    names = MARKS[: MARKS.index(until) + 1]
    return [mark(name, number, at_ms + step_ms * place) for place, name in enumerate(names)]


def counted(*events, kept=None, **more):
    """What was counted of these events."""
    counting = Counting(kept, **more)
    for event in events:
        counting.hear(event)
    return counting


def shown(counting, *events, config_hash=""):
    """All values of the exposition: `{(name, ((label, value), …)): value}`."""
    view = KioskView()
    for event in events:
        view.hear(event, 0.0)
    said = text(present(view, WHO, config_hash), counting.totals).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(said)
        for sample in family.samples
    }


def outcomes(counting):
    """How many turns there were of each outcome that there was."""
    counts = counting.totals.counts["edged_turns_total"]
    return {str(labels[0]): int(count) for labels, count in counts.items() if count}


def count(counting, name, *labels):
    return counting.totals.counts[name][labels]
