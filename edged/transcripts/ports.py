"""The port of the room: where transcripts are kept."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from edged.transcripts.day_files import DayFile


class TranscriptsError(Exception):
    """The files cannot be read or written now. The text says why, for a person."""


class TranscriptFiles(Protocol):
    """Files of transcripts. The methods block as long as the disk does: call them off the loop, one at a time.

    All raise TranscriptsError.
    """

    place: str
    """Where they are, for a person."""

    def mend(self) -> None:
        """Remove what an interrupted write has left at the end of a file."""
        ...

    def append(self, day: str, lines: Sequence[str]) -> None:
        """Add lines to the file of this day; empty: the day is not known. On return they are on the disk."""
        ...

    def files(self) -> tuple[DayFile, ...]:
        """All of them, the oldest first."""
        ...

    def delete(self, names: Iterable[str]) -> tuple[str, ...]:
        """Delete these, and return the names of those that were there."""
        ...


class NoTranscriptFiles:
    """A kiosk without a folder: it can keep nothing."""

    place = ""

    def mend(self) -> None:
        """Do nothing."""

    def append(self, day: str, lines: Sequence[str]) -> None:  # noqa: ARG002 nothing is kept
        """Refuse."""
        raise TranscriptsError("`state.dir` names no folder that edged may write to")

    def files(self) -> tuple[DayFile, ...]:
        """Return nothing."""
        return ()

    def delete(self, names: Iterable[str]) -> tuple[str, ...]:  # noqa: ARG002 there is nothing
        """Do nothing."""
        return ()
