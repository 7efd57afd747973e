"""Puts the page together, and the page that asks for the token. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from edged.companion.kiosk_view import KioskView
from edged.companion.page.markup import Markup, element, together
from edged.companion.page.shown_now import meter
from edged.seen.plain import plain

TITLES = {
    "now": "Now",
    "turn": "The newest turn",
    "health": "What is wrong, and what helps",
    "latency": "How long answers took to begin",
    "turns": "The last turns",
    "devices": "Devices",
    "usage": "Usage and budget",
    "wire": "Messages to and from the service",
    "checks": "The doctor's checks",
    "settings": "Configuration",
}
FOLDED = ("wire", "checks", "settings")
"""Sections that are closed until somebody opens them."""


@dataclass(frozen=True, slots=True)
class PageFrame:
    """What of a page does not change while it is open. `button`: it may open the microphone. `logout`: has a cookie."""

    name: str
    edged: str
    button: bool = False
    logout: bool = False
    transcripts: bool = False


def document(frame: PageFrame, sections: Mapping[str, Markup], view: KioskView) -> str:
    """The whole page."""
    shown = [
        _controls(frame, view) if name == "controls" else _section(name, sections[name], frame, view)
        for name in ("now", "controls", *list(TITLES)[1:])
    ]
    main = element(
        "main",
        element("p", "", id="banner", class_="banner", role="status", hidden=True),
        element(
            "noscript",
            element(
                "p",
                "Without JavaScript this page shows what the kiosk did when it was loaded. Load it again to see more.",
                class_="banner",
            ),
        ),
        element("p", "", id="said", class_="hidden", role="status", aria_live="polite"),
        *shown,
    )
    foot = element(
        "footer",
        element("p", f"edged {plain(frame.edged, 40)}" if frame.edged else "edged"),
        element("form", element("button", "Forget me in this browser"), method="post", action="/logout")
        if frame.logout
        else None,
    )
    head = element("header", element("h1", plain(frame.name, 100)))
    return _whole(frame.name, together(head, main, foot), script=True)


def login(name: str, problem: str = "") -> str:
    """The page that asks for the token."""
    form = element(
        "form",
        element(  # password managers keep the token under this name
            "input", name="username", value=name, autocomplete="username", hidden=True
        ),
        element("label", "Token of this page", for_="token"),
        element(
            "input", id="token", name="token", type="password", autocomplete="current-password", required=True
        ),
        element("p", problem, role="alert", class_="trouble") if problem else None,
        element("button", "Show the kiosk"),
        method="post",
        action="/login",
        class_="login",
    )
    explained = element(
        "p",
        "It is in the file that ",
        element("code", "companion.page.token_file"),
        " of this kiosk names. The browser keeps a cookie for seven days, not the token.",
        class_="faint",
    )
    return _whole(
        name, together(element("h1", plain(name, 100)), element("main", form, explained)), script=False
    )


def _whole(name: str, body: Markup, *, script: bool) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{plain(name, 100)} - edged"),
        element("link", rel="icon", href="data:,"),
        element("link", rel="stylesheet", href="/page.css"),
        element("link", rel="stylesheet", href="/lights.css"),
        element("script", src="/page.js", defer=True) if script else None,
    )
    return f"<!doctype html>\n{element('html', head, element('body', body), lang='en')}\n"


def _section(name: str, inside: Markup, frame: PageFrame, view: KioskView) -> Markup:
    title = element("h2", TITLES[name], id=f"title-{name}")
    held = element("div", inside, id=f"section-{name}")
    if name in FOLDED:
        parts = element("details", element("summary", title), _before(name), held, id=f"details-{name}")
        return element("section", parts, aria_labelledby=f"title-{name}", class_=name)
    more = _meter(view) if name == "devices" else None
    if name == "turns" and not frame.transcripts:
        more = element("p", "What is said is not shown (companion.page.transcripts).", class_="faint")
    return element("section", title, held, more, aria_labelledby=f"title-{name}", class_=name)


def _before(name: str) -> Markup | None:
    """What stands in a section and never changes."""
    if name != "checks":
        return None
    return together(
        element(
            "p",
            "They look at the machine with the rights of the companion, which sees less than ",
            element("code", "sudo edged doctor"),
            " on the kiosk. They play nothing, and do not call the service.",
            class_="faint",
        ),
        element("button", "Run the checks", type="button", data_do="checks", hidden=True),
    )


def _meter(view: KioskView) -> Markup:
    shown = meter(view.level)
    return element(
        "p",
        element("label", "Level of the microphone", for_="level"),
        " ",
        element(
            "meter",
            shown["words"],
            id="level",
            min=0,
            max=1,
            low=0.2,
            high=0.95,
            optimum=0.5,
            value=shown["value"],
        ),
        " ",
        element("span", shown["words"], id="level-words", class_="faint"),
    )


def _controls(frame: PageFrame, view: KioskView) -> Markup:
    volume = view.snapshot.get("volume")
    level = volume if isinstance(volume, int) else 0
    press = (
        element(
            "div",
            element("button", "Hold to talk", type="button", id="press", aria_pressed="false"),
            element(
                "p",
                "The microphone of the kiosk is open while you hold this button, or the space bar on it.",
                class_="faint",
            ),
            class_="press",
        )
        if frame.button
        else None
    )
    return element(
        "section",
        element("h2", "Controls", id="title-controls"),
        press,
        element(
            "div",
            element("button", "Stop the answer", type="button", data_do="interrupt"),
            element("button", "End everything", type="button", data_do="stop"),
            element("button", "Mute the microphone", type="button", id="mute", data_do="mute"),
            element("button", "Unmute the microphone", type="button", id="unmute", data_do="unmute"),
            class_="buttons",
        ),
        element(
            "p",
            element("label", "Volume", for_="volume"),
            " ",
            element("input", type="range", id="volume", min=0, max=100, step=5, value=level),
            " ",
            element("output", str(level), id="volume-words", for_="volume"),
        ),
        element("p", "", id="outcome", role="status"),
        aria_labelledby="title-controls",
        class_="controls",
        id="controls",
        hidden=True,
    )
