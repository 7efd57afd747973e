"""What a service complains about: each kind is logged once per link."""

import logging

from edged.announcer import Announcer
from edged.causes import CAUSES
from edged.link.session.events import ServiceWarning
from edged.wire.words import Words

log = logging.getLogger(__name__)

# Kinds to remember. The journal limits a service that invents new kinds (system/news.py).
MOST = 64


class Complaints:
    """Counts with the announcer."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._kinds: set[str] = set()

    def clear(self) -> None:
        """Another link begins."""
        self._kinds.clear()

    def take(self, warning: ServiceWarning, words: Words) -> None:
        """Log the first complaint of each kind. A service may repeat a complaint forever."""
        self._announcer.counters["complaints"] += 1
        if warning.cause:
            self._announcer.count(warning.cause)
        kind, remedy = (
            (warning.cause, CAUSES[warning.cause].remedy) if warning.cause else (words.name(warning.code), "")
        )
        level = logging.DEBUG if kind in self._kinds else logging.WARNING
        line = f"{kind}: {words.filtered(warning.text)}. {remedy}".rstrip()
        log.log(
            level,
            "service: %s",
            line,
            extra={"edged": {"cause": warning.cause} if warning.cause else {"code": kind}},
        )
        if len(self._kinds) < MOST:
            self._kinds.add(kind)
