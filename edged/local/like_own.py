"""The rows of servers that people run themselves. likeness.py says what the comments mean. Pure."""

from edged import wire
from edged.local import forms_own, redraws
from edged.local.spec import SERVER_VAD
from edged.local.traits import Conduct, Doorway, Likeness, SessionEnd
from edged.local.unwelcome import NO_CLOSE_FRAME, Unwelcome
from edged.wire import ClientName, Dialect, ServerError

GA, BETA = Dialect.GA, Dialect.BETA

_NO_LIMIT = SessionEnd(life_s=None)
_FORBIDDEN = Unwelcome(None, "", status=403, body="")
_INVALID = "unknown_or_invalid_event"

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

# Read. Guessed: the code of the close after 30 minutes.
SPEACHES = Likeness(
    Doorway(
        paths={"/v1/realtime": BETA},
        keys=("Bearer", "name:x-api-key", "name:?api_key"),
        needs_model=True,
        speaks=(BETA,),
        no_key=_FORBIDDEN,
        no_query=_FORBIDDEN,
        no_model=_FORBIDDEN,
    ),
    Conduct(
        forms={BETA: forms_own.SPEACHES},
        lacks={
            name.value: ServerError(
                f"Handling of the '{name}' event is not implemented.", type="server_error"
            )
            for name in (ClientName.RESPONSE_CANCEL, ClientName.ITEM_TRUNCATE)
        },
        errors="codeless",
        replaces_response="silent",
        threshold=0.5,
        unsent=(wire.RateLimits,),
        conversation_created=False,
    ),
    SessionEnd(1800, None, 1011, ""),
    billed=(),
)

# Read. It has no keys: with some, they are Bearer. Not imitated: a slot that stays taken while its session drains.
SPEECH_TO_SPEECH = Likeness(
    Doorway(
        paths={"/v1/realtime": GA},
        keys=("Bearer",),
        slots=1,
        speaks=(GA,),
        no_room=Unwelcome(
            None,
            "All {slots} session slots are in use. Disconnect an existing client first.",
            1008,
            type="session_limit_reached",
            reason="All session slots are in use",
        ),
    ),
    Conduct(
        forms={GA: forms_own.SPEECH_TO_SPEECH},
        lacks={
            **{
                name.value: ServerError(name.value, type=_INVALID)
                for name in (ClientName.CLEAR, ClientName.ITEM_DELETE, ClientName.ITEM_RETRIEVE)
            },
            ClientName.ITEM_TRUNCATE.value: None,
        },
        codes=dict.fromkeys(
            (
                "invalid_value",
                "invalid_type",
                "invalid_event",
                "invalid_json",
                "unknown_parameter",
                "missing_required_parameter",
            ),
            _INVALID,
        ),
        errors="in_type",
        own_detection=SERVER_VAD,
        unsent=(wire.ItemDone, wire.RateLimits),
        redraws={wire.ErrorEvent: redraws.speech_to_speech_error, wire.ItemAdded: redraws.created_item},
    ),
    _NO_LIMIT,
    billed=(),
)
