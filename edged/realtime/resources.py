"""The methods for each client event, such as `connection.input_audio_buffer.append(...)`. Pure.

Both connections, with and without asyncio, share this code. `Sent` is what sending returns: None, or an awaitable.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from edged.realtime.given import NOT_GIVEN, NotGiven
from edged.realtime.messages import Json, event
from edged.wire import ClientName

Sent = TypeVar("Sent")
_Id = str | NotGiven


class _Resource(Generic[Sent]):
    def __init__(self, send: Callable[[Json], Sent]) -> None:
        self._send = send


class SessionResource(_Resource[Sent]):
    def update(self, *, session: Mapping[str, Any], event_id: _Id = NOT_GIVEN) -> Sent:
        """Change the settings in `session`. The service answers `session.updated`, or `error` and changes nothing."""
        return self._send(event(ClientName.SESSION_UPDATE, session=session, event_id=event_id))


class TranscriptionSessionResource(_Resource[Sent]):
    def update(self, *, session: Mapping[str, Any], event_id: _Id = NOT_GIVEN) -> Sent:
        """Change a session that only transcribes (beta only)."""
        return self._send(event(ClientName.TRANSCRIPTION_SESSION_UPDATE, session=session, event_id=event_id))


class InputAudioBufferResource(_Resource[Sent]):
    def append(self, *, audio: str, event_id: _Id = NOT_GIVEN) -> Sent:
        """Append sound: base64 of the session's input format. The service does not answer."""
        return self._send(event(ClientName.APPEND, audio=audio, event_id=event_id))

    def commit(self, *, event_id: _Id = NOT_GIVEN) -> Sent:
        """Make the appended sound an utterance.

        The service refuses less than 100 ms. A commit does not start a response.
        """
        return self._send(event(ClientName.COMMIT, event_id=event_id))

    def clear(self, *, event_id: _Id = NOT_GIVEN) -> Sent:
        """Discard the sound that is appended and not committed."""
        return self._send(event(ClientName.CLEAR, event_id=event_id))


class OutputAudioBufferResource(_Resource[Sent]):
    def clear(self, *, event_id: _Id = NOT_GIVEN) -> Sent:
        """For WebRTC and SIP only; on a WebSocket, services refuse it."""
        return self._send(event(ClientName.OUTPUT_CLEAR, event_id=event_id))


class ResponseResource(_Resource[Sent]):
    def create(
        self, *, response: Mapping[str, Any] | NotGiven = NOT_GIVEN, event_id: _Id = NOT_GIVEN
    ) -> Sent:
        """Ask for a response, one at a time. `response` overrides the session's settings for this response."""
        return self._send(event(ClientName.RESPONSE_CREATE, response=response, event_id=event_id))

    def cancel(self, *, response_id: _Id = NOT_GIVEN, event_id: _Id = NOT_GIVEN) -> Sent:
        """Stop the response under way. It still ends with `response.done`."""
        return self._send(event(ClientName.RESPONSE_CANCEL, response_id=response_id, event_id=event_id))


class ItemResource(_Resource[Sent]):
    def create(
        self, *, item: Mapping[str, Any], previous_item_id: _Id = NOT_GIVEN, event_id: _Id = NOT_GIVEN
    ) -> Sent:
        """Add an item to the conversation, at its end or after `previous_item_id`."""
        return self._send(
            event(ClientName.ITEM_CREATE, item=item, previous_item_id=previous_item_id, event_id=event_id)
        )

    def delete(self, *, item_id: str, event_id: _Id = NOT_GIVEN) -> Sent:
        """Remove an item from the conversation."""
        return self._send(event(ClientName.ITEM_DELETE, item_id=item_id, event_id=event_id))

    def retrieve(self, *, item_id: str, event_id: _Id = NOT_GIVEN) -> Sent:
        """Ask for an item, including its sound."""
        return self._send(event(ClientName.ITEM_RETRIEVE, item_id=item_id, event_id=event_id))

    def truncate(
        self, *, item_id: str, audio_end_ms: int, content_index: int = 0, event_id: _Id = NOT_GIVEN
    ) -> Sent:
        """Tell the service how much of an answer was heard. It refuses more than it has sent."""
        return self._send(
            event(
                ClientName.ITEM_TRUNCATE,
                item_id=item_id,
                content_index=content_index,
                audio_end_ms=audio_end_ms,
                event_id=event_id,
            )
        )


class ConversationResource(_Resource[Sent]):
    def __init__(self, send: Callable[[Json], Sent]) -> None:
        super().__init__(send)
        self.item = ItemResource(send)


class Offered(Generic[Sent]):
    """All resources; both connections inherit them."""

    def __init__(self, send: Callable[[Json], Sent]) -> None:
        self.session = SessionResource(send)
        self.transcription_session = TranscriptionSessionResource(send)
        self.input_audio_buffer = InputAudioBufferResource(send)
        self.output_audio_buffer = OutputAudioBufferResource(send)
        self.response = ResponseResource(send)
        self.conversation = ConversationResource(send)
