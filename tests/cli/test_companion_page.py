"""What `edged companion` makes of the keys of its page."""

import argparse
from random import Random

import pytest

from edged.cli.companion_parts import parts
from edged.companion.follower import FollowedKiosk
from edged.companion.page.page_part import PagePart
from edged.config import load
from edged.errors import ConfigError
from edged.system.redactor import REDACTOR

TOKEN = "a-token-that-nobody-guesses"


def made(tmp_path, **page):
    lines = "".join(f"    {name}: {value}\n" for name, value in page.items())
    path = tmp_path / "config.yaml"
    path.write_text(f"version: 1\ncompanion:\n  page:\n{lines}")
    args = argparse.Namespace(config=str(path), socket=None, set=[])
    found = parts(load(path, env={}), FollowedKiosk("/nowhere", rng=Random(1)), args)
    return [part for part in found if isinstance(part, PagePart)]


def test_there_is_no_page_unless_it_has_an_address(tmp_path):
    assert made(tmp_path, button="true") == []
    (part,) = made(tmp_path, listen='"[::1]:8780"')
    assert str(part) == "page at http://[::1]:8780/"


def test_the_token_comes_from_its_file_and_is_known_as_a_secret(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert made(tmp_path, listen="0.0.0.0:8780", token_file=file)
    assert TOKEN not in REDACTOR.redacted(f"it is {TOKEN}")


@pytest.mark.parametrize("token", ["short", "two words that are long enough", ""])
def test_a_token_that_anybody_guesses_is_refused_without_being_repeated(tmp_path, token):
    file = tmp_path / "token"
    file.write_text(token)
    with pytest.raises(ConfigError) as refused:
        made(tmp_path, listen="0.0.0.0:8780", token_file=file)
    (problem,) = refused.value.problems
    assert "companion.page.token_file" in problem
    assert "config.yaml:5:" in problem
    assert not token or token not in problem
