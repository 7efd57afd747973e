"""Runs the laptop commands and the programs of each page, as an ordinary user."""

import re
import shlex

import pytest

from tests.pages.blocks import PAGES, TOP, Block, blocks, name
from tests.pages.decisions import GIVEN, HOURS, LOCAL, OF_A_KIOSK
from tests.pages.laptop import FOLDER, PATH, Laptop, logged_in, obstacle
from tests.pages.paste import Desk, on_laptop

WITHOUT = obstacle()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)]
WITH_COMMANDS = [
    pytest.param(page, id=name(page), marks=[pytest.mark.hours] if name(page) in HOURS else [])
    for page in PAGES
    if on_laptop(page)
]
PROGRAMS = [
    block
    for page in PAGES
    if name(page) not in OF_A_KIOSK
    for block in blocks(page)
    if block.language == "python"
]
# The programs on the pages leave these names to the reader: a recorded question, and a way to play sound.
AROUND = """import os, wave
question = wave.open({clip!r}).readframes(48_000)
def play(sound):
    assert isinstance(sound, bytes)
"""


@pytest.fixture
def laptop():
    with Laptop() as made:
        for file, text in GIVEN.items():
            made.file(file, text)
        made.file("kiosk.yaml", LOCAL)
        made.file("shop.yaml", script_of_the_pages())
        yield made


def script_of_the_pages() -> str:
    return next(
        block.text
        for page in PAGES
        for block in blocks(page)
        if block.language == "yaml" and re.search(r"^(rules|answers):", block.text, re.MULTILINE)
    )


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_each_command_for_a_laptop_runs(page, laptop):
    """README says where the command `edged` is. The other pages may rely on that."""
    path = PATH if name(page) == "README.md" else f"{FOLDER}/.venv/bin:{PATH}"
    with Desk(laptop.words(PATH=path)) as desk:
        desk.follow(on_laptop(page))
    assert not desk.faults, "\n\n".join(desk.faults)


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.place)
def test_each_program_runs_against_the_embedded_service(block: Block, laptop):
    """Its sessions are short, because a program may listen until the session ends."""
    clip = next(iter(sorted((TOP / "edged/local/clips").glob("*.wav")))).relative_to(TOP)
    here = "http://127.0.0.1:8765/v1"
    program = re.sub(r'(base_url=)"[^"]*"', rf'\1"{here}"', block.text)
    laptop.file("program.py", AROUND.format(clip=str(clip)) + program)
    serve = "edged serve --session-s 4 & until grep -q :223D /proc/net/tcp; do sleep 0.1; done"
    program = ".venv/bin/python -P program.py || code=$?"
    settings = {"PORTKEY_PROXY": here, "OPENAI_BASE_URL": here, "OPENAI_API_KEY": "sk-pasted"}
    words = logged_in(PATH=f"{FOLDER}/.venv/bin:{PATH}", **settings)
    laptop.ask(
        f"cd edged; {shlex.join(words)} bash -c {shlex.quote(f'code=0; {serve}; {program}; kill $!; exit $code')}"
    )
