"""What the kiosk does now: its light and state, what is wrong, and its devices with the level. Pure.

Values of the kiosk may have any shape, because kiosks of later releases say more: what does not fit is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from edged.companion.kiosk_view import KioskView
from edged.companion.page.lights import LIGHTS, LightLook, rhythm
from edged.companion.page.markup import Markup, element, together
from edged.seen.plain import plain

DOING = {
    "IDLE": "at rest",
    "ARMED": "recording",
    "BARGE_IN": "recording, over the answer",
    "LISTENING": "recording until the release",
    "LATCHED": "recording until the next press",
    "TRAILING": "recording the last syllable",
    "AWAITING_SPEECH": "listening; nobody speaks yet",
    "HEARING": "listening to speech",
    "AWAITING_ANSWER": "waiting for the answer, with an open microphone",
    "ANSWERING": "answering, with an open microphone",
    "COMMITTING": "sending the question",
    "THINKING": "waiting for the answer",
    "SPEAKING": "answering",
    "BRIDGING": "answering; more will follow",
    "DRAINING": "answering; all of the answer is here",
    "TRUNCATED": "answering; the rest of the answer is lost",
    "NOTICE": "saying what went wrong",
    "ASKED_BACK": "waiting for a reply",
    "TAPPED": "recording",
    "OFF_HOOK": "waiting until the receiver is hung up",
    "STOPPED": "ending",
}
"""What each state of a turn means (docs/turns.md)."""

MOST_TEXT = 400
SILENT_DBFS = -60.0
MOST_TROUBLES = 20


def brief(value: object, most: int = MOST_TEXT) -> str:
    """A value of the kiosk as a short text; empty for nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else plain(value, most)


def part(value: object) -> Mapping[str, Any]:
    """A part of the snapshot; empty if it is not an object."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Mapping[str, Any]]:
    """A list of objects in the snapshot."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def clock(at_s: float) -> Markup:
    """A moment, in the time of this machine."""
    moment = datetime.fromtimestamp(at_s).astimezone()
    return element("time", f"{moment:%H:%M:%S}", datetime=moment.isoformat(timespec="seconds"))


def now(view: KioskView) -> Markup:
    """The light and the state."""
    if not view.is_up:
        return together(
            _lamp("stopping"),
            element(
                "div",
                element("p", element("strong", "gone"), " ", element("code", "kiosk_gone"), id="state"),
                element("p", brief(view.why_gone)),
                class_="words",
            ),
        )
    state, light = brief(view.snapshot.get("state"), 40), brief(view.snapshot.get("light"), 40)
    look = LIGHTS.get(light, LightLook((), "", "a light that this page does not know"))
    return together(
        _lamp(light if light in LIGHTS else "stopping"),
        element(
            "div",
            element(
                "p",
                element("strong", light, id="light"),
                ": ",
                look.means,
                class_="light",
            ),
            element("p", element("code", state, id="state"), " ", DOING.get(state, "")),
            element("p", _link(view), class_="faint"),
            element("p", f"rhythm of the light: {rhythm(look)}", class_="faint") if look.colour else None,
            class_="words",
        ),
    )


def _lamp(light: str) -> Markup:
    circle = element("circle", cx=20, cy=20, r=16, class_="glass")
    lit = element("circle", cx=20, cy=20, r=16, class_="lit")
    return element("svg", circle, lit, viewBox="0 0 40 40", class_=f"lamp light-{light}", aria_hidden="true")


def _link(view: KioskView) -> str:
    link = part(view.snapshot.get("link"))
    muted = "; the microphone is muted" if view.snapshot.get("muted") else ""
    if link.get("up"):
        return f"connected to the service ({brief(link.get('dialect'), 20) or 'dialect unknown'}){muted}"
    if link.get("resting"):
        return f"the connection rests until it is needed{muted}"
    cause = brief(link.get("cause"), 80)
    return f"not connected to the service{f': {cause}' if cause else ''}{muted}"


