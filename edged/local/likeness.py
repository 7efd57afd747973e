"""The services that the embedded service can imitate, a row for each. Pure.

What a row rests on: *recorded* (the real service's messages, published), *read* (the source text of a server),
*documented* (the vendor's pages), *measured by others*, and *guessed*. docs/local-server.md repeats this for users. A
guess is the strictest behaviour that would fit, because a client that copes with it copes with the others.
"""

from collections.abc import Mapping

from edged.local import like_gateways, like_own, like_vendors
from edged.local.traits import ITSELF, Likeness

LIKENESSES: Mapping[str, Likeness] = {
    "openai": like_vendors.OPENAI,
    "azure": like_vendors.AZURE,
    "azure-voice-live": like_vendors.VOICE_LIVE,
    "portkey": like_gateways.PORTKEY,
    "a15t": like_gateways.A15T,
    "xai": like_vendors.XAI,
    "qwen": like_vendors.QWEN,
    "inworld": like_vendors.INWORLD,
    "cloudflare": like_gateways.CLOUDFLARE,
    "litellm": like_gateways.LITELLM,
    "localai": like_own.LOCALAI,
    "speaches": like_own.SPEACHES,
    "speech-to-speech": like_own.SPEECH_TO_SPEECH,
}


def like_of(name: str) -> Likeness:
    """The row of a service; the empty name is the embedded service itself. Raises KeyError for other names."""
    return LIKENESSES[name] if name else ITSELF
