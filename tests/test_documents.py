"""What the pages name exists: files, folders, other pages, their headings, pictures, classes and their members."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])
PARTS = frozenset(path.name for path in (*TOP.iterdir(), *TOP.glob("edged/*")) if path.is_dir())
WRITTEN_ELSEWHERE = frozenset({"conf.d/", "dist/", "dist/wheelhouse"})  # made by users or by the release
OTHER_MEANING = frozenset({"audio/pcm", "audio/pcmu", "audio/pcma"})  # formats, in the service's spelling
INSIDE = ("architecture.md", "playout.md")  # the pages that name classes


def named(page: Path) -> Iterator[tuple[str, str]]:
    """Return the texts in backticks on a page, with their places."""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        for name in re.findall(r"`([^`]+)`", line):
            yield f"{page.name}:{number}", name


def is_path(name: str) -> bool:
    """Whether it looks like a Python file, or a path in one of our folders."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", name) or name in WRITTEN_ELSEWHERE | OTHER_MEANING:
        return False
    return name.endswith((".py", "/")) or ("/" in name and name.split("/", maxsplit=1)[0] in PARTS)


@cache
def files() -> tuple[str, ...]:
    return tuple(
        f"/{path.relative_to(TOP)}"
        for part in ("edged", "tests", "instruments", "scripts", "docs", "systemd")
        for path in sorted((TOP / part).rglob("*"))
        if "__pycache__" not in path.parts
    )


def exists(name: str) -> bool:
    """Whether the path exists as named, from the top or from within a folder; a module may omit its `.py`."""
    wanted = (f"/{name.rstrip('/')}", f"/{name}.py")
    return (TOP / name).exists() or any(file.endswith(wanted) for file in files())


@cache
def classes() -> dict[str, frozenset[str]]:
    """Return the classes of edged and the instruments, each with the names in its body and those set on `self`."""
    found: dict[str, frozenset[str]] = {}
    for path in (*TOP.glob("edged/**/*.py"), *TOP.glob("instruments/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name] = found.get(node.name, frozenset()) | frozenset(members(node))
    return found


def members(node: ast.ClassDef) -> Iterator[str]:
    for inner in ast.walk(node):
        match inner:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Name(id=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_file_that_a_page_names_exists(page):
    assert not [f"{place} {name}" for place, name in named(page) if is_path(name) and not exists(name)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_that_a_page_links_to_exists(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_index_names_each_page():
    index = TOP / "docs/README.md"
    named = re.findall(r"\]\(([\w.-]+\.md)\)", index.read_text())
    assert sorted(named) == sorted(path.name for path in TOP.glob("docs/*.md") if path != index)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_picture_on_a_page_exists_for_the_light_and_the_dark_theme(page):
    text = page.read_text()
    assert not [
        name
        for name in re.findall(r"(?:src|srcset)=\"([^\"]+)\"", text)
        if not (page.parent / name).is_file()
    ]
    for dark, light in re.findall(r"srcset=\"([^\"]+)\">\s*<img src=\"([^\"]+)\"", text):
        assert dark == light.replace(".svg", "-dark.svg")
    assert text.count("<img ") == len(re.findall(r"<img [^>]*alt=\"[^\"]{20,}\"", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_heading_that_a_page_links_to_exists(page):
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text())
    assert not [
        f"{name}#{anchor}"
        for name, anchor in links
        if anchor not in anchors(page.parent / name if name else page)
    ]


def anchors(page: Path) -> set[str]:
    """What a web server of repositories makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", INSIDE)
def test_each_class_that_a_page_names_exists(name):
    seen, wrong = set(), []
    for place, words in named(TOP / "docs" / name):
        if (match := re.fullmatch(r"([A-Z][a-z]\w*)(?:\.(\w+))?(?:\(.*\))?", words)) is None:
            continue
        of, member = match.groups()
        seen.add(of)
        if of not in classes() or (member is not None and member not in classes()[of]):
            wrong.append(f"{place} {words}")
    assert {"Playout", "JitterBuffer"} & seen
    assert not wrong


def test_what_is_looked_for_is_found():
    """Otherwise the tests above would check nothing."""
    paths = {name for page in PAGES for _, name in named(page) if is_path(name)}
    assert {"edged/causes.py", "link/session/floor.py", "audio/capture/", "scripts/walk"} <= paths
    assert not exists("link/carrier.py")
