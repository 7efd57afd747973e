"""The session objects behind Portkey, whose page uses voices and temperatures of other models. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edged.local import settings
from edged.local.form import SessionForm
from edged.local.schema import number, one_of
from edged.local.spec import GA_VOICES
from edged.wire import Dialect

_VOICE = one_of(*GA_VOICES, "nova", "fable", "onyx")
_TEMPERATURE = number(0, 2)
_GA, _BETA = settings.FORMS[Dialect.GA], settings.FORMS[Dialect.BETA]


def _with_voice(spec: Any) -> Any:
    return {**spec, "audio": {**spec["audio"], "output": {**spec["audio"]["output"], "voice": _VOICE}}}


FORMS: Mapping[Dialect, SessionForm] = {
    Dialect.GA: replace(_GA, spec=_with_voice(_GA.spec), response=_with_voice(_GA.response)),
    Dialect.BETA: replace(
        _BETA,
        spec={**_BETA.spec, "voice": _VOICE, "temperature": _TEMPERATURE},
        response={**_BETA.response, "voice": _VOICE, "temperature": _TEMPERATURE},
    ),
}
