"""Writes to the journal which device was opened, and what was tried before it."""

import logging

from edged.audio.opened import described, sentence
from edged.audio.ports import Inspectable, OpenDevice

log = logging.getLogger(__name__)

FIELDS = ("backend", "name", "card", "rate_hz", "channels", "format")


def opened(device: object) -> OpenDevice | None:
    """What a device has opened last; None if it cannot say."""
    return device.opened if isinstance(device, Inspectable) else None


class OpenedLog:
    """Writes one line when a device is opened in another way than the last time. `what`: microphone or speaker."""

    def __init__(self, what: str) -> None:
        self._what, self._last = what, ""

    def opened(self, device: OpenDevice) -> None:
        """Note what was opened."""
        about = described(device)
        text = sentence(about)
        if device.tried:
            text += f"; before it, edged tried: {'; '.join(reason for _, reason in device.tried)}"
        if text != self._last:
            self._last = text
            fields = {"event": "device_opened", "device": self._what}
            fields |= {name: str(about[name]) for name in FIELDS if about[name]}
            log.info("%s: opened %s", self._what, text, extra={"edged": fields})
