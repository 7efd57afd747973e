"""Whether the WebSocket handshake succeeds. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "handshake",
    "line",
    "whether the service opens a WebSocket, and what stands in front of it",
    {
        "protocol_broken": FAILURE,
        "firewall_refused": FAILURE,
        "address_refused": FAILURE,
        "region_refused": FAILURE,
        "policy_refused": FAILURE,
        "service_refused": FAILURE,
        "server_busy": FAILURE,
        "server_error": FAILURE,
    },
    needs=("certificate",),
)
