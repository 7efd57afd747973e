"""The filter for a service's words on their way to the journal, the control socket or the screen. Pure.

A service's text may quote what a visitor said: in an error, in a code, or in the reason of a close. So:

1. The text is shortened and put on one line. `redacted` removes the secrets, and control characters are removed.
2. Unless transcripts are asked for, three things pass: words that services use in errors (vocabulary.py), names from
   our own configuration, and short numbers. Everything else becomes an ellipsis. So does a quoted text with blanks
   in it, unless it is such a name.
3. Three words in a row that were said recently do not pass, and neither does a number that was said recently, even
   where the vocabulary has them.

What was said recently is kept for this purpose only: in memory, and with a limit.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from edged.errors import EdgedError
from edged.wire import server_events as events
from edged.wire.vocabulary import VOCABULARY

MOST_TEXT = 300  # characters that pass
MOST_NAME = 64
_MOST_READ = 4000  # characters that are read of a text
_MOST_RECENT = 16_000  # characters of what was said, about twenty minutes of a talk
_MOST_PIECE = 4000  # characters of one item
_MOST_DIGITS = 6  # enough for a limit, a status or milliseconds; telephone numbers are longer
_FEW_DIGITS = 3  # a number with this many digits inside another number is no coincidence
_RUN = 3  # this many equal words in a row are no coincidence
_GONE = "…"
_OURS = "\0"  # stands for each character of a name of ours; control characters have been removed by then

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_MARKS = r"\s\"\u2018-\u201e\u2039\u203a\u300c-\u300f`\xab\xbb\u2026"
# In name=value, the name and the value are two tokens.
_TOKEN = re.compile(rf"\w+://[^{_MARKS}]+|[^{_MARKS}=]+")
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[\d\s().,/-]|(?<=\s)(?:and|und)(?=\s)){5,}\d")
_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d)*")  # a number, whatever separates its digits
_DIGIT = r"(?:\d|double|triple|zero|oh|o|null|one|two|three|four|five|six|seven|eight|nine)"
_SPELT = re.compile(
    rf"(?<![^\W_]){_DIGIT}(?:[\W_]{{1,3}}(?:(?:and|und)[\W_]+)?{_DIGIT}){{2,}}(?![^\W_])", re.IGNORECASE
)
_DATE = re.compile(r"20\d\d-\d\d-\d\d")
_ASCII = re.compile(r"[\x21-\x7e]+")
_CHANGED = (("ing", "e"), ("ing", ""), ("ed", ""), ("ies", "y"), ("ied", "y"))
_SHORTEST_STEM = 3  # or "thing" would be a form of "the"
_ENDINGS = ("s", "es", "d", "ed", "ing", "ly", "r", "er")
_QUOTED = re.compile(
    r"""(?<!\w)(?:[bfru]{1,2}|x)?(?:'((?:[^'\\]|\\(?:.|$)|'(?=\w))*)(?:'(?!\w)|$)|"((?:[^"\\]|\\(?:.|$))*)(?:"|$))"""
    r"""|``((?:[^`']|`(?!`)|'(?!'))*)(?:``|''|$)|(?<![\w`])`([^`]*)(?:`|$)"""
    r"""|[\u201c\u201e]([^\u201c\u201d]*)(?:[\u201c\u201d]|$)|[\u2018\u201a]((?:[^\u2018\u2019]|\u2019(?=\w))*)"""
    r"""(?:[\u2018\u2019]|$)|[\xab\xbb]([^\xab\xbb]*)(?:[\xab\xbb]|$)|[\u2039\u203a]([^\u2039\u203a]*)(?:[\u2039\u203a]|$)"""
    r"""|[\u300c\u300e]([^\u300d\u300f]*)(?:[\u300d\u300f]|$)""",
    re.IGNORECASE,
)
_GAPS = re.compile(rf"{_GONE}(?:[\s.,;:!?()'\"`/-]*{_GONE})+")


