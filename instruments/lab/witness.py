"""Reads along on the wire: which sound reached the service, and what the service said to the kiosk."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from edged import wire
from edged.errors import WireError
from edged.wire import BadClientEvent, Dialect, client_events
from instruments.lab.net import SimNet
from instruments.lab.spoken import Run, runs
from instruments.lab.tap import TEXT, Message, Tap

SAYINGS = (wire.SpeechStarted, wire.SpeechStopped, wire.Committed, wire.ResponseCreated, wire.ResponseDone)


@dataclass(frozen=True, slots=True)
class Saying:
    """The service said this, and the kiosk's end of the connection has it."""

    at_s: float
    connection: int
    event: wire.ServerEvent


@dataclass(slots=True)
class Spoken:
    """An answer, as far as it reached the kiosk."""

    response_id: str
    connection: int
    began_s: float
    pcm: bytearray = field(default_factory=bytearray)
    ended_s: float | None = None
    status: str = ""


class Witness:
    """The witness of one net, from the beginning of the run."""

    def __init__(self, net: SimNet) -> None:
        self.sayings: list[Saying] = []
        self.answers: dict[str, Spoken] = {}
        self._came: dict[int, bytearray] = defaultdict(bytearray)
        Tap(net, self._read)

    def sent(self) -> dict[int, list[Run]]:
        """The sound that reached the service, by connection and in order."""
        return {connection: runs(bytes(sound)) for connection, sound in self._came.items()}

    @property
    def came(self) -> dict[int, bytes]:
        """The same as sound."""
        return {connection: bytes(sound) for connection, sound in self._came.items()}

    @property
    def came_bytes(self) -> int:
        """How many bytes of sound reached the service."""
        return sum(map(len, self._came.values()))

    def _read(self, message: Message) -> None:
        if message.opcode != TEXT:
            return
        if message.side == "server":
            self._listen(message)
            return
        try:
            event = wire.parse_server(message.text)
        except WireError:
            return
        if isinstance(event, SAYINGS):
            self.sayings.append(Saying(message.at_s, message.connection, event))
        match event:
            case wire.ResponseCreated(response_id=name):
                self.answers[name] = Spoken(name, message.connection, message.at_s)
            case wire.AudioDelta(response_id=name, pcm=pcm) if name in self.answers:
                self.answers[name].pcm += pcm
            case wire.ResponseDone(response_id=name, status=status) if name in self.answers:
                self.answers[name].ended_s, self.answers[name].status = message.at_s, status

    def _listen(self, message: Message) -> None:
        try:
            event = wire.parse_client(message.data, Dialect.GA)
        except BadClientEvent:
            return
        if isinstance(event, client_events.Append):
            self._came[message.connection] += event.audio
