"""Whether the configuration, with its key, can be used here. Pure.

The command line loads it, as `edged config check` does. A fault here hides everything that depends on the
configuration.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

CHECK = Check(
    "configuration",
    "machine",
    "the files of the configuration, the key, and what they mean on this machine",
    {
        "config_invalid": FAILURE,
        "pin_taken": WARNING,
        "device_ambiguous": WARNING,
        "phrases_unusable": WARNING,
        "config_doubtful": WARNING,
    },
)


@dataclass(frozen=True, slots=True)
class ConfigurationFacts:
    """Lines as `edged config check` prints them."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


def judge(facts: ConfigurationFacts) -> Iterator[DoctorFinding]:
    for cause, lines in (
        ("config_invalid", facts.problems),
        ("pin_taken", facts.pins),
        ("phrases_unusable", facts.phrases),
        ("config_doubtful", facts.warnings),
    ):
        yield from (CHECK.found(cause, line) for line in lines)
