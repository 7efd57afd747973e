"""The configurations that the documents show."""

import re
from pathlib import Path

import pytest

from edged.app.service import planned
from edged.config import Secret, load
from edged.config.provider_rules import WITHOUT_MODEL
from edged.config.rules import WITHOUT_ADDRESS
from edged.dial.providers import PROVIDERS

TOP = Path(__file__).parents[2]
PAGES = [TOP / "docs/providers.md", *sorted((TOP / "docs/providers").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{file.name} {number}")
    for file in (TOP / "README.md", *PAGES, TOP / "docs/local-server.md")
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


def test_every_provider_has_a_page_and_a_row():
    assert sorted(page.stem for page in PAGES[1:]) == sorted(PROVIDERS)
    rows = re.findall(r"^\| \[`([\w-]+)`\]\(providers/([\w-]+)\.md\) \|", PAGES[0].read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == [page for _, page in rows] == list(PROVIDERS)


PARTS = ("The key and the model", "What it costs", "What is different", "If it refuses", "What was checked")
"""What a stranger has to know before a kiosk works, in this order."""


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_each_page_begins_with_the_configuration_and_has_every_part(page):
    opening, *parts = re.split(r"^## (.*)$", page.read_text(), flags=re.MULTILINE)
    assert "```yaml\nversion: 1\n" in opening
    assert tuple(parts[::2]) == PARTS
    assert all(text.strip() for text in parts[1::2])


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_page_says_what_to_do_where_the_provider_has_a_remedy_of_its_own(name):
    refused = (TOP / f"docs/providers/{name}.md").read_text().partition("## If it refuses")[2]
    rows = "\n".join(re.findall(r"^\| (.*?) \|", refused, re.MULTILINE))
    assert not [cause for cause in PROVIDERS[name].remedies if f"`{cause}`" not in rows]


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_table_of_providers_says_what_the_row_says(name):
    row = PROVIDERS[name]
    line = next(line for line in PAGES[0].read_text().splitlines() if line.startswith(f"| [`{name}`]"))
    _, _, dialect, longest, slots, _, billed, _ = (cell.strip() for cell in line.split("|"))
    assert dialect.split(";")[0].lower() == row.dialect.value
    assert slots == str(row.slots)
    assert (
        longest == f"{row.session_s // 60} min"
        if row.session_s
        else longest in ("set by the service", "none")
    )
    assert all(what.removesuffix("s") in billed for what in row.billed)
    assert row.billed or billed in ("nothing", "by the service that you choose")
    if row.model:
        assert row.model in (TOP / f"docs/providers/{name}.md").read_text() or name == "local"


def test_the_rules_know_which_rows_lack_an_address_or_a_model():
    assert {name for name, row in PROVIDERS.items() if not row.url} == WITHOUT_ADDRESS
    assert {name: row.needs_model for name, row in PROVIDERS.items() if row.needs_model} == WITHOUT_MODEL
