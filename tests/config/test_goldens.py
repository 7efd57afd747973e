"""Broken configurations: what is said of each, to the column."""

from pathlib import Path

import pytest

from edged.config import load
from edged.errors import ConfigError


def goldens():
    text = (Path(__file__).parent / "broken.txt").read_text()
    for case in text.split("\n== ")[1:]:
        name, _, rest = case.partition("\n")
        head, dashes, expected = (
            rest.partition("--\n") if rest.startswith("--\n") else rest.partition("\n--\n")
        )
        assert dashes, name
        yield pytest.param(head + "\n" * bool(head), expected.strip("\n").splitlines(), id=name)


@pytest.fixture
def problems(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def problems_of(content):
        Path("c.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(ConfigError) as caught:
            load(Path("c.yaml"), env={})
        return caught.value.problems

    return problems_of


@pytest.mark.parametrize(("content", "expected"), list(goldens()))
def test_each_mistake_is_named_with_its_place(problems, content, expected):
    assert problems(content) == expected


def test_there_are_many_goldens():
    assert len(list(goldens())) > 100


ODD = {
    "UTF-16": (b"\xff\xfev\x00e\x00r\x00", "c.yaml:1:1: not UTF-8 (save the file as UTF-8)"),
    "Latin-1": (
        b"version: 1\nstate:\n  dir: /Gr\xfc\xdfe\n",
        "c.yaml:3:11: not UTF-8 (save the file as UTF-8)",
    ),
    "too large": (b"#" * 65_537, "c.yaml:1:1: larger than 65536 bytes (a configuration has a few KB)"),
    "control character": (
        "version: 1\nmode: hold\x07\n",
        "c.yaml:2:11: the character U+0007 is not allowed in YAML (remove it)",
    ),
    "nested without end": (
        "version: 1\nprovider: " + "[" * 60_000,
        "c.yaml:2:18: nested too deeply (a section, a key, a value)",
    ),
    "number in the directive": (
        "%YAML 1." + "9" * 5000 + "\n---\nversion: 1\n",
        "c.yaml:1:1: a number after this place is too large for YAML (look for a backslash escape)",
    ),
    "thousands of digits": (
        "version: 1\nturn:\n  think_s: " + "1" * 5000 + "\n",
        "c.yaml:3:12: turn.think_s: has too many digits (1 to 300; 20 is plenty; people give up earlier)",
    ),
}


@pytest.mark.parametrize(("content", "expected"), ODD.values(), ids=ODD)
def test_odd_content_is_named_too(problems, content, expected):
    assert problems(content) == [expected]


def test_every_control_character_is_told_once_a_line(problems):
    found = problems("version: 1\n\x00\x01\nmode: \x02\n")
    assert [line.split(": ")[0] for line in found] == ["c.yaml:2:1", "c.yaml:3:7"]


def test_a_problem_is_one_line_whatever_the_file_holds(problems):
    found = problems('version: 1\n"a\\nb\\e[2J": "\\x1b"\nmode: "x\\ny"\n')
    assert len(found) == 2
    assert all(line.isprintable() for line in found)


SLIPS = {
    "in the wrong section": "version: 1\nbutton:\n  api_key: sk-LEAK\n",
    "beside another mistake": "version: 1\nprovider:\n  api_key: sk-LEAK\n  modl: x\n",
    "given twice": "version: 1\nprovider:\n  api_key: sk-LEAK\n  api_key: sk-LEAK\n",
    "as a list": "version: 1\nprovider:\n  api_key: [sk-LEAK]\n",
    "in place of the section": "version: 1\nprovider: sk-LEAK\n",
    "as a name": "version: 1\nprovider:\n  sk-LEAK: x\n",
    "without a colon": "version: 1\nprovider:\n  api_key sk-LEAK\n",
    "after a second colon": "version: 1\nprovider:\n  api_key: sk-LEAK: x\n",
    "with a line break": 'version: 1\nprovider:\n  api_key: "sk-LEAK\\nx"\n',
    "in a quote that does not end": 'version: 1\nprovider:\n  api_key: "sk-LEAK\n',
    "in place of the file's path": "version: 1\nprovider:\n  api_key_file: sk-LEAK\n",
    "in place of the variable's name": "version: 1\nprovider:\n  api_key_env: sk-LEAK\n",
    "in the address": "version: 1\nprovider:\n  url: wss://u:sk-LEAK@h/\n",
    "in the address's query": "version: 1\nprovider:\n  url: wss://h/?api-key=sk-LEAK\n",
    "in an address that is none": "version: 1\nprovider:\n  url: sk-LEAK\n",
    "in the query": "version: 1\nprovider:\n  query: {token: sk-LEAK}\n",
    "in a header with a wrong name": "version: 1\nprovider:\n  headers: {'a b': sk-LEAK}\n",
    "in a file of a newer version": "version: 2\nprovider:\n  api_key: sk-LEAK\n",
}


@pytest.mark.parametrize("content", SLIPS.values(), ids=SLIPS)
def test_no_problem_repeats_a_secret(problems, content):
    assert "LEAK" not in "\n".join(problems(content))
