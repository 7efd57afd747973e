"""Loads the sound of phrases: those that edged brings along, and those in an operator's folder. Blocks.

Rules:
1. A file FOLDER/LANGUAGE/PHRASE.wav replaces that phrase in that language; FOLDER may have languages of its own. Beside
   it, PHRASE.txt may hold the text for programs that show it.
2. An operator's file is bounded, in bytes and in seconds, and so are all of them together, because they stay in memory.
   One that cannot be used is named with the reason, and the phrase that edged brings along is said in its place.
3. `de-AT` has the phrases of `de`, and in their place those of its own folder.
4. What nobody has listened to is said only if it is listed. A folder of its own does not change that.
5. Nothing is read later, because a press waits for no disk. So only the languages that are asked for are loaded: one
   takes about 4 MB of memory.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from pathlib import Path

from edged import pcm
from edged.causes import Phrase
from edged.files import read
from edged.phrases.languages import beginnings, is_tag, plain, spoken_as
from edged.phrases.texts import LANGUAGES, TEXTS, UNHEARD
from edged.phrases.wave_file import sound_of

FOLDER = "/etc/edged/phrases"
LONGEST_S = 10.0
MOST_BYTES = 2 * 2**20
MOST_TEXT = 500
MOST_OWN_S = 300.0  # of all own recordings together: 14.4 MB, and twice that during a reload
_MOST_FILES = 200  # in one folder; more are not looked at
_MOST_NAMED = 8  # faults
_SOUNDS = Path(__file__).parent / "sounds"


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """A phrase: its text, empty if nobody wrote it down, its PCM16, and its language."""

    text: str
    sound: bytes
    language: str


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
    own = _OwnFolder(folder, faults)
    wanted: dict[str, bool] = {}  # whether it is listed
    for tags, is_listed in ((listed, True), (others, False)):
        for tag in tags:
            found = spoken_as(tag, available(own.names, listed=is_listed))
            if found is None:
                faults.append(f"there are no phrases in the language {tag}")
            else:
                wanted[found] = wanted.get(found, False) or is_listed
    phrases = {}
    for language, is_listed in wanted.items():
        there = available((), listed=is_listed)
        phrases[language] = found_in = dict[Phrase, SpokenPhrase]()
        for each in reversed([*beginnings(language)]):
            found_in |= _built_in(each) if each in there else {}
            found_in |= own.of(each)
        faults += _missing(language, found_in)
    return LoadedPhrases(PhraseBook(phrases), _bounded(faults))


def faults_of_folder(tags: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return a text for each thing in an operator's folder that could not be used for these tags."""
    faults: list[str] = []
    own = _OwnFolder(folder, faults)
    for tag in tags:
        found = {phrase for each in beginnings(tag) for phrase in own.of(each)}
        language = spoken_as(tag, own.names)
        if language is not None and spoken_as(tag, LANGUAGES) is None:
            faults += _missing(language, found)
    return _bounded(faults)


def _missing(language: str, found: Collection[Phrase]) -> list[str]:
    missing = [phrase.value for phrase in Phrase if phrase not in found]
    return [f"{language}: these phrases are missing: {', '.join(missing)}"] if missing else []


def _bounded(faults: list[str]) -> tuple[str, ...]:
    more = len(faults) - _MOST_NAMED
    return (*faults[:_MOST_NAMED], f"and {more} more") if more > 0 else tuple(faults)


def available(own: Collection[str], *, listed: bool) -> frozenset[str]:
    """The languages that may be spoken: those of edged, and an operator's `own`.

    `listed`: also those that nobody has listened to.
    """
    return frozenset({*own, *(each for each in LANGUAGES if listed or each not in UNHEARD)})


def own_languages(folder: str) -> Collection[str]:
    """The languages for which an operator's folder has a folder of its own."""
    return _OwnFolder(folder, []).names


@cache
def _built_in(language: str) -> Mapping[Phrase, SpokenPhrase]:
    """The phrases that edged brings along. One whose file is damaged is missing."""
    found = {}
    for phrase, texts in TEXTS.items():
        try:
            sound = sound_of(read(_SOUNDS / language / f"{phrase}.wav", MOST_BYTES), LONGEST_S)
        except (OSError, ValueError):
            continue
        found[phrase] = SpokenPhrase(texts[language], sound, language)
    return found


class _OwnFolder:
    """An operator's folder, read once for each language. What cannot be used goes to `faults`."""

    def __init__(self, folder: str, faults: list[str]) -> None:
        """`folder`: its path; empty: there is none."""
        self._base, self._faults = Path(folder), faults
        self._left = pcm.PCM16.bytes_of(1000 * MOST_OWN_S)
        self._read: dict[str, Mapping[Phrase, SpokenPhrase]] = {}
        self.names = self._folders() if folder else {}
        """The names of the folders by their languages."""

    def of(self, language: str) -> Mapping[Phrase, SpokenPhrase]:
        """The phrases of the folder for this language alone."""
        if language in self.names and language not in self._read:
            self._read[language] = dict(self._phrases(self._base / self.names[language], language))
        return self._read.get(language, {})

    def _folders(self) -> dict[str, str]:
        try:
            names = [each.name for each in islice(self._base.iterdir(), _MOST_FILES) if each.is_dir()]
        except FileNotFoundError:
            if str(self._base) != FOLDER:
                self._faults.append(f"{self._base}: there is no such folder")
            return {}
        except (OSError, ValueError) as error:
            self._faults.append(f"{self._base}: {_why(error)}")
            return {}
        return {plain(name): name for name in sorted(names) if is_tag(plain(name))}

    def _phrases(self, folder: Path, language: str) -> Iterator[tuple[Phrase, SpokenPhrase]]:
        known = {phrase.value: phrase for phrase in Phrase}
        try:
            files = sorted(islice(folder.iterdir(), _MOST_FILES))
        except OSError as error:
            self._faults.append(f"{folder}: {_why(error)}")
            return
        for file in files:
            if file.suffix.lower() != ".wav":
                continue
            if file.stem not in known:
                near = get_close_matches(file.stem[:40], known, n=1)
                hint = f" (did you mean {near[0]}.wav?)" if near else ""
                self._faults.append(f"{file}: there is no such phrase{hint}")
                continue
            phrase = known[file.stem]
            try:
                sound = self._fitting(sound_of(read(file, MOST_BYTES), LONGEST_S))
            except (OSError, ValueError) as error:
                self._faults.append(f"{file}: {_why(error)}")
            else:
                texts = TEXTS[phrase]
                spoken = _text(file, texts.get(spoken_as(language, texts) or "", ""))
                yield phrase, SpokenPhrase(spoken, sound, language)

    def _fitting(self, sound: bytes) -> bytes:
        if not sound:
            raise ValueError("it has no sound")
        if len(sound) > self._left:
            raise ValueError(f"all recordings together are longer than {MOST_OWN_S:g} s")
        self._left -= len(sound)
        return sound


def _text(file: Path, otherwise: str) -> str:
    """The text beside an operator's file, on one line."""
    try:
        return " ".join(read(file.with_suffix(".txt"), MOST_TEXT).decode().split())
    except (OSError, ValueError):
        return otherwise


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
