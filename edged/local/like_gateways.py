"""The rows of gateways, which pass frames through. likeness.py says what the comments mean. Pure."""

from edged.local import forms_portkey
from edged.local.traits import Conduct, Doorway, Likeness
from edged.local.unwelcome import Unwelcome
from edged.wire import KEY_PROTOCOL, Dialect

GA, BETA = Dialect.GA, Dialect.BETA
_FORBIDDEN = Unwelcome(None, "", status=403, body="")

# Documented: the programs of its client, with voices and temperatures that OpenAI refuses today. Frames pass through.
PORTKEY = Likeness(
    Doorway(
        paths={"/v1/realtime": None},
        keys=("name:x-portkey-api-key", "Bearer"),
        usual_model="gpt-4o-realtime-preview",
    ),
    Conduct(forms=forms_portkey.FORMS),
)

# Documented: address, key, names of models, what is billed. Guessed: that both dialects pass, how a model is refused.
A15T = Likeness(
    Doorway(
        paths={"/v1/realtime": None},
        keys=("Bearer",),
        models=("openai/*",),
        usual_model="openai/gpt-4o-realtime-preview-2024-12-17",
    ),
    billed=("tokens", "requests"),
)

# Documented: address and keys. Frames pass through to OpenAI. Guessed: that a bare token and a Bearer token are taken.
CLOUDFLARE = Likeness(
    Doorway(
        paths={"/v1/*/*/openai": None},
        keys=("name:cf-aig-authorization", "cf-aig-authorization.", "Bearer"),
        usual_model="gpt-realtime",
        speaks=(GA,),
    )
)

# Read. The upstream's key is what is wrong: the handshake has succeeded by then. Guessed: the reason of that close.
LITELLM = Likeness(
    Doorway(
        paths=dict.fromkeys(("/v1/realtime", "/openai/v1/realtime", "/realtime")),
        keys=("Bearer", "name:api-key", KEY_PROTOCOL),
        needs_model=True,
        no_query=_FORBIDDEN,
        no_model=_FORBIDDEN,
        no_key=Unwelcome(
            None,
            "Upstream realtime handshake rejected with HTTP 401",
            1008,
            type="server_error",
            reason="Upstream realtime handshake rejected with HTTP 401",
            bare=True,
        ),
    )
)
