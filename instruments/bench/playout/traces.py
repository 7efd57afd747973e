"""Recorded arrivals (docs/playout.md): two numbers per line, when a delta arrived and how many ms of sound it held."""

from itertools import pairwise

from instruments.bench.playout.arrivals import answer


class TraceError(Exception):
    """A file that is not a trace; the message names the line and the fault."""


def read(path):
    """The answers in a file, in order."""
    answers, block = [], []
    for number, text in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        line = text.split("#", 1)[0].strip()
        if line:
            block.append((f"{path}:{number}", *_numbers(f"{path}:{number}", line)))
        elif block:  # a blank line or a note ends an answer
            answers.append(_answer(block))
            block = []
    if not answers:
        raise TraceError(f"{path}: no answers; a line is `<ms of its arrival> <ms of sound>`")
    return answers


def _answer(block):
    *deltas, (_, last_at, last) = block
    ended = last == 0
    if not ended or not deltas:
        deltas = block
    for (_, before, _), (place, at, _) in pairwise(block):
        if at < before:
            raise TraceError(
                f"{place}: {at:g} ms is before the line above; leave a line blank between answers"
            )
    for place, _, length in deltas:
        if not length:
            raise TraceError(f"{place}: a delta without sound; only the last line of an answer may say 0 ms")
    return answer([(at, length) for _, at, length in deltas], last_at)


def _numbers(place, line):
    try:
        at, length = map(float, line.replace(",", " ").split())
    except ValueError:
        raise TraceError(f"{place}: {line!r} is not two numbers: ms of its arrival, ms of sound") from None
    if not (0 <= length <= 600_000 and abs(at) < 1e12):
        raise TraceError(f"{place}: {length:g} ms of sound: a delta holds between 0 ms and ten minutes")
    return at, length
