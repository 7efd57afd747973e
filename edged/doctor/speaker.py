"""Whether the speaker opens. Pure."""

from edged.doctor.check import FAILURE, NOT_OPENED, WARNING, Check

CHECK = Check(
    "speaker",
    "sound",
    "whether the speaker opens",
    {
        **dict.fromkeys(("speaker_lost", *NOT_OPENED), FAILURE),
        "mixer_lost": WARNING,
    },
    needs=("configuration", "permissions", "daemon", "hdmi"),
)
