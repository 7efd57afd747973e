import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.system.entry import MOST_VALUE, encode, own


def decode(data):
    """Return the fields of an entry, as journald reads them."""
    fields = []
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            key, _, value = line.partition(b"=")
        else:
            length = int.from_bytes(rest[:8], "little")
            key, value, rest = line, rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        fields.append((key.decode(), value.decode()))
        data = rest
    return fields


def test_a_value_of_one_line_is_plain():
    assert encode([("MESSAGE", "link: up"), ("PRIORITY", "6")]) == b"MESSAGE=link: up\nPRIORITY=6\n"


def test_a_value_of_two_lines_goes_with_its_length():
    assert encode([("MESSAGE", "a\nbc")]) == b"MESSAGE\n\x04\0\0\0\0\0\0\0a\nbc\n"


@given(st.lists(st.tuples(st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True), st.text(max_size=60))))
def test_what_is_read_is_what_was_written_whatever_the_text(fields):
    wanted = [(key, value.encode(errors="replace").decode()) for key, value in fields]
    assert decode(encode(fields)) == wanted


@pytest.mark.parametrize("key", ["", "lower", "A=B", "A\nB", "_TRUSTED", "9", "A" * 65])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(ValueError):
        encode([(key, "x")])


def test_a_value_is_bounded():
    assert len(encode([("M", "x" * 10**6)])) == len("M=\n") + MOST_VALUE


def test_our_own_fields_have_our_prefix_and_nothing_for_nothing():
    assert own({"cause": "offline", "wait_s": 2.5, "device": None}) == [
        ("EDGED_CAUSE", "offline"),
        ("EDGED_WAIT_S", "2.5"),
    ]
