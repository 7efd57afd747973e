"""When the model and other things that the configuration names will end. Pure."""

from collections.abc import Iterable, Iterator

from edged.doctor.check import WARNING, Check, DoctorFinding

CHECK = Check(
    "endings",
    "machine",
    "when models and stored prompts end, as their makers have announced",
    {"model_ends": WARNING},
    needs=("configuration",),
)


def judge(lines: Iterable[str]) -> Iterator[DoctorFinding]:
    """`lines`: as `edged config check` prints them."""
    yield from (CHECK.found("model_ends", line) for line in lines)
