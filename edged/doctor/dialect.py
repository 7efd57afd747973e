"""Whether the service speaks a dialect that edged speaks. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "dialect",
    "line",
    "which dialect of the protocol the service speaks",
    {
        "dialect_refused": FAILURE,
    },
    needs=("model",),
)
