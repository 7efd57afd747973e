"""Messages from a service that cost their reader much more than their size on the wire. Pure."""

MIB = 2**20
MOST_MIB = {"depth": 7.5}  # the closing brackets take as much again; all other kinds repeat 15 MiB
_KINDS: dict[str, tuple[str, str, str]] = {  # the start, the repeated text, the end
    "lists": ('"usage":[', "[],", "[]]"),
    "items": ('"output":[', "{},", "{}]"),
    "keys": ('"metadata":{', '"k":1,', '"k":1}'),
    "depth": ('"usage":', "[", "]"),
    "digits": ('"usage":{"total_tokens":', "9", "}"),
    "words": ('"instructions":"', "w", '"'),
    "wide": ('"instructions":"\U0001f600', "w", '"'),
}
KINDS = tuple(_KINDS)


def bloated(kind: str, name: str) -> str:
    """An event `name` about an unknown response, session or item."""
    before, again, behind = _KINDS[kind]
    count = int(MOST_MIB.get(kind, 15) * MIB / len(again))
    inner = before + again * count + (behind * count if kind == "depth" else behind)
    where = {"response": "response", "session": "session", "conversation": "item"}.get(
        name.partition(".")[0], "response"
    )
    return f'{{"type":"{name}","{where}":{{"id":"{where}_bloat",{inner}}}}}'
