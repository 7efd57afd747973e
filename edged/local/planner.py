"""A planner decides what a response contains; the usual planner is a voice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edged.local import voice
from edged.local.item import ConversationItem
from edged.local.plan import AnswerMessage, ContentPart, ResponsePlan
from edged.local.sounds import ClientSound
from edged.local.tool_use import ANY, ToolUse
from edged.local.voice import ByLength, Voice, VoiceAnswer

SILENT = ResponsePlan()


@dataclass(frozen=True, slots=True)
class Question:
    """What a response answers: the items that it sees, and the sound of the last utterance.

    `tools` is what the client demands about function calls. The planner has to meet it.
    """

    items: Sequence[ConversationItem]
    utterance: ClientSound
    tools: ToolUse = ANY

    @property
    def last(self) -> ConversationItem | None:
        """The last item that is not the service's own."""
        return next((item for item in reversed(self.items) if not _is_own(item)), None)


class Planner(Protocol):
    """Each session has its own planner, so a planner may keep state."""

    def plan(self, asked: Question) -> ResponsePlan:
        """The content of the next response."""
        ...

    def heard(self, utterance: ClientSound) -> str | None:
        """The transcript of an utterance; None if it could not be understood."""
        ...

    def only_heard(self, utterance: ClientSound) -> str | None:
        """The same in a session that answers nothing, so no `plan` follows."""
        ...


class VoicePlanner:
    """Answers speech with a voice, and text by saying how many words it has."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def plan(self, asked: Question) -> ResponsePlan:
        if asked.tools.call is not None:
            return ResponsePlan((asked.tools.call,))
        return self.speak(asked)

    def speak(self, asked: Question) -> ResponsePlan:
        """The spoken answer, whatever the client demands about calls."""
        last = asked.last
        if last is None:
            answer = self._spoken(asked.utterance) if asked.utterance.raw else voice.nothing_yet()
        elif last.type == "function_call_output":
            answer = voice.thanks_for_result()
        elif last.sound:
            answer = self._spoken(asked.utterance)
        else:
            answer = voice.read_back(last.text)
        return (
            ResponsePlan((AnswerMessage((ContentPart(answer.transcript, answer.pcm),)),))
            if answer.pcm
            else SILENT
        )

    def heard(self, utterance: ClientSound) -> str | None:
        """The length of the utterance, because nothing here understands speech."""
        return f"({utterance.n_bytes} bytes of speech)"

    def only_heard(self, utterance: ClientSound) -> str | None:
        return self.heard(utterance)

    def _spoken(self, utterance: ClientSound) -> VoiceAnswer:
        if isinstance(self._voice, ByLength):
            return self._voice.answer_ms(utterance.ms)
        return self._voice.answer(utterance.pcm())


def _is_own(item: ConversationItem) -> bool:
    return (
        item.role in ("assistant", "system") or item.type == "function_call" or item.type.startswith("mcp_")
    )
