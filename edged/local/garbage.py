"""Invalid messages, WebSocket frames and handshakes, by name, for faults. Tables."""

GARBAGE: dict[str, str | bytes] = {
    "text": "this is no JSON",
    "array": "[1, 2, 3]",
    "untyped": '{"event_id": "event_x"}',
    "typed_null": '{"type": null}',
    "deep": "[" * 5000 + "]" * 5000,
    "binary": b"\x00\xff\xfe",
    "nul": '{"type": "\\u0000"}',
    "huge_number": '{"type": "response.created", "response": {"id": "x", "usage": {"total_tokens": 1e999999}}}',
    "lone_surrogate": '{"type": "response.output_text.delta", "delta": "\\ud800"}',
}

FRAMES = {
    "opcode": b"\x83\x00",  # an opcode without a meaning
    "reserved": b"\xc1\x02{}",  # compressed, although compression was not negotiated
    "masked": b"\x81\x82\0\0\0\0{}",  # only a client may mask
    "utf8": b"\x81\x04{\xff\xfe}",
    "utf8_split": b"\x01\x02{\xe2\x80\x01}",  # the message ends in half a character
    "long_control": b"\x89\x7e\x00\x7e" + bytes(126),
    "split_control": b"\x09\x00",
    "continuation": b"\x80\x02{}",  # there is no message to continue
    "interleaved": b"\x01\x01{\x81\x02{}",  # a message inside another message
    "close_code": b"\x88\x02\x03\xed",  # 1005, which must not be sent
    "close_short": b"\x88\x01\x03",  # half a code
    "close_utf8": b"\x88\x04\x03\xe8\xff\xff",
}

HANDSHAKES: dict[str, tuple[str, str | None]] = {  # the wrong header and its value; None removes it
    "accept": ("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "unaccepted": ("Sec-WebSocket-Accept", None),
    "upgrade": ("Upgrade", "h2c"),
    "connection": ("Connection", "close"),
    "extension": ("Sec-WebSocket-Extensions", "permessage-deflate"),
    "subprotocol": ("Sec-WebSocket-Protocol", "nobody-asked"),
}
