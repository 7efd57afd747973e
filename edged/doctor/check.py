"""What a check is, and what it finds. Pure.

Rules:
1. Every finding is a row of causes.py. The same fault has the same cause here and in the daemon's journal.
2. A check names the checks that it needs. If one of them has found a failure, this one is not looked at: its verdict
   would only repeat that failure in other words. So the first failure, in the order of order.py, is the root cause.
3. A *failure* keeps the kiosk from serving a visitor. A *warning* does not, or not yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from edged.causes import CAUSES

NOT_OPENED = (
    *("device_hung", "device_slow", "device_busy", "device_denied", "device_unfit", "device_ambiguous"),
    *("sound_server", "alsa_config_invalid", "memory_short", "edged_twice"),
)
"""Why a microphone or a speaker that is there cannot be used."""


class Gravity(Enum):
    FAILURE = "failure"
    WARNING = "warning"


FAILURE, WARNING = Gravity.FAILURE, Gravity.WARNING
Lane = Literal["machine", "sound", "panel", "line"]
"""Checks of one lane run one after the other. The lane `machine` comes first, and the others run side by side."""


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """`text`: what was seen, in the words of this machine or of the service."""

    check: str
    cause: str
    text: str
    gravity: Gravity
    remedy: str


@dataclass(frozen=True, slots=True)
class Check:
    """`looks_at` is for people. `finds`: the causes that it may report, each with its gravity."""

    id: str
    lane: Lane
    looks_at: str
    finds: Mapping[str, Gravity] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    def found(self, cause: str, text: str, remedy: str = "", gravity: Gravity | None = None) -> DoctorFinding:
        """A finding of this check. `remedy` replaces that of the table where more is known."""
        usual = self.finds.get(cause, FAILURE)
        return DoctorFinding(self.id, cause, text, gravity or usual, remedy or CAUSES[cause].remedy)


class NotLookedAtError(Exception):
    """The check says nothing about this machine; the text says why, such as `the button is the keyboard`."""
