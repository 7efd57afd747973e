"""What the page shows of the kiosk itself: usage, the wire, the doctor's checks, the configuration. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.companion.kiosk_view import KioskView
from edged.companion.page.markup import Markup, element, together
from edged.companion.page.shown_now import brief, clock, part, rows

MOST_WIRE = 60
MOST_CHECKS = 100
MOST_SETTINGS = 500
DOES_NOT_SAY = "This kiosk does not say."


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of the doctor's checks: `report` is the JSON of `edged doctor`."""

    running: bool = False
    at_s: float | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    failed: str = ""


@dataclass(frozen=True, slots=True)
class ShownSettings:
    """The answer of the kiosk to the command `config`; `why` says why there is none."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    why: str = "It was not asked yet."


def usage(view: KioskView) -> Markup:
    """What was used today and in this month, and how much of each limit."""
    used = part(view.snapshot.get("usage"))
    if not used:
        return element("p", DOES_NOT_SAY, class_="faint")
    spans = [(title, part(used.get(name))) for name, title in (("day", "today"), ("month", "this month"))]
    lines = [
        ("money", "money", ""),
        ("requests", "answers", ""),
        ("unfinished", "unfinished answers", ""),
        ("audio_s", "sound", " s"),
        ("minutes", "connection", " min"),
        ("tokens", "tokens", ""),
    ]
    table = element(
        "table",
        element(
            "caption", f"Usage on {brief(used.get('date'), 20) or 'an unknown day: the clock is not set'}"
        ),
        element(
            "thead",
            element("tr", element("td"), *(element("th", title, scope="col") for title, _ in spans)),
        ),
        element(
            "tbody",
            *(
                element(
                    "tr",
                    element("th", title, scope="row"),
                    *(
                        element("td", f"{brief(of.get(name), 40)}{unit}" if name in of else "")
                        for _, of in spans
                    ),
                )
                for name, title, unit in lines
            ),
        ),
    )
    limits = rows(used.get("budget"))[:20]
    if not limits:
        return together(table, element("p", "No limit is set.", class_="faint"))
    return together(
        table,
        element(
            "ul",
            *(
                element(
                    "li",
                    element("code", brief(each.get("limit"), 60)),
                    f" {brief(each.get('used'), 40)} of {brief(each.get('most'), 40)}",
                    element("strong", " reached") if each.get("reached") else None,
                )
                for each in limits
            ),
        ),
    )


def wire(view: KioskView) -> Markup:
    """The last messages between the kiosk and the service: never what is in them."""
    if not view.wire:
        return element(
            "p", "Nothing was seen yet. Messages are listed while this part is open.", class_="faint"
        )
    return element(
        "table",
        element("caption", "The newest message first"),
        element(
            "thead",
            element("tr", *(element("th", each, scope="col") for each in ("time", "", "type", "bytes"))),
        ),
        element(
            "tbody",
            *(
                element(
                    "tr",
                    element("td", clock(each.at_s)),
                    element("td", "to the service" if each.direction == "up" else "from it"),
                    element(
                        "td", element("code", each.kind), f" {each.count} times" if each.count > 1 else None
                    ),
                    element("td", each.size, class_="number"),
                )
                for each in list(reversed(view.wire))[:MOST_WIRE]
            ),
        ),
    )


def checks(examined: Examined) -> Markup:
    """What the doctor has found, the root cause first."""
    if examined.running:
        return element("p", "The checks run. This takes up to a minute.")
    if examined.failed:
        return element("p", f"The checks have not run: {brief(examined.failed)}", class_="trouble")
    if examined.at_s is None:
        return element("p", "They have not run since the companion started.", class_="faint")
    findings = rows(examined.report.get("findings"))[:MOST_CHECKS]
    looked = rows(examined.report.get("checks"))[:MOST_CHECKS]
    return together(
        element("p", clock(examined.at_s), f" {brief(examined.report.get('verdict'), 20)}"),
        *(
            element(
                "div",
                element(
                    "p",
                    element("strong", brief(each.get("gravity"), 20)),
                    " ",
                    element("code", brief(each.get("id"), 80)),
                    f" ({brief(each.get('check'), 40)})",
                ),
                element("p", brief(each.get("text"))),
                element("p", "What helps: ", brief(each.get("remedy")), class_="remedy"),
                class_="trouble",
            )
            for each in findings
        ),
        element(
            "ul",
            *(
                element(
                    "li",
                    element("strong", brief(each.get("outcome"), 20)),
                    f" {brief(each.get('looks_at'), 200)}",
                    f" (not looked at: {brief(each.get('skipped'), 200)})" if each.get("skipped") else None,
                )
                for each in looked
            ),
        ),
    )


def settings(known: ShownSettings) -> Markup:
    """The configuration in use, and where each value comes from. The kiosk has masked its secrets."""
    listed = rows(known.answer.get("settings"))[:MOST_SETTINGS]
    if not listed:
        return element("p", f"{DOES_NOT_SAY} {brief(known.why)}", class_="faint")
    return element(
        "table",
        element("caption", f"Configuration {brief(known.answer.get('hash'), 80)}"),
        element(
            "thead",
            element("tr", *(element("th", each, scope="col") for each in ("setting", "value", "from"))),
        ),
        element(
            "tbody",
            *(
                element(
                    "tr",
                    element("th", element("code", brief(each.get("key"), 100)), scope="row"),
                    element("td", brief(each.get("value"))),
                    element("td", brief(each.get("origin"), 200), class_="faint"),
                    class_=None if each.get("default") else "changed",
                )
                for each in listed
            ),
        ),
    )
