"""The rows of the vendors: OpenAI, Azure, xAI, Qwen, Inworld. likeness.py says what the comments mean. Pure."""

from edged import wire
from edged.local import forms_inworld, forms_qwen, forms_voice_live, forms_xai, redraws
from edged.local.traits import Conduct, Doorway, Likeness, SessionEnd
from edged.local.unwelcome import Unwelcome
from edged.wire import KEY_PROTOCOL, ClientName, Dialect, ServerError

GA, BETA = Dialect.GA, Dialect.BETA
_AZURE_ENDING = SessionEnd(life_s=1800)
_AZURE_KEYS = ("name:api-key", "name:?api-key", "Bearer")
_AZURE_NO_KEY = Unwelcome(
    "401",
    "",
    status=401,
    body={
        "error": {
            "code": "401",
            "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a"
            " valid key for an active subscription and use a correct regional API endpoint for your resource.",
        }
    },
)


def _does_not_exist(*names: ClientName, code: str | None = "invalid_value") -> dict[str, ServerError | None]:
    return {
        name.value: ServerError(
            f"Invalid value: '{name}'.", type="invalid_request_error", code=code, param="type"
        )
        for name in names
    }


_OPENAI_MODELS = (
    *("gpt-realtime", "gpt-realtime-mini", "gpt-realtime-1.5"),
    *("gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini"),
    *("gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview"),
)

# As OpenAI's documents and recordings have it. The embedded service itself follows the same facts, and takes all names.
OPENAI = Likeness(
    Doorway(
        paths={"/v1/realtime": None},
        keys=("Bearer", KEY_PROTOCOL),
        models=(*_OPENAI_MODELS, *(f"{name}-20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]" for name in _OPENAI_MODELS)),
        usual_model="gpt-realtime",
        speaks=(GA,),
    )
)

# Recorded: session and events of GA, a deployment for transcripts. From threads: HTTP 404, 30 minutes. Guessed: that
# the preview sends the same fields, the text for a wrong key.
AZURE = Likeness(
    Doorway(
        paths={"/openai/v1/realtime": GA, "/openai/realtime": BETA},
        query={"api-version": ""},
        query_at=("/openai/realtime",),
        keys=_AZURE_KEYS,
        model_as=("model", "deployment"),
        usual_model="gpt-realtime",
        needs_model=True,
        no_key=_AZURE_NO_KEY,
        no_model=Unwelcome(
            None,
            "",
            status=404,
            body={
                "error": {
                    "code": "DeploymentNotFound",
                    "message": "The API deployment for this resource does not exist. If you created the deployment"
                    " within the last 5 minutes, please wait a moment and try again.",
                }
            },
        ),
    ),
    Conduct(
        shown_models={"*": "gpt-realtime"},
        deploys=True,
        redraws={wire.PartAdded: redraws.azure_part, wire.PartDone: redraws.azure_part},
    ),
    _AZURE_ENDING,
)

# Recorded: the session object, its other name for the model, created and done of items. Documented: models, keys,
# voices, detections. Guessed: null for turn detection, refusals, the length of a session (that of Azure's other API).
VOICE_LIVE = Likeness(
    Doorway(
        paths={"/voice-live/realtime": BETA},
        query={"api-version": ""},
        keys=_AZURE_KEYS,
        models=("gpt-*", "phi4-*", "azure-realtime*"),
        usual_model="gpt-realtime",
        needs_model=True,
        speaks=(BETA,),
        no_key=_AZURE_NO_KEY,
        no_model=Unwelcome("model_not_supported", "The model '{model}' is not supported.", status=400),
    ),
    Conduct(
        forms={BETA: forms_voice_live.VOICE_LIVE},
        shown_models={"gpt-realtime": "gpt-realtime-global-standard"},
        unsent=(wire.RateLimits,),
        item_done=True,
        conversation_created=False,
    ),
    _AZURE_ENDING,
)

