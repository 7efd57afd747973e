"""Whether the service accepts the key and the account. Pure."""

from edged.doctor.check import FAILURE, Check

CHECK = Check(
    "key",
    "line",
    "whether the service accepts the key, and the account may use it",
    {
        "key_refused": FAILURE,
        "quota_exceeded": FAILURE,
        "account_refused": FAILURE,
    },
    needs=("handshake",),
)
