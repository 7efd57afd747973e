"""The keys of the configuration that concern the speech service."""

from typing import Annotated, Literal

from msgspec import field

from edged.config.part import ConfigPart, between, described
from edged.config.secret import Secret

INSTRUCTIONS = (
    "You are the voice of a kiosk. People hold a button and ask you something. "
    "Answer in one to three short spoken sentences, in the language you are asked in. "
    "If you do not know, say so."
)

ProviderName = Literal[
    "openai",
    "azure",
    "azure-voice-live",
    "portkey",
    "a15t",
    "xai",
    "qwen",
    "inworld",
    "cloudflare",
    "litellm",
    "localai",
    "speaches",
    "speech-to-speech",
    "local",
    "custom",
]


class AzureConfig(ConfigPart, frozen=True, kw_only=True):
    """Settings for Azure and Azure Voice Live only."""

    api_version: Annotated[
        str,
        described(
            "reopen",
            "Version of the API (2024-10-01-preview at azure); empty: the usual API.",
            max_length=40,
        ),
    ] = ""
    token_file: Annotated[
        str,
        described(
            "reopen",
            "File with a token of Entra ID, read again before each connection; absolute path.",
            max_length=1000,
        ),
    ] = ""


class PortkeyConfig(ConfigPart, frozen=True, kw_only=True):
    """Settings for Portkey only. One of the first three names the provider behind Portkey."""

    virtual_key: Annotated[
        Secret, described("reopen", "Portkey's virtual key for the provider; at portkey.ai only.")
    ] = field(default_factory=Secret)
    provider: Annotated[
        str,
        described(
            "reopen",
            "Provider: its @slug at portkey.ai, its name (openai) at your own gateway.",
            max_length=200,
        ),
    ] = ""
    config: Annotated[Secret, described("reopen", "Id of a config (pc-…), or the config itself as JSON.")] = (
        field(default_factory=Secret)
    )
    custom_host: Annotated[
        str, described("reopen", "Address of your own model server, which Portkey then uses.", max_length=500)
    ] = ""
    trace_id: Annotated[str, described("reopen", "Id of this kiosk in Portkey's log.", max_length=200)] = ""
    metadata: Annotated[
        dict[str, str],
        described("reopen", "Names and values for Portkey's log, such as {site: lobby}."),
    ] = field(default_factory=dict)
    authorization: Annotated[
        Secret, described("reopen", "Authorization header for the provider behind Portkey (Bearer …).")
    ] = field(default_factory=Secret)


class SessionConfig(ConfigPart, frozen=True, kw_only=True):
    """Optional settings of a session. A setting that the dialect does not have is not sent."""

    max_tokens: Annotated[
        Annotated[int, between(1, 4096, "300 is about fifteen seconds of speech")] | None,
        described("reopen", "Longest answer, in tokens; unset: the service's limit."),
    ] = None
    noise_reduction: Annotated[
        Literal["", "near_field", "far_field"],
        described("reopen", "The service's noise reduction: near_field for a handset; empty: none."),
    ] = ""
    language: Annotated[
        str,
        described(
            "reopen", "Language of the transcription (en, de); empty: the service detects it.", max_length=32
        ),
    ] = ""
    transcription_prompt: Annotated[
        str, described("reopen", "Words that the transcription should expect.", max_length=2000)
    ] = ""
    truncation: Annotated[
        Literal["", "auto", "disabled"],
        described(
            "reopen",
            "GA only: whether a long conversation loses its beginning; empty: the service's default.",
        ),
    ] = ""
    reasoning: Annotated[
        Literal["", "none", "minimal", "low", "medium", "high", "xhigh"],
        described(
            "reopen",
            "How much the model thinks before it answers; in beta only at azure-voice-live."
            " Empty: the service's default.",
        ),
    ] = ""
    prompt_id: Annotated[
        str,
        described(
            "reopen",
            "Id of a prompt stored at the service (OpenAI stops offering these); empty: none.",
            max_length=200,
        ),
    ] = ""
    detection: Annotated[
        Literal["server_vad", "semantic_vad"],
        described("reopen", "Mode conversation: how the service detects the end of an utterance."),
    ] = "server_vad"
    threshold: Annotated[
        Annotated[float, between(0, 1, "0.5 is usual, more in a loud place")] | None,
        described("reopen", "server_vad: how loud speech has to be; unset: the service's default."),
    ] = None
    padding_ms: Annotated[
        Annotated[int, between(0, 5000, "300 is usual")] | None,
        described("reopen", "server_vad: sound kept from before the speech; unset: the service's default."),
    ] = None
    silence_ms: Annotated[
        Annotated[int, between(0, 10_000, "500 is usual")] | None,
        described("reopen", "server_vad: silence that ends an utterance; unset: the service's default."),
    ] = None
    input_rate_hz: Annotated[
        Annotated[int, between(8000, 48_000, "24000 is usual")] | None,
        described("reopen", "Rate of the sound that the service takes; unset: the provider's usual rate."),
    ] = None
    output_rate_hz: Annotated[
        Annotated[int, between(8000, 48_000, "24000 is usual")] | None,
        described("reopen", "Rate of the sound of the answers; unset: the provider's usual rate."),
    ] = None
    eagerness: Annotated[
        Literal["", "low", "medium", "high", "auto"],
        described("reopen", "semantic_vad: how soon the service answers; empty: the service's default."),
    ] = ""


