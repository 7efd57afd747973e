"""What of the configuration ends at the service, told to `config check`, `edged status` and the journal."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edged import endings
from edged.config import Config
from edged.config.problem import DEFAULT
from edged.dial.providers import PROVIDERS
from edged.endings import Ending

log = logging.getLogger(__name__)

AGAIN_S = 24 * 3600.0
UNSET_LOOK_S = 60.0  # how soon a clock that was not set is looked at again
# Where a model's name is the maker's: at Azure it is a deployment's, which has its own end, and `local` has none.
_NAMED = frozenset({"openai", "portkey", "a15t", "custom"})


@dataclass(frozen=True, slots=True)
class EndingSubject:
    """`what` of the service is asked for by `key`."""

    key: str
    what: str
    ending: Ending


def used(config: Config) -> tuple[EndingSubject, ...]:
    """All that is asked for and has a known end, whether or not it is past."""
    provider = config.provider
    if provider.name not in _NAMED:
        return ()
    model = provider.query.get("model") or provider.model or PROVIDERS[provider.name].model
    names = (("provider.model", model), ("provider.transcription", provider.transcription))
    found = [
        EndingSubject(key, name, end) for key, name in names if (end := endings.of_model(name)) is not None
    ]
    if provider.session.prompt_id:
        found.append(
            EndingSubject("provider.session.prompt_id", "a prompt kept at the service", endings.PROMPTS)
        )
    return tuple(found)


def warnings(config: Config, wall: float, origins: Mapping[str, str] | None = None) -> list[str]:
    """One text for each, beginning with the place of its key where that is given; none while the clock is not set."""
    today = endings.day(wall)
    if today is None:
        return []
    places = {key: f"{place}: " for key, place in (origins or {}).items() if place != str(DEFAULT)}
    return [
        f"{places.get(each.key, '')}{each.key}: {each.what} {endings.in_words(each.ending, today)}"
        for each in used(config)
    ]


class EndingNotices:
    """The journal's part: `run` tells at the start, and once a day from then on."""

    def __init__(self, config: Config, wall: Callable[[], float]) -> None:
        self._config, self._wall = config, wall
        self._changed = asyncio.Event()

    def configure(self, config: Config) -> None:
        """Go by this from now on; what is new in it is told at once."""
        before, self._config = used(self._config), config
        if used(config) != before:
            self._changed.set()

    def snapshot(self) -> dict[str, object]:
        """Its part of the kiosk's."""
        return {"endings": warnings(self._config, self._wall())}

    async def run(self) -> None:
        """Run for ever."""
        while True:
            self._changed.clear()
            for each in warnings(self._config, self._wall()):
                log.warning("%s", each, extra={"edged": {"event": "ending", "problem": each}})
            is_set = endings.day(self._wall()) is not None
            try:
                async with asyncio.timeout(AGAIN_S if is_set else UNSET_LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
