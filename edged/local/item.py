"""One item of a conversation: its JSON, its sound and its size. Pure."""

from dataclasses import dataclass, field
from typing import Any

from edged.pcm import PCM16, Format

Json = dict[str, Any]
HEARD_TOKENS_A_SECOND = 10  # as OpenAI counts input audio
SPOKEN_TOKENS_A_SECOND = 20  # as OpenAI counts output audio
CHARACTERS_A_TOKEN = 4


@dataclass(slots=True)
class ConversationItem:
    """`item` is the JSON that clients see. The other fields have the index of a content part as key.

    `sound` is the number of bytes that the conversation holds, `sent` the number that was ever sent, both in `fmt`.
    `kept` is the sound itself, if it is kept. `cut` names the parts that were truncated.
    """

    item: Json
    fmt: Format = PCM16
    sound: dict[int, int] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)
    kept: dict[int, bytearray] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)  # parts whose sound was dropped for lack of room
    cut: set[int] = field(default_factory=set)

    def snapshot(self) -> Json:
        """A copy of the item's JSON as it is now; the item may change later."""
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
        """All written text in it, without transcripts of speech."""
        parts = [str(part.get("text", "")) for part in self.item.get("content", [])]
        return " ".join([*parts, str(self.item.get("output", ""))]).strip()

    def sent_ms(self, content_index: int) -> int:
        return self.fmt.ms_of(self.sound.get(content_index, 0))

    def weight(self) -> int:
        """The amount of text in it, in characters."""
        if self.type.startswith("mcp_"):
            return len(str(self.item))
        parts = [len(str(value)) for part in self.item.get("content", []) for value in part.values()]
        return sum(parts) + len(str(self.item.get("output", ""))) + len(str(self.item.get("arguments", "")))

    def tokens(self, *, billed: bool = False) -> tuple[int, int]:
        """(text tokens, audio tokens): of what the conversation holds, or of what was sent if `billed`."""
        a_second = SPOKEN_TOKENS_A_SECOND if self.role == "assistant" else HEARD_TOKENS_A_SECOND
        sound = self.sent if billed else self.sound
        audio = (sum(self.fmt.ms_of(n_bytes) for n_bytes in sound.values()) * a_second + 500) // 1000
        written = len(self.text) + len(str(self.item.get("arguments", "")))
        spoken = sum(len(str(part.get("transcript") or "")) for part in self.item.get("content", []))
        return -(-(written + (spoken if self.role == "assistant" else 0)) // CHARACTERS_A_TOKEN), audio
