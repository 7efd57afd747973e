"""The keys, headers and base addresses of a client, in the shapes of both SDKs. Pure.

Rules:
1. An argument wins over the environment, and the environment wins over the default of that SDK.
2. A header is sent only for what was given. Of headers with the same name in any case, the last one wins.
3. No header contains a line break: the text after it would be another header.
4. A service that a program names (service.py) gets no header of OpenAI's or of Portkey's own, and no key of theirs.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from edged.realtime.errors import MissingKeyError
from edged.realtime.given import NOT_GIVEN, NotGiven
from edged.realtime.service import Service, base_of, key_for, named, service_of
from edged.wire import Dialect

OPENAI_URL = "https://api.openai.com/v1"
PORTKEY_URL = "https://api.portkey.ai/v1"
PORTKEY_LOCAL_URL = "http://localhost:8787/v1"  # the default address of Portkey's own gateway
PORTKEY_MODEL = "portkey-default"
_PREFIX = "x-portkey-"

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Account:
    """`headers` contain the keys, so `repr` does not show them. `timeout_s` None means no limit.

    `accepted` maps a dialect that the service refused to the one that it accepted instead; a connection writes it.
    `service` is None for a plain service.
    """

    base_url: str
    websocket_base_url: str
    headers: Mapping[str, str] = field(repr=False)
    api_key: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    default_model: str | NotGiven = NOT_GIVEN
    timeout_s: float | NotGiven | None = NOT_GIVEN
    accepted: dict[Dialect, Dialect] = field(default_factory=dict)
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """What a program gave for key, addresses, timeout and service. None: not given; a timeout of None: no limit."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    websocket_base_url: str | None = None
    timeout: float | NotGiven | None = NOT_GIVEN
    service: str | None = None


def openai(
    env: Mapping[str, str],
    options: AccountOptions,
    *,
    organization: str | None = None,
    project: str | None = None,
    default_headers: Headers | None = None,
    default_query: Mapping[str, Any] | None = None,
) -> Account:
    """Read the arguments and the variables `OPENAI_*` as the openai SDK does.

    Raises:
        MissingKeyError: No key is given, and OPENAI_API_KEY is not set.
        ValueError: A header cannot be sent, or the service is unknown.
    """
    base = options.base_url or env.get("OPENAI_BASE_URL") or OPENAI_URL
    name = named(options.service, options.websocket_base_url or base)
    key = env.get("OPENAI_API_KEY") if options.api_key is None else options.api_key
    if name not in ("", "openai"):
        # A service that only the address shows is asked as before: with what the environment holds.
        found = options if options.service else replace(options, service=name, base_url=base, api_key=key)
        return _of_service(found, merged(default_headers), query_of(default_query or {}))
    if key is None:
        raise MissingKeyError('no key: give api_key= or set OPENAI_API_KEY (api_key="" sends none)')
    own = {
        "Authorization": f"Bearer {key.strip()}" if key else "",
        "OpenAI-Organization": organization or env.get("OPENAI_ORG_ID", ""),
        "OpenAI-Project": project or env.get("OPENAI_PROJECT_ID", ""),
    }
    headers = merged({name: value for name, value in own.items() if value}, default_headers)
    return Account(
        base,
        options.websocket_base_url or base,
        headers,
        key.strip(),
        query_of(default_query or {}),
        timeout_s=options.timeout,
    )


def portkey(
    env: Mapping[str, str],
    options: AccountOptions,
    others: Mapping[str, Any],
    forward_headers: Iterable[str] | None = None,
) -> Account:
    """Read the arguments, `PORTKEY_API_KEY` and `PORTKEY_PROXY` (or `PORTKEY_BASE_URL`) as portkey-ai does.

    `others` are all other arguments. Each becomes a header `x-portkey-...`; only `Authorization` and the names in
    `forward_headers` keep their own names. Objects are sent as JSON.

    Raises:
        MissingKeyError: The hosted service needs a key, and there is none.
        ValueError: A header cannot be sent, or the service is unknown.
    """
    forwarded = [_dashed(name).lower() for name in forward_headers or ()]
    headers: dict[str, str] = {}
    for name, value in others.items():
        text, dashed = _text(value), _dashed(name)
        if not text:
            continue
        if dashed.lower() == "authorization":
            headers["Authorization"] = text if text.startswith("Bearer ") else f"Bearer {text}"
        else:
            headers[dashed if dashed.lower() in forwarded else _PREFIX + dashed] = text
    given = options.base_url or env.get("PORTKEY_BASE_URL") or env.get("PORTKEY_PROXY") or ""
    name = named(options.service, options.websocket_base_url or given)
    if name not in ("", "portkey"):
        own = {each: value for each, value in headers.items() if not each.startswith(_PREFIX)}
        found = options if options.service else replace(options, service=name, base_url=given)
        return _of_service(found, own)
    key = (env.get("PORTKEY_API_KEY", "") if options.api_key is None else options.api_key).strip()
    base = given or (PORTKEY_URL if key else PORTKEY_LOCAL_URL)
    if base.rstrip("/") == PORTKEY_URL and not key:
        raise MissingKeyError("no key: give api_key= or set PORTKEY_API_KEY")
    if key:
        headers = {f"{_PREFIX}api-key": key, **headers}
    if forwarded:
        headers[f"{_PREFIX}forward-headers"] = ",".join(forwarded)
    return Account(
        base,
        options.websocket_base_url or base,
        merged(headers),
        key,
        default_model=PORTKEY_MODEL,
        timeout_s=options.timeout,
    )


def _of_service(
    options: AccountOptions, headers: Headers, query: Mapping[str, str] = MappingProxyType({})
) -> Account:
    """The account of a service that edged knows."""
    base = options.base_url or ""
    name = named(options.service, base)
    key = key_for(name, options.api_key)
    base = base or base_of(name)
    service = service_of(name, options.websocket_base_url or base, key)
    return Account(
        base,
        service.address,
        merged(service.headers, headers),
        key,
        query,
        timeout_s=options.timeout,
        service=service,
    )


def merged(*headers: Headers | None) -> dict[str, str]:
    """All headers together. Of headers with the same name in any case, the last one wins.

    Raises:
        ValueError: A header contains a line break or a NUL.
    """
    found: dict[str, tuple[str, str]] = {}
    for some in headers:
        for name, value in some.items() if isinstance(some, Mapping) else some or ():
            if any(mark in f"{name}{value}" for mark in "\r\n\0"):
                raise ValueError(f"header {name!r} contains a line break")
            found[name.lower()] = (name, str(value))
    return dict(found.values())


def query_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Query parameters as text, without those that are None or not given."""
    return {
        name: _text(value)
        for name, value in parameters.items()
        if value is not None and not isinstance(value, NotGiven)
    }


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _text(value: Any) -> str:
    match value:
        case None | NotGiven():
            return ""
        case bool():
            return str(value).lower()
        case Mapping():
            return json.dumps(dict(value))
        case list() | tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)
