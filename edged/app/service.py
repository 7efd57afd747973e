"""Where the configured service is, for whoever dials it: the daemon's link, or the relay."""

from edged.config import Config, Secret
from edged.realtime.providers import Endpoint, endpoint
from edged.wire import Dialect


def configured_dialect(config: Config) -> Dialect | None:
    """None when evidence is to decide."""
    return None if config.provider.dialect == "auto" else Dialect(config.provider.dialect)


def service(config: Config, key: Secret | None, *, seen: Dialect | None = None, model: str = "") -> Endpoint:
    """The endpoint. `seen` is the dialect that evidence spoke for, `model` one to take instead of the configured.

    Raises:
        ConfigError: something needed is missing, or the key would travel in the open.
    """
    provider = config.provider
    return endpoint(
        provider.name,
        url=provider.url,
        model=model or provider.model,
        key=key.reveal() if key is not None else "",
        headers={name: value.reveal() for name, value in provider.headers.items()},
        query=provider.query,
        dialect=configured_dialect(config) or seen,
    )
