"""Where to connect, and how: the address, the headers and the dialect of a request, from a row and settings. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import uuid4

from edged.dial.addressing import (
    AzureRoute,
    PortkeyRoute,
    Target,
    azure_target,
    portkey_target,
    voice_live_target,
)
from edged.dial.dialects import asks_beta, headers_for
from edged.dial.provider import Provider
from edged.dial.providers import PROVIDERS
from edged.errors import ConfigError
from edged.hosts import is_loopback
from edged.wire import Dialect


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, and how. `headers` and `proxy` may hold secrets and are left out of the repr.

    `ca_file`: a PEM file with the only authorities to trust; empty: the machine's. `proxy`: http://…, or empty.
    """

    url: str
    dialect: Dialect
    headers: Mapping[str, str] = field(repr=False)
    provider: Provider = field(default=PROVIDERS["custom"], repr=False)
    ca_file: str = ""
    proxy: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "wss"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.secure else 80)


def fresh_value() -> str:
    """A value that no other connection has."""
    return f"edged-{uuid4().hex}"


def endpoint(
    name: str,
    *,
    url: str = "",
    model: str = "",
    key: str = "",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    dialect: Dialect | None = None,
    azure: AzureRoute | None = None,
    portkey: PortkeyRoute | None = None,
    ca_file: str = "",
    proxy: str = "",
    fresh: Callable[[], str] = fresh_value,
) -> Endpoint:
    """The endpoint of provider `name`. The provider's own values replace empty ones.

    `fresh()` gives the value of a parameter that no other connection has.

    Raises:
        ConfigError: a required value is missing, or the key would be sent unencrypted.
    """
    provider = PROVIDERS[name]
    address = urlsplit(url or provider.url)
    if problems := _of_address(address, url):
        raise ConfigError(problems)
    target = target_of(name, address, key, azure, portkey)
    own = headers or {}
    # A service refuses a header that comes twice, or takes the wrong one.
    replaced = {header.lower() for header in own}
    sent = {header: text for header, text in target.headers.items() if header.lower() not in replaced} | {
        **own
    }
    parameters = dict(parse_qsl(address.query)) | dict(target.query)
    chosen = model or provider.model
    if chosen and target.model_as:
        parameters[target.model_as] = chosen
    parameters |= query or {}
    parameters |= {name: fresh() for name in provider.fresh_query if name not in parameters}
    problems = _of_request(target, sent, parameters)
    if provider.needs_model and target.model_as not in parameters:
        problems.append(f"provider.model: {name} needs {provider.needs_model}")
    if problems:
        raise ConfigError(problems)
    asked_by_header = Dialect.BETA if asks_beta(own) else None  # the configured headers ask for beta
    wanted = dialect or asked_by_header or target.dialect or provider.dialect
    sent = headers_for(wanted, sent)
    at = urlunsplit(target.address._replace(query=urlencode(parameters, quote_via=quote), fragment=""))
    return Endpoint(at, wanted, sent, provider, ca_file, proxy)


def target_of(
    name: str,
    address: SplitResult,
    key: str,
    azure: AzureRoute | None = None,
    portkey: PortkeyRoute | None = None,
) -> Target:
    """Where provider `name` is, and how it gets its key."""
    row = PROVIDERS[name]
    headers, query = row.with_key(key)
    match name:
        case "azure":
            return azure_target(address, headers, azure or AzureRoute())
        case "azure-voice-live":
            return voice_live_target(address, headers, azure or AzureRoute())
        case "portkey":
            return portkey_target(address, key, headers, portkey or PortkeyRoute())
    needs = f"provider.api_key_file: {name} needs a key; put it in a file and name the file here"
    model_as = "" if row.shape.model_in_session else "model"
    return Target(
        address, headers, {**row.query, **query}, model_as, lacks=needs if row.needs_key and not key else ""
    )


def _of_address(address: SplitResult, given: str) -> list[str]:
    """The problems of an address. An address with a password in it is not repeated."""
    if "@" in address.netloc:
        return ["provider.url: contains a name or a password; use provider.api_key_file or provider.headers"]
    if address.scheme not in ("ws", "wss") or not address.hostname:
        return [
            f"provider.url: {given or 'nothing'!r} is not an address; write it like wss://host/v1/realtime"
        ]
    return []


def _of_request(target: Target, sent: Mapping[str, str], parameters: Mapping[str, str]) -> list[str]:
    problems = [target.lacks] if target.lacks else []
    if target.model_as == "deployment" and "api-version" not in parameters:
        problems.append("provider.azure.api_version: the preview needs one, such as 2024-10-01-preview")
    if sent and target.address.scheme == "ws" and not is_loopback(target.address.hostname or ""):
        problems.append("provider.url: ws:// would send the key unencrypted; use wss://")
    problems += [
        f"provider.headers: {name} has characters that no header can carry"
        for name, text in sent.items()
        if not (text.isascii() and text.isprintable())
    ]
    return problems
