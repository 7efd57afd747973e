"""The services that the embedded service can imitate, a row for each. Pure.

What a row rests on: *recorded* (the real service's messages, published), *read* (the source text of a server),
*documented* (the vendor's pages), *measured by others*, and *guessed*. docs/local-server.md repeats this for users. A
guess is the strictest behaviour that would fit, because a client that copes with it copes with the others.
"""

from collections.abc import Mapping

from edged import wire
from edged.local import forms_own, forms_qwen, forms_voice_live, forms_xai, redraws
from edged.local.traits import ITSELF, Conduct, Doorway, Likeness, SessionEnd
from edged.local.unwelcome import NO_CLOSE_FRAME, Unwelcome
from edged.wire import ClientName, Dialect, ServerError

GA, BETA = Dialect.GA, Dialect.BETA
_NO_LIMIT = SessionEnd(life_s=None)
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


# Recorded: greeting, updates, events. Documented: the schema, its limits. Measured by others: the models, the voices
# with two names, null for turn detection. Guessed: a wrong key (HTTP 400, as xAI's other API does), the interval of
# pings, codes, the close at the end; that create_response is taken as OpenAI takes it.
XAI = Likeness(
    Doorway(
        paths={"/v1/realtime": GA},
        keys=("Bearer",),
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
    ),
    SessionEnd(7200, None, reason=""),
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

# Read. Guessed: the body for a wrong key; the texts of some errors.
LOCALAI = Likeness(
    Doorway(
        paths={"/v1/realtime": GA},
        keys=("Bearer",),
        usual_model="gpt-realtime",
        needs_model=True,
        speaks=(GA,),
        no_key=Unwelcome(
            None,
            "",
            status=401,
            body={"error": {"code": 401, "message": "An authentication key is required", "type": ""}},
        ),
        no_model=Unwelcome("model_load_error", "Failed to load model config", NO_CLOSE_FRAME),
    ),
    Conduct(
        forms={GA: forms_own.LOCALAI},
        codes={
            "invalid_value": "session_update_error",
            "invalid_type": "invalid_json",
            "unknown_parameter": "invalid_json",
            "missing_required_parameter": "invalid_json",
            "invalid_event": "invalid_json",
            "item_truncate_invalid_item_id": "invalid_item_id",
            "item_delete_invalid_item_id": "invalid_item_id",
            "item_retrieve_invalid_item_id": "invalid_item_id",
        },
        commit_answers=True,
        commit_while_detecting=ServerError(
            "input_audio_buffer.commit in conjunction with VAD",
            type="invalid_request_error",
            code="not_implemented",
        ),
        empty_commit_taken=True,
        replaces_response="cancelled",
        fails_by_error=True,
        cancels_silently=True,
        unsent=(wire.ItemDone, wire.RateLimits),
        redraws={wire.ErrorEvent: redraws.localai_error},
        event_id="event_TODO",
    ),
    _NO_LIMIT,
    billed=(),
)

LIKENESSES: Mapping[str, Likeness] = {
    "azure-voice-live": VOICE_LIVE,
    "xai": XAI,
    "qwen": QWEN,
    "localai": LOCALAI,
}


def like_of(name: str) -> Likeness:
    """The row of a service; the empty name is the embedded service itself. Raises KeyError for other names."""
    return LIKENESSES[name] if name else ITSELF
