"""What each light means and what helps; the pictures of the rhythms, and the table of docs/lights.md."""

import re
from typing import NamedTuple

from edged.causes import CAUSES, Light
from edged.panel.light import COUNTDOWN, LOOKS, Look, Pattern
from instruments.pictures.canvas import SMALL, WIDTH, Picture, Theme


class Meaning(NamedTuple):
    """`short` is the line of a picture."""

    short: str
    long: str
    remedy: str


LOGS = "`sudo edged logs` names the cause and the remedy"
MEANINGS = {
    Light.STARTING: Meaning("edged starts", "edged starts", "wait"),
    Light.READY: Meaning("ready: press and speak", "ready", "press and speak"),
    Light.RECORDING: Meaning("recording: the microphone is open", "the microphone is open", "speak"),
    Light.HOLDING: Meaning(
        "kept: it is sent when the network is back",
        "edged keeps the question until the network is back",
        "wait",
    ),
    Light.THINKING: Meaning("waiting for the answer", "edged waits for the answer", "wait"),
    Light.WORKING: Meaning(
        "working on the answer", "the answer needs something done first; reserved for tools", "wait"
    ),
    Light.SPEAKING: Meaning("the answer plays", "the answer plays", "listen; press to interrupt"),
    Light.NOTICE: Meaning("a sound says what went wrong", "a sound says what went wrong", "listen"),
    Light.BUSY: Meaning(
        "busy: wait a moment", "two questions already wait, or the presses come too fast", "wait a moment"
    ),
    Light.FOLLOW_UP: Meaning(
        "a question for you: a tap is enough to reply",
        "the answer asks you something: a tap is enough to reply",
        "tap, and speak",
    ),
    Light.OFF_HOOK: Meaning("hang up the receiver", "a receiver is off the hook", "hang it up"),
    Light.CONNECTING: Meaning("connecting to the service", "edged connects to the service", "wait"),
    Light.OFFLINE: Meaning(
        "no connection to the service",
        "there is a network, but no connection to the service",
        "`sudo edged status` names the cause; edged tries again on its own",
    ),
    Light.NEEDS_NETWORK: Meaning("no network", "there is no network", "check the Wi-Fi or the cable"),
    Light.CLOSED: Meaning(
        "closed at this hour", "the kiosk is closed at this hour (`link.hours`)", "come back later"
    ),
    Light.MUTED: Meaning(
        "the microphone is switched off", "the microphone is muted", "`sudo edged ctl unmute`"
    ),
    Light.BUDGET: Meaning(
        "spent: no more answers for now",
        "a limit of `budget` is reached",
        "wait for the next day or month, or raise the limit ([usage.md](usage.md))",
    ),
    Light.UPDATING: Meaning("edged is being updated", "edged is being updated; reserved for updates", "wait"),
    Light.ERROR_SOUND: Meaning(
        "2 blinks: microphone or speaker",
        "the microphone or the speaker cannot be used",
        f"check its cable; {LOGS}",
    ),
    Light.ERROR_PART: Meaning(
        "3 blinks: button or another part",
        "a button, or another part of the kiosk, cannot be used",
        f"check its wiring; {LOGS}",
    ),
    Light.ERROR_ACCOUNT: Meaning(
        "4 blinks: key, account or quota", "the service refuses the key, the account or its quota", LOGS
    ),
    Light.ERROR_SERVICE: Meaning(
        "5 blinks: model, setting, proxy, login page",
        "the service refuses the model, a setting or the address, or something on the way to it says no: "
        "a certificate, a proxy, a login page",
        LOGS,
    ),
    Light.ERROR_EDGED: Meaning(
        "6 blinks: edged itself is down",
        "edged itself is down: it has failed too often, its configuration has a mistake, or memory is short",
        f"{LOGS}; then `sudo systemctl restart edged`",
    ),
    Light.STOPPING: Meaning(
        "dark: edged does not run",
        "edged does not run, or the LED is the wrong way round",
        "`systemctl status edged`",
    ),
}
ENDING = Meaning(
    "recording ends soon",
    "the microphone is open; the longest question (`turn.longest_s`) is over in less than ten seconds",
    "come to an end",
)
FIRST_SEEN = (
    *(Light.READY, Light.RECORDING, Light.THINKING, Light.SPEAKING, Light.OFFLINE, Light.NEEDS_NETWORK),
    *(Light.MUTED, Light.ERROR_SOUND, Light.ERROR_PART, Light.ERROR_ACCOUNT, Light.ERROR_SERVICE),
    *(Light.ERROR_EDGED, Light.STOPPING),
)
"""What the README shows: what most people ever see."""

