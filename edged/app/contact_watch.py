"""One contact as the kiosk watches it: what it filters, what is wrong with it, and who is told.

A contact that is held is reported like a missing device, because nobody can press it. One whose edges are often missed
still works: that is a warning.
"""

import logging
from collections.abc import Callable, Iterator

from edged.app.troubles import Trouble
from edged.causes import CAUSES
from edged.config.panel import ContactConfig
from edged.contact_kinds import bounce_ms
from edged.panel.contact import Debouncer
from edged.panel.contact_health import LONGEST_MS, ContactHealth, Held

log = logging.getLogger(__name__)

_OTHER = {"normally_open": "normally_closed", "normally_closed": "normally_open"}


class ContactWatch:
    """The contact of one section of the configuration; `part` names that section."""

    def __init__(self, part: str, wanted: ContactConfig, changed: Callable[[str | None], None]) -> None:
        """`changed(cause)` is called when the contact becomes unusable, and with None when it is usable again."""
        self.debouncer = Debouncer()
        self.cause: str | None = None  # why nobody can press it
        self._part, self._changed = part, changed
        self._health = ContactHealth(self.debouncer)
        self.configure(wanted)

    def configure(self, wanted: ContactConfig, *, is_handset: bool = False) -> None:
        """Use this configuration from the next change on."""
        self._wanted = wanted
        self.debouncer.bounce_ms = bounce_ms(wanted.kind, wanted.bounce_ms)
        self._health.may_last = is_handset or wanted.kind == "hook"

    def looked(self, now_ms: int) -> None:
        """The contact was read."""
        missed_often = self._health.misses
        if not self._health.look(now_ms):
            return
        if self._health.misses and not missed_often:
            self._warn("button_edges", self._missed())
        cause = None if self._health.held is Held.NO else "button_held"
        if cause == self.cause:
            return
        self.cause = cause
        if cause is None:
            fields = {"event": "device_back", "device": self._part}
            log.info("%s: back", self._part, extra={"edged": fields})
        else:
            self._warn(cause, self._holding())
        self._changed(cause)

    def troubles(self) -> Iterator[Trouble]:
        """Yield what is wrong at the moment."""
        if self.cause is not None:
            yield Trouble(self._part, self.cause, self._holding())
        if self._health.misses:
            yield Trouble(self._part, "button_edges", self._missed())

    def counted(self) -> dict[str, int]:
        """Count the missed edges so far, with zeros. A name has no dots: programs make metrics of it."""
        name = self._part.replace(".", "_")
        return {
            f"{name}_missed_presses": self.debouncer.missed_presses,
            f"{name}_missed_releases": self.debouncer.missed_releases,
        }

    def _holding(self) -> str:
        if self._health.held is Held.FOR_LONG:
            return f"pressed for more than {LONGEST_MS // 60_000} minutes"
        active = "lifted" if self._wanted.kind == "hook" else "pressed"
        return (
            f"{active} since edged began to watch it. If it is not {active}, it is wired the other way round: set "
            f"`{self._part}.contact: {_OTHER[self._wanted.contact]}`"
        )

    def _missed(self) -> str:
        missed = self.debouncer
        return (
            f"{missed.missed_presses} presses and {missed.missed_releases} releases came without a signal; "
            "edged noticed them a moment later"
        )

    def _warn(self, cause: str, text: str) -> None:
        fields = {"cause": cause, "device": self._part}
        log.warning("%s: %s. %s", self._part, text, CAUSES[cause].remedy, extra={"edged": fields})
