"""The service behind a client, where it is a provider that edged knows. Pure.

Rules:
1. A program names the service, or the host of the base URL shows it (dial/recognised.py). Otherwise the service is
   plain, and nothing here applies.
2. A named service gets its own key only: never the key that the environment holds for OpenAI or for Portkey.
3. Without a base URL, the service is at its provider's own address. With one, the path of a connection is the
   provider's if it begins with the path of the base URL, or if the host is the provider's own. Otherwise `/realtime` is
   added, as for a plain service.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from edged.dial.addressing import AZURE_GA, AZURE_PREVIEW, VOICE_LIVE, AzureRoute
from edged.dial.endpoint import target_of
from edged.dial.provider import Provider
from edged.dial.providers import PROVIDERS
from edged.dial.recognised import recognised
from edged.realtime.errors import MissingKeyError
from edged.realtime.urls import REALTIME
from edged.wire import PLAIN, Dialect, Shape

_WHOLE = frozenset({"cloudflare"})  # their addresses do not end with /realtime
_SCHEMES = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Service:
    """`address` is that of a connection, `headers` contain the key, and `dialect` is the one to ask for; None: any.

    `model` is the usual model. `model_as` is the parameter that names it; empty: the session names it. `needs_model`
    describes the model where there is no usual one. Each connection has a new value for each of `fresh_query`.
    """

    name: str
    address: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str]
    fresh_query: tuple[str, ...]
    model: str
    model_as: str
    needs_model: str
    shape: Shape
    dialect: Dialect | None


def named(given: str | None, base: str) -> str:
    """The name of the service: the given one, or the one that the base URL shows; empty for a plain service.

    Raises:
        ValueError: There is no service of that name.
    """
    if given is None:
        return recognised(base)
    if given not in PROVIDERS:
        raise ValueError(f"service={given!r} is unknown; use one of {', '.join(PROVIDERS)}")
    return given


def key_for(name: str, given: str | None) -> str:
    """The key for a service that the program names.

    Raises:
        MissingKeyError: The service needs a key, and none is given.
    """
    if given is None and PROVIDERS[name].needs_key:
        raise MissingKeyError(f'no key: give api_key= for the service {name} (api_key="" sends none)')
    return (given or "").strip()


def base_of(name: str) -> str:
    """The base URL of a service: its provider's address without the path of a connection.

    Raises:
        ValueError: The provider has no address of its own.
    """
    address = urlsplit(PROVIDERS[name].url)
    if not address.hostname:
        raise ValueError(f"the service {name} has no address of its own: give base_url=")
    path = address.path.partition(f"/{REALTIME}")[0]
    return urlunsplit(address._replace(scheme=_SCHEMES[address.scheme], path=path))


def service_of(name: str, base: str, key: str) -> Service:
    """The service at a base URL. Raises ValueError if that is not an address."""
    row = PROVIDERS[name]
    split = urlsplit(base)
    query = dict(parse_qsl(split.query))
    version = query.get("api-version", "")
    address = split._replace(path=_path(name, base, row, versioned=bool(version)), query="")
    target = target_of(name, address, key, AzureRoute(api_version=version))
    return Service(
        name=name,
        address=urlunsplit(target.address),
        headers=target.headers,
        query={**query, **target.query},
        fresh_query=row.fresh_query,
        model=row.model,
        model_as=target.model_as,
        needs_model=row.needs_model,
        shape=row.shape,
        dialect=target.dialect or (None if row.shape == PLAIN else row.dialect),
    )


def _path(name: str, base: str, row: Provider, *, versioned: bool) -> str:
    """The path of a connection."""
    given = urlsplit(base).path.rstrip("/")
    match name:
        case "azure":
            usual = AZURE_PREVIEW if versioned else AZURE_GA
        case "azure-voice-live":
            usual = VOICE_LIVE
        case _:
            usual = urlsplit(row.url).path
    if name in _WHOLE or (usual and given == usual):
        return given
    if usual and (usual.startswith(f"{given}/") or recognised(base) == name):
        return usual
    return f"{given}/{REALTIME}"
