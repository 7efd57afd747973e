"""The journal's messages that are not causes, each with the id by which a person or a program finds it. Pure.

The ids of causes are in causes.py. An id never changes its meaning; a new meaning gets a new id.
"""

from dataclasses import dataclass

from edged.causes import CAUSES


@dataclass(frozen=True, slots=True)
class Notice:
    """A row. `message_id` is the 128-bit id for systemd's catalog, in hex; journalctl fills the @FIELD@s of `text`."""

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
        "edged runs. It opens the button, the devices and the link to the service (@EDGED_PROVIDER@) on its own.\n"
        "`edged status` shows which of them work.",
    ),
    Notice(
        "stop",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1003",
        "edged stops",
        "edged was asked to stop. There is nothing to do.",
    ),
    Notice(
        "reload",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1004",
        "edged uses a changed configuration",
        "Changed: @EDGED_CHANGED@\nChanged, but used only after a restart: @EDGED_RESTART@",
    ),
    Notice(
        "reload_failed",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1005",
        "edged refuses a changed configuration",
        "edged keeps the old configuration. Run `edged config check`: it lists every fault with its line.",
    ),
    Notice(
        "turn",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1006",
        "A turn has ended",
        "Turn @EDGED_TURN@: @EDGED_OUTCOME@. The first sound came @EDGED_LATENCY_MS@ ms after the release of the\n"
        "button. `journalctl -o verbose` shows all fields.",
    ),
    Notice(
        "link_up", "4dca1fd75e4c4f1c8a6c52a5ff5d1007", "The link is up", "The service confirmed a session."
    ),
    Notice(
        "device_back", "4dca1fd75e4c4f1c8a6c52a5ff5d1008", "A device is back", "@EDGED_DEVICE@ works again."
    ),
    Notice(
        "standing",
        "4dca1fd75e4c4f1c8a6c52a5ff5d1009",
        "Something is still wrong",
        "The trouble with @EDGED_WHAT@ (@EDGED_CAUSE@) has lasted for @EDGED_MINUTES@ minutes. `line` means the link\n"
        "to the service. edged reports a trouble when it begins, then every hour, and after nine hours every\n"
        "two hours. `edged status` shows the remedy.",
    ),
    Notice(
        "stalled",
        "4dca1fd75e4c4f1c8a6c52a5ff5d100a",
        "A part of edged has stalled",
        "Without progress: @EDGED_PARTS@. When the time of the watchdog (15 s) has passed, systemd ends the process\n"
        "and starts it again. The stacks of all threads follow in the journal.",
    ),
    Notice(
        "device_opened",
        "4dca1fd75e4c4f1c8a6c52a5ff5d100b",
        "A device was opened",
        "The @EDGED_DEVICE@ is @EDGED_NAME@, at @EDGED_RATE_HZ@ Hz. The line says why this one, and what edged tried\n"
        "before it. `edged status` shows the same for the devices that are open now.",
    ),
    Notice(
        "transcript",
        "4dca1fd75e4c4f1c8a6c52a5ff5d100d",
        "What was said",
        "The @EDGED_ROLE@ (the visitor, or the machine) said this in turn @EDGED_TURN@. The configuration asks for it\n"
        "(`log.transcripts: journal`). docs/privacy.md says how to delete it.",
    ),
    Notice(
        "card_changed",
        "4dca1fd75e4c4f1c8a6c52a5ff5d100c",
        "A name opens another card than before",
        "The name that the configuration has for the @EDGED_DEVICE@ opened another card before. If somebody has\n"
        "replaced the card or plugged it in elsewhere, there is nothing to do. If not, write a name that fits only\n"
        "the right card: `edged devices` shows one for each card.",
    ),
)

NOTICES: dict[str, Notice] = {row.id: row for row in _ROWS}


def message_id(event: str, cause: str) -> str:
    """The message id of a line that names an event or a cause; empty if it has none."""
    if event in NOTICES:
        return NOTICES[event].message_id
    return CAUSES[cause].message_id if cause in CAUSES else ""
