"""The numbers that a service counted (tokens, seconds), as far as their names are known. Pure."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

STATUSES = frozenset({"completed", "cancelled", "incomplete", "failed", "in_progress"})
OTHER = "other"
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
