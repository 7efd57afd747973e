"""Where the configured service is, for whoever dials it: the daemon's link, or the relay."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from edged.config import Config, Secret, read_text
from edged.dial.addressing import AzureRoute, PortkeyRoute
from edged.dial.providers import PROVIDERS, Endpoint, endpoint
from edged.errors import LinkError
from edged.system.redactor import REDACTOR, is_secret
from edged.wire import Dialect

KEY_FROM = 16  # characters
# What headers with the name of a secret may hold that is none: how it is shown, and to whom.
_NO_SECRETS = frozenset(
    {"apikey", "api-key", "basic", "bearer", "digest", "negotiate", "oauth", "oauth2", "token", *PROVIDERS}
)


def configured_dialect(config: Config) -> Dialect | None:
    """None when evidence is to decide."""
    return None if config.provider.dialect == "auto" else Dialect(config.provider.dialect)


def service(config: Config, key: Secret | None, *, seen: Dialect | None = None, model: str = "") -> Endpoint:
    """The endpoint as it is to be dialled now: a token is read from its file each time.

    `seen` is the dialect that evidence spoke for, `model` one to take instead of the configured.

    Raises:
        ConfigError: something needed is missing, or the key would travel in the open.
        LinkError: the token's file holds none (key_refused); a later attempt may find one.
    """
    token_file = config.provider.azure.token_file if config.provider.name == "azure" else ""
    return _endpoint(config, key, seen, model, _token(token_file) if token_file else "")


def planned(config: Config, key: Secret | None) -> Endpoint:
    """The endpoint as far as the configuration tells, to check it and to prepare for it; never to be dialled.

    Raises:
        ConfigError: as `service` does.
    """
    token_file = config.provider.azure.token_file if config.provider.name == "azure" else ""
    return _endpoint(config, key, None, "", "not-read-yet" if token_file else "")


def _endpoint(config: Config, key: Secret | None, seen: Dialect | None, model: str, token: str) -> Endpoint:
    provider, portkey = config.provider, config.provider.portkey
    REDACTOR.add([*_secrets(config), key.reveal() if key is not None else "", token])
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


def _secrets(config: Config) -> Iterator[str]:
    """What the configuration itself holds of keys.

    A text of headers, query and metadata is one by its name, however short; without such a name a short one is a name.
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
    """What has the name of a secret, with that name: found beside it, it needs no length."""
    provider = config.provider
    headers = {name: header.reveal() for name, header in provider.headers.items()}
    for name, text in (*headers.items(), *provider.query.items(), *provider.portkey.metadata.items()):
        if is_secret(name):
            yield from ((name, part) for part in {text, text.rpartition(" ")[2]})
    yield "api_key", provider.api_key.reveal()


def _parts(text: str) -> Iterator[str]:
    """A header's value, and the key in it: `Bearer KEY`, `session=KEY; other=KEY`."""
    parts = [text, text.rpartition(" ")[2]]
    parts += [part.strip().partition("=")[2] for part in text.split(";") if "=" in part]
    yield from (part for part in parts if part.casefold() not in _NO_SECRETS)


def _within(text: str) -> Iterator[str]:
    """What a configuration of Portkey's holds of keys, where it is JSON and no id."""
    try:
        found: list[tuple[str, Any]] = [("", json.loads(text))] if text.startswith("{") else []
    except (ValueError, RecursionError):  # told elsewhere
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
    """The password before the host, and parameters whose name says that they are secret."""
    _, _, way = url.partition("//")
    if "@" in way:
        name, _, password = way.rpartition("@")[0].partition(":")
        yield from (password, unquote(password), f"{unquote(name)}:{unquote(password)}")
    for name, value in parse_qsl(way.partition("?")[2]):
        if is_secret(name):
            yield value


def _token(path: str) -> str:
    """The token of a file that somebody else keeps fresh; its text is in no message."""
    where = f"provider.azure.token_file: {path}"
    try:
        token = read_text(Path(path)).strip()
    except OSError as error:
        raise LinkError(f"{where}: {error.strerror or 'can not be read'}", "key_refused") from error
    except ValueError:
        raise LinkError(f"{where}: holds no text", "key_refused") from None
    if not token or len(token.split()) > 1 or not (token.isascii() and token.isprintable()):
        raise LinkError(f"{where}: holds no token (one line, no blanks, is wanted)", "key_refused")
    return token
