"""Who asks whom: the keys, headers and base addresses of a client, in the shapes of both SDKs. Pure.

Rules:
1. What is given counts, else the environment, else the default of that SDK.
2. A header is sent for what was given only; of headers with one name the later counts, whatever its case.
3. No header holds a line break: what follows one would be another header.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.realtime.errors import MissingKeyError
from edged.realtime.given import NOT_GIVEN, NotGiven
from edged.wire import Dialect

OPENAI_URL = "https://api.openai.com/v1"
PORTKEY_URL = "https://api.portkey.ai/v1"
PORTKEY_LOCAL_URL = "http://localhost:8787/v1"  # where Portkey's own gateway listens
PORTKEY_MODEL = "portkey-default"
_PREFIX = "x-portkey-"

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Account:
    """`headers` hold the keys and are kept out of its text form. `timeout_s` None: no limit.

    `accepted`: what a service that had refused a dialect took instead; written by whoever finds out.
    """

    base_url: str
    websocket_base_url: str
    headers: Mapping[str, str] = field(repr=False)
    api_key: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    default_model: str | NotGiven = NOT_GIVEN
    timeout_s: float | NotGiven | None = NOT_GIVEN
    accepted: dict[Dialect, Dialect] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """What a program gave of the key, of where to ask and of its patience; None: it gave none."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    websocket_base_url: str | None = None
    timeout: float | NotGiven | None = NOT_GIVEN


def openai(
    env: Mapping[str, str],
    options: AccountOptions,
    *,
    organization: str | None = None,
    project: str | None = None,
    default_headers: Headers | None = None,
    default_query: Mapping[str, Any] | None = None,
) -> Account:
    """As the openai SDK reads its arguments and `OPENAI_*`.

    Raises:
        MissingKeyError: no key is given, and OPENAI_API_KEY is not set.
        ValueError: a header cannot be sent.
    """
    key = env.get("OPENAI_API_KEY") if options.api_key is None else options.api_key
    if key is None:
        raise MissingKeyError('no key: give api_key= or set OPENAI_API_KEY (api_key="" asks without one)')
    base = options.base_url or env.get("OPENAI_BASE_URL") or OPENAI_URL
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
    """As portkey-ai reads its arguments, `PORTKEY_API_KEY` and `PORTKEY_PROXY` (or `PORTKEY_BASE_URL`).

    `others` are all other arguments: each is a header `x-portkey-...`, but `Authorization` and what
    `forward_headers` names, which go by their own names. Objects are sent as JSON.

    Raises:
        MissingKeyError: the hosted service is asked, and there is no key.
        ValueError: a header cannot be sent.
    """
    key = (env.get("PORTKEY_API_KEY", "") if options.api_key is None else options.api_key).strip()
    base = options.base_url or env.get("PORTKEY_BASE_URL") or env.get("PORTKEY_PROXY")
    base = base or (PORTKEY_URL if key else PORTKEY_LOCAL_URL)
    if base.rstrip("/") == PORTKEY_URL and not key:
        raise MissingKeyError("no key: give api_key= or set PORTKEY_API_KEY")
    forwarded = [_dashed(name).lower() for name in forward_headers or ()]
    headers: dict[str, str] = {f"{_PREFIX}api-key": key} if key else {}
    for name, value in others.items():
        text, dashed = _text(value), _dashed(name)
        if not text:
            continue
        if dashed.lower() == "authorization":
            headers["Authorization"] = text if text.startswith("Bearer ") else f"Bearer {text}"
        else:
            headers[dashed if dashed.lower() in forwarded else _PREFIX + dashed] = text
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


def merged(*headers: Headers | None) -> dict[str, str]:
    """The headers of all, under the names they were last given.

    Raises:
        ValueError: one has a line break in it.
    """
    found: dict[str, tuple[str, str]] = {}
    for some in headers:
        for name, value in some.items() if isinstance(some, Mapping) else some or ():
            if any(mark in f"{name}{value}" for mark in "\r\n\0"):
                raise ValueError(f"header {name!r}: there is a line break in it")
            found[name.lower()] = (name, str(value))
    return dict(found.values())


def query_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Query parameters as text; None and what is not given are left out."""
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
