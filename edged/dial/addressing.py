"""The addresses of Azure, Azure Voice Live and Portkey, with different places for the model and the key. Pure.

Rules:
- Azure: an address without a path gets one. With an API version it is the preview's path, where the parameter
  `deployment` names the model. Without an API version it is the GA path, where the parameter is `model`.
- Azure Voice Live: an address without a path gets one. Its API version is always sent.
- Portkey: at api.portkey.ai the key goes into a Portkey header, at aigw.portkey.ai into Authorization. Any other host
  counts as the open-source gateway. That gateway knows no Portkey keys: there the key is the provider's own. An
  enterprise's own Portkey gets its key by `headers`.

Sources: the vendors' SDKs (openai, portkey-ai), and Portkey's gateway, which was run. Hosted services were not tried.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl

from edged.wire import Dialect

AZURE_GA, AZURE_PREVIEW = "/openai/v1/realtime", "/openai/realtime"
VOICE_LIVE, VOICE_LIVE_VERSION = "/voice-live/realtime", "2026-04-10"
PORTKEY_HOST, PORTKEY_NEW_HOST = "portkey.ai", "aigw.portkey.ai"


@dataclass(frozen=True, slots=True)
class AzureRoute:
    """`token` is an Entra ID token, sent instead of a key. `api_version` selects the preview."""

    api_version: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PortkeyRoute:
    """What Portkey gets in addition to its key. `authorization` is the whole header for the provider behind Portkey."""

    provider: str = ""
    custom_host: str = ""
    trace_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    virtual_key: str = field(default="", repr=False)
    config: str = field(default="", repr=False)  # an id, or JSON that may contain a key
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """The address, headers and query of one service.

    `model_as` is the query parameter for the model; empty: the session names it. `lacks` describes what is missing;
    empty where nothing is.
    """

    address: SplitResult
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    model_as: str = "model"
    dialect: Dialect | None = None
    lacks: str = ""


def azure_preview(path: str, api_version: str) -> bool:
    """Whether this leads to the preview: by the path, or without a path by the version."""
    return bool(api_version) if path in ("", "/") else path.rstrip("/").endswith(AZURE_PREVIEW)


def azure_target(address: SplitResult, with_key: Mapping[str, str], azure: AzureRoute) -> Target:
    preview = azure_preview(address.path, azure.api_version)
    if address.path in ("", "/"):
        address = address._replace(path=AZURE_PREVIEW if preview else AZURE_GA)
    headers, lacks = _azure_key("azure", with_key, azure)
    if not preview:
        return Target(address, headers, dialect=Dialect.GA, lacks=lacks)
    query = {"api-version": azure.api_version} if azure.api_version else {}
    return Target(address, headers, query, "deployment", Dialect.BETA, lacks)


def voice_live_target(address: SplitResult, with_key: Mapping[str, str], azure: AzureRoute) -> Target:
    if address.path in ("", "/"):
        address = address._replace(path=VOICE_LIVE)
    headers, lacks = _azure_key("azure-voice-live", with_key, azure)
    version = dict(parse_qsl(address.query)).get("api-version", VOICE_LIVE_VERSION)
    return Target(address, headers, {"api-version": azure.api_version or version}, lacks=lacks)


def _azure_key(name: str, with_key: Mapping[str, str], azure: AzureRoute) -> tuple[Mapping[str, str], str]:
    """The headers with the key or the token, and what is missing."""
    if azure.token:
        return {"Authorization": f"Bearer {azure.token}"}, ""
    if with_key:
        return with_key, ""
    return {}, f"provider.api_key_file: {name} needs a key (or provider.azure.token_file)"


def hosted_by_portkey(host: str) -> bool:
    return host == PORTKEY_HOST or host.endswith(f".{PORTKEY_HOST}")


def portkey_target(
    address: SplitResult, key: str, with_key: Mapping[str, str], portkey: PortkeyRoute
) -> Target:
    """`with_key` has the key as the hosted service wants it."""
    values = {
        "x-portkey-virtual-key": portkey.virtual_key,
        "x-portkey-provider": portkey.provider,
        "x-portkey-config": portkey.config,
        "x-portkey-custom-host": portkey.custom_host,
        "x-portkey-trace-id": portkey.trace_id,
        "x-portkey-metadata": json.dumps(dict(portkey.metadata)) if portkey.metadata else "",
        "Authorization": portkey.authorization,
    }
    headers = {name: text for name, text in values.items() if text}
    host, lacks = address.hostname or "", ""
    if not hosted_by_portkey(host):
        if key:
            headers.setdefault("Authorization", f"Bearer {key}")
        elif not (portkey.config or portkey.authorization):
            lacks = (
                "provider.api_key_file: the gateway needs the provider's own key (or provider.portkey.config)"
            )
    elif not key:
        lacks = "provider.api_key_file: portkey needs a key; put it in a file and name the file here"
    elif host == PORTKEY_NEW_HOST and not portkey.authorization:
        headers["Authorization"] = f"Bearer {key}"
    else:
        headers |= with_key
    return Target(address, headers, lacks=lacks)
