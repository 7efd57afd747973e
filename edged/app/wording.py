"""Decides which of the service's words a kiosk's log may repeat: wire/words.py, with the configured names."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from edged.config import Config
from edged.dial.providers import PROVIDERS
from edged.system.journal import set_level
from edged.system.redactor import REDACTOR, is_secret
from edged.wire.words import Words


def wording(config: Config) -> Words:
    """Return the filter for the service's words. It also filters the stacks of bugs."""
    words = Words(names(config), REDACTOR.redacted)
    words.transcripts = REDACTOR.quotes = config.log.transcripts == "journal"
    REDACTOR.filter_own, REDACTOR.filter_service = words.unsaid, words.filtered
    return words


def adopted(config: Config, words: Words) -> None:
    """Let the log follow this configuration from now on."""
    set_level(config.log.level)
    words.know(names(config))
    words.transcripts = REDACTOR.quotes = config.log.transcripts == "journal"


def names(config: Config) -> Iterator[str]:
    """Yield configured names that help to understand an error from the service, and that are not speech."""
    provider, row = config.provider, PROVIDERS[config.provider.name]
    yield from (provider.name, provider.model or row.model, provider.voice, provider.transcription)
    yield from (provider.session.language, provider.session.prompt_id, provider.azure.api_version)
    yield from (provider.portkey.provider, provider.portkey.trace_id, *provider.portkey.metadata)
    for url in (provider.url or row.url, provider.portkey.custom_host):
        yield _host(url)
    yield from (*provider.headers, *provider.query)
    yield from (value for name, value in provider.query.items() if not is_secret(name))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
