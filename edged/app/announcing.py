"""Lets the kiosk say a text for a program, or finds the reason why not (announcement.py)."""

from collections.abc import Callable, Mapping

from edged.app import announcement
from edged.app.announcement import Unsaid
from edged.appliance import Appliance
from edged.audio.capture.utterances import Utterances
from edged.audio.playout.playout import Playout
from edged.link.link import Link
from edged.turn import HOOKED, State


class Announcing:
    """Use it on the loop. `lost()`: the missing devices and their causes."""

    def __init__(
        self,
        appliance: Appliance,
        utterances: Utterances,
        playout: Playout,
        *,
        link: Callable[[], Link],
        lost: Callable[[], Mapping[str, str]],
        now_ms: Callable[[], int],
    ) -> None:
        self._appliance, self._utterances, self._playout = appliance, utterances, playout
        self._link, self._lost, self._now_ms = link, lost, now_ms
        self._pace = announcement.SayingPace()

    def say(self, text: str) -> Unsaid | None:
        """Say it now. Returns why it is not said."""
        appliance, link, lost = self._appliance, self._link(), self._lost()
        if (closed := appliance.facts.closed()) is not None:
            return Unsaid(closed)
        if "speaker" in lost:
            return Unsaid(lost["speaker"])
        if not link.may_say:
            return Unsaid(link.cause) if link.cause is not None else announcement.CONNECTING
        if self._utterances.pending or link.owed or self._playout.answering:
            return announcement.BUSY
        if not self._pace.may_say(self._now_ms()):
            return announcement.TOO_OFTEN
        was = appliance.state
        if not appliance.say(text):
            is_hung_up = appliance.mode in HOOKED and was is State.IDLE
            return announcement.ON_HOOK if is_hung_up else announcement.BUSY
        self._pace.said()
        return None
