"""One item of a conversation: what is told of it, what it holds, what it weighs. Pure."""

from dataclasses import dataclass, field
from typing import Any

from edged.pcm import PCM16, Format

Json = dict[str, Any]
HEARD_TOKENS_A_SECOND = 10  # of audio, as OpenAI counts what comes in
SPOKEN_TOKENS_A_SECOND = 20  # and what goes out
CHARACTERS_A_TOKEN = 4


@dataclass(slots=True)
class ConversationItem:
    """`item` is what is told of it; `sound` and `sent` are bytes of each content part, in `fmt`.

    `sound` is what the conversation holds of it, `sent` what ever left; `kept` has the sound itself, where it is kept,
    `cut` the parts that were truncated.
    """

    item: Json
    fmt: Format = PCM16
    sound: dict[int, int] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)
    kept: dict[int, bytearray] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)  # parts that there was no room for, or is none any more
    cut: set[int] = field(default_factory=set)

    def snapshot(self) -> Json:
        """What is told of it now: it may change later."""
        content = self.item.get("content")
        return {**self.item, **({} if content is None else {"content": [dict(part) for part in content]})}

    @property
    def id(self) -> str:
        return str(self.item["id"])

    @property
    def type(self) -> str:
        return str(self.item["type"])

    @property
    def role(self) -> str:
        return str(self.item.get("role", ""))

    @property
    def text(self) -> str:
        """All that is written in it; nothing of what was said."""
        parts = [str(part.get("text", "")) for part in self.item.get("content", [])]
        return " ".join([*parts, str(self.item.get("output", ""))]).strip()

    def sent_ms(self, content_index: int) -> int:
        return self.fmt.ms_of(self.sound.get(content_index, 0))

    def weight(self) -> int:
        """How much text it is, in characters."""
        parts = [len(str(value)) for part in self.item.get("content", []) for value in part.values()]
        return sum(parts) + len(str(self.item.get("output", ""))) + len(str(self.item.get("arguments", "")))

    def tokens(self, *, billed: bool = False) -> tuple[int, int]:
        """Of text, of audio: as the conversation holds it, or as it was `billed` when it left."""
        a_second = SPOKEN_TOKENS_A_SECOND if self.role == "assistant" else HEARD_TOKENS_A_SECOND
        sound = self.sent if billed else self.sound
        audio = (sum(self.fmt.ms_of(n_bytes) for n_bytes in sound.values()) * a_second + 500) // 1000
        written = len(self.text) + len(str(self.item.get("arguments", "")))
        spoken = sum(len(str(part.get("transcript") or "")) for part in self.item.get("content", []))
        return -(-(written + (spoken if self.role == "assistant" else 0)) // CHARACTERS_A_TOKEN), audio
