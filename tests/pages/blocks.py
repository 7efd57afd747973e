"""Finds the fenced blocks of a page, the commands in them, and the code spans in its prose."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TOP = Path(__file__).parents[2]
# A new reader begins with these, in this order.
FIRST = ("README.md", "docs/install.md")
PAGES = tuple(
    path
    for path in dict.fromkeys(
        [
            *(TOP / first for first in FIRST),
            *sorted(TOP.glob("docs/**/*.md")),
            TOP / "CONTRIBUTING.md",
            TOP / "SECURITY.md",
        ]
    )
    if path.exists()
)
FENCE = re.compile(r"^( *)(```+|~~~+) *([\w-]*)")
HEADING = re.compile(r"^#+ ")
PROMPT = re.compile(r"^\$ ")
IN_A_LIST = re.compile(r"([-*+]|\d+[.)]) ")


def name(page: Path) -> str:
    """The page as the project calls it, such as docs/install.md."""
    return str(page.relative_to(TOP)) if page.is_relative_to(TOP) else page.name


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `section` is the number of headings above it, `line` the number of its first line of text."""

    page: Path
    line: int
    section: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{name(self.page)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Command:
    """One command, as a reader pastes it, with its continuation lines."""

    page: Path
    line: int
    section: int
    text: str

    @property
    def place(self) -> str:
        return f"{name(self.page)}:{self.line}"

    @property
    def bare(self) -> str:
        """The command without comments and without the breaks at a backslash."""
        joined = re.sub(r"\s*\\\n\s*", " ", self.text)
        return re.sub(r"(^|\s)#.*$", "", joined, flags=re.MULTILINE).strip()

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """The fenced blocks of a page, in order. An indent that comes from a list is removed."""
    return tuple(_blocks(page))


def _blocks(page: Path) -> Iterator[Block]:
    section, fence, begun, language, lines = 0, None, 0, "", []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if fence is None:
            section += HEADING.match(line) is not None
            if found := FENCE.match(line):
                fence, begun, language, lines = found, number + 1, found[3], []
        elif line.strip() == fence[2]:
            yield Block(page, begun, section, language, "".join(f"{each}\n" for each in lines))
            fence = None
        else:
            lines.append(line.removeprefix(fence[1]))
    assert fence is None, f"{name(page)}:{begun - 1}: the block does not end"


@cache
def commands(page: Path) -> tuple[Command, ...]:
    """The commands in blocks of `sh`, and those after a `$ ` prompt in blocks of `text` or `console`."""
    found: list[Command] = []
    for block in blocks(page):
        if block.language == "sh":
            found += [Command(page, block.line + at, block.section, text) for at, text in split(block.text)]
        elif block.language in {"text", "console"}:
            found += [
                Command(page, block.line + at, block.section, PROMPT.sub("", line))
                for at, line in enumerate(block.text.splitlines())
                if PROMPT.match(line)
            ]
    return tuple(found)


def split(text: str) -> list[tuple[int, str]]:
    """The commands of a script, each with the index of its first line. bash decides where a command ends."""
    found, begun, lines = [], 0, []
    for number, line in enumerate(text.splitlines()):
        if not lines:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            begun = number
        lines.append(line)
        if not line.endswith("\\") and _is_whole("\n".join(lines)):
            found.append((begun, "\n".join(lines)))
            lines = []
    if lines:
        found.append((begun, "\n".join(lines)))
    return found


def _is_whole(text: str) -> bool:
    """Whether the text is a complete command. bash only warns about a here-document without an end."""
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr


def unread(page: Path) -> list[str]:
    """Lines of code where the parser does not look: indented without a fence, within a quotation, or as HTML."""
    found, last, before = [], "", ""
    inside = within_blocks(page)
    for number, line in enumerate(page.read_text().splitlines(), 1):
        text = "" if number in inside else line
        if text[:1].strip():
            last = text
        is_indented = re.match(r"(?: {4}|\t)\s*\S", text) and not before.strip() and not IN_A_LIST.match(last)
        if is_indented or re.match(r"\s*>[> ]*(```|~~~|    )", text) or re.search(r"<(pre|code|kbd)\b", text):
            found.append(f"{name(page)}:{number}: {line}")
        before = text
    return found


def within_blocks(page: Path) -> set[int]:
    """The numbers of the lines of fenced blocks, with their fences."""
    return {
        number
        for block in blocks(page)
        for number in range(block.line - 1, block.line + len(block.text.splitlines()) + 1)
    }


@cache
def spans(page: Path) -> tuple[Command, ...]:
    """The code spans in the prose of a page. A span may continue on the next line."""
    prose, section = [], 0
    inside = within_blocks(page)
    for number, line in enumerate(page.read_text().splitlines(), 1):
        prose.append("" if number in inside else line)
    found = []
    for part in re.finditer(r"(?:.+\n?)+", "\n".join(prose)):
        for span in re.finditer(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", part[0], re.DOTALL):
            line = "\n".join(prose).count("\n", 0, part.start() + span.start()) + 1
            found.append(Command(page, line, section, " ".join(span[2].split())))
    return tuple(found)
