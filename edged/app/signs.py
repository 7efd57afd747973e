"""The parts that must make progress while a kiosk lives: the devices' threads, and the link's task (watchdog.py)."""

from collections.abc import Callable, Mapping
from functools import partial

from edged.app.adapters import Ports
from edged.app.ending import Parts
from edged.audio.capture.intake import Intake
from edged.audio.playout.playout import Playout
from edged.keeper import Keeper
from edged.system.progress import PartProgress
from edged.system.watchdog import Watchdog


def signs(
    keepers: Mapping[str, Keeper], intake: Intake, playout: Playout, link_lives: Callable[[], bool]
) -> dict[str, PartProgress]:
    """Return the progress by name. An open microphone delivers blocks; a speaker with sound to play takes them."""
    return {
        "microphone": PartProgress(intake.blocks, wanted=keepers["microphone"].up),
        "speaker": PartProgress(playout.pulls, wanted=keepers["speaker"].up and not playout.idle),
        "link": PartProgress(0, wanted=not link_lives()),
    }


def watchdog(ports: Ports, look: Callable[[], Mapping[str, PartProgress]], within_s: float) -> Watchdog:
    """Return the watchdog that reports progress to the manager. The manager waits `within_s`."""
    return Watchdog(ports.manager, look, ports.clock.monotonic_ms, within_s=within_s)


def watch(
    ports: Ports, parts: Parts, keepers: Mapping[str, Keeper], intake: Intake, playout: Playout
) -> None:
    """Begin the watchdog as a part of the kiosk, if a manager waits for it."""
    if ports.watchdog_s is not None:
        look = partial(signs, keepers, intake, playout, partial(parts.lives, "link"))
        parts.begin("watchdog", watchdog(ports, look, ports.watchdog_s).run)
