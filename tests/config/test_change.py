import pytest
from msgspec import structs

from edged.config import Config, Secret, change, load, usable_now
from edged.config.keys import KEYS
from edged.config.panel import FurtherButtonConfig


def config(*sets):
    return load(None, env={}, sets=sets).config


def test_nothing_differs_from_itself():
    changed = change(config(), config())
    assert (*changed.live, *changed.reopen, *changed.restart) == ()


def test_what_differs_is_named_by_the_class_of_its_key():
    changed = change(
        config(), config("log.level=debug", "provider.voice=echo", "button.gpio=5", "control.socket=/run/x")
    )
    assert changed.live == ("log.level",)
    assert changed.reopen == ("provider.voice", "button.gpio")
    assert changed.restart == ("control.socket",)
    assert changed.parts == {"provider", "button"}


def test_a_secret_that_differs_is_seen():
    changed = change(config("provider.api_key=one"), config("provider.api_key=two"))
    assert changed.reopen == ("provider.api_key",)
    assert config("provider.api_key=one").provider.api_key == Secret("one")


def other_value(key):
    """The configuration of the defaults, with something else under this key."""
    value = key.of(Config())
    match value:
        case bool():
            value = not value
        case int():
            value = value + 1
        case str():
            value = value + "-other"
        case tuple():
            value = (FurtherButtonConfig(role="mute", gpio=5),)
        case _:
            raise AssertionError(f"say what else {key.name} could be")
    for depth in range(len(key.path) - 1, -1, -1):
        part = Config()
        for step in key.path[:depth]:
            part = getattr(part, step)
        value = structs.replace(part, **{key.path[depth]: value})
    return value


@pytest.mark.parametrize(
    "key", [key for key in KEYS.values() if key.apply == "restart"], ids=lambda key: key.name
)
def test_every_key_that_needs_a_restart_keeps_its_value(key):
    other = other_value(key)
    assert key.of(other) != key.of(Config())
    other = structs.replace(other, log=structs.replace(other.log, level="debug"))
    used = usable_now(Config(), other)
    assert key.of(used) == key.of(Config())
    assert used.log.level == "debug"


def test_keys_beside_one_that_needs_a_restart_are_used():
    used = usable_now(config(), config("mode=conversation", "microphone.echo_cancel=true"))
    assert (used.mode, used.microphone.echo_cancel) == ("conversation", False)
