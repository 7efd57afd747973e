"""What the journal tells besides causes: the id of each message that a person or a program looks for. Pure.

Causes have theirs in causes.py. An id never changes its meaning; a new meaning gets a new one.
"""

from dataclasses import dataclass

from edged.causes import CAUSES


@dataclass(frozen=True, slots=True)
class Notice:
    """A row. `message_id` is systemd's 128-bit id in hex, in `text` journalctl fills in each @FIELD@."""

    id: str
    message_id: str
    subject: str
    text: str


_ROWS = (
    Notice(
        "start", "4dca1fd75e4c4f1c8a6c52a5ff5d1001", "edged starts", "Version @EDGED_VERSION@ is starting."
    ),
    Notice(
        "ready",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1002",
        "edged is ready",
        "The button, the devices and the line are being kept. The line to the service (@EDGED_PROVIDER@) and the\n"
        "devices may still be on their way: `edged status` tells.",
    ),
    Notice(
        "stop", "4dca1fd75e4c4f1c8a6c52a5ff5d1003", "edged stops", "It was asked to; nothing has to be done."
    ),
    Notice(
        "reload",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1004",
        "edged uses a changed configuration",
        "Changed: @EDGED_CHANGED@\nUsed after a restart only: @EDGED_RESTART@",
    ),
    Notice(
        "reload_failed",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1005",
        "edged refuses a changed configuration",
        "The configuration that it runs with stays in use. `edged config check` lists every fault with its line.",
    ),
    Notice(
        "turn",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1006",
        "A turn has ended",
        "Turn @EDGED_TURN@: @EDGED_OUTCOME@. From the release of the button to the first sound it took\n"
        "@EDGED_LATENCY_MS@ ms. All fields of it: journalctl -o verbose.",
    ),
    Notice(
        "link_up", "4dca1fd75e4c4f1c8a6c52a5ff5d1007", "The line is up", "The service confirmed a session."
    ),
    Notice(
        "device_back", "4dca1fd75e4c4f1c8a6c52a5ff5d1008", "A device is back", "@EDGED_DEVICE@ works again."
    ),
    Notice(
        "standing",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1009",
        "Something is still amiss",
        "@EDGED_WHAT@ (@EDGED_CAUSE@) for @EDGED_MINUTES@ minutes. It is told at the change, then\n"
        "every hour, and after nine hours every two.",
    ),
    Notice(
        "stalled",
        "4dca1fd75e4c4f1c8a6c52a5ff5d100a",
        "A part of edged has stalled",
        "@EDGED_PARTS@ makes no progress; systemd ends the process when its watchdog has waited long enough, and\n"
        "starts it anew. The stacks of all threads follow in the journal.",
    ),
)

NOTICES: dict[str, Notice] = {row.id: row for row in _ROWS}


def message_id(event: str, cause: str) -> str:
    """The id of a line that names an event, or else a cause; empty where it has none."""
    if event in NOTICES:
        return NOTICES[event].message_id
    return CAUSES[cause].message_id if cause in CAUSES else ""
