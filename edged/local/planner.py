"""Who decides what a response brings, and the usual one: a voice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edged.local import voice
from edged.local.item import Item
from edged.local.plan import Message, Plan, Said
from edged.local.sounds import Sound
from edged.local.voice import Answer, ByLength, Voice

SILENT = Plan()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a response answers: the items it can see, and the sound of the last utterance."""

    items: Sequence[Item]
    utterance: Sound

    @property
    def last(self) -> Item | None:
        """The last item that is not the service's own."""
        return next((item for item in reversed(self.items) if not _is_own(item)), None)


class Planner(Protocol):
    """One a session: it may count."""

    def plan(self, asked: Asked) -> Plan:
        """What the next response brings."""
        ...

    def heard(self, utterance: Sound) -> str | None:
        """The transcript of an utterance; None where it could not be understood."""
        ...


class VoicePlanner:
    """Answers everything with a voice, and what was written by saying so."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def plan(self, asked: Asked) -> Plan:
        last = asked.last
        if last is None:
            answer = self._spoken(asked.utterance) if asked.utterance.raw else voice.nothing_yet()
        elif last.type == "function_call_output":
            answer = voice.thanks_for_result()
        elif last.sound:
            answer = self._spoken(asked.utterance)
        else:
            answer = voice.read_back(last.text)
        return Plan((Message((Said(answer.transcript, answer.pcm),)),)) if answer.pcm else SILENT

    def heard(self, utterance: Sound) -> str | None:
        """Nothing here understands speech: it tells the length."""
        return f"({utterance.n_bytes} bytes of speech)"

    def _spoken(self, utterance: Sound) -> Answer:
        if isinstance(self._voice, ByLength):
            return self._voice.answer_ms(utterance.ms)
        return self._voice.answer(utterance.pcm())


def _is_own(item: Item) -> bool:
    return item.role in ("assistant", "system") or item.type == "function_call"