# Recorded: greeting, updates, events. Documented: the schema, its limits. Measured by others: the models, the voices
# with two names, null for turn detection. Guessed: a wrong key (HTTP 400, as xAI's other API does), the interval of
# pings, codes, the close at the end; that create_response is taken as OpenAI takes it.
XAI = Likeness(
    Doorway(
        paths={"/v1/realtime": GA},
        keys=("Bearer", "xai-client-secret."),
        models=("grok-voice-latest", "grok-voice-think-fast-*", "grok-voice-fast-*", "grok-voice-[23].0"),
        usual_model="grok-voice-latest",
        replaces_model=True,
        slots=100,
        speaks=(GA,),
        no_key=Unwelcome(
            None,
            "",
            status=400,
            body={
                "code": "Client specified an invalid argument",
                "error": "Incorrect API key provided: na***ys. You can obtain an API key from https://console.x.ai.",
            },
        ),
    ),
    Conduct(
        forms={GA: forms_xai.XAI},
        shown_models={"grok-voice-latest": "grok-voice-think-fast-2.0"},
        lacks=_does_not_exist(ClientName.ITEM_RETRIEVE, ClientName.OUTPUT_CLEAR),
        codes={"response_cancel_not_active": None},
        commit_while_detecting=ServerError(
            "input_audio_buffer.commit needs turn_detection.type null.", type="invalid_request_error"
        ),
        unsent=(wire.ItemDone, wire.RateLimits, wire.TranscriptionFailed),
        conversation_created=True,
        redraws={
            wire.ResponseCreated: redraws.xai_response,
            wire.ResponseDone: redraws.xai_response,
            wire.PartDone: redraws.xai_part_done,
            wire.AudioDelta: redraws.xai_delta,
            wire.TranscriptionDelta: redraws.xai_heard,
            wire.TranscriptionCompleted: redraws.xai_transcribed,
        },
        ping_s=10.0,
    ),
    SessionEnd(
        7200, ServerError("The session reached its maximum duration.", type="max_duration"), reason=""
    ),
    billed=("minutes",),
)

# Documented: session object, literal error for modalities, events, 120 minutes. Measured by others: a response to an
# empty conversation is ignored; HTTP 401. Guessed: that other keys are refused, the refusal of a model, the errors for
# events that do not exist, the close at the end.
QWEN = Likeness(
    Doorway(
        paths={"/api-ws/v1/realtime": BETA},
        keys=("Bearer",),
        models=("qwen*-realtime*",),
        usual_model="qwen3-omni-flash-realtime",
        speaks=(BETA,),
        no_key=Unwelcome(
            "invalid_api_key",
            "Incorrect API key provided. For details, see:"
            " https://www.alibabacloud.com/help/en/model-studio/error-code#apikey-error",
            status=401,
        ),
        no_model=Unwelcome("model_not_found", "Model not exist.", status=404),
    ),
    Conduct(
        forms={BETA: forms_qwen.QWEN},
        lacks=_does_not_exist(ClientName.ITEM_TRUNCATE, ClientName.ITEM_DELETE, ClientName.ITEM_RETRIEVE),
        answers_empty=False,
        unsent=(wire.RateLimits,),
        conversation_created=False,
        threshold=0.5,
    ),
    SessionEnd(7200, None, reason=""),
)

# Documented: address, key, settings, events, the refusal of an unknown model for transcripts. From its clients: a fresh
# `key` for each connection, pings. Guessed: that other keys are refused, a wrong key, the length and end of a session.
INWORLD = Likeness(
    Doorway(
        paths={"/api/v1/realtime/session": GA},
        query={"protocol": "realtime", "key": ""},
        fresh="key",
        keys=("Basic", "Bearer"),
        model_as=(),
        usual_model="openai/gpt-4.1-mini",
        slots=20,
        speaks=(GA,),
    ),
    Conduct(forms={GA: forms_inworld.INWORLD}, unsent=(wire.RateLimits,), ping_s=10.0),
    SessionEnd(3600, None, reason=""),
)
