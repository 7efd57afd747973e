"""The services that edged can talk to, as data: their addresses, their requests, their dialects. Pure.

The facts about hosted services come from their documents. The services themselves were not tried.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
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
from edged.errors import ConfigError
from edged.hosts import is_loopback
from edged.wire import PLAIN, ClientName, Dialect, Shape

Billed = Literal["tokens", "requests", "minutes"]


READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A row.

    `dialect` is the one to begin with where the setting is auto; the service's answer then decides. `session_s` is the
    longest session; None where only `expires_at` of the session says it. `slots` is how many sessions one key may have
    at the same time: with two, the next socket can open before the old one closes. `ready_s` is how long the service
    may take to confirm the settings. `remedies` are the provider's own remedies, by the id of a cause.

    `key_as` is the scheme of the header Authorization; or `name:` and a header; or `name:?` and a query parameter.
    `model_as` is the parameter that names the model; empty: the session names it. `needs_model` describes the model
    where there is no usual one. `query` has fixed parameters, and `fresh_query` names those with a new value for each
    connection. `billed` is what the provider charges for; `minutes` are minutes of connection.
    """

    url: str
    model: str
    dialect: Dialect
    needs_key: bool = True
    session_s: int | None = None
    slots: int = 1
    ready_s: float = READY_S
    shape: Shape = PLAIN
    key_as: str = "Bearer"
    model_as: str = "model"
    needs_model: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    fresh_query: tuple[str, ...] = ()
    billed: tuple[Billed, ...] = ("tokens",)
    remedies: Mapping[str, str] = field(default_factory=dict)


