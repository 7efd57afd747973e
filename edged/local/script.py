"""What a scripted service answers: a YAML file of rules and a sequence. Pure, but for parsing it.

    version: 1
    rules:                            # tried in order; the first that fits answers
      - when: {text: weather}
        call: {name: get_weather, arguments: {city: Paris}}
      - when: {tool_result: true}
        say: It is sunny in Paris.
    answers:                          # else these, one after the other
      - say: Hello.
      - refuse: {code: rate_limit_exceeded, message: Slow down.}
    faults: ["drop@response.done#2"]  # faults.py says which

When the sequence is used up, or there is none, the voice answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec
import yaml

from edged.errors import ConfigError
from edged.local import voice
from edged.local.item import Item
from edged.local.plan import Call, Message, Plan, Said
from edged.local.voice import Speak, Voice
from edged.wire import ServerError

SILENT = Plan()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a response answers: the items it can see, and the sound of the last utterance (PCM16, 24 kHz)."""

    items: Sequence[Item]
    utterance: bytes

    @property
    def last(self) -> Item | None:
        """The last item that is not the service's own."""
        return next((item for item in reversed(self.items) if not _is_own(item)), None)


class Planner(Protocol):
    """One a session: it may count."""

    def plan(self, asked: Asked) -> Plan:
        """What the next response brings."""
        ...

    def heard(self, utterance: bytes) -> str | None:
        """The transcript of an utterance; None where it could not be understood."""
        ...


