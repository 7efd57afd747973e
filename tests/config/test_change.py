import pytest

from edged.config import Config, Secret, change, load, usable_now
from edged.config.keys import KEYS


def config(*sets):
    return load(None, env={}, sets=sets).config


def test_nothing_differs_from_itself():
    told = change(config(), config())
    assert (*told.live, *told.reopen, *told.restart) == ()


def test_what_differs_is_named_by_the_class_of_its_key():
    told = change(
        config(), config("log.level=debug", "provider.voice=echo", "button.gpio=5", "control.socket=/run/x")
    )
    assert told.live == ("log.level",)
    assert told.reopen == ("provider.voice", "button.gpio")
    assert told.restart == ("control.socket",)
    assert told.parts == {"provider", "button"}


def test_a_secret_that_differs_is_seen():
    told = change(config("provider.api_key=one"), config("provider.api_key=two"))
    assert told.reopen == ("provider.api_key",)
    assert config("provider.api_key=one").provider.api_key == Secret("one")


@pytest.mark.parametrize(
    "key", [key for key in KEYS.values() if key.apply == "restart"], ids=lambda key: key.name
)
def test_every_key_that_needs_a_restart_keeps_its_value(key):
    other = config("control.socket=/run/x", "state.dir=/var/x", "log.level=debug")
    used = usable_now(Config(), other)
    assert key.of(used) == key.of(Config())
    assert used.log.level == "debug"
