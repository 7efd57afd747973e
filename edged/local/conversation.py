"""The items of a conversation: their order, their content and their size. Pure.

Rules:
1. An id is used once.
2. A truncation of an assistant's message names an end within the sound that was sent.
3. The conversation keeps at most `MOST_ITEMS` items, `MOST_TEXT` characters of text, and `MOST_SOUND` bytes of sound
   (for `retrieve`). Past these limits it drops the oldest first, as a model's context does.
4. It keeps the sound of its own items only.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from edged.local.item import ConversationItem
from edged.local.item_spec import APPROVAL_REQUEST, ITEMS
from edged.pcm import PCM16, Format
from edged.wire import BadClientEvent, Dialect, Part

Json = dict[str, Any]
MOST_ITEMS = 2000
MOST_SOUND = 32 * 2**20
MOST_TEXT = 16 * 2**20
_HEAD = {"object": "realtime.item", "status": "completed"}  # items about MCP servers do not have these


class ConversationItems:
    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._items: dict[str, ConversationItem] = {}
        self._order: list[str] = []
        self._kept = 0
        self._weights: dict[str, int] = {}  # characters of each item when it was added
        self._text = 0

    def __iter__(self) -> Iterator[ConversationItem]:
        return (self._items[item_id] for item_id in self._order)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._items

    @property
    def last(self) -> str | None:
        return self._order[-1] if self._order else None

    def add(self, item: ConversationItem, after: str | None = None) -> str | None:
        """Insert an item behind `after`: `root` is the front, None the end. Returns the id of the item before it."""
        if after is None:
            after = self.last
        at = 0 if after in (None, "root") else self._order.index(str(after)) + 1
        self._items[item.id] = item
        self._order.insert(at, item.id)
        self._weights[item.id] = item.weight()
        self._text += self._weights[item.id]
        while len(self._order) > MOST_ITEMS or (self._text > MOST_TEXT and len(self._order) > 1):
            self._drop(next(item_id for item_id in self._order if item_id != item.id))
        came, item.kept = item.kept, {}
        for index, sound in came.items():
            self._keep(item, index, sound)
        return self.before(item.id)

    def before(self, item_id: str) -> str | None:
        """The id of the item before this one; None if this is the first, or is gone."""
        at = self._order.index(item_id) if item_id in self._items else 0
        return self._order[at - 1] if at else None

    def check(
        self,
        raw: Json,
        item_id: str,
        fmt: Format = PCM16,
        *,
        path: str = "item",
        beside: Sequence[ConversationItem] = (),
    ) -> ConversationItem:
        """Check a client's item and return it, with its own id or `item_id`; it does not join the conversation yet.

        `beside` are items that come with it. It may refer to them as to those of the conversation.

        Raises:
            BadClientEvent: The item is not valid.
        """
        kept: Json = ITEMS[self._dialect](raw, path)
        head = {"id": item_id} if kept["type"].startswith("mcp_") else {"id": item_id, **_HEAD}
        kept = {**head, **kept}
        if kept["id"] in self._items:
            raise BadClientEvent(
                "invalid_value", f"An item with id '{kept['id']}' is there already.", f"{path}.id"
            )
        if kept["type"] == "function_call":
            kept.setdefault("call_id", f"call_{kept['id']}")
        self._check_references(kept, beside, path)
        item = ConversationItem(kept, fmt)
        for index, part in enumerate(kept.get("content", [])):
            if "audio" in part:
                sound = _sound(part.pop("audio"), f"{path}.content[{index}].audio")
                item.kept[index], item.sound[index] = bytearray(sound), len(sound)
                part.setdefault("transcript", None)
        return item

    def place(self, previous_item_id: str | None) -> None:
        """Check that an item can be inserted behind this one.

        Raises:
            BadClientEvent: There is no such item.
        """
        if previous_item_id not in (None, "root") and previous_item_id not in self._items:
            raise BadClientEvent(
                "item_create_invalid_previous_item_id",
                f"Previous item with id '{str(previous_item_id)[:80]}' not found.",
                "previous_item_id",
            )

    def find(self, item_id: str, code: str) -> ConversationItem:
        """Raises BadClientEvent with `code` if there is no such item."""
        if item_id not in self._items:
            raise BadClientEvent(code, f"Item with item_id '{item_id[:80]}' not found.", "item_id")
        return self._items[item_id]

    def refer(self, item_id: str, path: str) -> ConversationItem:
        """Raises BadClientEvent if there is no such item."""
        if item_id not in self._items:
            raise BadClientEvent("invalid_value", f"Item with item_id '{item_id[:80]}' not found.", path)
        return self._items[item_id]

    def delete(self, item_id: str) -> None:
        self.find(item_id, "item_delete_invalid_item_id")
        self._drop(item_id)

    def retrieved(self, item_id: str) -> Json:
        """The item with its sound."""
        item = self.find(item_id, "item_retrieve_invalid_item_id")
        content = []
        for index, part in enumerate(item.item.get("content", [])):
            kept = item.kept.get(index)
            content.append(part if kept is None else {**part, "audio": b64encode(kept).decode()})
        return {**item.item, **({"content": content} if "content" in item.item else {})}

    def truncate(self, part: Part, audio_end_ms: int) -> None:
        """Cut a part to what was heard. Its transcript goes too: nobody knows which words were heard."""
        item = self.find(part.item_id, "item_truncate_invalid_item_id")
        if item.role != "assistant" or not item.sound:
            raise BadClientEvent(
                "unsupported_content_type", "Only model output audio messages can be truncated", "item_id"
            )
        if part.content_index not in item.sound:
            raise BadClientEvent(
                "invalid_value",
                f"Content part {part.content_index} of the item is not audio.",
                "content_index",
            )
        sent_ms = item.sent_ms(part.content_index)
        if audio_end_ms > sent_ms:
            raise BadClientEvent(
                "invalid_value",
                f"Audio content of {sent_ms}ms is already shorter than {audio_end_ms}ms",
                "audio_end_ms",
            )
        left = item.fmt.bytes_of(audio_end_ms)
        item.sound[part.content_index] = left
        item.cut.add(part.content_index)
        if part.content_index in item.kept:
            self._kept -= len(item.kept[part.content_index]) - left
            del item.kept[part.content_index][left:]
        content = item.item["content"]
        if part.content_index < len(content):
            content[part.content_index].pop("transcript", None)

    def keep(self, item: ConversationItem, content_index: int, sound: bytes) -> None:
        """Count the sound of an item, and keep it if the item is in the conversation.

        A part is kept as a whole or not at all.
        """
        item.sound[content_index] = item.sound.get(content_index, 0) + len(sound)
        item.sent[content_index] = item.sent.get(content_index, 0) + len(sound)
        if self.holds(item):
            self._keep(item, content_index, sound)

    def holds(self, item: ConversationItem) -> bool:
        """Whether this very item is in the conversation, and not another item that has its id by now."""
        return self._items.get(item.id) is item

    def _keep(self, item: ConversationItem, content_index: int, sound: bytes | bytearray) -> None:
        if content_index in item.lost:
            return
        if self._make_room(len(sound), item):
            item.kept.setdefault(content_index, bytearray()).extend(sound)
            self._kept += len(sound)
        else:
            item.lost.add(content_index)

    def _make_room(self, n_bytes: int, coming: ConversationItem) -> bool:
        """Drop the sound of the oldest items. False if the new sound is too long even then; it is dropped too."""
        others = (item for item in self if item is not coming)
        while self._kept + n_bytes > MOST_SOUND:
            oldest = next(others, None)
            self._lose(oldest or coming)
            if oldest is None:
                return False
        return True

    def _lose(self, item: ConversationItem) -> None:
        self._kept -= sum(map(len, item.kept.values()))
        item.lost.update(item.kept)
        item.kept.clear()

    def _check_references(self, kept: Json, beside: Sequence[ConversationItem], path: str) -> None:
        """An item about a call or about an approval needs that call or that request for approval."""
        seen = [*self, *beside]
        if kept["type"] == "function_call_output":
            calls = {item.item.get("call_id") for item in seen if item.type == "function_call"}
            if (call := kept["call_id"]) not in calls:
                raise BadClientEvent(
                    "invalid_tool_call_id",
                    f"Tool call ID '{call}' not found in conversation.",
                    f"{path}.call_id",
                )
        request = kept.get("approval_request_id")
        if request is not None and request not in {item.id for item in seen if item.type == APPROVAL_REQUEST}:
            raise BadClientEvent(
                "invalid_value",
                f"MCP approval request with id '{request}' not found in conversation.",
                f"{path}.approval_request_id",
            )

    def _drop(self, item_id: str) -> None:
        item = self._items.pop(item_id)
        self._order.remove(item_id)
        self._text -= self._weights.pop(item_id)
        self._lose(item)


def _sound(text: str, path: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise BadClientEvent("invalid_value", f"'{path}' is not base64.", path) from error
