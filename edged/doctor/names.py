"""Whether the name of the service, or of the proxy, can be looked up. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "names",
    "line",
    "whether the name of the service can be looked up (DNS)",
    {
        "dns_failed": FAILURE,
    },
    needs=("route",),
)
