"""Whether the service confirms the settings of the session. Pure."""

from edged.doctor.check import FAILURE, WARNING, Check

CHECK = Check(
    "session",
    "line",
    "whether the service confirms all settings, and what it does differently",
    {
        "settings_refused": FAILURE,
        "service_silent": FAILURE,
        "session_expired": FAILURE,
        "bad_message": WARNING,
        "message_too_large": WARNING,
        "detection_kept": WARNING,
        "settings_changed": WARNING,
        "commit_ignored": WARNING,
        "deletion_refused": WARNING,
    },
    needs=("dialect",),
)
