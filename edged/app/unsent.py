"""Names what the configuration asks for and the configured service does not have: settings, and a dialect."""

from collections.abc import Mapping

from edged.app.settings import session_settings, turn_mode
from edged.config import Config
from edged.config.problem import DEFAULT
from edged.dial.providers import PROVIDERS
from edged.wire.settings import ROWS, UNSET

# The keys under `provider` of the settings that a service may lack.
_KEYS = {
    "speed": "provider.speed",
    "temperature": "provider.temperature",
    "transcription": "provider.transcription",
    "max_output_tokens": "provider.session.max_tokens",
    "noise_reduction": "provider.session.noise_reduction",
    "truncation": "provider.session.truncation",
    "reasoning": "provider.session.reasoning",
    "prompt": "provider.session.prompt_id",
}


def warnings(config: Config, origins: Mapping[str, str] | None = None) -> list[str]:
    """Return one text for each, beginning with the place of its key if that is known."""
    name = config.provider.name
    row = PROVIDERS[name]
    asked = session_settings(config, turn_mode(config))
    places = {key: f"{place}: " for key, place in (origins or {}).items() if place != str(DEFAULT)}
    found = [
        f"{places.get(key, '')}{key}: {name} has no such setting, so edged does not send it"
        for setting, key in _KEYS.items()
        # Where the service may turn out to speak the other dialect, that dialect may have the setting.
        if (setting in row.shape.keys or row.shape.dialect is not None)
        and ROWS[setting].key(row.dialect, row.shape) is None
        and getattr(asked, setting) is not UNSET
    ]
    only = row.shape.dialect
    if only is not None and config.provider.dialect not in ("auto", only.value):
        key = "provider.dialect"
        found.append(f"{places.get(key, '')}{key}: {name} speaks {only.value} only, so edged speaks that")
    return found
