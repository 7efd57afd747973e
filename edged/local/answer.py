"""One response of the embedded service, as the steps in which it is sent. Pure: each step says when it is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edged import pcm, wire
from edged.local.voice import Answer
from edged.wire import Dialect, Part, ServerEvent

Json = dict[str, Any]
TOKENS_A_SECOND = 20  # of audio, as OpenAI counts output


@dataclass(slots=True)
class Running:
    """What is under way; `sent_bytes` is how much of its sound has left."""

    response_id: str
    item_id: str
    answer: Answer
    dialect: Dialect
    heard_tokens: int
    previous_item_id: str | None = None
    sent_bytes: int = 0
    item_added: bool = False

    @property
    def part(self) -> Part:
        return Part(self.item_id, 0)

    def steps(
        self, *, think_s: float, delta_ms: int, pace: float
    ) -> Iterator[tuple[float, list[ServerEvent]]]:
        """(seconds to wait first, events); all but `response.done`, which `done` makes.

        A step counts as sent when the next one is asked for.
        """
        if not self.answer.pcm:
            yield think_s, []
            return
        yield think_s, [*self._opening(), self._transcript_delta()]
        self.item_added = True
        step = pcm.PCM16.bytes_of(delta_ms)
        for start in range(0, len(self.answer.pcm), step):
            piece = self.answer.pcm[start : start + step]
            wait_s = 0.0 if start == 0 or not pace else delta_ms / 1000 / pace
            yield wait_s, [wire.AudioDelta(self.response_id, self.part, 0, piece)]
            self.sent_bytes += len(piece)

    def closing(self, status: str) -> list[ServerEvent]:
        """What ends the item, before `done`."""
        if not self.item_added:
            return []
        item = self.item("completed" if status == "completed" else "incomplete")
        events: list[ServerEvent] = [
            wire.AudioDone(self.response_id, self.part, 0),
            wire.AudioTranscriptDone(self.response_id, self.part, 0, self.answer.transcript),
            wire.PartDone(self.response_id, self.part, 0, self._content()),
            wire.OutputItemDone(self.response_id, 0, item),
        ]
        if self.dialect is Dialect.GA:
            events.append(wire.ItemDone(item, self.previous_item_id))
        return events

    def done(self, status: str, reason: str | None = None) -> wire.ResponseDone:
        """The end, with what it cost."""
        seconds = pcm.PCM16.ms_of(self.sent_bytes) / 1000
        spoken = round(seconds * TOKENS_A_SECOND)
        written = len(self.answer.transcript.split()) if self.item_added else 0
        usage = {
            "total_tokens": self.heard_tokens + spoken + written,
            "input_tokens": self.heard_tokens,
            "output_tokens": spoken + written,
            "input_token_details": {"text_tokens": 0, "audio_tokens": self.heard_tokens, "cached_tokens": 0},
            "output_token_details": {"text_tokens": written, "audio_tokens": spoken},
        }
        output = (
            (self.item("completed" if status == "completed" else "incomplete"),) if self.item_added else ()
        )
        return wire.ResponseDone(
            self.response_id, status, reason, None, output=output, usage=usage, conversation_id="conv_local"
        )

    def item(self, status: str) -> Json:
        """The assistant's message."""
        kind = "output_audio" if self.dialect is Dialect.GA else "audio"
        content = [] if status == "in_progress" else [{"type": kind, "transcript": self.answer.transcript}]
        return {
            "id": self.item_id,
            "object": "realtime.item",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    def _opening(self) -> list[ServerEvent]:
        item = self.item("in_progress")
        return [
            wire.OutputItemAdded(self.response_id, 0, item),
            wire.ItemAdded(item, self.previous_item_id),
            wire.PartAdded(self.response_id, self.part, 0, {"type": "audio", "transcript": ""}),
        ]

    def _transcript_delta(self) -> ServerEvent:
        return wire.AudioTranscriptDelta(self.response_id, self.part, 0, self.answer.transcript)

    def _content(self) -> Json:
        return {"type": "audio", "transcript": self.answer.transcript}