class ProviderConfig(ConfigPart, frozen=True, kw_only=True):
    """The speech service."""

    name: Annotated[
        ProviderName,
        described("reopen", "The service; `local` is the service built into edged, which needs no key."),
    ] = "local"
    url: Annotated[
        str,
        described(
            "reopen",
            "Address of the realtime endpoint (wss://…); empty: the provider's address.",
            max_length=2000,
        ),
    ] = ""
    model: Annotated[
        str,
        described("reopen", "Model, or Azure deployment; empty: the provider's usual model.", max_length=200),
    ] = ""
    api_key: Annotated[
        Secret, described("reopen", "The key itself; a file for the key is better (api_key_file).")
    ] = field(default_factory=Secret)
    api_key_file: Annotated[
        str, described("reopen", "File with the key and nothing else; absolute path.", max_length=1000)
    ] = ""
    api_key_env: Annotated[
        str, described("reopen", "Name of the environment variable with the key.", max_length=100)
    ] = ""
    dialect: Annotated[
        Literal["auto", "ga", "beta"], described("reopen", "Dialect of the protocol; `auto` tries both.")
    ] = "auto"
    voice: Annotated[
        str, described("reopen", "Voice of the answers; empty: the service's default.", max_length=100)
    ] = ""
    instructions: Annotated[
        str,
        described("reopen", "Instructions for the model, sent before every conversation.", max_length=16_000),
    ] = INSTRUCTIONS
    speed: Annotated[
        Annotated[float, between(0.25, 1.5, "1 is normal")] | None,
        described("reopen", "Speed of the speech; unset: the service's default."),
    ] = None
    temperature: Annotated[
        Annotated[float, between(0.6, 1.2, "0.8 is usual")] | None,
        described(
            "reopen", "How much answers vary; beta dialect and Inworld only. Unset: the service's default."
        ),
    ] = None
    transcription: Annotated[
        str,
        described("reopen", "Model that transcribes what visitors say; empty: none.", max_length=200),
    ] = ""
    headers: Annotated[
        dict[str, Secret],
        described("reopen", "More request headers, for a gateway; `config show` masks them."),
    ] = field(default_factory=dict)
    query: Annotated[
        dict[str, str],
        described("reopen", "More query parameters of the address, such as api-version."),
    ] = field(default_factory=dict)
    ca_file: Annotated[
        str,
        described(
            "reopen",
            "PEM file with the certificate authorities to trust instead of the machine's; absolute path.",
            max_length=1000,
        ),
    ] = ""
    proxy: Annotated[
        Secret,
        described(
            "reopen", "HTTP proxy, http://name:password@host:port; the environment's proxy is not used."
        ),
    ] = field(default_factory=Secret)
    session: SessionConfig = field(default_factory=SessionConfig)
    azure: AzureConfig = field(default_factory=AzureConfig)
    portkey: PortkeyConfig = field(default_factory=PortkeyConfig)