def health(view: KioskView) -> Markup:
    """What is wrong now, what is going to end, and what went wrong lately: each with what helps."""
    return together(
        *_troubles(view),
        element("h3", "Lately"),
        _happenings(view),
    )


def _troubles(view: KioskView) -> Iterator[Markup]:
    troubles = rows(view.snapshot.get("troubles"))[:MOST_TROUBLES] if view.is_up else []
    if not view.is_up:
        yield element(
            "div",
            element("p", element("strong", "the kiosk"), " ", element("code", "kiosk_gone")),
            element("p", brief(view.why_gone)),
            class_="trouble",
        )
    elif not troubles:
        yield element("p", "Nothing is wrong.", class_="well")
    for each in troubles:
        yield element(
            "div",
            element(
                "p",
                element("strong", brief(each.get("what"), 60)),
                " ",
                element("code", brief(each.get("cause"), 80)),
            ),
            element("p", brief(each.get("text"))),
            element("p", "What helps: ", brief(each.get("remedy")), class_="remedy"),
            class_="trouble",
        )
    endings = view.snapshot.get("endings")
    for text in endings[:MOST_TROUBLES] if isinstance(endings, list) else ():
        yield element("p", brief(text), class_="trouble")


def _happenings(view: KioskView) -> Markup:
    if not view.happenings:
        return element(
            "p", "Nothing has gone wrong since this page began to follow the kiosk.", class_="faint"
        )
    return element(
        "ul",
        *(
            element(
                "li",
                clock(each.at_s),
                " ",
                element("code", brief(each.cause, 80)),
                f" the visitor heard: {each.text}" if each.text else None,
                element("br") if each.remedy else None,
                element("span", f"What helps: {each.remedy}", class_="remedy") if each.remedy else None,
            )
            for each in list(reversed(view.happenings))[:MOST_TROUBLES]
        ),
    )


def devices(view: KioskView) -> Markup:
    """The microphone with its level, and the speaker with its volume."""
    opened, lost = part(view.snapshot.get("devices")), part(view.snapshot.get("lost"))
    return together(
        element("h3", "Microphone"),
        _device(opened.get("microphone"), lost.get("microphone"), muted=bool(view.snapshot.get("muted"))),
        element("h3", "Speaker"),
        _device(opened.get("speaker"), lost.get("speaker"), muted=False),
        *(
            element(
                "p",
                element("strong", brief(name, 60)),
                " ",
                element("code", brief(cause, 80)),
                class_="trouble",
            )
            for name, cause in list(lost.items())[:MOST_TROUBLES]
            if name not in ("microphone", "speaker")
        ),
    )


def meter(level: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the meter of the page shows: `value` from 0 to 1, and `words`."""
    rms = level.get("rms_dbfs") if level else None
    if not isinstance(rms, int | float) or isinstance(rms, bool):
        return {"value": 0, "words": "no level yet"}
    value = min(1.0, max(0.0, 1 - rms / SILENT_DBFS))
    clipped = ", clipped" if level and level.get("clipped") else ""
    return {"value": round(value, 2), "words": f"{rms:.0f} dBFS{clipped}"}


def _device(opened: object, lost: object, *, muted: bool) -> Markup:
    if lost:
        return element("p", element("code", brief(lost, 80)), " it is missing", class_="trouble")
    if muted:
        return element("p", "closed: it is muted")
    device = part(opened)
    if not device:
        return element("p", "closed", class_="faint")
    card = brief(device.get("card"), 100)
    return together(
        element("p", element("strong", brief(device.get("name"), 100)), f" on {card}" if card else None),
        element(
            "p",
            f"{brief(device.get('backend'), 20)}, {brief(device.get('rate_hz'), 10)} Hz,"
            f" {_channels(device.get('channels'))}; {brief(device.get('why'), 200)}",
            class_="faint",
        ),
    )


def _channels(number: object) -> str:
    return "1 channel" if number == 1 else f"{brief(number, 10)} channels"
