"""Rules for the keys of one provider together: what it needs, what it would refuse, what never fits.

Other modules have the rules for every provider (rules.py) and the address of each (edged/dial/addressing.py).
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from edged.config.problem import Finding
from edged.config.provider import ProviderConfig

_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?")
WITHOUT_MODEL = {
    "litellm": "the name that LiteLLM's configuration gives the model",
    "localai": "the name of LocalAI's realtime pipeline",
    "speaches": "the name of the language model behind speaches",
}
RATES_HZ = (8000, 16_000, 24_000, 48_000)
_GA, _PREVIEW = "/openai/v1/realtime", "/openai/realtime"
_ROUTING_HEADERS = {"x-portkey-virtual-key", "x-portkey-provider", "x-portkey-config"}


def of_provider(provider: ProviderConfig) -> Iterator[Finding]:
    """All faults in the settings of the provider that is named."""
    match provider.name:
        case "azure":
            yield from _azure(provider)
        case "azure-voice-live":
            yield from _version(provider)
        case "portkey":
            yield from _portkey(provider)
        case "a15t":
            if provider.model and "/" not in provider.model:
                what = "does not name the maker of the model (write it like openai/gpt-realtime-2.1)"
                yield Finding(("provider.model", "provider.name"), what)
        case name if name in WITHOUT_MODEL and not provider.model and "model" not in provider.query:
            what = f"is missing: {name} needs {WITHOUT_MODEL[name]} (write model: NAME)"
            yield Finding(("provider.model", "provider.name", "provider.query"), what)
        case _:
            pass
    for key, path in (
        ("provider.ca_file", provider.ca_file),
        ("provider.azure.token_file", provider.azure.token_file),
    ):
        if path and not path.startswith("/"):
            yield Finding((key,), "is not an absolute path (write a path such as /etc/edged/…)")
    yield from _rates(provider)
    if provider.proxy and (wrong := _of_proxy(provider.proxy.reveal())):
        yield Finding(("provider.proxy",), wrong)


def _azure(provider: ProviderConfig) -> Iterator[Finding]:
    version, key = provider.azure.api_version, "provider.azure.api_version"
    if not provider.model and not provider.query.keys() & {"model", "deployment"}:
        what = "is missing: azure needs the name of your deployment (write model: NAME)"
        yield Finding(("provider.model", "provider.name", "provider.query"), what)
    if wrong := list(_version(provider)):
        yield from wrong
        return
    path = _path(provider.url).rstrip("/")
    keys = (key, "provider.url", "provider.query")
    if version and path == _GA:
        what = f"the GA API has no version (remove it, or for the preview end the url with {_PREVIEW})"
        yield Finding(keys, what)
    if path == _PREVIEW and not version and "api-version" not in provider.query:
        what = f"the preview needs its version (write 2024-10-01-preview, or end the url with {_GA})"
        yield Finding(keys, what)


def _rates(provider: ProviderConfig) -> Iterator[Finding]:
    session = provider.session
    for key, rate_hz in (
        ("input_rate_hz", session.input_rate_hz),
        ("output_rate_hz", session.output_rate_hz),
    ):
        if rate_hz is not None and rate_hz not in RATES_HZ:
            what = f"is not a rate that edged can use (write one of {', '.join(map(str, RATES_HZ))})"
            yield Finding((f"provider.session.{key}",), what)


def _version(provider: ProviderConfig) -> Iterator[Finding]:
    if provider.azure.api_version and not _VERSION.fullmatch(provider.azure.api_version):
        yield Finding(
            ("provider.azure.api_version",), "is not an API version (write it like 2024-10-01-preview)"
        )


def _portkey(provider: ProviderConfig) -> Iterator[Finding]:
    portkey = provider.portkey
    by_header = {header.lower() for header in provider.headers} & _ROUTING_HEADERS
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
            what = 'portkey does not know which provider to use (set provider: "@slug", or virtual_key, or config)'
            yield Finding(keys, what)
    elif not (portkey.provider or portkey.config or by_header - {"x-portkey-virtual-key"}):
        what = "your own gateway does not know which provider to use (set provider: openai, or config)"
        yield Finding(keys, what)
    yield from _portkey_texts(provider)


def _portkey_texts(provider: ProviderConfig) -> Iterator[Finding]:
    portkey = provider.portkey
    for field in ("provider", "custom_host", "trace_id"):
        text: str = getattr(portkey, field)
        if not (text.isascii() and text.isprintable()):
            yield Finding(
                (f"provider.portkey.{field}",), "has characters that are not allowed in a header (use ASCII)"
            )
    if portkey.config.reveal().startswith("{") and not _is_object(portkey.config.reveal()):
        yield Finding(("provider.portkey.config",), 'is not JSON (write {"provider": "openai", …}, or an id)')
    if portkey.authorization and " " not in portkey.authorization.reveal().strip():
        what = "has no scheme: it is the whole header (write Bearer, a space, the key)"
        yield Finding(("provider.portkey.authorization",), what)


def _of_proxy(proxy: str) -> str:
    """What is wrong with a proxy's address. The address is not repeated, because it may hold a password."""
    good = "(write http://host:port, or http://name:password@host:port)"
    try:
        parts = urlsplit(proxy)
        port = parts.port
    except ValueError:
        return f"is not an address {good}"
    if parts.scheme.startswith("socks"):
        return f"edged does not speak SOCKS and needs an HTTP proxy {good}"
    if parts.scheme != "http" or not parts.hostname or port == 0:
        return f"is not the address of an HTTP proxy {good}"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return f"has something after the port {good}"
    if parts.username is not None and not parts.password:
        return f"has a user name but no password {good}"
    return ""


def _hosted(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return True  # not an address, which is reported elsewhere
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
