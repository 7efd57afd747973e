"""The services that edged can talk to, as data: their addresses, their requests, their dialects. Pure.

The facts about hosted services come from their documents. The services themselves were not tried.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from edged.dial.addressing import AzureRoute, PortkeyRoute, Target, azure_target, portkey_target
from edged.dial.dialects import asks_beta, headers_for
from edged.errors import ConfigError
from edged.hosts import is_loopback
from edged.wire import Dialect


@dataclass(frozen=True, slots=True)
class Provider:
    """A row.

    `dialect` is the one to begin with where the setting is auto; the service's answer then decides. `session_s` is the
    longest session; None where only `expires_at` of the session says it. `slots` is how many sessions one key may have
    at the same time: with two, the next socket can open before the old one closes. `remedies` are the provider's own
    remedies, by the id of a cause.
    """

    url: str
    model: str
    dialect: Dialect
    needs_key: bool = True
    session_s: int | None = None
    slots: int = 1
    remedies: Mapping[str, str] = field(default_factory=dict)


PROVIDERS = {
    "openai": Provider(
        "wss://api.openai.com/v1/realtime",
        "gpt-realtime-2.1",
        Dialect.GA,
        session_s=3600,  # 15 min in 2024, 30 in 2025
        slots=2,
        remedies={
            "key_refused": "create a key at platform.openai.com/api-keys; a project's key needs access to Realtime",
            "quota_exceeded": "add credit at platform.openai.com/settings/organization/billing",
            "model_refused": "the key's project may not have this model: platform.openai.com/settings",
        },
    ),
    "azure": Provider(
        "",
        "",
        Dialect.GA,
        session_s=1800,
        slots=2,
        remedies={
            "key_refused": "the key belongs to another resource, or the token has expired or lacks the role"
            " Cognitive Services OpenAI User",
            "model_refused": "`provider.model` must be the name of your deployment, not of the model;"
            " and the resource must be in a region with realtime models",
        },
    ),
    "portkey": Provider(
        "wss://api.portkey.ai/v1/realtime",
        "gpt-realtime-2.1",
        Dialect.BETA,
        slots=2,
        remedies={
            "key_refused": "either Portkey refuses its key, or the provider behind Portkey refuses the virtual key:"
            " Portkey's log shows which",
            "model_refused": "Portkey does not know which provider to ask: set `provider.portkey.virtual_key`,"
            " `.provider` or `.config`",
        },
    ),
    "a15t": Provider(
        "wss://api.platform.a15t.com/v1/realtime",
        "openai/gpt-realtime-2.1",
        Dialect.BETA,
        slots=2,
        remedies={"model_refused": "the name of a model begins with its maker: openai/gpt-realtime-2.1"},
    ),
    "local": Provider(
        "ws://127.0.0.1:8765/v1/realtime",
        "local",
        Dialect.GA,
        needs_key=False,
        remedies={"unreachable": "start the embedded service: `edged serve`"},
        slots=2,
    ),
    "custom": Provider("", "", Dialect.GA, needs_key=False),
}


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
) -> Endpoint:
    """The endpoint of provider `name`. The provider's own values replace empty ones.

    Raises:
        ConfigError: a required value is missing, or the key would be sent unencrypted.
    """
    provider = PROVIDERS[name]
    address = urlsplit(url or provider.url)
    if problems := _of_address(address, url):
        raise ConfigError(problems)
    match name:
        case "azure":
            target = azure_target(address, key, azure or AzureRoute())
        case "portkey":
            target = portkey_target(address, key, portkey or PortkeyRoute())
        case _:
            target = _target(name, address, key)
    own = headers or {}
    # A service refuses a header that comes twice, or takes the wrong one.
    replaced = {header.lower() for header in own}
    sent = {header: text for header, text in target.headers.items() if header.lower() not in replaced} | {
        **own
    }
    parameters = dict(parse_qsl(address.query)) | dict(target.query)
    if chosen := model or provider.model:
        parameters[target.model_as] = chosen
    parameters |= query or {}
    if problems := _of_request(target, sent, parameters):
        raise ConfigError(problems)
    asked_by_header = Dialect.BETA if asks_beta(own) else None  # the configured headers ask for beta
    wanted = dialect or asked_by_header or target.dialect or provider.dialect
    sent = headers_for(wanted, sent)
    at = urlunsplit(target.address._replace(query=urlencode(parameters, quote_via=quote), fragment=""))
    return Endpoint(at, wanted, sent, provider, ca_file, proxy)


def _target(name: str, address: SplitResult, key: str) -> Target:
    if key:
        return Target(address, {"Authorization": f"Bearer {key}"})
    needs = f"provider.api_key_file: {name} needs a key; put it in a file and name the file here"
    return Target(address, {}, lacks=needs if PROVIDERS[name].needs_key else "")


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
