"""A service and the link to it, in which a test decides each message, each byte and each break. No socket."""

import asyncio
import json
from base64 import b64decode
from collections import deque
from collections.abc import Iterable

from edged import wire
from edged.errors import LinkError
from edged.wire import Dialect, Part, ServerError

SHUT, OPEN = b"\x01", b"\x02"  # every byte that the microphone hears with the gate shut, and with it open
ANSWER = b"\x00\x10" * 24 * 800  # 800 ms
_APPEND = '{"type":"input_audio_buffer.append"'


class Transport:
    """One connection."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._inbox: deque[str] = deque()
        self._news = asyncio.Event()
        self.broken = False

    def says(self, text: str) -> None:
        self._inbox.append(text)
        self._news.set()

    def breaks(self) -> None:
        self.broken = True
        self._news.set()

    def moves(self) -> None:
        """Let the socket accept bytes again."""
        self._news.set()

    def give(self, texts: Iterable[str]) -> int:
        taken = 0
        for text in texts:
            if self.broken or self._service.room <= 0:
                break
            self._service.hears(self, text)
            taken += 1
        return taken

    async def send(self, text: str) -> None:
        while not self.give((text,)):
            self._fail()
            self._news.clear()
            await self._news.wait()

    async def receive(self) -> str:
        while not self._inbox:
            self._fail()
            self._news.clear()
            await self._news.wait()
        return self._inbox.popleft()

    def flow(self) -> None:
        return None

    async def close(self) -> None:
        self.breaks()

    def _fail(self) -> None:
        if self.broken:
            raise LinkError("the connection is gone", "link_closed")


class Service:
    """Sends nothing on its own but the greeting and the confirmation of the settings. Also the `Dial` of a link."""

    def __init__(self) -> None:
        self.transport: Transport | None = None  # the last one that was confirmed
        self.reachable = True
        self.room = float("inf")  # bytes that the socket accepts
        self.leaked = 0  # bytes that were heard with the gate shut, and arrived here
        self.commits: deque[str] = deque()  # ids of commits that were not answered
        self.asked: str | None = None  # the id of a request that has no response yet
        self.running: str | None = None  # the last response that was created, until it ends
        self.spoken: str | None = None  # the item of the speech that was last reported
        self.ended: str | None = None  # the same item after its end was reported, until it is committed
        self._numbers = 0
        self._names: list[str] = []  # of all responses

    async def __call__(self, endpoint: object, timeout_s: float) -> Transport:
        if not self.reachable:
            raise LinkError("nobody is there", "unreachable")
        transport = Transport(self)
        self._tell(transport, wire.SessionCreated(session={"id": "sess", "type": "realtime"}))
        return transport

    def hears(self, transport: Transport, text: str) -> None:
        """The kiosk sends this."""
        self.room -= len(text)
        if text.startswith(_APPEND):
            self.leaked += b64decode(json.loads(text)["audio"]).count(SHUT)
            return
        message = json.loads(text)
        match message["type"]:
            case "session.update":
                self.transport, self.commits, self.asked, self.running = transport, deque(), None, None
                self._tell(transport, wire.SessionUpdated(session={**message["session"], "id": "sess"}))
            case "input_audio_buffer.commit":
                self.commits.append(message["event_id"])
            case "response.create":
                self.asked = message["event_id"]

    # -- what it may say ---------------------------------------------------------------------------------

    def commits_one(self) -> None:
        """Commit an utterance: one whose end was detected if there is one, else the oldest that the kiosk committed."""
        item_id, self.ended = self.ended or self._new("item"), None
        if self.commits and item_id != self.spoken:
            self.commits.popleft()
        self.says(wire.Committed(item_id=item_id))

    def hears_speech(self, *, started: bool) -> None:
        if started:
            self.spoken, self.ended = self._new("item"), None
            self.says(wire.SpeechStarted(item_id=self.spoken, audio_start_ms=0))
        else:
            self.ended = self.spoken = self.spoken or self._new("item")
            self.says(wire.SpeechStopped(item_id=self.ended, audio_end_ms=0))

    def begins(self) -> None:
        """A response begins, requested or not."""
        self.running, self.asked = self._new("resp"), None
        self._names.append(self.running)
        self.says(wire.ResponseCreated(response_id=self.running, conversation_id="conv", metadata=None))

    def named(self, back: int) -> str:
        """The response that was created this many before the last one."""
        return self._names[-back - 1] if back < len(self._names) else "resp_of_nobody"

    def sounds(self, response_id: str | None = None) -> None:
        """Some sound of the running response, or of the named one."""
        response_id = response_id or self.running
        if response_id is not None:
            part = Part(f"item_of_{response_id}", 0)
            self.says(wire.AudioDelta(response_id=response_id, part=part, pcm=ANSWER, output_index=0))

    def ends(self, status: str, *, tool: bool = False, response_id: str | None = None) -> None:
        """The running response, or the named one, ends."""
        response_id = response_id or self.running
        if response_id is None:
            return
        self.running = None if response_id == self.running else self.running
        call = {"type": "function_call", "call_id": "call", "name": "look", "arguments": "{}"}
        failed = (
            ServerError("it broke", "server_error", "rate_limit_exceeded") if status == "failed" else None
        )
        self.says(
            wire.ResponseDone(
                response_id=response_id,
                conversation_id="conv",
                status=status,
                reason=None,
                error=failed,
                output=(call,) if tool else (),
                usage={},
                metadata=None,
            )
        )

    def refuses(self, code: str) -> None:
        """Send an error. If its code says so, it is about the current request or commit."""
        event_id = self.asked
        if code == "input_audio_buffer_commit_empty":
            event_id = self.commits.popleft() if self.commits else None
        elif code != "item_truncate_invalid_item_id":
            self.asked = None
        error = ServerError("no", "invalid_request_error", code, None, event_id)
        self.says(wire.ErrorEvent(error=error))

    def goes_on(self) -> None:
        """Do the next thing that a good service would do."""
        if self.commits:
            self.commits_one()
        elif self.asked is not None:
            self.begins()
            self.sounds()
        elif self.running is not None:
            self.ends("completed")

    def moves(self, room: float) -> None:
        """The socket accepts this many bytes from now on."""
        self.room = room
        if self.transport is not None:
            self.transport.moves()

    def says(self, event: wire.ServerEvent) -> None:
        if self.transport is not None and not self.transport.broken:
            self._tell(self.transport, event)

    def breaks(self) -> None:
        """The connection breaks."""
        if self.transport is not None:
            self.transport.breaks()

    def _tell(self, transport: Transport, event: wire.ServerEvent) -> None:
        transport.says(wire.encode(event, Dialect.GA, self._new("event")))

    def _new(self, what: str) -> str:
        self._numbers += 1
        return f"{what}_{self._numbers}"
