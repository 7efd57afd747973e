"""What `edged doctor --fix` can mend: only what is safe, and can be undone with one command. Pure.

Everything else needs a person: a cable, a key, a decision about the machine.
"""

from dataclasses import dataclass

from edged.doctor.check import DoctorFinding

JOURNALD = "etc/systemd/journald.conf.d/edged.conf"
NETWORK_MANAGER = "etc/NetworkManager/conf.d/edged-wifi.conf"


@dataclass(frozen=True, slots=True)
class Fix:
    """`does` is what it does, in words. `file` is written with `text`, if it is set; then the commands run."""

    does: str
    undo: str
    commands: tuple[tuple[str, ...], ...] = ()
    file: str = ""
    text: str = ""


FIXES = {
    "journal_volatile": Fix(
        f"keep the journal on the disk, with at most 50 MB (/{JOURNALD})",
        f"sudo rm /{JOURNALD} && sudo systemctl restart systemd-journald",
        (("systemctl", "restart", "systemd-journald"), ("journalctl", "--flush")),
        JOURNALD,
        "[Journal]\nStorage=persistent\nSystemMaxUse=50M\n",
    ),
    "wifi_power_save": Fix(
        f"switch the power save of Wi-Fi off, from the next connection on (/{NETWORK_MANAGER})",
        f"sudo rm /{NETWORK_MANAGER}",
        (("systemctl", "reload", "NetworkManager"),),
        NETWORK_MANAGER,
        "[connection]\nwifi.powersave=2\n",
    ),
    "not_enabled": Fix(
        "let edged start when the machine starts",
        "sudo systemctl disable edged",
        (("systemctl", "enable", "edged.service"),),
    ),
    "not_running": Fix(
        "start edged", "sudo systemctl stop edged", (("systemctl", "start", "edged.service"),)
    ),
    "shutdown_unanswered": Fix(
        "let a button shut the machine down",
        "sudo systemctl disable --now edged-shutdown.path",
        (("systemctl", "enable", "--now", "edged-shutdown.path"),),
    ),
    "clock_unset": Fix(
        "switch time synchronisation on",
        "sudo timedatectl set-ntp false",
        (("timedatectl", "set-ntp", "true"),),
    ),
}


def fix_of(found: DoctorFinding) -> Fix | None:
    """What can be done about a finding; None: nothing that is safe."""
    if found.cause == "wifi_power_save" and "NetworkManager" not in found.remedy:
        return None
    if found.cause == "not_running" and ("masked" in found.text or "configuration" in found.text):
        return None  # somebody wanted it, or it would only fail again
    return FIXES.get(found.cause)
