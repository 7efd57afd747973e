"""Whether the service accepts a connection. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "connection",
    "line",
    "whether the service accepts connections",
    {
        "unreachable": FAILURE,
        "handshake_timeout": FAILURE,
        "link_closed": FAILURE,
        "link_silent": FAILURE,
        "check_late": FAILURE,
    },
    needs=("proxy",),
)
