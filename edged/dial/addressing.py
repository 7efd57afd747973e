"""How Azure and Portkey are asked: they have several addresses each, and each wants its names elsewhere. Pure.

Rules:
- Azure: an address without a path gets one. With a version of the API it is the preview's, where the model is
  `deployment`; without, it is the GA path, where it is `model`.
- Portkey: at api.portkey.ai the key goes into a header of its own, at aigw.portkey.ai into Authorization. Any
  other host is taken for the open-source gateway, which knows no keys of Portkey's: there the key is the
  provider's own. An enterprise's own Portkey takes its key by `headers`.

Sources: the vendors' SDKs (openai, portkey-ai) and Portkey's gateway, which was run; the hosted services were not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from edged.wire import Dialect

AZURE_GA, AZURE_PREVIEW = "/openai/v1/realtime", "/openai/realtime"
PORTKEY_HOST, PORTKEY_NEW_HOST = "portkey.ai", "aigw.portkey.ai"


@dataclass(frozen=True, slots=True)
class AzureRoute:
    """`token` is one of Entra ID, sent instead of a key; `api_version` asks for the preview."""

    api_version: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PortkeyRoute:
    """What Portkey is told beside its key. `authorization` is the whole header, for the provider behind it."""

    provider: str = ""
    custom_host: str = ""
    trace_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    virtual_key: str = field(default="", repr=False)
    config: str = field(default="", repr=False)  # an id, or JSON that may hold a key
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """One service asked its way. `model_as` names the model's parameter; `lacks` is what is missing, in words."""

    address: SplitResult
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    model_as: str = "model"
    dialect: Dialect | None = None
    lacks: str = ""


def azure_preview(path: str, api_version: str) -> bool:
    """Whether this path, or none with this version, is the preview's."""
    return bool(api_version) if path in ("", "/") else path.rstrip("/").endswith(AZURE_PREVIEW)


def azure_target(address: SplitResult, key: str, azure: AzureRoute) -> Target:
    preview = azure_preview(address.path, azure.api_version)
    if address.path in ("", "/"):
        address = address._replace(path=AZURE_PREVIEW if preview else AZURE_GA)
    headers = {"api-key": key} if key else {}
    if azure.token:
        headers = {"Authorization": f"Bearer {azure.token}"}
    lacks = "" if headers else "provider.api_key_file: azure needs a key (or provider.azure.token_file)"
    if not preview:
        return Target(address, headers, dialect=Dialect.GA, lacks=lacks)
    query = {"api-version": azure.api_version} if azure.api_version else {}
    return Target(address, headers, query, "deployment", Dialect.BETA, lacks)


def hosted_by_portkey(host: str) -> bool:
    return host == PORTKEY_HOST or host.endswith(f".{PORTKEY_HOST}")


def portkey_target(address: SplitResult, key: str, portkey: PortkeyRoute) -> Target:
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
        headers["x-portkey-api-key"] = key
    return Target(address, headers, lacks=lacks)
