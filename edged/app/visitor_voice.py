"""Gives the kiosk its voice: loads the phrases off the loop, and says which language a press asks for.

Rules:
1. The phrases of the languages in `visitor.languages`, and of those that buttons have, are loaded after the start and
   after a change of the configuration. Until then, and if the disk hangs, visitors hear the tones alone.
2. What cannot be used is logged once, with its reason, and stays among the troubles.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from edged.app.adapters import Ports
from edged.app.buttons import KioskButton
from edged.app.troubles import Trouble
from edged.causes import CAUSES, Phrase
from edged.config import Config
from edged.config.part import names_of
from edged.config.problem import DEFAULT
from edged.errors import DeviceError
from edged.phrases.languages import spoken_as
from edged.phrases.library import available, faults_of_folder, load, own_languages
from edged.phrases.speech import Manner, Speech
from edged.phrases.texts import UNHEARD
from edged.system.offload import OneAtATime

log = logging.getLogger(__name__)

LOAD_WITHIN_S = 30.0
AGAIN_S = 60.0  # somebody may have repaired the disk by then
# Where a press starts and another one ends, nobody holds the button.
_WITHOUT_HOLDING = {Phrase.HOLD_BUTTON: Phrase.PRESS_AND_SPEAK}


class _Wanted(NamedTuple):
    listed: tuple[str, ...]
    others: tuple[str, ...]
    folder: str


class VisitorVoice:
    """`run` is a task of its own; everything is called on the loop."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self.speech = Speech()
        self.speech.language_of = self._language_of
        self._disk = OneAtATime(ports.offload)
        self._changed = asyncio.Event()
        self._faults: tuple[str, ...] = ()
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        visitor = config.visitor
        self._languages = {f"buttons.{n}": each.language for n, each in enumerate(config.buttons, start=1)}
        self._wanted = _wanted(config)
        by_cause = {cause: Manner(manner) for cause, manner in visitor.causes.items()}
        instead = _WITHOUT_HOLDING if config.mode == "toggle" else {}
        self.speech.configure(Manner(visitor.voice), by_cause, instead, names_of(visitor.languages)[0])
        self._changed.set()

    def _language_of(self, by: object) -> str:
        return self._languages.get(by.name, "") if isinstance(by, KioskButton) else ""

    def troubles(self) -> Iterator[Trouble]:
        """Yield what is wrong with the phrases."""
        return (Trouble("phrases", "phrases_unusable", fault) for fault in self._faults)

    async def run(self) -> None:
        """Until cancelled: load what is wanted."""
        while True:
            self._changed.clear()
            is_late = not await self._load(self._wanted)
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S if is_late else None):
                    await self._changed.wait()

    async def _load(self, wanted: _Wanted) -> bool:
        try:
            loaded = await self._disk(load, *wanted, deadline_s=LOAD_WITHIN_S)
        except DeviceError as error:
            self._complain((str(error),))
            return False
        self.speech.book = loaded.book
        self._complain(loaded.faults)
        return True

    def _complain(self, faults: tuple[str, ...]) -> None:
        was, self._faults = self._faults, faults
        for fault in faults:
            if fault not in was:
                remedy = CAUSES["phrases_unusable"].remedy
                log.warning("%s. %s", fault, remedy, extra={"edged": {"cause": "phrases_unusable"}})


def _wanted(config: Config) -> _Wanted:
    visitor = config.visitor
    if visitor.voice == "tone" and set(visitor.causes.values()) <= {"tone"}:
        return _Wanted((), (), "")  # nothing is ever said
    others = tuple(dict.fromkeys(button.language for button in config.buttons if button.language))
    return _Wanted(names_of(visitor.languages), others, visitor.phrases_dir)


def faults(config: Config) -> tuple[str, ...]:
    """Load the phrases, and return what cannot be used of them. Blocks."""
    return load(*_wanted(config)).faults


def warnings(config: Config, origins: Mapping[str, str] | None = None) -> list[str]:
    """Return one text for each language that has no phrases on this machine, and for each recording that is no use."""
    wanted, found = _wanted(config), []
    own = own_languages(wanted.folder)
    keys = dict.fromkeys(wanted.listed, "visitor.languages")
    keys |= {each.language: f"buttons.{n}.language" for n, each in enumerate(config.buttons, start=1)}
    tags = [*dict.fromkeys((*wanted.listed, *wanted.others))]
    usable = [tag for tag in tags if spoken_as(tag, available(own, listed=tag in wanted.listed))]
    instead = f"{usable[0]} is spoken in its place" if usable else "visitors hear the tones alone"
    for tag in tags:
        if tag not in usable:
            unheard = tag not in wanted.listed and spoken_as(tag, UNHEARD) is not None
            why = "is spoken only if visitor.languages names it" if unheard else "has no phrases"
            found.append(f"{_place(keys[tag], origins)}{keys[tag]}: {tag} {why}, so {instead}")
    place = _place("visitor.phrases_dir", origins)
    faults = faults_of_folder(tags, wanted.folder)
    return [*found, *(f"{place}visitor.phrases_dir: {fault}" for fault in faults)]


def notes(config: Config, origins: Mapping[str, str] | None = None) -> list[str]:
    """Return one text for each language that nobody has listened to yet."""
    place = _place("visitor.languages", origins)
    return [
        f"{place}visitor.languages: nobody has listened to the phrases in {tag} yet: listen to them first"
        for tag in _wanted(config).listed
        if spoken_as(tag, UNHEARD) is not None
    ]


def _place(key: str, origins: Mapping[str, str] | None) -> str:
    place = (origins or {}).get(key, DEFAULT)
    return "" if str(place) == str(DEFAULT) else f"{place}: "
