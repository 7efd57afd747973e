"""Scripts the answers of a service: a YAML file with rules and a sequence. Pure, apart from the parsing.

    version: 1
    rules:                            # tried in order; the first rule that matches gives the answer
      - when: {text: weather}
        call: {name: get_weather, arguments: {city: Paris}}
      - when: {tool_result: true}
        say: It is sunny in Paris.
    answers:                          # otherwise these, one after the other
      - say: Hello.
      - refuse: {code: rate_limit_exceeded, message: Slow down.}
    faults: ["drop@response.done#2"]  # faults.py lists them

When the sequence is used up, or if there is none, the voice answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from edged.errors import ConfigError
from edged.local import faults, script_yaml, voice
from edged.local.plan import AnswerMessage, ContentPart, FunctionCall, ResponsePlan
from edged.local.planner import Question, VoicePlanner
from edged.local.sounds import ClientSound
from edged.local.voice import Speak, Voice
from edged.wire import ServerError

LONGEST_S = 600.0  # speech in one answer
LONGEST_THINK_MS = 600_000.0
GOOD = "docs/local-server.md shows a valid script"


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _When(_Strict):
    text: str | None = None
    tool_result: bool | None = None
    sound: bool | None = None

    def fits(self, asked: Question) -> bool:
        last = asked.last
        if last is None:
            return False
        wrong = (
            self.text is not None and (last.type != "message" or self.text.lower() not in last.text.lower()),
            self.tool_result is not None and self.tool_result != (last.type == "function_call_output"),
            self.sound is not None and self.sound != bool(last.sound),
        )
        return not any(wrong)


class _ScriptTool(_Strict):
    name: str
    arguments: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The arguments as JSON. Raises TypeError or RecursionError for values that JSON does not have."""
        return msgspec.json.encode(self.arguments).decode()


class _Refusal(_Strict):
    code: str = "server_error"
    message: str = "The service could not answer."
    type: str = "server_error"


class _Part(_Strict):
    say: str | None = None
    text: str | None = None

    @property
    def kinds(self) -> list[str]:
        return _given(self, "say", "text")


class _ScriptOutput(_Strict):
    say: str | None = None
    text: str | None = None
    parts: list[_Part] | None = None
    call: _ScriptTool | None = None

    @property
    def kinds(self) -> list[str]:
        return _given(self, "say", "text", "parts", "call")


class _Reply(_Strict):
    """One answer. Exactly one of the fields from `say` to `parrot` is given."""

    say: str | None = None
    text: str | None = None
    parts: list[_Part] | None = None
    items: list[_ScriptOutput] | None = None
    call: _ScriptTool | None = None
    refuse: _Refusal | None = None
    silence: bool | None = None
    long: float | None = None
    listen: bool | None = None
    parrot: bool | None = None
    when: _When | None = None
    status: Literal["completed", "incomplete"] | None = None
    reason: Literal["max_output_tokens", "content_filter"] | None = None
    think_ms: float | None = None
    heard: str | None = None

    @property
    def kinds(self) -> list[str]:
        names = ("say", "text", "parts", "items", "call", "refuse", "silence", "long", "listen", "parrot")
        return _given(self, *names)


class _File(_Strict):
    version: Literal[1]
    rules: list[_Reply] = []
    answers: list[_Reply] = []
    faults: list[str] = []


@dataclass(frozen=True, slots=True)
class Script:
    """The content of a file. Its speech is already synthesised, so that no answer waits for it."""

    rules: tuple[_Reply, ...] = ()
    answers: tuple[_Reply, ...] = ()
    faults: tuple[str, ...] = ()
    speech: dict[str, bytes] = field(default_factory=dict)

    def planner(self, otherwise: Voice) -> "ScriptPlanner":
        return ScriptPlanner(self, otherwise)


def parse(text: str, name: str, speak: Speak) -> Script:
    """The script in `text`. `name` is the name of the file, for error messages; `speak` synthesises speech.

    Raises:
        ConfigError: The text is not a valid script; the message says what is wrong and where.
    """
    try:
        data, bad_keys = script_yaml.read(text)
        if bad_keys:
            raise ConfigError([f"{name}: {problem}" for problem in bad_keys])
        file = msgspec.convert(data, _File)
    except (ValueError, RecursionError) as error:  # of msgspec, too
        raise ConfigError([f"{name}: {error}; {GOOD}"]) from error
    problems = [
        *(
            problem
            for index, rule in enumerate(file.rules)
            for problem in _of_rule(f"$.rules[{index}]", rule)
        ),
        *(
            problem
            for index, answer in enumerate(file.answers)
            for problem in _of_answer(f"$.answers[{index}]", answer)
        ),
    ]
    problems += [problem for index, line in enumerate(file.faults) for problem in _of_fault(index, line)]
    if problems:
        raise ConfigError([f"{name}: {problem}" for problem in problems])
    replies = [*file.rules, *file.answers]
    speech = {said: speak(said) for reply in replies for said in _sayings(reply)}
    return Script(tuple(file.rules), tuple(file.answers), tuple(file.faults), speech)


def _of_rule(where: str, rule: _Reply) -> Iterator[str]:
    """The problems of a rule, in words."""
    if rule.when is None:
        yield f"{where} has no `when`; without one, move it to `answers`"
    if rule.heard is not None:
        yield f"{where}.heard: the transcript is sent before a rule is chosen; use `heard` in `answers` only"
    yield from _of_reply(where, rule)


