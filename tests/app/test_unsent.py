"""Settings that the configured service does not have are named."""

import pytest

from edged.app.settings import session_settings
from edged.app.unsent import warnings
from edged.config import load
from edged.turn import Mode
from edged.wire import Dialect, to_wire


def said(*sets):
    loaded = load(None, env={}, sets=list(sets))
    return warnings(loaded.config, loaded.origins)


def test_a_setting_that_is_not_sent_is_named_with_its_place():
    found = said(
        "provider.name=xai", "provider.session.noise_reduction=near_field", "provider.session.max_tokens=300"
    )
    assert found == [
        "--set: provider.session.max_tokens: xai has no such setting, so edged does not send it",
        "--set: provider.session.noise_reduction: xai has no such setting, so edged does not send it",
    ]


@pytest.mark.parametrize("name", ["xai", "qwen", "inworld", "local", "openai"])
def test_what_nobody_set_is_not_named(name):
    assert said(f"provider.name={name}") == []


def test_a_service_that_has_the_setting_is_not_named():
    assert said("provider.name=openai", "provider.session.noise_reduction=near_field") == []
    assert said("provider.name=qwen", "provider.session.max_tokens=300") == []


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("xai", "temperature=0.8"),
        ("qwen", "session.truncation=auto"),
        ("qwen", "session.reasoning=low"),
        ("azure-voice-live", "session.truncation=auto"),
    ],
)
def test_a_setting_of_the_dialect_that_the_service_never_speaks_is_named(name, setting):
    sets = (f"provider.name={name}", f"provider.{setting}")
    more = ("provider.url=wss://h.services.ai.azure.com",) if name == "azure-voice-live" else ()
    [found] = said(*sets, *more)
    assert found.endswith(
        f"provider.{setting.partition('=')[0]}: {name} has no such setting, so edged does not send it"
    )
    assert said("provider.name=portkey", "provider.portkey.provider=@openai", f"provider.{setting}") == []


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("localai", "speed=1.2"),
        ("localai", "session.noise_reduction=near_field"),
        ("localai", "session.truncation=auto"),
        ("localai", "session.reasoning=low"),
        ("localai", "session.prompt_id=pmpt_1"),
        ("inworld", "session.reasoning=low"),
        ("speaches", "session.reasoning=low"),
        ("speaches", "session.truncation=auto"),
    ],
)
def test_a_setting_that_a_service_would_ignore_in_silence_is_named(name, setting):
    [found] = said(f"provider.name={name}", "provider.model=m", f"provider.{setting}")
    assert found.endswith(
        f"provider.{setting.partition('=')[0]}: {name} has no such setting, so edged does not send it"
    )


def test_inworld_gets_its_temperature():
    config = load(None, env={}, sets=["provider.name=inworld", "provider.temperature=0.8"]).config
    assert warnings(config) == []
    assert to_wire(session_settings(config, Mode.HOLD), Dialect.GA)["temperature"] == 0.8