OPENAI_MODEL = "gpt-realtime-2.1"
_AZURE_KEY = "the key belongs to another resource, or the token has expired or lacks the role "
PROVIDERS = {
    "openai": Provider(
        "wss://api.openai.com/v1/realtime",
        OPENAI_MODEL,
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
            "key_refused": _AZURE_KEY + "Cognitive Services OpenAI User",
            "model_refused": "`provider.model` must be the name of your deployment, not of the model;"
            " and the resource must be in a region with realtime models",
        },
    ),
    "azure-voice-live": Provider(
        "",
        OPENAI_MODEL,
        Dialect.BETA,
        session_s=1800,
        slots=2,
        shape=Shape(
            keys={
                "speed": None,
                "prompt": None,
                "tracing": None,
                "reasoning": "reasoning_effort",
            },
            semantic_vad="azure_semantic_vad",
            azure_voices=True,
            reasoning_word=True,
        ),
        remedies={
            "key_refused": _AZURE_KEY + "Cognitive Services User",
            "model_refused": "Voice Live has a list of models for each region; `provider.model` must be one of them",
        },
    ),
    "portkey": Provider(
        "wss://api.portkey.ai/v1/realtime",
        OPENAI_MODEL,
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
        f"openai/{OPENAI_MODEL}",
        Dialect.BETA,
        slots=2,
        billed=("tokens", "requests"),
        remedies={"model_refused": f"the name of a model begins with its maker: openai/{OPENAI_MODEL}"},
    ),
    "xai": Provider(
        "wss://api.x.ai/v1/realtime",
        "grok-voice-latest",
        Dialect.GA,
        session_s=1800,  # 30 min in April 2026, 120 in autumn
        slots=2,
        shape=Shape(
            keys={
                "voice": "voice",
                "turn_detection": "turn_detection",
                **dict.fromkeys(
                    (
                        "noise_reduction",
                        "max_output_tokens",
                        "truncation",
                        "prompt",
                        "tracing",
                        "include",
                        "parallel_tool_calls",
                    )
                ),
            },
            dialect=Dialect.GA,
            unreported=frozenset({"voice"}),
            voice_prefix="xai_",
            replaces_models=True,
        ),
        billed=("minutes",),
        remedies={
            "key_refused": "create a key at console.x.ai",
            "quota_exceeded": "add credit at console.x.ai",
            "model_refused": "leave `provider.model` empty for xAI's present voice model",
        },
    ),
    "qwen": Provider(
        "wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime",
        "qwen3.5-omni-flash-realtime",
        Dialect.BETA,
        session_s=7200,
        slots=2,
        shape=Shape(
            keys={
                "max_output_tokens": "max_tokens",
                **dict.fromkeys(("speed", "noise_reduction", "prompt", "tracing", "include")),
            },
            pcm="pcm",
            input_rate_hz=16_000,
            nested_tools=True,
            lacks=frozenset({ClientName.ITEM_TRUNCATE, ClientName.ITEM_DELETE}),
        ),
        remedies={
            "key_refused": "a key belongs to one region: `provider.url` must be the address of that region",
            "model_refused": "each region has its own models: see Model Studio's list for the region of `provider.url`",
        },
    ),
    "inworld": Provider(
        "wss://api.inworld.ai/api/v1/realtime/session",
        "openai/gpt-4.1-mini",
        Dialect.GA,
        slots=2,
        shape=Shape(
            keys=dict.fromkeys(("prompt", "tracing", "include", "truncation", "noise_reduction")),
            model_in_session=True,
        ),
        key_as="Basic",
        model_as="",
        query={"protocol": "realtime"},
        fresh_query=("key",),
        remedies={
            "key_refused": "copy the key (Base64) as Inworld's portal shows it; edged does not encode it again",
            "model_refused": "the name of a model begins with its maker: openai/gpt-4.1-mini",
        },
    ),
    "cloudflare": Provider(
        "",
        OPENAI_MODEL,
        Dialect.GA,
        session_s=3600,
        slots=2,
        remedies={
            "key_refused": "the key is OpenAI's; a gateway that is authenticated also needs the header"
            " cf-aig-authorization (`provider.headers`)",
            "unreachable": "`provider.url` is wss://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY/openai",
        },
    ),
    "litellm": Provider(
        "ws://127.0.0.1:4000/v1/realtime",
        "",
        Dialect.GA,
        needs_key=False,
        slots=2,
        needs_model="the name that LiteLLM's configuration gives the model",
        remedies={
            "key_refused": "the key is LiteLLM's own (a virtual key or the master key)",
            "service_refused": "LiteLLM answers HTTP 403 if it does not know `provider.model`, or if the key may not"
            " use it",
            "model_refused": "`provider.model` must be a model_name of LiteLLM's configuration",
        },
    ),
    "localai": Provider(
        "ws://127.0.0.1:8080/v1/realtime",
        "",
        Dialect.GA,
        needs_key=False,
        slots=2,
        needs_model="the name of LocalAI's realtime pipeline",
        billed=(),
        ready_s=180,  # it loads its models first
        shape=Shape(
            unreported=frozenset({"input_format", "output_format"}),
            answers_commits=True,
            failures=frozenset({"transcription_failed", "inference_failed", "tts_error"}),
        ),
        remedies={
            "unreachable": "start LocalAI, or set `provider.url`",
            "model_refused": "`provider.model` must be a pipeline that LocalAI has installed",
        },
    ),
    "speaches": Provider(
        "ws://127.0.0.1:8000/v1/realtime",
        "",
        Dialect.BETA,
        needs_key=False,
        slots=2,
        needs_model="the name of the language model behind speaches",
        billed=(),
        session_s=1800,
        shape=Shape(
            keys=dict.fromkeys(
                (
                    "input_format",
                    "output_format",
                    "speed",
                    "noise_reduction",
                    "prompt",
                    "tracing",
                    "include",
                )
            ),
            lacks=frozenset({ClientName.RESPONSE_CANCEL, ClientName.ITEM_TRUNCATE}),
        ),
        remedies={
            "unreachable": "start speaches, or set `provider.url`",
            "service_refused": "speaches answers HTTP 403 if the key is wrong (`provider.api_key_file`)",
        },
    ),
    "speech-to-speech": Provider(
        "ws://127.0.0.1:8765/v1/realtime",
        "",
        Dialect.GA,
        needs_key=False,
        billed=(),
        shape=Shape(ignores_commits=True, lacks=frozenset({ClientName.ITEM_DELETE})),
        remedies={"unreachable": "start speech-to-speech, or set `provider.url`"},
    ),
    "local": Provider(
        "ws://127.0.0.1:8765/v1/realtime",
        "local",
        Dialect.GA,
        needs_key=False,
        billed=(),
        remedies={"unreachable": "start the embedded service: `edged serve`"},
        slots=2,
    ),
    "custom": Provider("", "", Dialect.GA, needs_key=False, billed=()),
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
    fresh: Callable[[], str] = lambda: f"edged-{uuid4().hex}",
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
    match name:
        case "azure":
            target = azure_target(address, key, azure or AzureRoute())
        case "azure-voice-live":
            target = voice_live_target(address, key, azure or AzureRoute())
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


def _target(name: str, address: SplitResult, key: str) -> Target:
    row = PROVIDERS[name]
    headers, query = {}, dict(row.query)
    scheme, _, place = row.key_as.partition(":")
    if key and scheme != "name":
        headers["Authorization"] = f"{scheme} {key}"
    elif key and place.startswith("?"):
        query[place[1:]] = key
    elif key:
        headers[place] = key
    needs = f"provider.api_key_file: {name} needs a key; put it in a file and name the file here"
    return Target(address, headers, query, row.model_as, lacks=needs if row.needs_key and not key else "")


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
