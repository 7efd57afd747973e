"""What /healthz answers: whether a visitor can be served. Pure.

The rule is that of `edged status --check`: it is bad if no visitor can be served, and nobody has chosen that. A muted
microphone, a budget that is used up and closing time are choices.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from edged.companion.kiosk_view import KioskView
from edged.companion.page.shown_now import brief, part, rows

UNREADABLE = "switches_unreadable"
"""The cause of a microphone that is off although nobody has muted it."""


class PageHealth(NamedTuple):
    """`why`: a cause and a text for everything that is bad; empty if all is well."""

    why: list[dict[str, str]]

    @property
    def status(self) -> int:
        """Of HTTP."""
        return 503 if self.why else 200

    def body(self, *, whole: bool) -> dict[str, Any]:
        """For JSON. Without `whole` it says nothing but `ok` or `bad`."""
        word = {"status": "bad" if self.why else "ok"}
        return word if not whole or not self.why else {**word, "cause": self.why[0]["cause"], "why": self.why}


def page_health(view: KioskView) -> PageHealth:
    """Whether the kiosk answers and can serve a visitor."""
    return PageHealth(list(_found(view)))


def _found(view: KioskView) -> Iterator[dict[str, str]]:
    if not view.is_up:
        yield {"cause": "kiosk_gone", "text": brief(view.why_gone)}
        return
    link, lost = part(view.snapshot.get("link")), part(view.snapshot.get("lost"))
    works = bool(link.get("up") or link.get("resting"))
    named = set()
    for trouble in rows(view.snapshot.get("troubles")):
        what, cause = brief(trouble.get("what"), 60), brief(trouble.get("cause"), 80)
        if what in lost or (what == "line" and not link.get("up")) or cause == UNREADABLE:
            named.add(what)
            yield {"cause": cause, "text": f"{what}: {brief(trouble.get('text'))}"}
    for name, cause in lost.items():
        if name not in named:
            yield {"cause": brief(cause, 80), "text": f"{brief(name, 60)} is missing"}
    if not works and "line" not in named:
        yield {"cause": brief(link.get("cause"), 80) or "connecting", "text": "the link is not up"}
