"""Whether the clock of this machine is set. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "clock",
    "line",
    "whether the clock is set: without it, no certificate is valid",
    {
        "clock_unset": FAILURE,
    },
    needs=("configuration", "route"),
)
