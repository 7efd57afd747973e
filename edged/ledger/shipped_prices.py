"""The prices that edged brings along, as data: each with the day on which it was read, and where. Pure.

Rules:
1. A price stands here only if it was read on a page of the provider, or of somebody who republishes its prices; the
   source says which. Nobody has compared them with a bill.
2. `since` is the day on which the price was read, or the day that the page names. Earlier usage has the same price.
3. A reseller's or a gateway's price is not the maker's: it has a row only if a page of its own says so.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from edged.ledger.prices import ANY, Price

_OPENAI = "https://developers.openai.com/api/docs/models/"
_READ = "2026-11-30"
_D = Decimal

_LARGE = {
    "text_in": _D("4"),
    "text_cached": _D("0.4"),
    "text_out": _D("16"),
    "audio_in": _D("32"),
    "audio_cached": _D("0.4"),
    "audio_out": _D("64"),
    "image_in": _D("5"),
    "image_cached": _D("0.5"),
}
_THINKING = {**_LARGE, "text_out": _D("24")}
_SMALL = {
    "text_in": _D("0.6"),
    "text_cached": _D("0.06"),
    "text_out": _D("2.4"),
    "audio_in": _D("10"),
    "audio_cached": _D("0.3"),
    "audio_out": _D("20"),
    "image_in": _D("0.8"),
    "image_cached": _D("0.08"),
}
_FREE = dict.fromkeys((*_LARGE, "transcribed_minute"), _D(0))
_MINI_TRANSCRIBE = "https://vercel.com/ai-gateway/models/gpt-4o-mini-transcribe (republishes the price)"
_OLD = "prices of 2026 that several programs publish; the page of the model was not read"


def _of_openai(model: str, rates: Mapping[str, Decimal], source: str = "") -> Price:
    return Price("openai", model, _READ, source or f"{_OPENAI}{model}", **rates)


def _transcribing(before: str, after: str) -> Mapping[str, Decimal]:
    return {
        **dict.fromkeys(("text_in", "text_cached", "audio_in", "audio_cached"), _D(before)),
        "text_out": _D(after),
    }


_OWN = (
    _of_openai("gpt-realtime-2.1", _THINKING),
    _of_openai("gpt-realtime-2.1-mini", _SMALL),
    _of_openai("gpt-realtime-2", _THINKING),
    _of_openai("gpt-realtime-1.5", _LARGE),
    _of_openai("gpt-realtime", _LARGE, _OLD),
    _of_openai("gpt-realtime-mini", _SMALL, _OLD),
    _of_openai("gpt-4o-transcribe", _transcribing("2.5", "10")),
    _of_openai("gpt-4o-mini-transcribe", _transcribing("1.25", "5"), _MINI_TRANSCRIBE),
    _of_openai("gpt-realtime-whisper", {"transcribed_minute": _D("0.017")}),
    _of_openai("gpt-live-transcribe", {"transcribed_minute": _D("0.017")}),
)
_RESOLD = "OpenAI's price: the gateway passes the request on with a key of OpenAI"

SHIPPED: tuple[Price, ...] = (
    *_OWN,
    # These gateways use the owner's account at OpenAI, which sends the bill. What they charge themselves is not here.
    *(
        replace(row, provider=gateway, source=f"{_RESOLD}. {row.source}")
        for gateway in ("portkey", "cloudflare")
        for row in _OWN
    ),
    Price(
        "xai",
        ANY,
        "2026-04-04",
        "https://docs.x.ai/developers/models/voice-agent-api (tools cost more)",
        minute=_D("0.05"),
        **_FREE,
    ),
    *(
        Price(name, ANY, _READ, "it runs on your own machine, and sends no bill", **_FREE)
        for name in ("local", "localai", "speaches", "speech-to-speech")
    ),
)