class VoicePlanner:
    """Answers everything with a voice, and what was written by saying so."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def plan(self, asked: Asked) -> Plan:
        last = asked.last
        if last is None:
            answer = self._voice.answer(asked.utterance) if asked.utterance else voice.nothing_yet()
        elif last.type == "function_call_output":
            answer = voice.thanks_for_result()
        elif last.sound:
            answer = self._voice.answer(asked.utterance)
        else:
            answer = voice.read_back(last.text)
        return Plan((Message((Said(answer.transcript, answer.pcm),)),)) if answer.pcm else SILENT

    def heard(self, utterance: bytes) -> str | None:
        """Nothing here understands speech: it tells the length."""
        return f"({len(utterance)} bytes of speech)"


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _When(_Strict):
    text: str | None = None
    tool_result: bool | None = None
    sound: bool | None = None

    def fits(self, asked: Asked) -> bool:
        last = asked.last
        if last is None:
            return False
        wrong = (
            self.text is not None and (last.type != "message" or self.text.lower() not in last.text.lower()),
            self.tool_result is not None and self.tool_result != (last.type == "function_call_output"),
            self.sound is not None and self.sound != bool(last.sound),
        )
        return not any(wrong)


class _Tool(_Strict):
    name: str
    arguments: dict[str, Any] = {}


class _Refusal(_Strict):
    code: str = "server_error"
    message: str = "The service could not answer."
    type: str = "server_error"


class _Part(_Strict):
    say: str | None = None
    text: str | None = None


class _Output(_Strict):
    say: str | None = None
    text: str | None = None
    parts: list[_Part] | None = None
    call: _Tool | None = None


class _Reply(_Strict):
    """One answer; exactly one of the first group says what it is."""

    say: str | None = None
    text: str | None = None
    parts: list[_Part] | None = None
    items: list[_Output] | None = None
    call: _Tool | None = None
    refuse: _Refusal | None = None
    silence: bool | None = None
    long: float | None = None
    listen: bool | None = None
    parrot: bool | None = None
    when: _When | None = None
    status: Literal["completed", "incomplete"] = "completed"
    reason: Literal["max_output_tokens", "content_filter"] | None = None
    think_ms: float | None = None
    heard: str | None = None

    @property
    def kinds(self) -> list[str]:
        names = ("say", "text", "parts", "items", "call", "refuse", "silence", "long", "listen", "parrot")
        return [name for name in names if getattr(self, name) not in (None, False)]


class _File(_Strict):
    version: Literal[1]
    rules: list[_Reply] = []
    answers: list[_Reply] = []
    faults: list[str] = []


@dataclass(frozen=True, slots=True)
class Script:
    """A file, read; its speech is synthesised already, so that no answer waits for it."""

    rules: tuple[_Reply, ...] = ()
    answers: tuple[_Reply, ...] = ()
    faults: tuple[str, ...] = ()
    speech: dict[str, bytes] = field(default_factory=dict)

    def planner(self, otherwise: Voice) -> "ScriptPlanner":
        return ScriptPlanner(self, otherwise)


def parse(text: str, name: str, speak: Speak) -> Script:
    """The script in `text`; `name` is the file's, for complaints, `speak` synthesises what is to be said.

    Raises:
        ConfigError: it is none; says what and where.
    """
    try:
        told = msgspec.convert(yaml.safe_load(text), _File)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        words = " ".join(str(error).split())
        raise ConfigError([f"{name}: {words}; docs/local-server.md shows a good one"]) from error
    problems = []
    for place, replies in (("rules", told.rules), ("answers", told.answers)):
        for index, reply in enumerate(replies):
            if len(reply.kinds) != 1:
                found = ", ".join(reply.kinds) or "nothing"
                problems.append(
                    f"{name}: $.{place}[{index}] is to say one thing to answer with; it says {found}"
                )
            if place == "rules" and reply.when is None:
                problems.append(
                    f"{name}: $.rules[{index}] has no `when`; without one it belongs to `answers`"
                )
    if problems:
        raise ConfigError(problems)
    replies = [*told.rules, *told.answers]
    speech = {said: speak(said) for reply in replies for said in _sayings(reply)}
    return Script(tuple(told.rules), tuple(told.answers), tuple(told.faults), speech)


class ScriptPlanner:
    """A script, as one session lives it."""

    def __init__(self, script: Script, otherwise: Voice) -> None:
        self._script, self._otherwise = script, otherwise
        self._voice = VoicePlanner(otherwise)
        self._answers = list(reversed(script.answers))
        self._heard: str | None = None

    def plan(self, asked: Asked) -> Plan:
        rule = next((rule for rule in self._script.rules if rule.when and rule.when.fits(asked)), None)
        reply = rule or (self._answers.pop() if self._answers else None)
        if reply is None:
            return self._voice.plan(asked)
        error = None
        items: tuple[Message | Call, ...]
        if reply.refuse is not None:
            refusal = reply.refuse
            error = ServerError(refusal.message, type=refusal.type, code=refusal.code)
            items, status = (), "failed"
        else:
            items, status = self._items(reply, asked), reply.status
        think_s = None if reply.think_ms is None else reply.think_ms / 1000
        return Plan(items, status, reply.reason, error, think_s)

    def heard(self, utterance: bytes) -> str | None:
        """What the next answer says it heard."""
        reply = self._answers[-1] if self._answers else None
        return reply.heard if reply is not None and reply.heard is not None else self._voice.heard(utterance)

    def _items(self, reply: _Reply, asked: Asked) -> tuple[Message | Call, ...]:
        if reply.silence:
            return ()
        if reply.listen:
            return self._voice.plan(asked).items
        if reply.parrot:
            return VoicePlanner(voice.ParrotVoice()).plan(asked).items
        if reply.long is not None:
            answer = voice.long_speech(reply.long)
            return (Message((Said(answer.transcript, answer.pcm),)),)
        if reply.items is not None:
            return tuple(self._output(item) for item in reply.items)
        return (self._output(_Output(reply.say, reply.text, reply.parts, reply.call)),)

    def _output(self, output: _Output) -> Message | Call:
        if output.call is not None:
            return Call(output.call.name, msgspec.json.encode(output.call.arguments).decode())
        parts = [_Part(output.say, output.text), *(output.parts or ())]
        return Message(tuple(said for part in parts for said in self._said(part)))

    def _said(self, part: _Part) -> list[Said]:
        said = [] if part.say is None else [Said(part.say, self._script.speech[part.say])]
        return said + ([] if part.text is None else [Said(part.text)])


def _sayings(reply: _Reply) -> list[str]:
    parts = [*(reply.parts or ())]
    said = [reply.say]
    for item in reply.items or ():
        said.append(item.say)
        parts += item.parts or ()
    return [text for text in [*said, *(part.say for part in parts)] if text is not None]


def _is_own(item: Item) -> bool:
    return item.role in ("assistant", "system") or item.type == "function_call"


PlannerOf = Callable[[], Planner]
