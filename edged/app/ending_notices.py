"""Warns that configured models and features will end: in `config check`, in `edged status` and in the journal."""

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
UNSET_LOOK_S = 60.0  # how often to look whether the clock has been set
# Providers that use the maker's model names. Azure uses names of deployments, which end separately; `local` has no
# names.
_NAMED = frozenset({"openai", "portkey", "a15t", "cloudflare", "custom"})


@dataclass(frozen=True, slots=True)
class EndingSubject:
    """A model or feature (`what`) that the configuration asks for under `key`."""

    key: str
    what: str
    ending: Ending


def used(config: Config) -> tuple[EndingSubject, ...]:
    """Return everything that the configuration asks for and that has a known end, past or not."""
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
    """Return one text for each, beginning with the place of its key if that is known; none before the clock is set."""
    today = endings.day(wall)
    if today is None:
        return []
    places = {key: f"{place}: " for key, place in (origins or {}).items() if place != str(DEFAULT)}
    return [
        f"{places.get(each.key, '')}{each.key}: {each.what} {endings.in_words(each.ending, today)}"
        for each in used(config)
    ]


class EndingNotices:
    """The journal's part: `run` logs the warnings at the start, and then once a day."""

    def __init__(self, config: Config, wall: Callable[[], float]) -> None:
        self._config, self._wall = config, wall
        self._changed = asyncio.Event()

    def configure(self, config: Config) -> None:
        """Use this configuration from now on. New warnings are logged at once."""
        before, self._config = used(self._config), config
        if used(config) != before:
            self._changed.set()

    def snapshot(self) -> dict[str, object]:
        """This object's part of the kiosk's state."""
        return {"endings": warnings(self._config, self._wall())}

    async def run(self) -> None:
        """Run until cancelled."""
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
