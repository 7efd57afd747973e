"""Which commands come from the broker, and what each of them means to the kiosk. Pure.

Rules:
1. What is not in `COMMANDS` does not exist. Nothing in it lets the kiosk listen: no press, no repeated answer, no new
   conversation, no shutdown. To unmute needs a permission of its own.
2. A message that the broker had kept is no command: it would be carried out again after each connection.
3. A command comes as plain text, such as `40`, or as a JSON object with an `id` of the sender's choice. A second one
   with the same id is the same command, and nothing happens again.
4. More than `AT_ONCE` commands at once, or more than `PER_S` a second for long, are refused. Only the first refusal of
   such a flood is answered.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.seen.plain import plain

MOST_BYTES = 4096
MOST_SPOKEN = 500  # characters of a text to say
MOST_ID = 64
MOST_IDS = 256  # ids that are remembered
AT_ONCE, PER_S = 10, 1.0
_LEVEL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,16})?")
_ON, _OFF = frozenset({"on", "true", "1", ""}), frozenset({"off", "false", "0"})


class RemoteRefusalError(Exception):
    """The command cannot be carried out; the text says why. `number` is its id, if it came so far."""

    def __init__(self, text: str, number: "str | int | None" = None) -> None:
        super().__init__(text)
        self.number = number


@dataclass(frozen=True, slots=True)
class RemoteCommand:
    """A command from the broker, called `name` there; `command` with `more` is what the control socket gets."""

    name: str
    number: str | int | None
    command: str
    more: Mapping[str, Any] = field(default_factory=dict)


Meaning = Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]
"""From the members of a JSON object (plain text: `value`) to a command of the control socket and its members."""


def _volume(said: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    value = said.get("volume", said.get("value"))
    found = _LEVEL.fullmatch(str(value).strip())
    level = round(float(found[0])) if found else -1
    if not 0 <= level <= 100:
        raise RemoteRefusalError("volume: write a number from 0 to 100")
    return "volume", {"volume": level}


def _mute(said: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    value = said.get("muted", said.get("value", ""))
    word = str(value).strip().lower()
    if word not in _ON | _OFF:
        raise RemoteRefusalError("mute: write ON or OFF")
    return ("mute" if word in _ON else "unmute"), {}


def _say(said: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    text = said.get("text", said.get("value"))
    if not isinstance(text, str) or not text.strip():
        raise RemoteRefusalError("say: write the text to say")
    if len(text) > MOST_SPOKEN:
        raise RemoteRefusalError(f"say: the text has more than {MOST_SPOKEN} characters")
    return "say", {"text": " ".join(text.split())}  # one line; the kiosk judges each character


def _alone(name: str) -> Meaning:
    return lambda _said: (name, {})


COMMANDS: dict[str, Meaning] = {
    "volume": _volume,
    "mute": _mute,
    "unmute": _alone("unmute"),
    "stop": _alone("stop"),
    "say": _say,
    "reload": _alone("reload"),
    "status": _alone("status"),
}
"""By the last part of the topic."""


class RemoteCommands:
    """Decides about each message. `may_unmute`: companion.mqtt.unmute."""

    def __init__(self, *, may_unmute: bool) -> None:
        self.refused = 0
        self._may_unmute = may_unmute
        self._seen: deque[str | int] = deque(maxlen=MOST_IDS)
        self._left, self._at_s, self._is_flooded = float(AT_ONCE), 0.0, False

    def take(self, name: str, payload: bytes, now_s: float, *, retained: bool) -> RemoteCommand | None:
        """What this message asks for; None: nothing.

        Raises:
            RemoteRefusalError: its sender is to hear why.
        """
        if not self._has_room(now_s):
            self.refused += 1
            if self._is_flooded:
                return None
            self._is_flooded = True
            raise RemoteRefusalError(
                f"too many commands: at most {AT_ONCE} at once, and {PER_S:.0f} a second"
            )
        self._is_flooded = False
        try:
            return self._understood(name, payload, retained=retained)
        except RemoteRefusalError:
            self.refused += 1
            raise

    def forget(self, command: RemoteCommand) -> None:
        """The command is not carried out: it may come again with its id."""
        if command.number is not None and command.number in self._seen:
            self._seen.remove(command.number)

    def _understood(self, name: str, payload: bytes, *, retained: bool) -> RemoteCommand | None:
        if retained:
            raise RemoteRefusalError("the message is retained (publish commands without that flag)")
        if len(payload) > MOST_BYTES:
            raise RemoteRefusalError(f"the message has more than {MOST_BYTES} bytes")
        said = _members(payload)
        number = said.get("id")
        if number is not None and not _is_id(number):
            words = f"id: write a whole number, or a text with at most {MOST_ID} characters"
            raise RemoteRefusalError(words)
        if number is not None:
            if number in self._seen:
                return None
            self._seen.append(number)
        if name not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise RemoteRefusalError(f"unknown command {plain(name, 32)!r}; known are {known}", number)
        try:
            command, more = COMMANDS[name](said)
        except RemoteRefusalError as error:
            raise RemoteRefusalError(str(error), number) from None
        if command == "unmute" and not self._may_unmute:
            raise RemoteRefusalError(
                "the microphone cannot be unmuted from here (companion.mqtt.unmute)", number
            )
        return RemoteCommand(name, number, command, more)

    def _has_room(self, now_s: float) -> bool:
        self._left = min(AT_ONCE, self._left + max(0.0, now_s - self._at_s) * PER_S)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


def answered(command: RemoteCommand, state: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a command that the kiosk has answered with `state`."""
    outcome = state.get("outcome")
    if isinstance(outcome, dict) and outcome.get("done") is False:
        cause, text = outcome.get("cause"), outcome.get("text")
        why = plain(text or "the kiosk is busy", 300)
        return {**result(command.name, command.number, why), "cause": plain(cause, 64) if cause else None}
    more: dict[str, Any] = {}
    if command.command in {"volume", "mute", "unmute"}:
        more = {name: state.get(name) for name in ("volume", "muted")}
    elif command.command == "reload":
        more = {name: state.get(name) for name in ("live", "reopen", "restart", "when")}
    return {**result(command.name, command.number), **more}


def result(name: str, number: str | int | None, error: str | None = None) -> dict[str, Any]:
    """What the sender of a command hears."""
    return {"id": number, "command": plain(name, 32), "ok": error is None, "error": error}


def _members(payload: bytes) -> dict[str, Any]:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise RemoteRefusalError("the message is not text in UTF-8") from None
    if not text.lstrip().startswith("{"):
        return {"value": text}
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        raise RemoteRefusalError("the message begins like JSON, but it is not") from None
    assert isinstance(members, dict)
    return members


def _is_id(number: object) -> bool:
    if isinstance(number, str):
        return 0 < len(number) <= MOST_ID
    return isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**53
