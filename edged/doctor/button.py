"""Whether the button can be read, and is at rest. Pure."""

from edged.doctor.check import FAILURE, WARNING, Check

CHECK = Check(
    "button",
    "panel",
    "whether each button can be read and is at rest; at a terminal, whether a press arrives",
    {
        **dict.fromkeys(
            ("button_lost", "button_busy", "button_denied", "button_held", "button_unfelt", "device_hung"),
            FAILURE,
        ),
        "button_edges": WARNING,
    },
    needs=("configuration", "permissions", "daemon"),
)
