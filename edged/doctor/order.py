"""All checks, in the order in which a root cause comes before what follows from it. Pure.

Rules:
1. A failure of a check hides the checks that need it (`needs`): they are not looked at.
2. A check only needs checks that stand before it, in its own lane or in the lane `machine`, which comes first.
3. The first failure in this order is the root cause. Without a failure, it is the first warning. A check that was late
   (`LATE`) comes after all that was found.

    machine   system, disk, memory -> configuration -> state, units, daemon, permissions; power, USB, Wi-Fi, journal,
              companion
    sound     configuration, permissions, daemon -> cards, microphone, speaker -> speaker_heard
    panel     configuration, permissions, daemon -> button, light
    line      configuration -> route -> names, clock -> proxy -> connection -> certificate -> handshake -> key -> model
              -> dialect -> session -> round_trip

The clock comes after the network: a board without a battery sets it from the network.
"""

from edged.doctor import (
    button,
    cards,
    certificate,
    clock,
    companion,
    configuration,
    connection,
    daemon,
    desktop_sound,
    dialect,
    disk,
    endings,
    handshake,
    hdmi,
    journal,
    key,
    light,
    memory,
    microphone,
    model,
    names,
    permissions,
    power_supply,
    proxy,
    round_trip,
    route,
    session,
    speaker,
    speaker_heard,
    state,
    system,
    units,
    usb_bus,
    wifi,
)
from edged.doctor.check import FAILURE, Check, DoctorFinding

CHECKS: tuple[Check, ...] = tuple(
    each.CHECK
    for each in (
        *(
            system,
            power_supply,
            disk,
            memory,
            configuration,
            daemon,
            units,
            state,
            permissions,
            usb_bus,
            hdmi,
        ),
        *(desktop_sound, cards, microphone, speaker, speaker_heard, button, light),
        *(
            route,
            names,
            clock,
            proxy,
            connection,
            certificate,
            handshake,
            key,
            model,
            dialect,
            session,
            round_trip,
        ),
        *(endings, wifi, journal, companion),
    )
)
BY_ID = {check.id: check for check in CHECKS}
OF_CAUSE: dict[str, Check] = {
    cause: check for check in reversed(CHECKS) if check.lane == "line" for cause in check.finds
}
"""The check of the lane `line` that a cause belongs to: the first one that may find it."""
LATE = "check_late"
_PLACE = {check.id: place for place, check in enumerate(CHECKS)}


def in_order(found: list[DoctorFinding]) -> list[DoctorFinding]:
    """The failures first, then the warnings, each in the order of the checks. What repeats a cause is left out."""
    ranked = sorted(
        found, key=lambda each: (each.cause == LATE, each.gravity is not FAILURE, _PLACE[each.check])
    )
    once: dict[tuple[str, str], DoctorFinding] = {}
    for each in ranked:
        once.setdefault((each.cause, each.text), each)
    return list(once.values())
