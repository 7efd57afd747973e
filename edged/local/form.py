"""The form of a session object: which settings it has, where they stand, and what is refused. Pure.

The embedded service has one form for each dialect (settings.py), and those of the services that it can imitate
(forms_*.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from edged.local.g711 import ALAW, ULAW
from edged.local.schema import Spec
from edged.pcm import PCM16, Format
from edged.wire import BadClientEvent, Dialect
from edged.wire.settings import ROWS

Json = dict[str, Any]
_FORMATS = {"g711_ulaw": ULAW, "audio/pcmu": ULAW, "g711_alaw": ALAW, "audio/pcma": ALAW}


@lru_cache(maxsize=16)
def _pcm(rate_hz: int) -> Format:
    return Format(rate_hz)


@dataclass(frozen=True, slots=True)
class SessionForm:
    """The session object of a service: its settings, their places and values, and how it is reported.

    `start` has the settings of a fresh session; `spec` and `response` are what an update and a response may set.
    `keys` are the places of settings (`wire.settings.TABLE`) that the dialect has elsewhere. `needs` are keys that
    every update must have. Unknown keys are refused, or have no effect with `lenient`. Each key in `declines` (dotted)
    is refused on its own, with the text `declined`; the rest of the update is applied. `spec` has none of these keys.

    `input_hz` and `output_hz` are the rates of 16-bit samples whose rate is not given. `formats` are further names of
    formats, and `rate_key` is a setting with the rate of the input. `model` says what an update does that names
    another model. `transcribes`: some sessions only transcribe.

    `report` makes the object that clients see; `fresh` is true for the session as it was created.
    """

    start: Json
    spec: Spec
    response: Spec
    keys: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    lenient: bool = False
    declines: tuple[str, ...] = ()
    declined: str = ""
    input_hz: int = PCM16.rate_hz
    output_hz: int = PCM16.rate_hz
    formats: Mapping[str, Format] = field(default_factory=dict)
    rate_key: str = ""
    model: Literal["fixed", "taken", "ignored"] = "fixed"
    transcribes: bool = False
    report: Callable[[Json, bool], Json] = lambda session, fresh: session  # noqa: ARG005

    def key(self, setting: str, dialect: Dialect) -> str | None:
        return self.keys.get(setting) or ROWS[setting].key(dialect)

    def format(self, value: Any, rate_hz: int) -> Format:
        """The format that `value` names; `rate_hz` is for samples whose rate it does not name."""
        name = value
        if isinstance(value, dict):
            name, rate_hz = value.get("type"), value.get("rate") or rate_hz
        return self.formats.get(name) or _FORMATS.get(name) or _pcm(rate_hz)

    def refusals(self, change: Json, path: str) -> list[BadClientEvent]:
        """The refusals of keys in this change that are refused on their own."""
        found = ((f"{path}.{name}", place(change, name)) for name in self.declines)
        return [
            BadClientEvent(None, self.declined.format(key=where), where)
            for where, value in found
            if value is not None
        ]


def place(tree: Json, key: str | None) -> Any:
    """The value at a dotted key; None if there is none."""
    value: Any = tree
    for name in (key or "").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
