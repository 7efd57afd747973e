"""The configurations that the documents show."""

import re
from pathlib import Path

import pytest

from edged.app.service import planned
from edged.config import Secret, load
from edged.dial.providers import PROVIDERS

TOP = Path(__file__).parents[2]
BLOCKS = [
    pytest.param(block, id=f"{file.name} {number}")
    for file in (TOP / "README.md", TOP / "docs" / "providers.md", TOP / "docs" / "local-server.md")
    for number, block in enumerate(re.findall(r"```yaml\n(version: 1\n.*?)```", file.read_text(), re.DOTALL))
    if "\nrules:" not in block  # a script of the embedded service
]


@pytest.mark.parametrize("block", BLOCKS)
def test_each_is_fit_to_run(tmp_path, block):
    file = tmp_path / "config.yaml"
    file.write_text(block)
    loaded = load(file, env={})
    assert loaded.warnings == ()
    key = (
        None if loaded.config.provider.name == "local" else Secret("k")
    )  # a kiosk's key is a credential of systemd
    assert planned(loaded.config, key).host


def test_every_provider_has_a_section_and_a_row():
    text = (TOP / "docs" / "providers.md").read_text()
    for name in PROVIDERS:
        assert f"\n## {name}\n" in text
        assert f"\n| `{name}` |" in text
