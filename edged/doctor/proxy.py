"""Whether the proxy lets edged through. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "proxy",
    "line",
    "whether the proxy lets edged through",
    {
        "proxy_refused": FAILURE,
    },
    needs=("names",),
)
