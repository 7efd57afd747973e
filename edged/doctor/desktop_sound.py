"""Whether a desktop has a sound server, which a service cannot use. Pure."""

from collections.abc import Iterator

from edged.doctor.check import WARNING, Check
from edged.doctor.problem import MachineProblem

CHECK = Check(
    "desktop_sound",
    "machine",
    "the sound server of a desktop, which a service cannot reach",
    {"desktop_sound": WARNING},
    needs=("configuration",),
)


def check_desktop_sound(server: str) -> Iterator[MachineProblem]:
    """`server`: its name, or empty. Call it if the configuration leaves the choice of the sound card to edged."""
    if server:
        yield MachineProblem(
            "desktop_sound",
            f"a desktop is installed here, and a service cannot use its sound server ({server}), so edged uses a card",
            "name the card in the configuration, or share the sound server or the card with edged",
            "sound-server-of-a-desktop",
        )
