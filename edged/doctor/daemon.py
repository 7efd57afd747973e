"""Whether a running edged answers, and whether there is one only. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edged.causes import CAUSES
from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

MET = (
    "quota_exceeded",
    "account_refused",
    "microphone_silent",
    "microphone_stuck",
    "answer_failed",
    "answer_silent",
)
"""What shows only when somebody asks something. The running edged has counted it since its start."""
CHECK = Check(
    "daemon",
    "machine",
    "a running edged: whether it answers, what it reports, and whether a second one runs",
    {
        "daemon_silent": FAILURE,
        "edged_twice": FAILURE,
        "muted": WARNING,
        "off_hook": WARNING,
        "switches_unreadable": FAILURE,
        "switches_forgotten": WARNING,
        "phrases_unusable": WARNING,
        "volume_zero": WARNING,
        **dict.fromkeys(MET, WARNING),
    },
)


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    """`is_hung`: its socket takes connections, and nothing comes. `processes`: those with this configuration."""

    path: str = ""
    is_hung: bool = False
    others: tuple[str, ...] = ()
    processes: tuple[int, ...] = ()
    volume: int | None = None


def judge(facts: DaemonFacts) -> Iterator[DoctorFinding]:
    if facts.is_hung:
        yield CHECK.found("daemon_silent", f"edged at {facts.path} does not answer")
    if len(facts.processes) > 1:
        numbers = " and ".join(map(str, facts.processes))
        yield CHECK.found("edged_twice", f"two edged run with the same configuration (processes {numbers})")
    elif facts.others:
        yield CHECK.found("edged_twice", f"edged answers at {facts.path} and at {' and '.join(facts.others)}")
    if facts.volume == 0:
        yield CHECK.found("volume_zero", "the volume is 0")


def met(counters: Mapping[str, int]) -> Iterator[DoctorFinding]:
    """What visitors have met since edged was started. `counters`: as in the snapshot."""
    for cause in MET:
        count = counters.get(CAUSES[cause].counter, 0)
        if count:
            times = "once" if count == 1 else f"{count} times"
            yield CHECK.found(
                cause, f"it has happened {times} since edged was started (a restart clears the count)"
            )
