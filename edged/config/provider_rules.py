"""What the keys of one provider mean together: what it needs, what it would refuse, what never fits.

Not here: what holds for every provider (rules.py), how each is asked (edged/dial/addressing.py).
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from edged.config.problem import Finding
from edged.config.provider import ProviderConfig

_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?")
_GA, _PREVIEW = "/openai/v1/realtime", "/openai/realtime"
_TOLD_BY_HEADER = {"x-portkey-virtual-key", "x-portkey-provider", "x-portkey-config"}


def of_provider(provider: ProviderConfig) -> Iterator[Finding]:
    """All that is wrong with what is asked of the provider named."""
    match provider.name:
        case "azure":
            yield from _azure(provider)
        case "portkey":
            yield from _portkey(provider)
        case "a15t":
            if provider.model and "/" not in provider.model:
                what = "does not name its maker (write it like openai/gpt-realtime-2.1)"
                yield Finding(("provider.model", "provider.name"), what)
        case _:
            pass
    for key, path in (
        ("provider.ca_file", provider.ca_file),
        ("provider.azure.token_file", provider.azure.token_file),
    ):
        if path and not path.startswith("/"):
            yield Finding((key,), "is not an absolute path (write /etc/edged/… or the like)")
    if provider.proxy and (wrong := _of_proxy(provider.proxy.reveal())):
        yield Finding(("provider.proxy",), wrong)


def _azure(provider: ProviderConfig) -> Iterator[Finding]:
    version, key = provider.azure.api_version, "provider.azure.api_version"
    if not provider.model and not provider.query.keys() & {"model", "deployment"}:
        what = "is missing: azure asks for the name of your deployment (write model: its name)"
        yield Finding(("provider.model", "provider.name", "provider.query"), what)
    if version and not _VERSION.fullmatch(version):
        yield Finding((key,), "is not a version of the API (write it like 2024-10-01-preview)")
        return
    path = _path(provider.url).rstrip("/")
    keys = (key, "provider.url", "provider.query")
    if version and path == _GA:
        what = f"the GA API has no version (remove it, or end the url with {_PREVIEW} for the preview)"
        yield Finding(keys, what)
    if path == _PREVIEW and not version and "api-version" not in provider.query:
        what = f"the preview needs its version (write 2024-10-01-preview, or end the url with {_GA})"
        yield Finding(keys, what)


def _portkey(provider: ProviderConfig) -> Iterator[Finding]:
    portkey = provider.portkey
    by_header = {header.lower() for header in provider.headers} & _TOLD_BY_HEADER
    keys = (
        "provider.portkey.provider",
        "provider.name",
        "provider.portkey.virtual_key",
        "provider.portkey.config",
        "provider.model",
        "provider.url",
        "provider.headers",
    )
    if _hosted(provider.url):
        if not (
            portkey.virtual_key
            or portkey.provider
            or portkey.config
            or by_header
            or provider.model.startswith("@")
        ):
            what = 'portkey is not told whom to ask (give provider: "@slug", or virtual_key, or config)'
            yield Finding(keys, what)
    elif not (portkey.provider or portkey.config or by_header - {"x-portkey-virtual-key"}):
        what = "a gateway of your own is not told whom to ask (give provider: openai, or config)"
        yield Finding(keys, what)
    yield from _portkey_texts(provider)


def _portkey_texts(provider: ProviderConfig) -> Iterator[Finding]:
    portkey = provider.portkey
    for field in ("provider", "custom_host", "trace_id"):
        text: str = getattr(portkey, field)
        if not (text.isascii() and text.isprintable()):
            yield Finding(
                (f"provider.portkey.{field}",), "has characters that no header can carry (use ASCII)"
            )
    if portkey.config.reveal().startswith("{") and not _is_object(portkey.config.reveal()):
        yield Finding(("provider.portkey.config",), 'is not JSON (write {"provider": "openai", …}, or an id)')
    if portkey.authorization and " " not in portkey.authorization.reveal().strip():
        what = "is the whole header and needs its scheme (write Bearer, a blank, the key)"
        yield Finding(("provider.portkey.authorization",), what)


def _of_proxy(proxy: str) -> str:
    """What is wrong with a proxy's address. It is not repeated: it may hold a password."""
    good = "(write http://host:port, or http://name:password@host:port)"
    try:
        parts = urlsplit(proxy)
        port = parts.port
    except ValueError:
        return f"is not an address {good}"
    if parts.scheme.startswith("socks"):
        return f"SOCKS is not spoken here: an HTTP proxy is wanted {good}"
    if parts.scheme != "http" or not parts.hostname or port == 0:
        return f"is not the address of an HTTP proxy {good}"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return f"goes on after the port {good}"
    if parts.username is not None and not parts.password:
        return f"has a name and no password {good}"
    return ""


def _hosted(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return True  # no address at all: reported as such
    return not url or host == "portkey.ai" or host.endswith(".portkey.ai")


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
