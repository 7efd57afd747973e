"""What a client demands about function calls (`tool_choice`), and a call that meets the demand. Pure.

Rules:
1. With `required`, the service calls the first function; with the name of a function, it calls that one. A script may
   make another call instead, if the demand allows it.
2. With `none`, the service calls nothing.
3. A function or an MCP server that the tools do not contain is refused, when a response begins. The service itself
   cannot use MCP servers, so a choice of one leaves the response as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edged.local import minimal
from edged.local.plan import AnswerMessage, FunctionCall
from edged.wire import BadClientEvent

Json = dict[str, Any]
Items = tuple[AnswerMessage | FunctionCall, ...]
_SHORT = 80  # characters of a client's name in an error


@dataclass(frozen=True, slots=True)
class ToolUse:
    """What a response may do. `call` has to be made, unless the response makes another one that `fits`."""

    may_call: bool = True
    call: FunctionCall | None = None
    by_name: bool = False  # only a call of the same function fits

    def fits(self, items: Items) -> bool:
        """Whether these items meet the demand."""
        calls = [item for item in items if isinstance(item, FunctionCall)]
        if not self.may_call:
            return not calls
        wanted = self.call
        return wanted is None or any(not self.by_name or call.name == wanted.name for call in calls)

    def without_calls(self, items: Items) -> Items:
        return tuple(item for item in items if not isinstance(item, FunctionCall))


ANY = ToolUse()


def demanded(choice: Any, tools: Sequence[Json], path: str) -> ToolUse:
    """The demand of a `tool_choice` of either dialect. `path` is its place, for the error.

    Raises:
        BadClientEvent: `tools` has no such function or server.
    """
    if isinstance(choice, dict) and choice["type"] == "mcp":
        label = choice.get("server_label")
        _find(tools, "mcp", "server_label", label, f"MCP server '{str(label)[:_SHORT]}'", path)
        return ANY
    if choice == "none":
        return ToolUse(may_call=False)
    if choice == "required":
        function = next((tool for tool in tools if tool["type"] == "function"), None)
        return ANY if function is None else ToolUse(call=_call(function))
    if choice == "auto":
        return ANY
    name = choice["name"] if isinstance(choice, dict) else choice
    return ToolUse(
        call=_call(_find(tools, "function", "name", name, f"function '{str(name)[:_SHORT]}'", path)),
        by_name=True,
    )


def _find(tools: Sequence[Json], kind: str, key: str, name: Any, words: str, path: str) -> Json:
    for tool in tools:
        if tool["type"] == kind and tool.get(key) == name:
            return tool
    raise BadClientEvent("invalid_value", f"Invalid '{path}': the tools do not contain the {words}.", path)


def _call(function: Json) -> FunctionCall:
    return FunctionCall(str(function["name"]), minimal.arguments(function.get("parameters") or {}))
