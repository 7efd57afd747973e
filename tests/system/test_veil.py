import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from edged.system.veil import MASK, MOST, Veil

KEY = 'sk-proj/9f8e7d6c"5b4a'


@pytest.fixture
def veil():
    veil = Veil()
    veil.conceal([KEY, "", "abc"])
    return veil


def test_a_key_that_a_service_says_back_is_masked(veil):
    assert veil.veiled(f"Incorrect API key provided: {KEY}.") == f"Incorrect API key provided: {MASK}."


@pytest.mark.parametrize(
    "form", [quote(KEY, safe=""), json.dumps(KEY), repr(KEY), b64encode(KEY.encode()).decode().rstrip("=")]
)
def test_so_it_is_in_its_usual_encodings(veil, form):
    assert MASK in veil.veiled(f"?key={form}&more")
    assert "9f8e7d6c" not in veil.veiled(form)


def test_what_is_too_short_for_a_key_is_left_alone(veil):
    assert veil.veiled("abc and no key") == "abc and no key"


def test_all_texts_of_a_message_are_veiled_and_nothing_else(veil):
    told = {"event": "link", "up": False, "n": 7, "cause": None, "text": KEY, "more": [{"x": f"a {KEY}"}]}
    assert veil.veiled_in(told) == {
        "event": "link",
        "up": False,
        "n": 7,
        "cause": None,
        "text": MASK,
        "more": [{"x": f"a {MASK}"}],
    }


def test_of_keys_that_change_the_last_are_known(veil):
    for n in range(10 * MOST):
        veil.conceal([f"token-{n}-of-many"])
    assert veil.veiled(f"token-{10 * MOST - 1}-of-many") == MASK
    assert veil.veiled("token-1-of-many") == "token-1-of-many"


def test_the_longer_of_two_goes_first():
    veil = Veil()
    veil.conceal(["secret-1", "secret-1-and-more"])
    assert veil.veiled("secret-1-and-more") == MASK


def test_without_any_the_text_is_as_it_was():
    assert Veil().veiled("as it is") == "as it is"
