"""How the messages of one service differ from the dialect that it speaks. Pure.

Rules:
1. A shape is data: the keys, the names and the rates of a service. The empty shape is the dialect as it is.
2. Our own messages are written in a shape (settings.py). The messages of other people's programs are changed into it,
   and the service's reports are changed back, so that a program sees the dialect only (reshape.py, shaping.py).
3. A setting that the service does not know is left out. Some services refuse the whole update because of it.
4. A value with an unexpected form passes unchanged: the service refuses it by name.

Not here: which service has which shape (dial/providers.py), the dialects (settings.py, convert.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.wire.names import ClientName, Dialect

Json = dict[str, Any]
NOT_SPECIFIED = "not specified"  # xAI reports it for a setting that was not sent at this key
ALIAS = "-latest"  # the end of a name that stands for the service's present model
_NAME = re.compile(r"[\w.:/@-]{1,100}", re.ASCII)
PCM_NAMES = frozenset({"pcm16", "pcm", "pcm24"})
"""Beta's name for 16-bit samples, and the names that services use in its place."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`keys` replaces keys, by the name of the setting in `settings.TABLE`; None: the service does not have it.

    `pcm` is the name of 16-bit samples in beta. `input_rate_hz` and `output_rate_hz` are the rates of those samples.
    `semantic_vad` is the name of that detection. With `asks_for_answers`, a detection starts answers only if it is told
    to. With `azure_voices`, a voice whose name has a `-` is sent as an object that says that it is one of Azure's own.
    With `nested_tools`, a function's fields stand in an object `function`, as in chat completions. With
    `reasoning_word`, the effort is a word and not an object. With `model_in_session`, the session names the model, and
    not the address.

    `dialect` is the dialect of the service where its sessions do not show it. `unreported` are settings that it follows
    and does not report. `voice_prefix` may stand before the voice in its reports. `lacks` are the client events that it
    does not have. With `answers_commits`, a commit starts the answer, and a request for an answer would break it off.
    With `ignores_commits`, only the service's own detection ends an utterance. `failures` are the codes of errors after
    which a response ends without a `response.done`. With `replaces_models`, the service uses another model in place of
    an unknown one, and says so only in its reports. With `may_keep_detection`, it is not known whether the service can
    do without its own detection: it may ignore the wish in silence.
    """

    keys: Mapping[str, str | None] = field(default_factory=dict)
    pcm: str = "pcm16"
    input_rate_hz: int = 24_000
    output_rate_hz: int = 24_000
    semantic_vad: str = "semantic_vad"
    asks_for_answers: bool = False
    azure_voices: bool = False
    nested_tools: bool = False
    reasoning_word: bool = False
    model_in_session: bool = False
    dialect: Dialect | None = None
    unreported: frozenset[str] = frozenset()
    voice_prefix: str = ""
    lacks: frozenset[ClientName] = frozenset()
    answers_commits: bool = False
    ignores_commits: bool = False
    failures: frozenset[str] = frozenset()
    replaces_models: bool = False
    may_keep_detection: bool = False

    def replacement(self, asked: str, reported: Any) -> str:
        """The reported model that the service uses in place of the one that was asked for; empty if there is none."""
        known = not asked or asked.endswith(ALIAS) or not isinstance(reported, str) or reported == asked
        if known or not self.replaces_models:
            return ""
        return reported if _NAME.fullmatch(reported) else "with a name that edged does not repeat"

    def value(self, setting: str, value: Any) -> Any:
        """A setting's value as the service wants it, from its value in the dialect."""
        if setting == "turn_detection" and isinstance(value, Mapping) and self.asks_for_answers:
            value = {"create_response": True, **value}
        match setting:
            case "input_format" | "output_format":
                return self.pcm if value == "pcm16" else value
            case "turn_detection" if isinstance(value, Mapping) and value.get("type") == "semantic_vad":
                return {**value, "type": self.semantic_vad}
            case "voice" if self.azure_voices and isinstance(value, str) and "-" in value:
                return {"type": "azure-standard", "name": value}
            case "tools" if self.nested_tools and isinstance(value, list):
                return [_nested(tool) for tool in value]
            case "reasoning" if self.reasoning_word and isinstance(value, Mapping):
                return value.get("effort")
        return value

    def reported(self, setting: str, value: Any) -> Any:
        """A reported value without the service's own prefix; None for a value that says that there is none."""
        if value == NOT_SPECIFIED:
            return None
        if setting == "voice" and self.voice_prefix and isinstance(value, str):
            return value.removeprefix(self.voice_prefix)
        return value

    def from_value(self, setting: str, value: Any) -> Any:
        """A setting's value in the dialect, from the value that the service reports."""
        match setting:
            case "input_format" | "output_format":
                return "pcm16" if value == self.pcm else value
            case "turn_detection" if isinstance(value, Mapping) and value.get("type") == self.semantic_vad:
                return {**value, "type": "semantic_vad"}
            case "voice" if self.azure_voices and isinstance(value, Mapping) and "name" in value:
                return value["name"]
            case "tools" if isinstance(value, list):
                return [
                    _flat(tool) for tool in value
                ]  # some services take either form, and report the nested one
            case "reasoning" if self.reasoning_word and isinstance(value, str):
                return {"effort": value}
        return value


PLAIN = Shape()


def _nested(tool: Any) -> Any:
    if not isinstance(tool, Mapping) or tool.get("type") != "function" or "function" in tool:
        return tool
    return {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}}


def _flat(tool: Any) -> Any:
    inner = tool.get("function") if isinstance(tool, Mapping) else None
    return {"type": "function", **inner} if isinstance(inner, Mapping) else tool
