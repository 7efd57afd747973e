import json
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from edged.causes import CAUSES
from edged.system.notices import NOTICES
from edged.system.own_names import OwnName, is_ours
from edged.system.redactor import MASK, MOST, Redactor
from edged.turn.states import Mode, State

KEY = 'sk-proj/9f8e7d6c"5b4a'


@pytest.fixture
def redactor():
    redactor = Redactor()
    redactor.add([KEY, "", "abc"])
    return redactor


def test_a_key_that_a_service_says_back_is_masked(redactor):
    assert redactor.redacted(f"Incorrect API key provided: {KEY}.") == f"Incorrect API key provided: {MASK}."


@pytest.mark.parametrize(
    "form", [quote(KEY, safe=""), json.dumps(KEY), repr(KEY), b64encode(KEY.encode()).decode().rstrip("=")]
)
def test_so_it_is_in_its_usual_encodings(redactor, form):
    assert MASK in redactor.redacted(f"?key={form}&more")
    assert "9f8e7d6c" not in redactor.redacted(form)


def test_what_is_too_short_for_a_key_is_left_alone(redactor):
    assert redactor.redacted("abc and no key") == "abc and no key"


def test_all_texts_of_a_message_are_redacted_and_nothing_else(redactor):
    message = {"event": "link", "up": False, "n": 7, "cause": None, "text": KEY, "more": [{"x": f"a {KEY}"}]}
    assert redactor.redacted_in(message) == {
        "event": "link",
        "up": False,
        "n": 7,
        "cause": None,
        "text": MASK,
        "more": [{"x": f"a {MASK}"}],
    }


def test_of_keys_that_change_the_last_are_known(redactor):
    for n in range(2 * MOST):
        redactor.add([f"token-{n}-of-many"])
    assert redactor.redacted(f"token-{2 * MOST - 1}-of-many") == MASK
    assert redactor.redacted(f"token-{MOST}-of-many") == MASK
    assert redactor.redacted("token-1-of-many") == "token-1-of-many"


def test_the_longer_of_two_goes_first():
    redactor = Redactor()
    redactor.add(["secret-1", "secret-1-and-more"])
    assert redactor.redacted("secret-1-and-more") == MASK


def test_without_any_the_text_is_as_it_was():
    assert Redactor().redacted("as it is") == "as it is"


@pytest.mark.parametrize(
    "message",
    [
        {KEY: 1},
        {"deep": [{"deeper": {f"x {KEY} y": KEY}}]},
        [f"the {KEY.upper()}"],
        {"a": quote(KEY, safe="/").lower()},
    ],
)
def test_a_key_is_masked_in_names_as_in_values(redactor, message):
    shown = json.dumps(redactor.redacted_in(message))
    assert MASK in shown
    assert "9f8e7d6c" not in shown.lower()


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "name:"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_key_is_found_within_what_was_encoded_with_it(redactor, before, encode):
    shown = redactor.redacted("Basic " + encode(f"{before}{KEY}!".encode()).decode())
    assert MASK in shown
    left = shown.removeprefix("Basic ").replace(MASK, "")
    # Of the key, only what shares a digit with another character is left.
    assert len(left) <= 4 + 4 * (len(before) + 2) // 3


