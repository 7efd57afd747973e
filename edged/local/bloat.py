"""Messages of a service that cost whoever reads them more than their bytes. Pure."""

MIB = 2**20
MOST_MIB = {"depth": 7.5}  # of what is repeated, as what closes it takes as much; 15 of any other
_KINDS: dict[str, tuple[str, str, str]] = {  # what stands before, again and again, and behind
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
    """An event of that name, of a response, session or item that nobody knows."""
    before, again, behind = _KINDS[kind]
    count = int(MOST_MIB.get(kind, 15) * MIB / len(again))
    inner = before + again * count + (behind * count if kind == "depth" else behind)
    where = {"response": "response", "session": "session", "conversation": "item"}.get(
        name.partition(".")[0], "response"
    )
    return f'{{"type":"{name}","{where}":{{"id":"{where}_bloat",{inner}}}}}'
