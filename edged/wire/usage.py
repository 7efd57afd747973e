"""The numbers that a service counted (tokens, seconds), as far as their names are known. Pure."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

STATUSES = frozenset({"completed", "cancelled", "incomplete", "failed", "in_progress"})
OTHER = "other"
_MOST_TOKENS = 10**9  # of one response: so many responses can be added up
_MOST_S = 10**6
_PARTS = frozenset({"cached_tokens", "reasoning_tokens"})
_MOST = 2**53  # every JSON reader keeps integers exact up to here; no real count comes near it

_KINDS = ("text_tokens", "audio_tokens", "image_tokens")
_FLAT = ("text", "audio", "image")
_COUNTS = (
    "total_tokens",
    "input_tokens",
    "output_tokens",
    "prompt_tokens",  # this and the next are the chat API's names, which some gateways keep
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "seconds",
    "duration",
    "input_audio_seconds",
    "output_audio_seconds",
)
_CACHED = {"cached_tokens_details": (*_KINDS, *_FLAT)}
_GROUPS: Mapping[str, tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]] = {
    "input_token_details": ((*_KINDS, "cached_tokens"), _CACHED),
    "output_token_details": ((*_KINDS, "reasoning_tokens"), {}),
    "input_tokens_details": ((*_KINDS, "cached_tokens"), _CACHED),
    "output_tokens_details": ((*_KINDS, "reasoning_tokens"), {}),
    "prompt_tokens_details": ((*_KINDS, "cached_tokens"), _CACHED),
    "completion_tokens_details": ((*_KINDS, "reasoning_tokens"), {}),
}


def counted(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers with known names, in the groups where they were found. Everything else is left out."""
    known: dict[str, Any] = _numbers(usage, _COUNTS)
    for name, (counts, groups) in _GROUPS.items():
        if isinstance(group := usage.get(name), Mapping):
            known[name] = {
                **_numbers(group, counts),
                **{
                    inner: _numbers(deeper, names)
                    for inner, names in groups.items()
                    if isinstance(deeper := group.get(inner), Mapping)
                },
            }
    return known


def status(word: str) -> str:
    """How a response ended; `other` for a status that the protocol does not have."""
    return word if word in STATUSES else OTHER


def _numbers(group: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, int | float]:
    return {name: group[name] for name in names if _is_count(group.get(name))}


def _is_count(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= _MOST
        and isfinite(value)
    )


def tokens(usage: Mapping[str, Any]) -> dict[str, int]:
    """The tokens of a usage by modality: `text_in`, `audio_cached`, `text_out` and so on. Each token counts once.

    `usage` is what `counted` returns. Cached tokens are a part of the input, and tokens of reasoning are a part of the
    output's text. What the service does not assign to a modality is `other_in` or `other_out`. If it does not say
    which tokens were cached, they count as text first: text gains least by it, so the sum is never too small.
    """
    before, after = _details(usage, "input", "prompt"), _details(usage, "output", "completion")
    came = {kind: _whole(before, f"{kind}_tokens") for kind in _FLAT}
    went = {kind: _whole(after, f"{kind}_tokens") for kind in _FLAT}
    all_in, all_out = _total(usage, "input", "prompt"), _total(usage, "output", "completion")
    # What only the sum of both directions has is taken as input.
    all_in = max(all_in, _whole(usage, "total_tokens") - max(all_out, sum(went.values())))
    rest = max(0, all_out - sum(went.values()))
    if rest and rest == (_whole(after, "reasoning_tokens") or _whole(usage, "reasoning_tokens")):
        went["text"], rest = went["text"] + rest, 0  # this service counts them beside the text
    return {
        **{f"{kind}_in": came[kind] for kind in _FLAT},
        "other_in": max(0, all_in - sum(came.values())),
        **{f"{kind}_cached": count for kind, count in _cached(usage, before, came).items()},
        "text_out": went["text"],
        "audio_out": went["audio"],
        "other_out": rest + went["image"],
    }


def transcription_tokens(usage: Mapping[str, Any]) -> dict[str, int]:
    """The tokens of a transcription: what comes out is text, and services do not say so."""
    found = tokens(usage)
    return {**found, "text_out": found["text_out"] + found["other_out"], "other_out": 0}


def reports_tokens(usage: Mapping[str, Any]) -> bool:
    """Whether the service has reported tokens, if only that there were none. `usage` is what `counted` returns."""
    names = (name for name in usage if name.endswith("_tokens") and name not in _PARTS)
    return any(names) or any(isinstance(group, Mapping) and group for group in usage.values())


def duration_ms(usage: Mapping[str, Any]) -> int:
    """The length of the sound that is billed, where a service bills that, and not tokens; in milliseconds."""
    seconds = usage.get("seconds", usage.get("duration", 0))
    return round(min(seconds, _MOST_S) * 1000) if _is_count(seconds) else 0


def _cached(usage: Mapping[str, Any], before: Mapping[str, Any], came: Mapping[str, int]) -> dict[str, int]:
    given = before.get("cached_tokens_details", {})
    cached = {kind: min(came[kind], _whole(given, f"{kind}_tokens") or _whole(given, kind)) for kind in _FLAT}
    left = max(_whole(before, "cached_tokens"), _whole(usage, "cached_tokens")) - sum(cached.values())
    for kind in _FLAT:
        more = max(0, min(left, came[kind] - cached[kind]))
        cached[kind] += more
        left -= more
    return cached


def _details(usage: Mapping[str, Any], *sides: str) -> Mapping[str, Any]:
    names = (f"{side}_{word}_details" for side in sides for word in ("token", "tokens"))
    return next((usage[name] for name in names if isinstance(usage.get(name), Mapping)), {})


def _total(usage: Mapping[str, Any], *sides: str) -> int:
    return next((_whole(usage, f"{side}_tokens") for side in sides if f"{side}_tokens" in usage), 0)


def _whole(group: Mapping[str, Any], name: str) -> int:
    count = group.get(name, 0)
    return min(int(count), _MOST_TOKENS) if _is_count(count) else 0
