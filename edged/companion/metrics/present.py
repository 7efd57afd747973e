"""What is so at the moment, from what is known of a kiosk. Pure.

Rules:
1. While no kiosk answers, `edged_up` is 0, and nothing is said about its state: the last one is not the present one.
2. What a kiosk does not say is left out. Anything may be misshapen: a kiosk of a later release says more.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from edged.causes import CAUSES
from edged.companion.kiosk_view import KioskView
from edged.companion.metrics.catalogue import DEVICES, LIGHTS, LIMITS, STATES, TROUBLED, known
from edged.companion.metrics.numbers import is_number
from edged.seen.plain import plain

_MONEY = re.compile(r"\$(\d{1,12}(?:\.\d{1,6})?)(?: and more)?")
_HASH = re.compile(r"[0-9a-f]{4,64}")
_FURTHER = re.compile(r"buttons\.\d+")
MOST_LABEL = 100  # characters of a label that somebody else has written
MOST_LISTED = 100


class Sample(NamedTuple):
    """The value of a gauge; `labels` are in the order of the catalogue."""

    name: str
    labels: tuple[str, ...]
    value: float


class Identity(NamedTuple):
    """Which kiosk this is, and which companion."""

    kiosk: str
    site: str
    name: str
    release: str
    python: str


def present(view: KioskView, who: Identity, config_hash: str) -> Iterator[Sample]:
    """The gauges of a kiosk. `config_hash` is empty if the kiosk does not say it."""
    yield Sample("edged_kiosk_info", (who.kiosk, who.site, who.name), 1)
    yield Sample("edged_companion_build_info", (who.release, who.python), 1)
    yield Sample("edged_up", (), view.is_up)
    if not view.is_up:
        return
    state = view.snapshot
    yield Sample("edged_build_info", (plain(view.edged, MOST_LABEL), who.python), 1)
    if _HASH.fullmatch(config_hash):
        yield Sample("edged_config_info", (config_hash,), 1)
    for name, values, key in (("edged_state", STATES, "state"), ("edged_light", LIGHTS, "light")):
        now = known(state.get(key), values)
        yield from (Sample(name, (value,), value == now) for value in values)
    link = state.get("link")
    if isinstance(link, Mapping):
        yield Sample("edged_link_up", (), link.get("up") is True)
        yield Sample("edged_link_resting", (), link.get("resting") is True)
    yield from (
        Sample("edged_device_up", (name,), state[name])
        for name in DEVICES
        if isinstance(state.get(name), bool)
    )
    if isinstance(state.get("muted"), bool):
        yield Sample("edged_muted", (), state["muted"])
    if is_number(volume := state.get("volume")):
        yield Sample("edged_volume_ratio", (), min(volume, 100) / 100)
    if is_number(pending := state.get("pending")):
        yield Sample("edged_pending_utterances", (), pending)
    if isinstance(state.get("endings"), list):
        yield Sample("edged_announced_endings", (), len(state["endings"]))
    yield from _troubles(state.get("troubles"))
    yield from _usage(state.get("usage"))


def _troubles(troubles: object) -> Iterator[Sample]:
    found = {
        (_what(trouble.get("what")), known(trouble.get("cause"), tuple(CAUSES)))
        for trouble in _rows(troubles)
    }
    yield from (Sample("edged_troubles", labels, 1) for labels in sorted(found))


def _what(what: object) -> str:
    return "buttons" if isinstance(what, str) and _FURTHER.fullmatch(what) else known(what, TROUBLED)


def _usage(usage: object) -> Iterator[Sample]:
    if not isinstance(usage, Mapping):
        return
    for period in ("day", "month"):
        of = usage.get(period)
        found = _MONEY.fullmatch(str(of.get("money"))) if isinstance(of, Mapping) else None
        if found:
            yield Sample("edged_cost_usd", (period,), float(found[1]))
    limits: dict[str, bool] = {}
    for row in _rows(usage.get("budget")):
        limit = known(row.get("limit"), LIMITS)
        limits[limit] = limits.get(limit, False) or row.get("reached") is True
    yield from (Sample("edged_budget_reached", (limit,), reached) for limit, reached in limits.items())


def _rows(rows: object) -> "list[Mapping[str, Any]]":
    listed = rows[:MOST_LISTED] if isinstance(rows, list) else []
    return [row for row in listed if isinstance(row, Mapping)]
