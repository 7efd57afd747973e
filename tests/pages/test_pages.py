"""Checks the blocks and commands of the pages without running them."""

import json
import re
from pathlib import Path

import pytest
import yaml

from edged.config import load
from edged.errors import ConfigError
from edged.local import script
from tests.pages.blocks import PAGES, TOP, Command, blocks, commands, name, spans, unread
from tests.pages.checking import OURS, fault
from tests.pages.decisions import GIVEN, NOT_RUN, PLACEHOLDERS, UNITS

LANGUAGES = frozenset({"sh", "text", "console", "yaml", "json", "python", "ini", "mermaid"})
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=name)
SETTINGS = TOP / "config.yaml"
ALL = [command for page in PAGES for command in commands(page)]


def of_settings() -> list[Command]:
    """The commands in the comments of config.yaml: in backticks, or in a list that explains each."""
    found = []
    for number, line in enumerate(SETTINGS.read_text().splitlines(), 1):
        comment = re.sub(r"^.*?# ?", "", line) if "#" in line else ""
        texts = re.findall(r"`([^`]+)`", comment)
        if indented := re.fullmatch(r"  +(\S.*?)(?:  +\S.*)?", comment):
            texts.append(indented[1])
        found += [Command(SETTINGS, number, 0, text) for text in texts if OURS.match(text)]
    return found


@EACH_PAGE
def test_each_block_says_what_it_holds(page):
    unknown = [
        f"{block.place} {block.language!r}" for block in blocks(page) if block.language not in LANGUAGES
    ]
    assert not unknown


@EACH_PAGE
def test_each_command_is_where_the_tests_look_for_it(page):
    """In a block of `sh`, or after a prompt."""
    shown = [
        f"{block.place}: {line}"
        for block in blocks(page)
        if block.language in {"text", "console"}
        for line in block.text.splitlines()
        if OURS.match(re.sub(r"^[%>] ", "", line.strip()))
    ]
    assert not [*unread(page), *shown]


@EACH_PAGE
def test_each_command_exists_with_its_verb_its_options_its_unit_and_its_ids(page):
    named = [span for span in spans(page) if OURS.match(span.text)]
    faults = [f"{each}: {found}" for each in (*commands(page), *named) if (found := fault(each.bare))]
    assert not faults, "\n".join(faults)


def test_each_command_in_the_comments_of_the_configuration_exists():
    assert {each.text for each in of_settings()} >= {"edged config check FILE", "edged status"}
    faults = [f"{each}: {found}" for each in of_settings() if (found := fault(each.bare))]
    assert not faults, "\n".join(faults)


@EACH_PAGE
def test_each_configuration_is_taken_by_the_loader(page, tmp_path):
    """A block may leave out `version:`. A block that begins at the left margin must also load without a warning.

    An indented block continues the last section of the block before it.
    """
    before, faults = {}, []
    for block in blocks(page):
        if block.language != "yaml":
            continue
        try:
            values = configuration(block.text, before)
            if script_keys() & values.keys():
                script.parse(block.text, block.place, lambda text: b"")
                continue
            before = values
            file = tmp_path / "config.yaml"
            file.write_text(yaml.safe_dump({"version": 1} | values))
            warnings = load(file, env={}).warnings
            if not block.text.startswith(" "):
                faults += [f"{block.place}: {warning}" for warning in warnings]
        except (ConfigError, yaml.YAMLError) as error:
            faults.append(f"{block.place}: {error}")
    assert not faults, "\n".join(faults)


def script_keys() -> frozenset[str]:
    """Keys that only a script of the embedded service has."""
    return frozenset({"rules", "answers", "faults"})


def configuration(text: str, before: dict[str, object]) -> dict[str, object]:
    if not text.startswith(" "):
        values = yaml.safe_load(text)
        assert isinstance(values, dict)
        return values
    section = list(before)[-1]
    inner = before[section]
    assert isinstance(inner, dict)
    return before | {section: merged(inner, yaml.safe_load(text))}


def merged(old: dict[str, object], new: dict[str, object]) -> dict[str, object]:
    return old | {
        key: merged(was, value)
        if isinstance(value, dict) and isinstance(was := old.get(key), dict)
        else value
        for key, value in new.items()
    }


@EACH_PAGE
def test_each_message_is_json(page):
    faults = []
    for block in blocks(page):
        if block.language == "json":
            try:
                messages(block.text)
            except ValueError as error:
                faults.append(f"{block.place}: {error}")
    assert not faults


def messages(text: str) -> list[object]:
    """Several values may follow each other, each on one or more lines."""
    found, at = [], 0
    while rest := text[at:].lstrip():
        value, end = json.JSONDecoder().raw_decode(rest)
        found.append(value)
        at = len(text) - len(rest) + end
    return found


@EACH_PAGE
def test_each_program_can_be_read_by_python(page):
    for block in blocks(page):
        if block.language == "python":
            compile(block.text, block.place, "exec")


# -- the decisions --


@pytest.mark.parametrize("decision", NOT_RUN, ids=lambda decision: decision.pattern)
def test_each_decision_matches_a_command_and_has_a_reason(decision):
    assert decision.reason
    matched = any(re.search(decision.pattern, command.bare) for command in ALL)
    assert matched or decision.drawn, "no page has such a command"


def test_a_page_names_each_given_file_placeholder_and_unit():
    texts = [each.text for page in PAGES for each in (*commands(page), *spans(page))]
    words = {word for text in texts for word in re.findall(r"[\w.-]+", text)}
    named = {*GIVEN, *PLACEHOLDERS, *(unit.removesuffix(".service") for unit in UNITS)}
    left = named - words
    assert not left, f"no page names {sorted(left)}"


def test_the_parser_finds_something():
    """Otherwise the tests above would check nothing."""
    assert {Path("README.md"), Path("docs/install.md")} <= {page.relative_to(TOP) for page in PAGES}
    assert any("scripts/install.sh" in command.text for command in ALL)
    assert any("edged status" in span.text for page in PAGES for span in spans(page))
    assert any(block.language == "python" for page in PAGES for block in blocks(page))
