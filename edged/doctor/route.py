"""Whether this machine is in a network. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "route",
    "line",
    "whether this machine is in a network",
    {
        "offline": FAILURE,
    },
    needs=("configuration",),
)
