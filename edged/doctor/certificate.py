"""Whether the certificate of the service is valid, and for how long. Pure."""

from edged.doctor.check import FAILURE, WARNING, Check

CHECK = Check(
    "certificate",
    "line",
    "TLS: whether the certificate is valid and for this host, who issued it, when it ends",
    {
        "tls_failed": FAILURE,
        "captive_portal": FAILURE,
        "clock_unset": FAILURE,
        "certificate_ends": WARNING,
    },
    needs=("clock", "connection"),
)
