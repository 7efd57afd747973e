"""Checks that the verb, options, script, unit and ids in a command exist. Runs nothing from the page."""

import contextlib
import io
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import pairwise

from edged.causes import CAUSES
from edged.cli import parser
from tests.pages.blocks import TOP
from tests.pages.decisions import PROGRAMS, UNITS, filled

OURS = re.compile(
    r"(?:\w+=\S* |[^|&;]+(?:\||&&|;) *)*(?:(?:\S*/)?edged(?= |$)|(?:\./)?scripts/[\w.-]|sudo |systemctl |journalctl )"
)
"""A code span that begins like this is a command."""

SYSTEMCTL = re.compile(
    "cat|daemon-reload|disable|edit|enable|is-active|is-enabled|list-timers|list-units|"
    "reload|reset-failed|restart|show|start|status|stop"
)
"""The verbs of systemctl that the pages may use."""

WITH_VALUE = frozenset({"-p", "-P", "-n", "-o", "-t", "-u", "--since", "--until"})


def fault(text: str) -> str:
    """Says what is wrong with a command. Empty if nothing is wrong."""
    try:
        for words in simple_commands(filled(text.replace("…", ""))):
            if found := _fault(words):
                return found
    except ValueError as error:
        return f"no shell reads it: {error}"
    return ""


def simple_commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a pipeline or list, without assignments, redirections and here-documents."""
    text = re.sub(r"(<<-?) *(['\"]?)(\w+)\2(.*?)\n.*?^\3$", r"\4", text, flags=re.DOTALL | re.MULTILINE)
    lexer = shlex.shlex(
        text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=";|&()<>"
    )
    lexer.whitespace_split = True
    words: list[str] = []
    skip = False
    for word in lexer:
        if skip:
            skip = False
        elif re.fullmatch(r"[<>]+&?", word):
            skip = True
        elif re.fullmatch(r"[;|&()]+", word):
            yield from [words] if words else []
            words = []
        elif words or not re.fullmatch(r"\w+=.*", word, re.DOTALL):
            words.append(word)
    yield from [words] if words else []


def _fault(words: list[str]) -> str:
    program, *rest = words
    name = program.rpartition("/")[2]
    if name == "sudo":
        while rest and rest[0].startswith("-"):
            rest = rest[2 if rest[0] in {"-u", "-g"} else 1 :]
        return _fault(rest) if rest else ""
    if name == "edged":
        return _of_edged(rest)
    if name == "install.sh" or program.removeprefix("./").startswith("scripts/"):
        return _of_script(name, rest)
    if checks := OTHERS.get(name):
        return checks(rest)
    if not PROGRAMS.fullmatch(name):
        return f"{name} is not in PROGRAMS: decide whether readers have it"
    return ""


def _of_edged(words: list[str]) -> str:
    """Asks edged's own parser. A page may name a verb without its required arguments."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            parser().parse_args(words)
        except SystemExit as end:
            if end.code and "arguments are required" not in said.getvalue():
                return said.getvalue().strip().rpartition("\n")[2]
    return ""


def _of_script(name: str, words: list[str]) -> str:
    """The script exists. Its options occur in its text, or in the module that it starts."""
    path = TOP / "scripts" / name
    if not path.is_file():
        return f"there is no scripts/{name}"
    if name == "demo":
        return _of_edged(["demo", *words])
    if name in SUITES and words and not words[0].startswith("-"):
        unknown = [word for word in (words if name == "test" else words[:1]) if word not in SUITES[name]()]
        return f"scripts/{name} knows no {unknown[0]}" if unknown else ""
    texts = [path.read_text(), *(each.read_text() for each in TOP.glob(f"instruments/{name}/*.py"))]
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and not any(option in text for text in texts):
            return f"scripts/{name} knows no {option}"
    return ""


def _suites() -> frozenset[str]:
    text = (TOP / "scripts/test").read_text()
    return frozenset(re.findall(r"^    \[([a-z]+)\]=[\"']", text, re.MULTILINE))


def _benches() -> frozenset[str]:
    found = re.search(r"^    ([a-z]+(?: \| [a-z]+)+)\) ;;", (TOP / "scripts/bench").read_text(), re.MULTILINE)
    assert found
    return frozenset(found[1].split(" | "))


SUITES: dict[str, Callable[[], frozenset[str]]] = {"test": _suites, "bench": _benches}


def _of_systemctl(words: list[str]) -> str:
    verb, *units = [*_operands(words), ""]
    if not SYSTEMCTL.fullmatch(verb):
        return f"systemctl has no {verb}" if verb else ""
    return next((f"there is no unit {unit}" for unit in units if unit and not _is_unit(unit)), "")


def _of_journalctl(words: list[str]) -> str:
    for option, value in pairwise(words):
        if option == "-u" and not _is_unit(value):
            return f"there is no unit {value}"
    ids = (TOP / "systemd/edged.catalog").read_text()
    for word in _operands(words):
        field, _, value = word.partition("=")
        if field == "MESSAGE_ID" and f"-- {value}\n" not in ids:
            return f"no message has the id {value}"
        if field == "EDGED_CAUSE" and value not in CAUSES:
            return f"there is no cause {value}"
    return ""


def _operands(words: list[str]) -> list[str]:
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and word in WITH_VALUE
    return found


def _is_unit(name: str) -> bool:
    full = name if "." in name else f"{name}.service"
    return (TOP / "systemd" / full).exists() or full in UNITS


OTHERS: dict[str, Callable[[list[str]], str]] = {"systemctl": _of_systemctl, "journalctl": _of_journalctl}
