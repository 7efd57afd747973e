"""What becomes of a committed utterance: an entry in the audit, an item of the conversation, and a transcript. Pure."""

import hashlib
from collections.abc import Iterator
from typing import Any

from edged import wire
from edged.local import transcription
from edged.local.bill import Ledger, Taken
from edged.local.conversation import ConversationItems
from edged.local.item import ConversationItem
from edged.local.planner import Planner
from edged.local.settings import Effective
from edged.local.sounds import ClientSound
from edged.wire import ServerEvent

NOT_UNDERSTOOD = wire.ServerError("Nothing was understood.", type="server_error", code="audio_unintelligible")


class UtteranceTaker:
    """`transcribers`: the models for transcripts; None: any."""

    def __init__(
        self,
        session_id: str,
        conversation: ConversationItems,
        planner: Planner,
        ledger: Ledger,
        transcribers: tuple[str, ...] | None = None,
    ) -> None:
        self._session_id, self._conversation = session_id, conversation
        self._planner, self._ledger, self._transcribers = planner, ledger, transcribers

    def take(self, item_id: str, sound: ClientSound, effective: Effective) -> Iterator[ServerEvent]:
        """The sound becomes an item of the conversation, with a transcript if the session asks for one."""
        ledger, raw = self._ledger, sound.raw
        digest = hashlib.sha256(raw).hexdigest()
        ledger.audit.append(
            Taken(self._session_id, item_id, digest, len(raw), raw if ledger.keep_audio else b"")
        )
        content = [{"type": "input_audio", "transcript": None}]
        item = ConversationItem(
            {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed"}, sound.fmt
        )
        item.item |= {"role": "user", "content": content}
        yield from added(self._conversation, item, None)
        self._conversation.keep(item, 0, raw)
        asked = effective.find("transcription")
        if asked is not None:
            hear = self._planner.only_heard if effective.transcribes else self._planner.heard
            yield from self._transcribed(item, hear(sound), asked, sound.ms)

    def _transcribed(
        self, item: ConversationItem, words: str | None, asked: dict[str, Any], ms: int
    ) -> Iterator[ServerEvent]:
        part, model = wire.Part(item.id, 0), asked.get("model", "")
        if self._transcribers is not None and model not in self._transcribers:
            failed = f"Input transcription failed for item '{item.id}'."
            error = wire.ServerError(failed, type="server_error", code="DeploymentNotFound")
            yield wire.TranscriptionFailed(part, error)
        elif words is None:
            yield wire.TranscriptionFailed(part, NOT_UNDERSTOOD)
        else:
            item.item["content"][0]["transcript"] = words
            for piece in transcription.deltas(words, model):
                yield wire.TranscriptionDelta(part, piece)
            usage = transcription.usage(words, model, ms, asked.get("prompt", ""))
            yield wire.TranscriptionCompleted(part, words, usage)


def added(
    conversation: ConversationItems, item: ConversationItem, after: str | None
) -> Iterator[ServerEvent]:
    """Add an item to the conversation, and report it."""
    before = conversation.add(item, after)
    shown = item.snapshot()
    yield wire.ItemAdded(shown, before)
    yield wire.ItemDone(shown, before)
