"""Whether the companion is there as the configuration wants it. Pure. The kiosk does not need it: nothing is a failure.

The facts are what `systemctl show` prints of its unit, and what the configuration switches on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edged.doctor.check import WARNING, Check, DoctorFinding
from edged.doctor.units import Shown

CHECK = Check(
    "companion",
    "machine",
    "the companion: its packages, and its unit of systemd",
    {
        "companion_incomplete": WARNING,
        "companion_not_enabled": WARNING,
        "companion_stopped": WARNING,
    },
    needs=("configuration", "disk", "system"),
)


@dataclass(frozen=True, slots=True)
class CompanionFacts:
    """`wanted`: the key that wants each part. `missing`: packages that these parts lack here."""

    unit: Shown
    wanted: Mapping[str, str]
    missing: tuple[str, ...] = ()

    @property
    def is_enabled(self) -> bool:
        return self.unit.get("UnitFileState") == "enabled"

    @property
    def is_there(self) -> bool:
        """Whether this machine has to do with a companion."""
        return self.unit.get("LoadState") == "loaded" and (bool(self.wanted) or self.is_enabled)


def judge(facts: CompanionFacts) -> Iterator[DoctorFinding]:
    keys, state = ", ".join(facts.wanted.values()), facts.unit.get("ActiveState", "")
    if facts.missing:
        text = f"{keys}: this release lacks {', '.join(facts.missing)}"
        yield CHECK.found("companion_incomplete", text)
    elif not facts.is_enabled:
        text = f"edged-companion.service is not enabled, but the configuration has {keys}"
        yield CHECK.found("companion_not_enabled", text)
    elif state not in ("active", "activating", "reloading") or facts.unit.get("SubState") == "auto-restart":
        status = facts.unit.get("ExecMainStatus", "0")
        why = f", exit code {status}" if status not in ("", "0") else ""
        yield CHECK.found(
            "companion_stopped", f"edged-companion.service is enabled, but {state or 'stopped'}{why}"
        )


def note(facts: CompanionFacts) -> str:
    return f"edged-companion.service is {facts.unit.get('ActiveState')}"
