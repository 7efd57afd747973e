"""Keeps a phrase from being said again and again. Pure.

Rules:
1. A phrase that was heard is not said again within `AGAIN_MS`. A visitor who presses again and again hears the tone.
2. A phrase that was cut off may be said once more within that time, and no more.
3. A phrase that sounds or waits is not queued a second time.
"""

from dataclasses import dataclass

from edged.causes import Phrase

AGAIN_MS = 10_000
MOST_BEGUN = 2


@dataclass(slots=True)
class _SaidPhrase:
    since_ms: int
    begun: int = 0
    heard: bool = False
    pending: bool = False


class Restraint:
    """Call `begins` when a phrase is queued, and `done` when it was heard or cut off."""

    def __init__(self) -> None:
        self._said: dict[tuple[Phrase, str], _SaidPhrase] = {}

    def allows(self, phrase: Phrase, language: str, now_ms: int) -> bool:
        """Whether the phrase may be said now."""
        said = self._said.get((phrase, language))
        if said is None:
            return True
        if said.pending:
            return False
        return now_ms - said.since_ms >= AGAIN_MS or not (said.heard or said.begun >= MOST_BEGUN)

    def begins(self, phrase: Phrase, language: str, now_ms: int) -> None:
        """The phrase is queued."""
        said = self._said.get((phrase, language))
        if said is None or now_ms - said.since_ms >= AGAIN_MS:
            said = self._said[phrase, language] = _SaidPhrase(now_ms)
        said.begun, said.pending = said.begun + 1, True

    def done(self, phrase: Phrase, language: str, now_ms: int, *, heard: bool) -> None:
        """The phrase was heard, or can no longer be heard."""
        said = self._said[phrase, language]
        said.pending, said.heard = False, said.heard or heard
        if heard:
            said.since_ms = now_ms
