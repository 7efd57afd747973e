"""Which of its names a device of PortAudio opens, and what is remembered of those that failed."""

from edged.audio.devices.ladder import TriedNames
from edged.audio.ports import ALONE


class PortAudioChooser:
    """PortAudio lists devices again only when all are closed, so a new one is found at the next opening only."""

    def __init__(self) -> None:
        self.companion, self.tries = ALONE, TriedNames()
        self._behind = frozenset[str]()

    def opened(self) -> None:
        """A device has been opened."""
        self._behind = self.tries.passed

    def has_better(self) -> bool:
        """Whether one that came after the others, because it had failed, does not any more."""
        return not self._behind.issubset(self.tries.behind())


class WithChooser:
    """What a microphone and a speaker of PortAudio answer alike about the names that they try."""

    chooser: PortAudioChooser

    @property
    def tries(self) -> TriedNames:
        """The names that it tries."""
        return self.chooser.tries

    def use(self, tries: TriedNames) -> None:
        """Keep account of the tries there from now on."""
        self.chooser.tries = tries

    def afresh(self) -> None:
        """There is none: PortAudio is one library for all devices."""
