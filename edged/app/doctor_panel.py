"""What the doctor's checks of the button and the lamps look at: the parts themselves, or what a running edged says."""

import threading
import time
from collections.abc import Iterator

from edged.app import lamps, panel
from edged.app.doctor import Case, Looked, Step
from edged.config.lamp_rules import lamps as lamps_of
from edged.config.pin_rules import contacts
from edged.doctor import button, light
from edged.doctor.check import DoctorFinding, NotLookedAtError
from edged.errors import DeviceError
from edged.panel.ports import Contact, Lamp

REST_S, LOOKS = 0.15, 4
PRESS_S = 10.0
SHOW_S = 0.4  # a lamp with a thread of its own reports a failure at the next call
UNUSED = ("keyboard", "none")


def _button(case: Case) -> Looked:
    wanted = contacts(case.config)
    used = {part: each for part, each in wanted.items() if panel.chosen("button", each) not in UNUSED}
    if not used:
        raise NotLookedAtError("the button is the keyboard, or there is none")
    if case.snapshot is not None:
        return Looked(_reported(case), f"{len(used)} in use by the running edged")
    findings: list[DoctorFinding] = []
    for part, each in used.items():
        contact = panel.contact(each, part)
        try:
            findings += _felt(part, contact, case)
        except DeviceError as error:
            findings.append(button.CHECK.found(error.cause, f"{part}: {error}"))
        finally:
            contact.stop()
    return Looked(findings, f"{', '.join(used)}: at rest" if not findings else "")


def _felt(part: str, contact: Contact, case: Case) -> Iterator[DoctorFinding]:
    lost: list[DeviceError] = []
    pressed = threading.Event()

    def edge(active: bool, at_ms: int | None = None) -> None:  # noqa: ARG001, FBT001 the port's form
        if active:
            pressed.set()

    is_down = contact.start(edge, lost.append)
    for _ in range(LOOKS):
        time.sleep(REST_S)
        is_down = is_down and contact.read()
    if lost:
        raise lost[0]
    if is_down and case.config.mode != "handset":
        yield button.CHECK.found("button_held", f"{part}: it reads as pressed, and nobody presses it")
    elif case.asker is not None:
        pressed.clear()
        case.asker.say(f"Press the {part} now ({PRESS_S:g} seconds).")
        if not pressed.wait(PRESS_S) and case.asker.yes(f"No press arrived. Did you press the {part}?"):
            yield button.CHECK.found("button_unfelt", f"{part}: it was pressed, and no press arrived")


def _reported(case: Case) -> Iterator[DoctorFinding]:
    seen = set()
    for trouble in case.troubles("button", "buttons"):
        seen.add(trouble["what"])
        yield button.CHECK.found(trouble["cause"], f"{trouble['what']}: {trouble['text']}", trouble["remedy"])
    for part, cause in ((case.snapshot or {}).get("lost") or {}).items():
        if part.startswith("button") and part not in seen:
            yield button.CHECK.found(cause, f"{part} is missing")


def _light(case: Case) -> Looked:
    wanted = lamps_of(case.config)
    used = {part: each for part, each in wanted.items() if each.kind != "none" and each.backend != "none"}
    used = {
        part: each for part, each in used.items() if not each.on_pins or panel.chosen(part, each) != "none"
    }
    if not used:
        raise NotLookedAtError("there is no lamp")
    if case.snapshot is not None:
        findings = [
            light.CHECK.found(each["cause"], f"{each['what']}: {each['text']}", each["remedy"])
            for each in case.troubles("light", "recording_light")
        ]
        return Looked(findings, "in use by the running edged")
    found: list[DoctorFinding] = []
    for part in used:
        lamp = lamps.lamp(case.config, part)
        try:
            found += _seen(part, lamp, case)
        except DeviceError as error:
            found.append(light.CHECK.found(f"{part}_lost", str(error)))
        finally:
            lamp.stop()
    return Looked(found, "" if found else f"{', '.join(used)}: can be switched")


def _seen(part: str, lamp: Lamp, case: Case) -> Iterator[DoctorFinding]:
    for level in (1.0, 0.0, 1.0):
        lamp.set(level)
        time.sleep(SHOW_S)
    if case.asker is not None:
        is_seen = case.asker.yes(f"Is the {part.replace('_', ' ')} on?")
        if is_seen is False:
            yield light.CHECK.found("light_unseen", f"{part}: it was switched on, and nobody saw it")


STEPS: dict[str, Step] = {button.CHECK.id: _button, light.CHECK.id: _light}
