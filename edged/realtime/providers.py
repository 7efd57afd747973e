"""The services edged can talk to, as data: where they are, how they are asked, what they speak. Pure.

Hosted services were described by their own documents and were not reached from where this was written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from edged.errors import ConfigError
from edged.wire import Dialect

BETA_HEADER = ("OpenAI-Beta", "realtime=v1")


@dataclass(frozen=True, slots=True)
class Provider:
    """A row. `dialect` is what to begin with where the setting says auto; evidence decides."""

    url: str
    model: str
    dialect: Dialect
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    model_in_query: bool = True
    needs_key: bool = True


PROVIDERS = {
    "openai": Provider("wss://api.openai.com/v1/realtime", "gpt-realtime", Dialect.GA),
    "azure": Provider("", "", Dialect.GA, key_header="api-key", key_prefix=""),
    "portkey": Provider(
        "wss://api.portkey.ai/v1/realtime",
        "gpt-4o-realtime-preview",
        Dialect.BETA,
        key_header="x-portkey-api-key",
        key_prefix="",
    ),
    "a15t": Provider(
        "wss://api.platform.a15t.com/v1/realtime", "openai/gpt-4o-realtime-preview-2024-12-17", Dialect.BETA
    ),
    "local": Provider("ws://127.0.0.1:8765/v1/realtime", "local", Dialect.GA, needs_key=False),
    "custom": Provider("", "", Dialect.GA, needs_key=False),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect. `headers` hold the key and are kept out of its text form."""

    url: str
    dialect: Dialect
    headers: Mapping[str, str] = field(repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "wss"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.secure else 80)


def endpoint(
    name: str,
    *,
    url: str = "",
    model: str = "",
    key: str = "",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    dialect: Dialect | None = None,
) -> Endpoint:
    """The endpoint of provider `name`; empty values take the provider's own.

    Raises:
        ConfigError: something needed is missing, or the key would travel in the open.
    """
    provider = PROVIDERS[name]
    address = urlsplit(url or provider.url)
    problems = []
    if address.scheme not in ("ws", "wss") or not address.hostname:
        problems.append(f"provider.url: {url or 'nothing'!r} is not an address; good: wss://host/v1/realtime")
    if provider.needs_key and not key:
        problems.append(f"provider.api_key_file: {name} needs a key; put it in a file and name the file here")
    if key and address.scheme == "ws" and not _loopback(address.hostname or ""):
        problems.append("provider.url: ws:// would send the key in the open; use wss://")
    if problems:
        raise ConfigError(problems)
    wanted = dialect or provider.dialect
    parameters = dict(parse_qsl(address.query))
    if provider.model_in_query and (model or provider.model):
        parameters["model"] = model or provider.model
    parameters.update(query or {})
    sent = {provider.key_header: provider.key_prefix + key} if key else {}
    if wanted is Dialect.BETA:
        sent[BETA_HEADER[0]] = BETA_HEADER[1]
    sent.update(headers or {})
    return Endpoint(urlunsplit(address._replace(query=urlencode(parameters, quote_via=quote))), wanted, sent)


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
