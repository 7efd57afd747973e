"""Lists what is wrong at the moment, why, and what helps, for clients that ask a running kiosk. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from edged.causes import CAUSES


class Trouble(NamedTuple):
    """`what` is wrong. `cause` names its row in causes.py; `text` holds the words of this machine or the service."""

    what: str
    cause: str
    text: str


class LinkTrouble:
    """A listener of the App: knows why there is no link, or what is wrong with the present one."""

    def __init__(self) -> None:
        self.troubles: tuple[Trouble, ...] = ()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Receive an event."""
        if event["event"] == "link":
            cause = event["cause"]
            self.troubles = (Trouble("line", cause, event["text"]),) if cause else ()


def listed(troubles: Iterable[Trouble]) -> list[dict[str, str]]:
    """Return the troubles for the snapshot (docs/control-socket.md), with their remedies."""
    return [{**trouble._asdict(), "remedy": CAUSES[trouble.cause].remedy} for trouble in troubles]


OFF_HOOK = Trouble("receiver", "off_hook", "it is lifted, and its conversation is over")
