"""Writes manual pages in the language of man(7): sections, paragraphs, lists. Text is escaped, and wrapped."""

import re
import textwrap

WIDTH = 78
_NAMES = {"\\": r"\e", "-": r"\-", "^": r"\(ha", "~": r"\(ti", "`": r"\(ga", '"': r"\(dq", "'": r"\(aq"}


class Page:
    """One page. Every line is at most `WIDTH` wide where a blank allows that."""

    def __init__(self, name: str, section: int, date: str, source: str, about: str) -> None:
        self._lines = [
            r".\" Written by scripts/draw-manual; a test compares.",
            f'.TH {name.upper()} {section} {date} "{source}" "{about}"',
        ]
        self._after_heading = False

    def section(self, title: str) -> None:
        self._lines.append(f".SH {title.upper()}")
        self._after_heading = True

    def subsection(self, title: str) -> None:
        self._lines.append(f".SS {code(title)}")
        self._after_heading = True

    def text(self, *paragraphs: str) -> None:
        """Paragraphs; what is between backticks is shown as it is typed."""
        for each in paragraphs:
            if not self._after_heading:
                self._lines.append(".PP")
            self._write(prose(each))
            self._after_heading = False

    def item(self, term: str, text: str) -> None:
        """A term, ready for roff, and what it means."""
        self._lines += [".TP", term]
        self._write(prose(text))
        self._after_heading = False

    def example(self, *lines: str) -> None:
        self._lines += ["." + ("PP" if not self._after_heading else "nf")]
        if self._lines[-1] == ".PP":
            self._lines.append(".nf")
        self._lines += [_safe(code(line)) for line in lines]
        self._lines.append(".fi")
        self._after_heading = False

    def raw(self, *lines: str) -> None:
        """Lines that are ready for roff."""
        self._lines += lines
        self._after_heading = False

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"

    def _write(self, text: str) -> None:
        wrapped = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
        self._lines += [_safe(line) for line in wrapped]


def code(text: str) -> str:
    """Text as it is typed: with real hyphens and quotes."""
    return "".join(_NAMES.get(each, each) if each.isascii() else rf"\[u{ord(each):04X}]" for each in text)


def bold(text: str) -> str:
    return rf"\fB{code(text)}\fR"


def italic(text: str) -> str:
    return rf"\fI{code(text)}\fR"


def prose(text: str) -> str:
    """Sentences. What is between backticks is bold; an option is, too."""
    pieces = re.split(r"`([^`]*)`", text)
    return "".join(bold(each) if at % 2 else _plain(each) for at, each in enumerate(pieces))


def _plain(text: str) -> str:
    pieces = re.split(r"(?<![\w-])(--?[a-z][a-z-]*)", text)
    marked = (bold(each) if at % 2 else each.replace("\\", r"\e") for at, each in enumerate(pieces))
    return "".join(each if each.isascii() else rf"\[u{ord(each):04X}]" for part in marked for each in part)


def _safe(line: str) -> str:
    """A line that roff does not take for a request."""
    return rf"\&{line}" if line[:1] in (".", "'") else line
