"""The gain of the microphone: how much of it the card gives, and how much is left to software.

Rules:
1. Without `microphone.mixer`, software gives all of `microphone.gain_db`.
2. With it, the control of the card that opened is set each time the microphone is opened. Software adds only what lies
   beyond the ends of the control's scale.
3. If the control cannot be set, this is logged once, and software gives all of it.
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edged.app.troubles import Trouble
from edged.causes import CAUSES
from edged.config.model import MicrophoneConfig
from edged.errors import DeviceError

if TYPE_CHECKING:
    from edged.audio.devices.mixer import CaptureMixer

log = logging.getLogger(__name__)


class InputLevel:
    """The gain that a configuration asks for."""

    def __init__(self, wanted: MicrophoneConfig) -> None:
        self._why = ""
        self.configure(wanted)

    def configure(self, wanted: MicrophoneConfig) -> None:
        """Use this configuration from the next opening on."""
        self.gain_db = float(wanted.gain_db)
        self._mixer = _mixer(wanted)
        if self._mixer is None:
            self._why = ""

    @property
    def by_card(self) -> bool:
        """Whether a control of the card gives the gain, as far as it can."""
        return self._mixer is not None

    def opened(self, control: str) -> float:
        """The microphone has opened: set the control of its card, and return the gain in dB that software has to give.

        `control`: ALSA's name for the mixer of the device; empty: it has none. Blocks, so call it off the loop.
        """
        if self._mixer is None:
            return self.gain_db
        try:
            rest = self._mixer.set_gain(self.gain_db, control)
        except DeviceError as error:
            if str(error) != self._why:
                self._why = str(error)
                text, remedy = f"microphone mixer: {error}", CAUSES["mixer_lost"].remedy
                log.warning("%s. %s", text, remedy, extra={"edged": {"cause": "mixer_lost"}})
            return self.gain_db
        self._why = ""
        return rest

    def troubles(self) -> Iterator[Trouble]:
        """Yield why the control could not be set, if it could not."""
        if self._why:
            yield Trouble("microphone mixer", "mixer_lost", self._why)


def _mixer(wanted: MicrophoneConfig) -> "CaptureMixer | None":
    if not wanted.mixer:
        return None
    from edged.audio.devices.mixer import CaptureMixer  # noqa: PLC0415 loads libasound, so only if it is wanted

    return CaptureMixer(wanted.mixer)