@pytest.mark.parametrize("key", ["schlüssel-ñandú", "ключ-секрет", "k\N{COMBINING DIAERESIS}ey-öäü"])
def test_so_are_keys_beyond_ascii(key):
    redactor = Redactor()
    redactor.add([key])
    forms = [
        key,
        key.upper(),
        quote(key),
        json.dumps(key),
        key.encode().hex(),
        unicodedata.normalize("NFD", key),
    ]
    for form in (*forms, key.encode().decode("latin-1"), repr(key.encode())):
        assert redactor.redacted(f"it is {form} here").count(MASK) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("> x-api-key: abc", f"> x-api-key: {MASK}"),
        ("X_Api_Key: abc, and more", f"X_Api_Key: {MASK}, and more"),
        ("Authorization: Bearer abc", f"Authorization: {MASK}"),
        ("Cookie: a=b; c=d", f"Cookie: {MASK}"),
        ("API key: abc. Good bye", f"API key: {MASK} Good bye"),
        ("wss://host/v1?model=m&my_token=abc&x=1", f"wss://host/v1?model=m&my_token={MASK}&x=1"),
        ("http://name:pw@host:1/", f"http://{MASK}@host:1/"),
        ('{"client_secret": "abc"}', f'{{"client_secret": "{MASK}"}}'),
        ("{'X-Auth': 'a b c', 'n': 1}", f"{{'X-Auth': '{MASK}', 'n': 1}}"),
        ("[('PASSWORD', 'abc')]", f"[('PASSWORD', '{MASK}')]"),
        ("b'api-key': b'abc'", f"b'api-key': b'{MASK}'"),
        (r"x-key: abc\r\nHost: foo", rf"x-key: {MASK}\r\nHost: foo"),
        (r"x-key: a\bc, x", f"x-key: {MASK}, x"),
        ('{"x-key": ["ab","cd"], "n": 1}', f'{{"x-key": {MASK}, "n": 1}}'),
        ('{"x-key": [["ab"],["cd"]]}', f'{{"x-key": {MASK}}}'),
        (r"{\"x-key\": [\"ab\", \"cd\"]}", rf"{{\"x-key\": {MASK}}}"),
        ('{"x-key": ["ab", "cd', f'{{"x-key": {MASK}'),
        ("'x-key': ('ab', 'cd')", f"'x-key': {MASK}"),
        ('{"x-key": {"a": "ab"}, "n": 1}', f'{{"x-key": {MASK}, "n": 1}}'),
        ("provider.headers.x-key=ab, more", f"provider.headers.x-key={MASK}, more"),
        ("self.token = 'ab'", f"self.token = '{MASK}'"),
    ],
)
def test_a_value_with_the_name_of_a_secret_is_masked_however_short(text, shown):
    assert Redactor().redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "key_refused: The service refuses the key. Check the key (`provider.api_key_file`) and the account.",
        "/etc/edged/config.yaml:3:1: provider.api_key: no value",
        "EDGED_PROVIDER__API_KEY: provider.api_key: no value",
        "keyboard: gone",
        "usage: {'total_tokens': 7}",
        "usage: {'input_token_details': {'cached_tokens': 7}}",
        "provider.headers.x-key: must be a text",
        "the token is too weak; 16 characters are wanted",
    ],
)
def test_our_own_lines_are_left_alone(text):
    assert Redactor().redacted(text) == text


def test_what_has_the_name_of_a_secret_is_hidden_whole_and_numbers_stay():
    message = {"key": False, "usage": {"total_tokens": 7}, "x-token": ["a", {"b": "c"}], "cookie": ""}
    hidden = {"key": False, "usage": {"total_tokens": 7}, "x-token": [MASK, {"b": MASK}], "cookie": ""}
    assert Redactor().redacted_in(message) == hidden


def test_the_name_of_a_setting_is_no_secret_in_a_member_that_is_called_key():
    settings = [{"key": OwnName("provider.api_key_file"), "value": "hold"}, {"key": "mode"}]
    shown = Redactor().redacted_in({"settings": settings})
    assert shown == {"settings": [{"key": "provider.api_key_file", "value": "hold"}, {"key": MASK}]}


@pytest.mark.parametrize(
    "text", ["key" * 20_000, '"key": "' + "\\" * 50_000, "a" * 100_000 + "key", "key:" * 20_000]
)
def test_no_text_takes_long(redactor, text):
    """Each step of the pattern is bounded. A pattern with quadratic time would not finish here."""
    assert len(redactor.redacted(text)) <= 3 * len(text)


def test_a_secret_that_is_a_name_of_ours_hides_none_of_our_names():
    redactor = Redactor()
    redactor.add(["pending", "snapshot", "speaking", "responses", "counter", "device", "microphone"])
    message = {
        "type": "snapshot",
        "state": "SPEAKING",
        "light": "speaking",
        "link": {"up": False, "cause": "microphone_lost"},
        "pending": 0,
        "lost": {"microphone": "device_hung"},
        "counters": {"responses_billed": 3},
        "EDGED_PENDING": "x",
    }
    assert redactor.redacted_in(message) == message
    assert redactor.redacted("device_hung: the proxy says pending") == f"device_hung: the proxy says {MASK}"
    assert redactor.redacted_in({"x-auth": "pending", "text": "a counter"}) == {
        "x-auth": MASK,
        "text": f"a {MASK}",
    }


def test_every_name_of_our_messages_and_lines_is_known():
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "control-socket.md").read_text()
    named = {*re.findall(r"`([a-z]+_[a-z_]*[a-z])`", text), *re.findall(r'"([a-z_]+)":', text)} - {"key"}
    named |= set(re.findall(r"EDGED_[A-Z_]+", (docs / "operations.md").read_text()))
    named |= {*State, *Mode, *CAUSES, *NOTICES}
    assert len(named) > 100
    assert [name for name in sorted(named) if not is_ours(name)] == []


@pytest.mark.parametrize("between", [" ", ": ", "=", " is ", " -> '", " header of "])
@pytest.mark.parametrize("name", ["x-key", "X_KEY", "x key"])
def test_a_short_value_is_found_after_its_name_alone(between, name):
    redactor = Redactor()
    redactor.add_beside([("x-key", "ab1"), ("x-auth", "bearer")])
    shown = redactor.redacted(f"the {name}{between}ab1, and ab1")
    assert shown == f"the {name}{between}{MASK}, and ab1"
    assert (
        redactor.redacted("the bearer of x-authority is a bearer") == "the bearer of x-authority is a bearer"
    )
