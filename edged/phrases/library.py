"""Loads the sound of phrases: those that edged brings along, and those in an operator's folder. Blocks.

Rules:
1. A file FOLDER/LANGUAGE/PHRASE.wav replaces that phrase in that language; FOLDER may have languages of its own. Beside
   it, PHRASE.txt may hold the text for programs that show it.
2. An operator's file is bounded, in bytes and in seconds. One that cannot be used is named with the reason, and the
   phrase that edged brings along is said in its place.
3. Nothing is read later, because a press waits for no disk. So only the languages that are asked for are loaded: one
   takes about 4 MB of memory.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from pathlib import Path

from edged.causes import Phrase
from edged.files import read
from edged.phrases.languages import is_tag, plain, spoken_as
from edged.phrases.texts import LANGUAGES, TEXTS, UNHEARD
from edged.phrases.wave_file import sound_of

FOLDER = "/etc/edged/phrases"
LONGEST_S = 10.0
MOST_BYTES = 2 * 2**20
MOST_TEXT = 500
_MOST_FILES = 200  # in one folder; more are not looked at
_MOST_NAMED = 8  # faults
_SOUNDS = Path(__file__).parent / "sounds"


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """A phrase in one language: its text, empty if nobody wrote it down, and its PCM16."""

    text: str
    sound: bytes


class PhraseBook:
    """The phrases of some languages. The first one stands in where another one lacks a phrase."""

    def __init__(self, phrases: Mapping[str, Mapping[Phrase, SpokenPhrase]]) -> None:
        self._phrases = phrases

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the order in which they were asked for."""
        return tuple(self._phrases)

    def of(self, phrase: Phrase, language: str) -> SpokenPhrase | None:
        """Return the phrase in this language, else in the first one that has it; None: none has it."""
        orders = (language, *self._phrases)
        return next((found for each in orders if (found := self._phrases.get(each, {}).get(phrase))), None)


@dataclass(frozen=True, slots=True)
class LoadedPhrases:
    """A book, and a text for each thing that could not be used."""

    book: PhraseBook
    faults: tuple[str, ...]


def load(listed: Iterable[str], others: Iterable[str], folder: str) -> LoadedPhrases:
    """Load the languages of these tags: the `listed` ones, and `others`, for which buttons ask.

    `folder`: an operator's; empty: there is none.
    """
    faults: list[str] = []
    base = Path(folder) if folder else None
    own = _folders(base, faults) if base else {}
    wanted: dict[str, None] = {}
    for tags, is_listed in ((listed, True), (others, False)):
        for tag in tags:
            found = spoken_as(tag, available(own, listed=is_listed))
            if found is None:
                faults.append(f"there are no phrases in the language {tag}")
            else:
                wanted[found] = None
    phrases = {}
    for language in wanted:
        phrases[language] = dict(_built_in(language)) if language in LANGUAGES else {}
        if base is not None and language in own:
            phrases[language] |= dict(_of_operator(base / own[language], language, faults))
        if missing := [phrase.value for phrase in Phrase if phrase not in phrases[language]]:
            faults.append(f"{language}: these phrases are missing: {', '.join(missing)}")
    more = len(faults) - _MOST_NAMED
    named = [*faults[:_MOST_NAMED], f"and {more} more"] if more > 0 else faults
    return LoadedPhrases(PhraseBook(phrases), tuple(named))


def available(own: Collection[str], *, listed: bool) -> frozenset[str]:
    """The languages that may be spoken: those of edged, and an operator's `own`.

    `listed`: also those that nobody has listened to.
    """
    return frozenset({*own, *(each for each in LANGUAGES if listed or each not in UNHEARD)})


def own_languages(folder: str) -> Collection[str]:
    """The languages for which an operator's folder has a folder of its own."""
    return _folders(Path(folder), []) if folder else ()


def _folders(base: Path, faults: list[str]) -> dict[str, str]:
    """The names of the folders by their languages."""
    try:
        names = [each.name for each in islice(base.iterdir(), _MOST_FILES) if each.is_dir()]
    except FileNotFoundError:
        if str(base) != FOLDER:
            faults.append(f"{base}: there is no such folder")
        return {}
    except (OSError, ValueError) as error:
        faults.append(f"{base}: {_why(error)}")
        return {}
    return {plain(name): name for name in sorted(names) if is_tag(name)}


@cache
def _built_in(language: str) -> Mapping[Phrase, SpokenPhrase]:
    """The phrases that edged brings along. One whose file is damaged is missing."""
    found = {}
    for phrase, texts in TEXTS.items():
        try:
            sound = sound_of(read(_SOUNDS / language / f"{phrase}.wav", MOST_BYTES), LONGEST_S)
        except (OSError, ValueError):
            continue
        found[phrase] = SpokenPhrase(texts[language], sound)
    return found


def _of_operator(folder: Path, language: str, faults: list[str]) -> Iterator[tuple[Phrase, SpokenPhrase]]:
    known = {phrase.value: phrase for phrase in Phrase}
    try:
        files = sorted(islice(folder.iterdir(), _MOST_FILES))
    except OSError as error:
        faults.append(f"{folder}: {_why(error)}")
        return
    for file in files:
        if file.suffix.lower() != ".wav":
            continue
        if file.stem not in known:
            near = get_close_matches(file.stem[:40], known, n=1)
            hint = f" (did you mean {near[0]}.wav?)" if near else ""
            faults.append(f"{file}: there is no such phrase{hint}")
            continue
        phrase = known[file.stem]
        try:
            sound = sound_of(read(file, MOST_BYTES), LONGEST_S)
        except (OSError, ValueError) as error:
            faults.append(f"{file}: {_why(error)}")
        else:
            yield phrase, SpokenPhrase(_text(file, TEXTS[phrase].get(language, "")), sound)


def _text(file: Path, otherwise: str) -> str:
    """The text beside an operator's file, on one line."""
    try:
        return " ".join(read(file.with_suffix(".txt"), MOST_TEXT).decode().split())
    except (OSError, ValueError):
        return otherwise


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
