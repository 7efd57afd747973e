"""Whether the service is as the installer leaves it: enabled, running, and not changed so that it cannot work. Pure.

The facts are what `systemctl show` prints.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

CHECK = Check(
    "units",
    "machine",
    "the units of systemd: enabled, running, restarts, and drop-ins that break them",
    {
        "release_broken": FAILURE,
        "given_up": FAILURE,
        "unit_changed": FAILURE,
        "not_running": FAILURE,
        "not_enabled": WARNING,
        "restarts_often": WARNING,
        "shutdown_unanswered": WARNING,
    },
    needs=("configuration", "disk", "system"),
)
OFTEN = 3
LEAST_MEMORY = 96 * 2**20
_YES = "yes"
_EXIT_CONFIG = "78"
_FATAL = {
    "PrivateNetwork": "PrivateNetwork=yes hides the network",
    "PrivateUsers": "PrivateUsers=yes hides who uses the control socket",
}
_ALL_ADDRESSES = re.compile(r"(?:^|\s)(?:0\.0\.0\.0/0|::/0|any)(?:\s|$)")
SHOWN = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,ExecMainStatus,NRestarts,DropInPaths,User,Group,"
    "SupplementaryGroups,Environment,PrivateDevices,DevicePolicy,DeviceAllow,RestrictAddressFamilies,MemoryMax,"
    "ProcSubset,PrivateUsers,PrivateNetwork,IPAddressDeny,ExecStart,NeedDaemonReload,MainPID"
)
"""What to ask systemd for."""
Shown = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What systemd says about each unit. `uses_sound`, `uses_pins`: whether the configuration names such devices."""

    edged: Shown
    rescue: Shown = field(default_factory=dict)
    repair: Shown = field(default_factory=dict)
    shutdown: Shown = field(default_factory=dict)
    uses_sound: bool = True
    uses_pins: bool = True
    may_shut_down: bool = False
    has_program: bool = True

    @property
    def is_installed(self) -> bool:
        return self.edged.get("LoadState") not in (None, "", "not-found")


def judge(facts: UnitFacts) -> Iterator[DoctorFinding]:
    unit = facts.edged
    if facts.repair.get("ActiveState") == "failed":
        text = "edged-repair.service has failed: this release does not fit the system"
        yield CHECK.found("release_broken", text)
    elif not facts.has_program:
        yield CHECK.found("release_broken", f"{program(unit)} is missing")
    yield from _changed(facts)
    yield from _life(unit, facts.rescue)
    if unit.get("UnitFileState") == "disabled":
        yield CHECK.found("not_enabled", "edged.service is not enabled")
    restarts = unit.get("NRestarts", "0")
    if restarts.isdecimal() and int(restarts) >= OFTEN and unit.get("ActiveState") == "active":
        yield CHECK.found("restarts_often", f"systemd has started edged again {restarts} times{_why(unit)}")
    if facts.may_shut_down and facts.shutdown.get("ActiveState") not in ("active", "activating"):
        text = "a button asks for a shutdown, but edged-shutdown.path is not active"
        yield CHECK.found("shutdown_unanswered", text)


def _life(unit: Shown, rescue: Shown) -> Iterator[DoctorFinding]:
    """Whether the service is up."""
    state = unit.get("ActiveState", "")
    if state in ("active", "reloading"):
        return
    if rescue.get("ActiveState") in ("active", "activating"):
        yield CHECK.found(
            "given_up", "edged has failed again and again; edged-rescue.service shows the fault"
        )
    elif "masked" in (unit.get("LoadState"), unit.get("UnitFileState")):
        remedy = "Run `sudo systemctl unmask edged`, then `sudo systemctl start edged`."
        yield CHECK.found("not_running", "edged.service is masked", remedy)
    elif state == "failed":
        yield CHECK.found("not_running", f"edged.service has failed{_why(unit)}")
    elif state != "activating":
        yield CHECK.found("not_running", "edged.service is stopped")
    elif unit.get("SubState") == "auto-restart":
        yield CHECK.found("not_running", f"edged.service ends and is started again{_why(unit)}")


def _changed(facts: UnitFacts) -> Iterator[DoctorFinding]:
    """What a drop-in has taken away from edged."""
    unit = facts.edged
    paths = unit.get("DropInPaths", "")
    where = f" (drop-ins: {paths})" if paths else ""
    for wrong in (*_closed(facts), *_hidden(unit)):
        yield CHECK.found("unit_changed", wrong + where)
    if unit.get("NeedDaemonReload") == _YES:
        text = "a file of the unit has changed, and systemd has not read it yet"
        remedy = "Run `sudo systemctl daemon-reload && sudo systemctl restart edged`."
        yield CHECK.found("unit_changed", text, remedy, WARNING)


def _closed(facts: UnitFacts) -> Iterator[str]:
    """Devices that the unit does not allow."""
    unit = facts.edged
    if (facts.uses_sound or facts.uses_pins) and unit.get("PrivateDevices") == _YES:
        yield "PrivateDevices=yes hides sound cards and pins"
    allowed, policy = unit.get("DeviceAllow", ""), unit.get("DevicePolicy")
    if policy not in ("closed", "strict"):
        return
    if facts.uses_sound and "char-alsa" not in allowed and "/dev/snd" not in allowed:
        yield "DeviceAllow= lacks char-alsa, so sound cards are closed"
    if facts.uses_pins and "char-gpiochip" not in allowed and "/dev/gpiochip" not in allowed:
        yield "DeviceAllow= lacks char-gpiochip, so the pins are closed"


def _hidden(unit: Shown) -> Iterator[str]:
    """What else the unit takes away."""
    yield from (text for name, text in _FATAL.items() if unit.get(name) == _YES)
    if _ALL_ADDRESSES.search(unit.get("IPAddressDeny", "")):
        yield "IPAddressDeny= closes the network"
    families = unit.get("RestrictAddressFamilies", "")
    if families and not families.startswith("~") and "AF_INET" not in families.split():
        yield "RestrictAddressFamilies= lacks AF_INET"
    if unit.get("ProcSubset") == "pid":
        yield "ProcSubset=pid hides sound cards and the model of the board"
    most = unit.get("MemoryMax", "")
    if most.isdecimal() and int(most) < LEAST_MEMORY:
        yield f"MemoryMax= is {int(most) >> 20} MiB, and edged needs more"
    if unit.get("LoadState") not in ("loaded", "masked"):
        yield f"systemd cannot use the unit ({unit.get('LoadState')})"


def _why(unit: Shown) -> str:
    result, status = unit.get("Result", ""), unit.get("ExecMainStatus", "0")
    if status == _EXIT_CONFIG:
        return " (it has refused its configuration)"
    if result in ("", "success"):
        return ""
    return f" ({result}{f', exit code {status}' if result == 'exit-code' else ''})"


def program(unit: Shown) -> str:
    """The program that the unit starts; empty: unknown."""
    found = re.search(r"path=(\S+)", unit.get("ExecStart", ""))
    return found[1] if found else ""


def note(facts: UnitFacts) -> str:
    unit = facts.edged
    return f"edged.service is {unit.get('ActiveState')} and {unit.get('UnitFileState') or 'not enabled'}"
