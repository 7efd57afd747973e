"""What became of a command, so that a program hears why nothing follows from a press. Pure.

Rules:
1. Only the commands in `JUDGED` can be refused by the turn. All others do what they say, or raise.
2. A cause that is reported while the command is carried out is the reason for the refusal: it comes from the same step.
3. If a press changes nothing and reports nothing, somebody else is served, and the press was ignored.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from edged.app.announcement import Unsaid
from edged.causes import CAUSES
from edged.turn import OPEN, State

JUDGED = frozenset({"press", "release", "repeat_answer"})
_WAIT = "Wait for the end of the turn, or run `edged ctl stop` first."
IGNORED = {
    "press": ("somebody else is speaking, or holds the button, so this press was ignored", _WAIT),
    "repeat_answer": ("somebody speaks, or an answer is under way", _WAIT),
}
"""Why a command that changed nothing was ignored, and what helps. A release that ends nothing needs no remedy."""


class Reports:
    """A listener of the App: collects the causes that are reported while a command is carried out."""

    def __init__(self) -> None:
        self._causes: list[str] | None = None

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Receive an event."""
        if self._causes is not None and event["event"] == "cause":
            self._causes.append(event["id"])

    @contextmanager
    def collected(self) -> Iterator[list[str]]:
        """Collect until the end of the block; a command reports a handful at most."""
        causes: list[str] = []
        self._causes = causes
        try:
            yield causes
        finally:
            self._causes = None


def outcome(
    name: str, was: State, state: State, causes: list[str], troubles: Iterable[Mapping[str, str]]
) -> dict[str, object]:
    """The outcome of a command that led from `was` to `state`, for its answer (docs/control-socket.md).

    `causes`: those that it reported. `troubles`: those of the snapshot.
    """
    if name not in JUDGED:
        return {"done": True}
    if causes and state not in OPEN:
        return {"done": False, **_reason(causes[0], troubles)}
    if was is state and name in IGNORED:
        text, remedy = IGNORED[name]
        return {"done": False, "cause": None, "text": text, "remedy": remedy}
    return {"done": True}


def outcome_of_say(unsaid: Unsaid | None, troubles: Iterable[Mapping[str, str]]) -> dict[str, object]:
    """The outcome of a text that was to be said: `unsaid` says why it is not."""
    if unsaid is None:
        return {"done": True}
    if unsaid.cause is not None:
        return {"done": False, **_reason(unsaid.cause, troubles)}
    return {"done": False, **unsaid._asdict()}


def _reason(cause: str, troubles: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The reason of a refusal. A trouble of the kiosk says more than the cause that the visitor heard."""
    for trouble in troubles:
        if trouble["cause"] == cause or (cause == "microphone_lost" and trouble["what"] == "microphone"):
            return {part: trouble[part] for part in ("cause", "text", "remedy")}
    return {"cause": cause, "text": "", "remedy": CAUSES[cause].remedy}
