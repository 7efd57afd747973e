"""Messages of a service, each made to cost more than its bytes. Each is a text, or a list of fragments of one."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator

from edged.wire import ServerName
from edged.wire.bounds import MOST_EVENT

MIB = 2**20
MOST = 16 * MIB  # the largest message that a socket accepts
SOUND = {"item_id": "item_h", "output_index": 0, "content_index": 0}
OBJECTS = ("response", "session", "item", "part", "error", "usage", "conversation", "rate_limits")


def repeated(piece: str, size: int) -> str:
    return piece * (size // len(piece))


def event(kind: str, inner: str, *, response_id: str = "resp_other") -> str:
    """An event that has `inner` at each place where an event of its kind may have an object."""
    objects = ",".join(f'"{name}":{{"id":"{response_id}",{inner}}}' for name in OBJECTS)
    return (
        f'{{"type":"{kind}","response_id":"{response_id}","item_id":"item_h","content_index":0,'
        f'"output_index":0,{objects},{inner}}}'
    )


def _lists(size: int) -> str:
    return f'"usage":[{repeated("[],", size)}[]]'


def _keys(size: int) -> str:
    names = (f'"k{n}":1' for n in range(size // 14))
    return f'"metadata":{{{",".join(names)}}}'


INNER: dict[str, Callable[[int], str]] = {
    "empty lists": _lists,
    "items": lambda size: f'"output":[{repeated("{},", size)}{{}}]',
    "calls": lambda size: f'"output":[{repeated("""{"type":"function_call","call_id":"c"},""", size)}{{}}]',
    "contents": lambda size: f'"content":[{repeated("{},", size)}{{}}]',
    "tools": lambda size: f'"tools":[{repeated("""{"name":"n"},""", size)}{{}}]',
    "modalities": lambda size: f'"output_modalities":[{repeated("1,", size)}1]',
    "keys": _keys,
    "depth": lambda size: f'"usage":{"[" * (size // 2)}{"]" * (size // 2)}',
    "deep objects": lambda size: f'"audio":{repeated("""{"input":""", size // 2)}1{"}" * (size // 2 // 9)}',
    "digits": lambda size: f'"usage":{{"total_tokens":{"9" * size}}}',
    "a fraction": lambda size: f'"expires_at":0.{"9" * size}',
    "a message": lambda size: f'"message":"{"m" * size}","code":"session_expired_not"',
    "a code": lambda size: f'"code":"{"c" * size}"',
    "a key": lambda size: f'"{"k" * size}":1',
    "escapes": lambda size: f'"transcript":"{repeated(chr(92) + "u00e4", size)}"',
    "wide": lambda size: (
        f'"transcript":"x\U0001f600{"t" * (size // 2)}","delta":"\U0001f600{"t" * (size // 2)}"'
    ),
}
KINDS = [name for name in ServerName if name != ServerName.AUDIO_DELTA]


def messages() -> Iterator[tuple[str, str]]:
    """Each filling in each kind of event: once at the socket's limit, once just below the limit of an event."""
    for number, (name, inner) in enumerate(INNER.items()):
        for kind in dict.fromkeys((ServerName.RESPONSE_DONE, ServerName.SESSION_UPDATED, KINDS[number])):
            places = len(OBJECTS) + 1
            yield f"{name} in a large {kind}", event(kind, inner(MOST // places - 600))
            yield f"{name} in a {kind}", event(kind, inner((MOST_EVENT - 2000) // places))
    five_million = f'"usage":[{repeated("[],", 5_000_000 * 3)}[]]'
    yield "five million lists", f'{{"type":"response.done","response":{{"id":"r",{five_million}}}}}'
    for name in ServerName:
        yield f"{name} of a mebibyte and a half", event(name, f'"text":"{"t" * (MIB * 3 // 2 // 9)}"')
    yield "a type", json.dumps({"type": "t" * (MOST - 100)})
    yield "no type", json.dumps({"error": {"message": "m" * (MOST - 100)}})


def floods() -> Iterator[tuple[str, list[str]]]:
    """Many small messages."""
    yield (
        "names",
        [
            event("conversation.item.added", '"status":"completed"', response_id="i" * 400 + str(n))
            for n in range(300)
        ],
    )
    yield "responses", [f'{{"type":"response.created","response":{{"id":"r{n}"}}}}' for n in range(20_000)]
    yield (
        "transcripts",
        [
            json.dumps({"type": kind, "response_id": "r", "item_id": f"i{n % 7}", "delta": "word " * 2000})
            for n in range(200)
            for kind in (
                "response.output_audio_transcript.delta",
                "conversation.item.input_audio_transcription.delta",
                "response.function_call_arguments.delta",
            )
        ],
    )
    yield (
        "complaints",
        [
            json.dumps({"type": "error", "error": {"code": f"c{n}", "message": "m" * 4000}})
            for n in range(500)
        ],
    )


def delta(response_id: str, sound: bytes, item_id: str = "item_h") -> str:
    event = {"type": "response.output_audio.delta", "response_id": response_id, **SOUND, "item_id": item_id}
    return json.dumps({**event, "delta": b64encode(sound).decode()})


def answers(response_id: str) -> Iterator[tuple[str, Iterator[str]]]:
    """What an answer may consist of, between its beginning and its end."""
    tone = bytes(range(256)) * 4
    yield "of one delta of 8.6 MB", iter([delta(response_id, tone * (8_600_000 * 3 // 4 // 1024))])
    yield "of a delta that fills a message", iter([delta(response_id, tone * (MOST * 3 // 4 // 1024))])
    yield "of many items", (delta(response_id, b"\1\0", f"item_{n}") for n in range(20_000))
    yield "of items in turn", (delta(response_id, b"\1\0", f"item_{n % 2}") for n in range(20_000))
    yield "of half samples", (delta(response_id, b"\1", f"item_{n}") for n in range(10_000))
    yield "of samples", (delta(response_id, b"\1\0") for n in range(40_000))
    yield "without end", (delta(response_id, tone * 96) for _ in range(400))
    yield (
        "of words",
        (
            json.dumps(
                {
                    "type": "response.output_text.delta",
                    "response_id": response_id,
                    **SOUND,
                    "delta": "w" * 2**16,
                }
            )
            for _ in range(300)
        ),
    )