class Words:
    """The filter of one process; use it on the loop. `ours`: names in the configuration. `redacted` removes secrets."""

    def __init__(self, ours: Iterable[str] = (), redacted: Callable[[str], str] = str) -> None:
        self.transcripts = False  # True: the configuration asks for transcripts, so what was said may be read
        self._redacted = redacted
        self._recent: dict[str, str] = {}
        # How many characters `_recent` holds, and what a service said of the last failure.
        self._held, self._gist = 0, ""
        self.know(ours)

    def know(self, ours: Iterable[str]) -> None:
        """Replace the names in our own configuration."""
        self._ours = frozenset(name.casefold() for name in ours if name)
        names = sorted(map(re.escape, self._ours), key=len, reverse=True)
        self._our = (
            re.compile(rf"(?<![^\W_])(?:{'|'.join(names)})(?![^\W_])", re.IGNORECASE) if names else None
        )

    # -- what visitors and the service say -----------------------------------------------------------

    def hear(self, event: events.ServerEvent) -> None:
        """Remember what a visitor or the service says in this event."""
        for of, text, goes_on in _said(event):
            self._keep(of, text, goes_on=goes_on)

    def keep(self, text: str) -> None:
        """Remember a text that was said, or that the service is given."""
        self._keep(text[:MOST_NAME], text, goes_on=False)

    def _keep(self, of: str, text: str, *, goes_on: bool) -> None:
        if not text:
            return
        of = of[:MOST_NAME]
        before = self._recent.pop(of, None)
        kept = ((before or "") + text if goes_on else text)[-_MOST_PIECE:]
        self._held += len(kept) - (len(before) if before is not None else -MOST_NAME)
        self._recent[of] = kept
        while self._held > _MOST_RECENT:
            oldest = next(iter(self._recent))
            self._held -= len(self._recent.pop(oldest)) + MOST_NAME

    # -- what a service reports ----------------------------------------------------------------------

    def filtered(self, text: str, limit: int = MOST_TEXT) -> str:
        """The part of a service's text that may be shown, at most `limit` characters."""
        line = _one_line(self._redacted(_beginning(text, _MOST_READ)))
        if not self.transcripts:
            line = self._judged(line)
        return line if len(line) <= limit else _beginning(line, limit - 1).rstrip() + _GONE

    def name(self, text: str) -> str:
        """The same for a text that should be a name: a code, a type or a status."""
        return self.filtered(text, MOST_NAME)

    def failure(self, error: EdgedError) -> str:
        """The text of a failure that may be shown, on one line. Parts of it may be the service's words."""
        text = _one_line(str(error))
        if said := _said_in(error):
            any_of = "|".join(re.escape(each) for each in sorted(said, key=len, reverse=True))
            text = re.sub(rf"(?<!\w)(?:{any_of})(?!\w)", lambda found: self.filtered(found[0]), text)
        return self.unsaid(text)

    def is_news(self, error: EdgedError) -> bool:
        """Whether the service's words differ from those of the failure before. Ids and numbers do not count."""
        gist = " ".join(word for word in " ".join(_said_in(error)).split() if word.strip("().,:;").isalpha())
        before, self._gist = self._gist, gist or self._gist
        return self._gist != before

    def unsaid(self, text: str) -> str:
        """A text of our own, such as that of a bug, without what was said recently."""
        return text if self.transcripts else self._without(text, self._repeated(text))

    def _judged(self, line: str) -> str:
        line = _QUOTED.sub(self._quoted, line)
        rest = line if self._our is None else self._our.sub(lambda found: _OURS * len(found[0]), line)
        gone = self._repeated(rest)
        rest = _DATE.sub(lambda found: found[0] if _overlaps(found.span(), gone) else _OURS * 10, rest)
        gone += [found.span() for found in _NUMBER.finditer(rest) if len(_digits(found[0])) > _MOST_DIGITS]
        gone += [found.span() for found in _SPELT.finditer(rest) if not _is_plain(found[0])]
        gone += [_core(token) for token in _TOKEN.finditer(rest) if not _passes(token[0].replace(_OURS, ""))]
        return self._without(line, gone)

    def _quoted(self, found: re.Match[str]) -> str:
        inner = next(text for text in found.groups() if text is not None)
        if len(inner.split()) <= 1 or inner.casefold() in self._ours:
            return found[0]
        return re.sub(r"^\w+", "", found[0]).replace(inner, _GONE)

    def _repeated(self, line: str) -> list[tuple[int, int]]:
        """The spans of the line that repeat what was said recently."""
        runs: set[tuple[str, ...]] = set()
        words: set[str] = set()
        for text in self._recent.values():
            said = [word[0].casefold() for word in _WORD.finditer(text)]
            words.update(word for word in said if word.isdecimal() or not _is_known(word))
            run = min(_RUN, len(said))
            if run > 1:
                runs.update(tuple(said[n : n + run]) for n in range(len(said) - run + 1))
        found = list(_WORD.finditer(line))
        plains = [word[0].casefold() for word in found]
        gone = [word.span() for word, plain in zip(found, plains, strict=True) if plain in words]
        for length in (2, _RUN):
            gone += [
                (found[n].start(), found[n + length - 1].end())
                for n in range(len(plains) - length + 1)
                if tuple(plains[n : n + length]) in runs
            ]
        return gone + self._repeated_numbers(line)

    def _repeated_numbers(self, line: str) -> list[tuple[int, int]]:
        """The spans of numbers that were said recently, whole or in part, whatever separates their digits."""
        lines = [(found.span(), _digits(found[0])) for found in _DIGITS.finditer(line)]
        if not lines:
            return []
        said = {_digits(found[0]) for text in self._recent.values() for found in _DIGITS.finditer(text)}
        said = {number for number in said if len(number) >= _FEW_DIGITS}
        return [
            span
            for span, shown in lines
            if any(number in shown or (len(shown) > _FEW_DIGITS and shown in number) for number in said)
        ]

    def _without(self, line: str, gone: list[tuple[int, int]]) -> str:
        kept, at = [], 0
        for start, end in sorted(gone):
            if end > at:
                kept += [line[at : max(start, at)], _GONE]
                at = end
        return _GAPS.sub(_GONE, "".join(kept) + line[at:])


