"""Decides what a cause sounds like: a tone, a phrase, or both, and in which language. Pure.

Rules:
1. `Manner` says what a cause is told with, for all causes and for single ones. A cause without a phrase has its tone,
   and one without a tone its phrase, whatever the manner.
2. Where a phrase may not be said now, the tone alone is heard: while another phrase waits already, while its sound is
   not loaded, and for what restraint.py rules.
3. The language is that of the press that came last (`asked`), until the visitor is forgotten (`forget`). Then it is the
   first language again.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from edged.causes import CAUSES, Cue, Phrase
from edged.phrases.languages import spoken_as
from edged.phrases.library import PhraseBook, SpokenPhrase
from edged.phrases.restraint import Restraint
from edged.phrases.texts import LANGUAGES, TEXTS

MOST_QUEUED = 2  # phrases: one that sounds, and one that waits


class Manner(StrEnum):
    TONE = "tone"
    PHRASE = "phrase"
    BOTH = "both"


class Speech:
    """What one kiosk says. Without `configure`, it has tones only."""

    def __init__(self) -> None:
        self.book = PhraseBook({})
        """Set it when phrases are loaded."""
        self.language_of: Callable[[object], str] = lambda _: ""
        """The language that a press by this source asks for; empty: none of its own."""
        self._manner, self._by_cause = Manner.TONE, dict[str, Manner]()
        self._instead: Mapping[Phrase, Phrase] = {}
        self._first = "en"
        self._tag = ""  # what the last press asked for; empty: nothing
        self._restraint = Restraint()

    def configure(
        self,
        manner: Manner,
        by_cause: Mapping[str, Manner],
        instead: Mapping[Phrase, Phrase] | None = None,
        first: str = "en",
    ) -> None:
        """Use these from now on.

        `instead`: phrases that take the place of others, as the mode wants it. `first`: the tag of the first language.
        """
        self._manner, self._by_cause, self._instead = manner, dict(by_cause), instead or {}
        self._first = spoken_as(first, LANGUAGES) or "en"

    def asked(self, by: object) -> None:
        """`by` has pressed: speak its language from now on."""
        self._tag = self.language_of(by)

    def forget(self) -> None:
        """The visitor has left."""
        self._tag = ""

    @property
    def language(self) -> str:
        """The language that is spoken now. While none is loaded, that of the texts."""
        loaded = self.book.languages
        return spoken_as(self._tag, loaded or LANGUAGES) or (loaded[0] if loaded else self._first)

    def phrase_of(self, cause_id: str) -> Phrase | None:
        """The phrase of a cause in this mode."""
        phrase = CAUSES[cause_id].phrase
        return None if phrase is None else self._instead.get(phrase, phrase)

    def words_of(self, cause_id: str) -> tuple[str, str]:
        """The text of a cause, empty if it has none, and the language of that text: of what is spoken now."""
        phrase = self.phrase_of(cause_id)
        if phrase is None:
            return "", self.language
        spoken = self.book.of(phrase, self.language)
        if spoken is None:
            known = spoken_as(self.language, LANGUAGES) or self._first
            return TEXTS[phrase][known], known
        return spoken.text, spoken.language

    def of(self, cause_id: str, *, queued: int, now_ms: int) -> tuple[Cue, SpokenPhrase | None]:
        """Return the tone and the phrase for a cause now. `queued`: how many phrases sound or wait."""
        cue, phrase = CAUSES[cause_id].cue, self.phrase_of(cause_id)
        manner = self._by_cause.get(cause_id, self._manner)
        if phrase is None or (manner is Manner.TONE and cue is not Cue.NONE):
            return cue, None
        spoken = self.book.of(phrase, self.language)
        allowed = self._restraint.allows(phrase, self.language, now_ms)
        if spoken is None or queued >= MOST_QUEUED or not allowed:
            return cue, None
        return (Cue.NONE if manner is Manner.PHRASE else cue), spoken

    def begins(self, cause_id: str, now_ms: int) -> tuple[Phrase, str]:
        """The phrase of a cause is queued; returns what `done` has to be given."""
        phrase, language = self.phrase_of(cause_id), self.language
        assert phrase is not None
        self._restraint.begins(phrase, language, now_ms)
        return phrase, language

    def done(self, said: tuple[Phrase, str], now_ms: int, *, heard: bool) -> None:
        """A phrase was heard, or can no longer be heard."""
        self._restraint.done(*said, now_ms, heard=heard)
