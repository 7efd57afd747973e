"""One response of the embedded service, as a series of steps. Pure: each step says when it is due.

Rules:
1. Events come in the order that clients rely on: item added, part added, sound mixed with its transcript, sound
   done, transcript done, part done, item done.
2. A cancelled response ends with the same events, and its item has the status `incomplete`.
3. A response is billed for the part that was sent, and for `max_output_tokens` at most. The limit cuts sound and
   transcript in the same proportion.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from edged import wire
from edged.local.conversation import ConversationItems
from edged.local.item import CHARACTERS_A_TOKEN, SPOKEN_TOKENS_A_SECOND, ConversationItem
from edged.local.plan import AnswerMessage, ContentPart, FunctionCall, ResponsePlan
from edged.local.settings import Answering
from edged.local.sounds import to_client
from edged.wire import Dialect, Part, ServerEvent

Json = dict[str, Any]
PIECE = 8  # characters in the first delta of a call's arguments, so that clients have to join two
Step = tuple[float, Callable[[], list[ServerEvent]]]


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast answers are sent. `pace` is a multiple of real time; 0 sends everything at once."""

    think_s: float = 0.15
    delta_ms: int = 200
    pace: float = 4.0


@dataclass(slots=True)
class _Open:
    """The item that is being sent, and its current part."""

    index: int
    item: ConversationItem
    part: Part | None = None
    said: ContentPart | None = None
    is_audio: bool = False
    transcript: str = ""


