"""The address of the configured service, for the daemon's link and for the relay."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from edged.config import Config, Secret, read_text
from edged.dial.addressing import AzureRoute, PortkeyRoute
from edged.dial.endpoint import Endpoint, endpoint
from edged.dial.providers import PROVIDERS
from edged.errors import LinkError
from edged.system.redactor import REDACTOR, is_secret
from edged.wire import Dialect

KEY_FROM = 16  # characters; a value without a secret's name counts as a key from this length on
# Words that are not secrets, although a header with a secret's name may contain them: schemes and names of providers.
_NO_SECRETS = frozenset(
    {"apikey", "api-key", "basic", "bearer", "digest", "negotiate", "oauth", "oauth2", "token", *PROVIDERS}
)


def configured_dialect(config: Config) -> Dialect | None:
    """Return the configured dialect, or None if evidence decides."""
    return None if config.provider.dialect == "auto" else Dialect(config.provider.dialect)


def service(config: Config, key: Secret | None, *, seen: Dialect | None = None, model: str = "") -> Endpoint:
    """Return the endpoint to dial now. A token is read from its file each time.

    `seen` is the dialect that the evidence supports. `model` replaces the configured model.

    Raises:
        ConfigError: a required setting is missing, or the key would travel unencrypted.
        LinkError: (key_refused) the token's file holds no token. A later attempt may find one.
    """
    token_file = _token_file(config)
    return _endpoint(config, key, seen, model, _token(token_file) if token_file else "")


def planned(config: Config, key: Secret | None) -> Endpoint:
    """Return the endpoint as far as the configuration describes it, to check it and prepare for it. Never dial it.

    Raises:
        ConfigError: as `service` does.
    """
    token_file = _token_file(config)
    return _endpoint(config, key, None, "", "not-read-yet" if token_file else "")


def _token_file(config: Config) -> str:
    return config.provider.azure.token_file if config.provider.name in ("azure", "azure-voice-live") else ""


def _endpoint(config: Config, key: Secret | None, seen: Dialect | None, model: str, token: str) -> Endpoint:
    provider, portkey = config.provider, config.provider.portkey
    REDACTOR.add([*secrets(config), key.reveal() if key is not None else "", token])
    REDACTOR.add_beside(_beside(config))
    return endpoint(
        provider.name,
        url=provider.url,
        model=model or provider.model,
        key=key.reveal() if key is not None else "",
        headers={name: value.reveal() for name, value in provider.headers.items()},
        query=provider.query,
        dialect=configured_dialect(config) or seen,
        azure=AzureRoute(api_version=provider.azure.api_version, token=token),
        portkey=PortkeyRoute(
            provider=portkey.provider,
            custom_host=portkey.custom_host,
            trace_id=portkey.trace_id,
            metadata=portkey.metadata,
            virtual_key=portkey.virtual_key.reveal(),
            config=portkey.config.reveal(),
            authorization=portkey.authorization.reveal(),
        ),
        ca_file=provider.ca_file,
        proxy=provider.proxy.reveal(),
    )


def secrets(config: Config) -> Iterator[str]:
    """Yield the keys that the configuration itself contains.

    A value of headers, query or metadata is a key if its name says so, however short it is. Without such a name, a
    short value is a name, not a key.
    """
    provider = config.provider
    portkey = provider.portkey
    for secret in (provider.api_key, portkey.virtual_key, portkey.config, portkey.authorization):
        yield from _parts(secret.reveal())
    yield from _within(portkey.config.reveal())
    headers = {name: header.reveal() for name, header in provider.headers.items()}
    for name, text in (*headers.items(), *provider.query.items(), *portkey.metadata.items()):
        yield from (part for part in _parts(text) if is_secret(name) or len(part) >= KEY_FROM)
    for url in (provider.proxy.reveal(), provider.url, portkey.custom_host):
        yield from _of_address(url)


def _beside(config: Config) -> Iterator[tuple[str, str]]:
    """Yield each secret name with its value. Near its name, a value of any length is masked."""
    provider = config.provider
    headers = {name: header.reveal() for name, header in provider.headers.items()}
    for name, text in (*headers.items(), *provider.query.items(), *provider.portkey.metadata.items()):
        if is_secret(name):
            yield from ((name, part) for part in {text, text.rpartition(" ")[2]})
    yield "api_key", provider.api_key.reveal()


def _parts(text: str) -> Iterator[str]:
    """Yield a header's value, and the key in it: `Bearer KEY`, `session=KEY; other=KEY`."""
    parts = [text, text.rpartition(" ")[2]]
    parts += [part.strip().partition("=")[2] for part in text.split(";") if "=" in part]
    yield from (part for part in parts if part.casefold() not in _NO_SECRETS)


def _within(text: str) -> Iterator[str]:
    """Yield the keys in a Portkey config, if it is JSON and not an id."""
    try:
        found: list[tuple[str, Any]] = [("", json.loads(text))] if text.startswith("{") else []
    except (ValueError, RecursionError):  # reported elsewhere
        return
    while found:
        name, value = found.pop()
        match value:
            case dict():
                found += [(str(inner), each) for inner, each in value.items()]
            case list():
                found += [(name, each) for each in value]
            case str() if is_secret(name) or len(value) >= KEY_FROM:
                yield from _parts(value)


def _of_address(url: str) -> Iterator[str]:
    """Yield the password before the host, and the parameters whose names say that they are secret."""
    _, _, way = url.partition("//")
    if "@" in way:
        name, _, password = way.rpartition("@")[0].partition(":")
        yield from (password, unquote(password), f"{unquote(name)}:{unquote(password)}")
    for name, value in parse_qsl(way.partition("?")[2]):
        if is_secret(name):
            yield value


def _token(path: str) -> str:
    """Return the token from a file that another program keeps fresh. No error message contains its text."""
    where = f"provider.azure.token_file: {path}"
    try:
        token = read_text(Path(path)).strip()
    except OSError as error:
        raise LinkError(f"{where}: {error.strerror or 'cannot be read'}", "key_refused") from error
    except ValueError:
        raise LinkError(f"{where}: contains no text", "key_refused") from None
    if not token or len(token.split()) > 1 or not (token.isascii() and token.isprintable()):
        raise LinkError(f"{where}: contains no token (write it on one line, without spaces)", "key_refused")
    return token