def _of_answer(where: str, answer: _Reply) -> Iterator[str]:
    if answer.when is not None:
        yield f"{where}.when: answers come one after the other; move an answer with a condition to `rules`"
    yield from _of_reply(where, answer)


def _of_reply(where: str, reply: _Reply) -> Iterator[str]:
    yield from _one(where, reply.kinds)
    if reply.long is not None and not 0 < reply.long <= LONGEST_S:
        yield f"{where}.long: {reply.long:g} is not allowed; write more than 0, up to {LONGEST_S:g} s"
    if reply.think_ms is not None and not 0 <= reply.think_ms <= LONGEST_THINK_MS:
        yield f"{where}.think_ms: {reply.think_ms:g} is not allowed; write 0 to {LONGEST_THINK_MS:.0f}"
    if reply.refuse is not None and (reply.status is not None or reply.reason is not None):
        yield f"{where}: `refuse` sets the status `failed`; remove `status` and `reason`"
    elif reply.reason is not None and reply.status != "incomplete":
        yield f"{where}.reason: a reason needs `status: incomplete`"
    yield from _of_output(where, reply)
    for index, item in enumerate(reply.items or ()):
        yield from _one(f"{where}.items[{index}]", item.kinds)
        yield from _of_output(f"{where}.items[{index}]", item)


def _of_output(where: str, output: _ScriptOutput | _Reply) -> Iterator[str]:
    for index, part in enumerate(output.parts or ()):
        yield from _one(f"{where}.parts[{index}]", part.kinds)
    try:
        _ = output.call and output.call.text
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        yield f"{where}.call.arguments: cannot be written as JSON ({error})"


def _of_fault(index: int, line: str) -> Iterator[str]:
    try:
        faults.parse(line)
    except ValueError as error:
        yield f"$.faults[{index}]: {error}"


def _one(where: str, kinds: list[str]) -> Iterator[str]:
    if len(kinds) != 1:
        yield f"{where} needs exactly one kind of answer; it has {', '.join(kinds) or 'none'}"


def _given(struct: msgspec.Struct, *names: str) -> list[str]:
    return [name for name in names if getattr(struct, name) not in (None, False)]


class ScriptPlanner:
    """Plans the responses of one session by a script."""

    def __init__(self, script: Script, otherwise: Voice) -> None:
        self._script = script
        self._voice = VoicePlanner(otherwise)
        self._answers = list(reversed(script.answers))
        self._heard: str | None = None

    def plan(self, asked: Question) -> ResponsePlan:
        rule = next((rule for rule in self._script.rules if rule.when and rule.when.fits(asked)), None)
        reply = rule or (self._answers[-1] if self._answers else None)
        if reply is None:
            return self._voice.plan(asked)
        if (
            asked.tools.call is not None
            and reply.refuse is None
            and not asked.tools.fits(self._items(reply, asked))
        ):
            return self._voice.plan(asked)  # the reply stays: it may answer the result of this call
        if rule is None:
            self._answers.pop()
        error = None
        items: tuple[AnswerMessage | FunctionCall, ...]
        if reply.refuse is not None:
            refusal = reply.refuse
            error = ServerError(refusal.message, type=refusal.type, code=refusal.code)
            items, status = (), "failed"
        else:
            items, status = self._items(reply, asked), reply.status or "completed"
        think_s = None if reply.think_ms is None else reply.think_ms / 1000
        return ResponsePlan(items, status, reply.reason, error, think_s)

    def heard(self, utterance: ClientSound) -> str | None:
        """The transcript that the next answer of the sequence sets, or the voice's own."""
        reply = self._answers[-1] if self._answers else None
        return reply.heard if reply is not None and reply.heard is not None else self._voice.heard(utterance)

    def only_heard(self, utterance: ClientSound) -> str | None:
        words = self.heard(utterance)
        if self._answers:
            self._answers.pop()
        return words

    def _items(self, reply: _Reply, asked: Question) -> tuple[AnswerMessage | FunctionCall, ...]:
        items = self._scripted(reply, asked)
        if asked.tools.may_call or asked.tools.fits(items):
            return items
        return asked.tools.without_calls(items) or self._voice.speak(asked).items

    def _scripted(self, reply: _Reply, asked: Question) -> tuple[AnswerMessage | FunctionCall, ...]:
        if reply.silence:
            return ()
        if reply.listen:
            return self._voice.speak(asked).items
        if reply.parrot:
            return VoicePlanner(voice.ParrotVoice()).speak(asked).items
        if reply.long is not None:
            answer = voice.long_speech(reply.long)
            return (AnswerMessage((ContentPart(answer.transcript, answer.pcm),)),)
        if reply.items is not None:
            return tuple(self._output(item) for item in reply.items)
        return (self._output(_ScriptOutput(reply.say, reply.text, reply.parts, reply.call)),)

    def _output(self, output: _ScriptOutput) -> AnswerMessage | FunctionCall:
        if output.call is not None:
            return FunctionCall(output.call.name, output.call.text)
        parts = [_Part(output.say, output.text), *(output.parts or ())]
        return AnswerMessage(tuple(said for part in parts for said in self._said(part)))

    def _said(self, part: _Part) -> list[ContentPart]:
        said = [] if part.say is None else [ContentPart(part.say, self._script.speech[part.say])]
        return said + ([] if part.text is None else [ContentPart(part.text)])


def _sayings(reply: _Reply) -> list[str]:
    parts = [*(reply.parts or ())]
    said = [reply.say]
    for item in reply.items or ():
        said.append(item.say)
        parts += item.parts or ()
    return [text for text in [*said, *(part.say for part in parts)] if text is not None]
