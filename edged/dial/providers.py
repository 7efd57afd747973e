"""The services that edged can talk to, as data. Pure.

The facts about hosted services come from their documents, from other clients and from published recordings. The
services themselves were not tried. docs/providers/ says what is known about each.
"""

from edged.dial.provider import Provider
from edged.wire import ClientName, Dialect, Shape

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
        key_as="api-key",
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
        key_as="api-key",
        shape=Shape(
            keys={
                "speed": None,
                "prompt": None,
                "tracing": None,
                "reasoning": "reasoning_effort",
            },
            dialect=Dialect.BETA,
            semantic_vad="azure_semantic_vad",
            azure_voices=True,
            may_keep_detection=True,
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
        key_as="x-portkey-api-key",
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
            asks_for_answers=True,  # litellm's source says so; a recorded session accepts it
            voice_prefix="xai_",
            replaces_models=True,
        ),
        billed=("minutes",),
        remedies={
            "key_refused": "create a key at console.x.ai",
            "quota_exceeded": "add credit at console.x.ai",
            "model_refused": "leave `provider.model` empty: edged then asks for xAI's newest voice model",
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
            dialect=Dialect.BETA,
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
            keys={
                "temperature": "temperature",
                **dict.fromkeys(
                    ("prompt", "tracing", "include", "truncation", "noise_reduction", "reasoning")
                ),
            },
            model_in_session=True,
        ),
        key_as="Authorization: Basic",
        query={"protocol": "realtime"},
        fresh_query=("key",),
        remedies={
            "key_refused": "copy the key (Base64) as Inworld's portal shows it, and do not encode it again",
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
            "key_refused": "the key is OpenAI's; if the gateway asks for authentication, it also needs the header"
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
            "key_refused": "check `provider.api_key_file` (a virtual key or the master key); if the service's words"
            " contain `upstream`, LiteLLM has a wrong key for the service behind it",
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
            # It reads these and ignores them.
            keys=dict.fromkeys(("speed", "noise_reduction", "truncation", "tracing", "prompt", "reasoning")),
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
                    "truncation",
                    "reasoning",
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
