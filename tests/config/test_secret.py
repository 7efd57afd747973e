"""A Secret tells itself to nobody by accident."""

import copy
import json
import logging
import pickle
from dataclasses import dataclass

import msgspec
import pytest

from edged.config import Config, Secret
from edged.config.model import ProviderConfig

KEY = Secret("sk-LEAK")


@dataclass
class Holder:
    key: Secret


@pytest.mark.parametrize(
    "text",
    [
        str(KEY), repr(KEY), f"{KEY}", f"{KEY!r}", f"{KEY:>40}", f"{KEY!s:x<9}", repr([KEY]),
        repr({"k": KEY}), repr(Holder(KEY)), repr(Config(provider=ProviderConfig(api_key=KEY, headers={"a": KEY}))),
        str(ValueError(KEY)), str(KeyError(KEY)),
    ],
)  # fmt: skip
def test_no_way_of_printing_shows_it(text):
    assert "LEAK" not in text
    assert "********" in text


def test_a_log_line_does_not_show_it(caplog):
    logging.getLogger("edged").warning("with %s and %r", KEY, KEY)
    assert "LEAK" not in caplog.text


@pytest.mark.parametrize(
    "write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, vars]
)
def test_no_way_of_writing_takes_it_along(write):
    with pytest.raises(TypeError):
        write(KEY)


def test_it_is_given_when_asked_for():
    assert KEY.reveal() == "sk-LEAK"


def test_an_empty_one_is_false_and_shows_empty():
    assert not Secret()
    assert bool(KEY)
    assert str(Secret()) == ""


def test_equal_ones_are_equal_and_no_text_is():
    assert Secret("sk-LEAK") == KEY
    assert hash(Secret("sk-LEAK")) == hash(KEY)
    assert Secret("other") != KEY
    assert KEY != "sk-LEAK"
