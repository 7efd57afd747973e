"""A name of this machine that is the same after each start, and says nothing about the machine.

As sd_id128_get_machine_app_specific(3) of systemd does: HMAC-SHA256 of this program's id, with the machine's own id
as the key, and the bits of a UUID of version 4. The machine's own id (machine-id(5)) must not be shown to others.
"""

import hmac
from pathlib import Path

from edged.files import beginning

APPLICATION = bytes.fromhex("4dca1fd75e4c4f1c8a6c52a5ff5d4e01")
FILE = Path("/etc/machine-id")


def app_specific(machine: bytes, application: bytes = APPLICATION) -> str:
    """The id of `machine` (16 bytes) for one program, in 32 hexadecimal digits."""
    made = bytearray(hmac.digest(machine, application, "sha256")[:16])
    made[6] = made[6] & 0x0F | 0x40
    made[8] = made[8] & 0x3F | 0x80
    return made.hex()


def kiosk_id(file: Path = FILE) -> str:
    """The id of this machine for edged; empty if the machine has none yet."""
    try:
        machine = bytes.fromhex(beginning(file, 64).decode().strip())
    except (OSError, ValueError):
        return ""
    return app_specific(machine) if len(machine) == 16 and any(machine) else ""
