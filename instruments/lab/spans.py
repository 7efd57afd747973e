"""Spans of time or of samples, as (start, end), and their unions, differences and intersections. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[float, float]


def joined(spans: Iterable[Span], *, apart: float = 0.0) -> list[Span]:
    """The same spans in order; spans less than `apart` from each other become one."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + apart:
            out[-1] = out[-1][0], max(out[-1][1], end)
        elif end > start:
            out.append((start, end))
    return out


def without(spans: Iterable[Span], taken: Sequence[Span], *, slack: float = 0.0) -> list[Span]:
    """What is left of `spans` outside `taken` (joined), after each of `taken` grows by `slack` on both sides."""
    left = []
    for start, end in spans:
        at = start
        for first, last in taken:
            if last + slack <= at:
                continue
            if first - slack >= end:
                break
            if first - slack > at:
                left.append((at, first - slack))
            at = max(at, last + slack)
        if at < end:
            left.append((at, end))
    return left


def within(spans: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """The parts of `spans` that are within `others`."""
    return [
        (max(start, first), min(end, last))
        for start, end in spans
        for first, last in others
        if max(start, first) < min(end, last)
    ]


def meets(spans: Iterable[Span], span: Span) -> bool:
    """Whether any of them has a moment in common with `span`."""
    return any(start <= span[1] and span[0] <= end for start, end in spans)


def while_it_was(changes: list[tuple[float, object]], value: object, over: float) -> list[Span]:
    """The spans during which `value` held; `changes` are in order."""
    spans: list[Span] = []
    since: float | None = None
    for at, now in changes:
        if now == value and since is None:
            since = at
        elif now != value and since is not None:
            spans.append((since, at))
            since = None
    if since is not None:
        spans.append((since, over))
    return spans
