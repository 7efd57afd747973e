"""The English of pages, comments, docstrings and messages: the phrases that stopped readers do not come back.

What is found here is the worst only. Spelling is codespell's (scripts/check).
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
_USERS = ("install", "hardware", "devices", "providers", "operations", "machine", "sound", "open-microphone")
READ_BY_USERS = (
    *("README.md", "SECURITY.md", *(f"docs/{name}.md" for name in _USERS)),
    *(f"docs/providers/{page.name}" for page in sorted((TOP / "docs/providers").glob("*.md"))),
)
LONGEST_SENTENCE = 40  # words; most have fewer than 20
INSTEAD = {
    r"can not\b": "cannot",
    r"for ever\b": "forever",
    r"\banew\b": "again",
    r"engaged tone": "busy tone",
    r"what lies where": "where files are",
    r"tak(e|es|en|ing) (it |them )?all away again": "uninstall",
    r"says? in one sentence what is in the way": "explains the problem in one sentence",
    r"who(so)?ever\b": "the person: the visitor, the operator, the caller",
    r"whichever (number|name)": "any",
    r"takes (itself|it) for\b": "treats … as",
    r"(is|are) told of\b": "who tells whom: the service reports …",
    r"who is asked for\b": "name the part that is asked",
    r"\b(a|the|its|each|every) told\b": "name the thing that is reported",
    r"asks for attention": "the rhythm of the light",
    r"never a name": "say what a name is",
    r"as it comes: ": "a heading that says what follows",
    r"lies? nearer|such as it is|of no use to who|may be had": "plain words",
    r"pip install ['\"]?edged\b(?!\[[\w{}]+\] @)": "what edged/origin.py says: nothing of that name is on the index",
}
_PROSE = {".md", ".yaml", ".toml", ".service", ".socket", ".timer", ".catalog", ".conf", ".rules", ""}


def words(path: Path) -> str:
    """All of a page; of Python its comments and its strings."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py" and not source.startswith("#!/usr/bin/env python3"):
        return source
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return "\n".join([*comments, *(value for value in constants if isinstance(value, str))])


@cache
def files() -> tuple[Path, ...]:
    """Every text of the project, but this one."""
    found = [*TOP.glob("*.md"), TOP / "config.yaml", TOP / "pyproject.toml"]
    for folder in ("docs", "edged", "instruments", "scripts", "systemd", "tests", ".ci"):
        found += [
            path
            for path in sorted((TOP / folder).rglob("*"))
            if path.suffix in {*_PROSE, ".py"} and path.is_file()
        ]
    return tuple(path for path in found if "__pycache__" not in path.parts and path != Path(__file__))


@pytest.mark.parametrize("phrase", INSTEAD)
def test_no_text_has_a_phrase_that_stops_a_reader(phrase):
    pattern = re.compile(phrase.replace(" ", r"[\s#]+"), re.IGNORECASE)  # also over the end of a line
    assert not [
        f"{path.relative_to(TOP)}: {text[max(0, found.start() - 40) : found.end() + 40]!r} (better: {INSTEAD[phrase]})"
        for path, text in all_texts().items()
        for found in pattern.finditer(text)
    ]


@cache
def all_texts() -> dict[Path, str]:
    return {path: words(path) for path in files()}


_TORN = re.compile(r"^ *[\w.]+(?:: [^=\n]+)? = \(\n[^\n]*  # [^\n]*\n *\)$", re.MULTILINE)


def test_no_comment_tears_a_constant_apart():
    """Where the formatter would put it into parentheses for its comment, that stands on a line above."""
    python = [path for path in files() if path.suffix == ".py"]
    assert not [
        f"{path.relative_to(TOP)}: {torn}" for path in python for torn in _TORN.findall(path.read_text())
    ]


def sentences(page: str) -> Iterator[str]:
    """The sentences of a page without its code, tables, links and headings."""
    text = re.sub(r"^(```|<!--).*?(```|-->)$", "", page, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<[^>]+>", "", text)
    text = re.sub(r"^[|#].*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    for paragraph in re.split(r"\n\s*\n|^\s*(?:[-*]|\d+\.) ", text, flags=re.MULTILINE):
        yield from re.split(r"(?<=[.!?:;])\s+", " ".join(paragraph.split()))


@pytest.mark.parametrize("name", READ_BY_USERS)
def test_no_sentence_of_a_page_for_users_is_longer_than_a_breath(name):
    long = [each for each in sentences((TOP / name).read_text()) if len(each.split()) > LONGEST_SENTENCE]
    assert not long


def test_what_is_looked_for_is_found(tmp_path):
    """Else the tests above would look at nothing."""
    module = tmp_path / "module.py"
    module.write_text('"""It can\nnot\n\nrest for ever."""\nX = (\n    1  # anew\n)\n')
    assert all(re.search(phrase, words(module)) for phrase in (r"can\snot\b", r"for ever\b", r"\banew\b"))
    assert _TORN.search(module.read_text())
    page = "# Head\n\nOne two.\nThree\nfour.\n\n```sh\nls\n```\n- a [b](c.md) d.\n"
    assert [each for each in sentences(page) if each] == ["One two.", "Three four.", "a [b] d."]
    assert len(files()) > 500
