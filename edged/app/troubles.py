"""What is wrong just now, why, and what helps: for whoever asks a running kiosk. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from edged.causes import CAUSES


class Trouble(NamedTuple):
    """`what` is wrong, by a row of causes.py; `text` is what was found, in the words of this machine or the service."""

    what: str
    cause: str
    text: str


class LinkTrouble:
    """A listener of the App: why there is no link, or what is wrong with the one there is."""

    def __init__(self) -> None:
        self.troubles: tuple[Trouble, ...] = ()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Hear an event."""
        if event["event"] == "link":
            cause = event["cause"]
            self.troubles = (Trouble("line", cause, event["text"]),) if cause else ()


def listed(troubles: Iterable[Trouble]) -> list[dict[str, str]]:
    """For the snapshot (docs/control-socket.md), with what helps."""
    return [{**trouble._asdict(), "remedy": CAUSES[trouble.cause].remedy} for trouble in troubles]
