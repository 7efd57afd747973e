"""What a limit of money cannot count is said before it matters."""

import re
from pathlib import Path

import pytest
import yaml

from edged.app.price_check import unpriced, warnings
from edged.cli import main
from edged.config import load

LIMIT = "budget.month.warn_usd=5"
OWN = "provider.name=custom", "provider.url=wss://a.example/v1/realtime", "provider.model=mine"
PAGE = Path(__file__).parents[2] / "docs" / "usage.md"


def of(*sets):
    return load(None, env={}, sets=sets).config


def row(**rates):
    fields = ", ".join(f'"{name}": {rate}' for name, rate in rates.items())
    return f'prices=[{{"provider": "custom", "model": "mine", {fields}}}]'


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ((*OWN,), ("custom: mine",)),
        ((*OWN, row(request=0.01)), ("custom: mine (text_in, text_out, audio_in, audio_out)",)),
        ((*OWN, row(text_in=1, audio_in=2, audio_out=3)), ("custom: mine (text_out)",)),
        ((*OWN, row(text_in=0, text_out=0, audio_in=0, audio_out=0)), ()),
        (("provider.name=openai", "provider.transcription=gpt-4o-transcribe"), ()),
        (("provider.name=openai", "provider.transcription=gpt-realtime-whisper"), ()),
        (("provider.name=openai", "provider.transcription=whisper-9"), ("openai: whisper-9",)),
        (("provider.name=xai",), ()),
        ((), ()),
    ],
)
def test_prices_that_are_not_known_are_named(settings, named):
    assert unpriced(of(LIMIT, *settings)) == named
    assert len(warnings(of(LIMIT, *settings))) == len(named)
    assert unpriced(of(*settings)) == ()  # without a limit of money, nobody has to know


def test_the_check_of_the_configuration_says_it_and_does_not_fail(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EDGED_API_KEY", "a key")
    file = tmp_path / "config.yaml"
    file.write_text(
        "version: 1\nprovider: {name: custom, url: 'wss://a.example/v1/realtime', model: mine}\n"
        "budget:\n  day:\n    usd: 5\n"
    )
    assert main(["config", "check", str(file)]) == 0
    found = capsys.readouterr().err
    assert f"warning: {file}:5" in found
    assert "budget.day.usd: edged does not know the price of custom: mine" in found


def test_the_rows_of_the_page_lack_nothing():
    block = next(
        each for each in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL) if "prices:" in each
    )
    rows = yaml.safe_load(block)["prices"]
    assert len(rows) == 3
    for each in rows:
        for rate in ("text_in", "text_out", "audio_in", "audio_out"):
            assert rate in each, each
