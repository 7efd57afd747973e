"""Whether the lamps can be switched. Pure."""

from edged.doctor.check import WARNING, Check

CHECK = Check(
    "light",
    "panel",
    "whether the light and the recording light can be switched; at a terminal, whether somebody sees it",
    dict.fromkeys(("light_lost", "recording_light_lost", "light_unseen"), WARNING),
    needs=("configuration", "permissions", "daemon"),
)