@dataclass(slots=True)
class Running:
    """A response that is being sent.

    `conversation` keeps the sound of the items. Unless the response is out of band, its items join the conversation.
    """

    response_id: str
    plan: ResponsePlan
    answering: Answering
    conversation: ConversationItems
    new_id: Callable[[str], str]
    input_tokens: tuple[int, int]
    cached_tokens: tuple[int, int] = (0, 0)
    output: list[ConversationItem] = field(default_factory=list)
    cut: bool = False  # the token limit was reached
    _open: _Open | None = None

    @property
    def conversation_id(self) -> str | None:
        return None if self.answering.out_of_band else "conv_local"

    def created(self) -> wire.ResponseCreated:
        return wire.ResponseCreated(
            self.response_id, self.conversation_id, self.answering.metadata, self.answering.response_object()
        )

    def steps(self, tempo: Tempo) -> Iterator[Step]:
        """Pairs of (seconds to wait, function that makes the events), up to but not including `response.done`."""
        wait_s = tempo.think_s if self.plan.think_s is None else self.plan.think_s
        if not self.plan.items:
            yield wait_s, list
        for index, item in enumerate(self.plan.items):
            if self.cut:
                return
            if isinstance(item, FunctionCall):
                yield wait_s, lambda index=index, item=item: self._call(index, item)  # type: ignore[misc]
            else:
                yield from self._message(index, item, tempo, wait_s)
            wait_s = 0.0

    def closing(self, status: str) -> list[ServerEvent]:
        """The events that end the current item; send them before `done`."""
        if self._open is None:
            return []
        return self._end_part() + self._end_item("completed" if status == "completed" else "incomplete")

    def done(self, status: str, reason: str | None = None) -> wire.ResponseDone:
        """The final event, with the usage."""
        text_in, audio_in = self.input_tokens
        weights = [item.tokens(billed=True) for item in self.output]
        text_out, audio_out = sum(text for text, _ in weights), sum(audio for _, audio in weights)
        failed = status == "failed"
        usage = (
            _usage((0, 0), (0, 0), (0, 0))
            if failed
            else _usage((text_in, audio_in), (text_out, audio_out), self.cached_tokens)
        )
        return wire.ResponseDone(
            self.response_id,
            status,
            reason,
            self.plan.error if failed else None,
            output=tuple(item.item for item in self.output),
            usage=usage,
            conversation_id=self.conversation_id,
            metadata=self.answering.metadata,
            settings=self.answering.response_object(),
        )

    # -- messages --------------------------------------------------------------------------------------

    def _message(self, index: int, message: AnswerMessage, tempo: Tempo, wait_s: float) -> Iterator[Step]:
        yield wait_s, lambda: self._add(index, {"type": "message", "role": "assistant", "content": []})
        for content_index, said in enumerate(message.parts):
            if self.cut:
                break
            yield 0.0, lambda at=content_index, said=said: self._add_part(at, said)  # type: ignore[misc]
            yield from self._sound(said, tempo) if self._is_audio(said) else self._written(said)
            yield 0.0, self._end_part
        yield 0.0, lambda: self._end_item("incomplete" if self.cut else "completed")

    def _is_audio(self, said: ContentPart) -> bool:
        return self.answering.audio and bool(said.pcm)

    def _sound(self, said: ContentPart, tempo: Tempo) -> Iterator[Step]:
        fmt = self.answering.output_format
        sound = to_client(said.pcm, fmt)
        sound, transcript = self._within(sound, said.transcript)
        words, size = _words(transcript), fmt.bytes_of(tempo.delta_ms)
        starts = range(0, len(sound), size)
        bounds = [-(-len(words) * k // len(starts)) for k in range(len(starts) + 1)] if sound else [0]
        for start, (first, end) in zip(starts, pairwise(bounds), strict=True):
            wait_s = tempo.delta_ms / 1000 / tempo.pace if start and tempo.pace else 0.0
            piece, text = sound[start : start + size], "".join(words[first:end])
            yield wait_s, lambda piece=piece, text=text: self._send_sound(piece, text)  # type: ignore[misc]

    def _within(self, sound: bytes, transcript: str) -> tuple[bytes, str]:
        """Cut both to the tokens that are left."""
        fmt, left = self.answering.output_format, self._tokens_left()
        audio = -(-fmt.ms_of(len(sound)) * SPOKEN_TOKENS_A_SECOND // 1000)
        text = -(-len(transcript) // CHARACTERS_A_TOKEN)
        if left is None or audio + text <= left:
            return sound, transcript
        self.cut = True
        of_sound = -(-left * audio // (audio + text))
        most = (left - of_sound) * CHARACTERS_A_TOKEN
        return sound[: fmt.bytes_of(of_sound * 1000 / SPOKEN_TOKENS_A_SECOND)], _whole_words(transcript, most)

    def _short_enough(self, text: str) -> str:
        left = self._tokens_left()
        if left is not None and len(text) > left * CHARACTERS_A_TOKEN:
            text, self.cut = text[: left * CHARACTERS_A_TOKEN], True
        return text

    def _written(self, said: ContentPart) -> Iterator[Step]:
        for word in _words(self._short_enough(said.transcript)):
            yield 0.0, lambda word=word: self._send_text(word)  # type: ignore[misc]

    def _add(self, index: int, item: Json) -> list[ServerEvent]:
        kept = {"id": self.new_id("item"), "object": "realtime.item", "status": "in_progress", **item}
        added = ConversationItem(kept, self.answering.output_format)
        self._open = _Open(index, added)
        self.output.append(added)
        events: list[ServerEvent] = [wire.OutputItemAdded(self.response_id, index, added.snapshot())]
        if not self.answering.out_of_band:
            before = self.conversation.add(added)
            events.append(wire.ItemAdded(added.snapshot(), before))
        return events

    def _add_part(self, content_index: int, said: ContentPart) -> list[ServerEvent]:
        now = self._now()
        now.part, now.said, now.transcript = Part(now.item.id, content_index), said, ""
        now.is_audio = self._is_audio(said)
        if now.is_audio:
            now.item.sound[content_index] = 0
        now.item.item["content"].append({})
        self._write_part(now)
        content = {"type": "audio", "transcript": ""} if now.is_audio else {"type": "text", "text": ""}
        return [wire.PartAdded(self.response_id, now.part, now.index, content)]

    def _send_sound(self, sound: bytes, text: str) -> list[ServerEvent]:
        now = self._now()
        assert now.part is not None
        self.conversation.keep(now.item, now.part.content_index, sound)
        events: list[ServerEvent] = []
        if text:
            self._word(now, text)
            events.append(wire.AudioTranscriptDelta(self.response_id, now.part, now.index, text))
        return [*events, wire.AudioDelta(self.response_id, now.part, now.index, sound)]

    def _send_text(self, text: str) -> list[ServerEvent]:
        now = self._now()
        assert now.part is not None
        self._word(now, text)
        return [wire.TextDelta(self.response_id, now.part, now.index, text)]

    def _word(self, now: _Open, text: str) -> None:
        now.transcript += text
        if now.part is not None and now.part.content_index not in now.item.cut:
            self._write_part(now)

    def _write_part(self, now: _Open) -> None:
        """Write the current part into the item's content."""
        assert now.part is not None
        own = {Dialect.GA: "output_", Dialect.BETA: ""}[self.answering.dialect]
        now.item.item["content"][now.part.content_index] = (
            {"type": f"{own}audio", "transcript": now.transcript}
            if now.is_audio
            else {"type": f"{own}text", "text": now.transcript}
        )

    def _end_part(self) -> list[ServerEvent]:
        now = self._now()
        part, now.part = now.part, None
        if part is None:
            return []
        where = (self.response_id, part, now.index)
        if now.is_audio:
            return [
                wire.AudioDone(*where),
                wire.AudioTranscriptDone(*where, now.transcript),
                wire.PartDone(*where, {"type": "audio", "transcript": now.transcript}),
            ]
        return [
            wire.TextDone(*where, now.transcript),
            wire.PartDone(*where, {"type": "text", "text": now.transcript}),
        ]

    def _end_item(self, status: str) -> list[ServerEvent]:
        now = self._now()
        self._open = None
        now.item.item["status"] = status
        item = now.item.snapshot()
        events: list[ServerEvent] = [wire.OutputItemDone(self.response_id, now.index, item)]
        if self.conversation.holds(now.item):
            events.append(wire.ItemDone(item, self.conversation.before(now.item.id)))
        return events

    # -- calls -----------------------------------------------------------------------------------------

    def _call(self, index: int, call: FunctionCall) -> list[ServerEvent]:
        call_id = self.new_id("call")
        events = self._add(
            index, {"type": "function_call", "name": call.name, "call_id": call_id, "arguments": ""}
        )
        item, arguments = self._now().item, self._short_enough(call.arguments)
        for piece in (arguments[:PIECE], arguments[PIECE:]):
            events.append(wire.ArgumentsDelta(self.response_id, item.id, index, call_id, piece))
        item.item["arguments"] = arguments
        events.append(wire.ArgumentsDone(self.response_id, item.id, index, call_id, call.name, arguments))
        return events + self._end_item("incomplete" if self.cut else "completed")

    def _now(self) -> _Open:
        assert self._open is not None
        return self._open

    def _tokens_left(self) -> int | None:
        most = self.answering.most_tokens
        return (
            None
            if most is None
            else max(0, most - sum(sum(item.tokens(billed=True)) for item in self.output))
        )


def _words(text: str) -> list[str]:
    """The words, each with the blank before it; joined, they give the text again."""
    first, *others = text.split(" ")
    return [word for word in (first, *(f" {word}" for word in others)) if word] or [""]


def _whole_words(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, text.rfind(" ", 0, most + 1))]


def _usage(came: tuple[int, int], went: tuple[int, int], cached: tuple[int, int]) -> Json:
    """Each argument is a pair (text tokens, audio tokens); `cached` is a part of `came`."""
    return {
        "total_tokens": sum(came) + sum(went),
        "input_tokens": sum(came),
        "output_tokens": sum(went),
        "input_token_details": {
            "text_tokens": came[0],
            "audio_tokens": came[1],
            "image_tokens": 0,
            "cached_tokens": sum(cached),
            "cached_tokens_details": {"text_tokens": cached[0], "audio_tokens": cached[1], "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": went[0], "audio_tokens": went[1]},
    }