STRIP = "#2d333b"  # the lamp while it is dark, on a page of either theme


def rows() -> list[tuple[str, Look, Meaning]]:
    """All that a lamp shows, in order of priority, with its name."""
    found = []
    for light, each in LOOKS.items():
        found.append((light.value, each, MEANINGS[light]))
        if light is Light.RECORDING:
            found.append((f"{light.value} (ends soon)", COUNTDOWN, ENDING))
    return found


def light(theme: Theme) -> Picture:
    """What the README shows."""
    seen = {each.value for each in FIRST_SEEN}
    return _strips(theme, [row for row in rows() if row[0] in seen], "The rhythms of the light")


def lights(theme: Theme) -> Picture:
    """All of them."""
    return _strips(theme, rows(), "All rhythms of the light")


def _strips(theme: Theme, shown: list[tuple[str, Look, Meaning]], title: str) -> Picture:
    """Seven seconds of each rhythm, and what it means."""
    seconds, row = 7, 38
    words = " ".join(f"{meaning.short.capitalize()}: {rhythm(each.pattern)}." for _, each, meaning in shown)
    picture = Picture(theme, len(shown) * row + 26, title, words)
    x, width = 8, WIDTH - 16
    scale = width / seconds / 1000
    for number, (_, each, meaning) in enumerate(shown):
        y = number * row + 10
        picture.text(x, y, meaning.short, size=13)
        picture.bar(x, y + 10, width, 12, STRIP)
        at_ms = 0
        while at_ms < seconds * 1000:
            for level, ms in each.pattern:
                end = min(at_ms + ms, seconds * 1000)
                if level and end > at_ms:
                    at, long = x + at_ms * scale, (end - at_ms) * scale
                    picture.bar(round(at, 2), y + 12, round(long, 2), 8, _hex(each))
                at_ms += ms
    y = len(shown) * row + 12
    picture.text(x, y, "0 s", size=SMALL, colour=theme.faint)
    picture.text(WIDTH - 8, y, f"{seconds} s", size=SMALL, colour=theme.faint, anchor="end")
    return picture


def _hex(each: Look) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in each.colour)


def rhythm(pattern: Pattern) -> str:
    """The rhythm in words."""
    if len(pattern) == 1:
        return "on without a break" if pattern[0][0] else "dark"
    steps = [f"{ms / 1000:g} s {'on' if level else 'off'}" for level, ms in pattern]
    lit, dark = set(steps[::2]), set(steps[1:-1:2])
    if pattern[0][0] and len(lit) == len(dark) == 1:
        return f"{len(steps) // 2} times {steps[0]}, with {steps[1]} between, then {steps[-1]}"
    return ", ".join(steps)


def table() -> str:
    """The table of docs/lights.md."""
    lines = ["| | the light | rhythm | what it means | what to do |", "|---|---|---|---|---|"]
    lines += [
        f"| {number} | `{name}` | {rhythm(each.pattern)} | {meaning.long} | {meaning.remedy} |"
        for number, (name, each, meaning) in enumerate(rows(), 1)
    ]
    return "\n".join(lines)


def causes() -> str:
    """The table of the causes that light each light."""
    lines = ["| the light | causes |", "|---|---|"]
    for each in LOOKS:
        names = [f"`{cause.id}`" for cause in CAUSES.values() if cause.light is each]
        if names:
            lines.append(f"| `{each.value}` | {', '.join(names)} |")
    return "\n".join(lines)


TABLES = {"lights": table, "causes": causes}


def drawn(page: str) -> str:
    """The page, with the tables of today between their marks."""
    return re.sub(
        r"(<!-- drawn: (\w+) -->\n).*?(<!-- /drawn -->)",
        lambda place: f"{place[1]}\n{TABLES[place[2]]()}\n\n{place[3]}",
        page,
        flags=re.DOTALL,
    )