def _said_in(error: EdgedError) -> list[str]:
    """The pieces of a failure that are the service's own words, each on one line."""
    said = getattr(error, "said", ())
    return [line for each in ([said] if isinstance(said, str) else said) if (line := _one_line(each))]


def _said(event: events.ServerEvent) -> Iterator[tuple[str, str, bool]]:
    """The texts in an event: the id of what each belongs to, the text, and whether it continues the text before it."""
    match event:
        case (
            events.TranscriptionDelta(part=part, delta=text)
            | events.AudioTranscriptDelta(part=part, delta=text)
            | events.TextDelta(part=part, delta=text)
        ):
            yield part.item_id, text, True
        case (
            events.TranscriptionCompleted(part=part, transcript=text)
            | events.AudioTranscriptDone(part=part, transcript=text)
            | events.TextDone(part=part, text=text)
        ):
            yield part.item_id, text, False
        case events.TranscriptionSegment(part=part, text=text):
            yield part.item_id, f" {text}", True
        case events.ArgumentsDelta(item_id=of, delta=text):
            yield of, text, True
        case events.ArgumentsDone(item_id=of, arguments=text):
            yield of, text, False
        case events.PartAdded(part=part, content=content) | events.PartDone(part=part, content=content):
            yield part.item_id, " ".join(_texts(content)), False
        case events.ResponseDone(output=output):
            for item in output:
                yield from _of_item(item)
        case (
            events.ItemAdded(item=item)
            | events.ItemDone(item=item)
            | events.ItemRetrieved(item=item)
            | events.OutputItemAdded(item=item)
            | events.OutputItemDone(item=item)
        ):
            yield from _of_item(item)


def _of_item(item: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    content = item.get("content")
    parts = [part for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []
    text = " ".join(text for part in (item, *parts) for text in _texts(part))
    if text:
        yield str(item.get("id") or text), text, False


def _texts(part: Mapping[str, Any]) -> Iterator[str]:
    for name in ("text", "transcript", "arguments", "output"):
        if isinstance(text := part.get(name), str) and text:
            yield text


def _passes(token: str) -> bool:
    if token and not _ASCII.fullmatch(token):
        return False
    digits = sum(map(str.isdigit, token))
    return digits <= _MOST_DIGITS and all(_is_known(word) for word in _WORD.findall(token))


def _is_known(word: str) -> bool:
    plain = word.casefold()
    return (
        plain.isdecimal()
        or plain in VOCABULARY
        or any(plain.endswith(end) and plain[: -len(end)] in VOCABULARY for end in _ENDINGS)
        or any(stem in VOCABULARY for stem in _stems(plain))
    )


def _stems(word: str) -> Iterator[str]:
    """The stems that a word may have where its ending changed: creating, committed, policies, retrying."""
    for end, instead in _CHANGED:
        stem = word.removesuffix(end)
        if stem != word and len(stem) >= _SHORTEST_STEM:
            yield stem + instead
            if not instead and stem[-1] == stem[-2]:
                yield stem[:-1]


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _is_plain(number: str) -> bool:
    """Whether it has no letters, like an address or a version."""
    return not any(map(str.isalpha, number))


def _overlaps(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _core(token: re.Match[str]) -> tuple[int, int]:
    """The span of a token without the punctuation around it."""
    core = token[0].strip(".,;:!?()[]{}'<>")
    start = token.start() + token[0].index(core)
    return (start, start + len(core)) if core else token.span()


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _beginning(text: str, limit: int) -> str:
    """At most `limit` characters, up to the end of a whole word: the filter could not recognise half a key."""
    if len(text) <= limit:
        return text
    return text[:limit].rpartition(" ")[0]
