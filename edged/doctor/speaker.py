"""Whether the speaker opens. Pure."""

from edged.doctor.check import FAILURE, WARNING, Check

CHECK = Check(
    "speaker",
    "sound",
    "whether the speaker opens",
    {
        **dict.fromkeys(
            (
                *(
                    "speaker_lost",
                    "device_hung",
                    "device_slow",
                    "device_busy",
                    "device_denied",
                    "device_unfit",
                ),
                *("device_ambiguous", "sound_server", "alsa_config_invalid", "memory_short", "edged_twice"),
            ),
            FAILURE,
        ),
        "mixer_lost": WARNING,
    },
    needs=("configuration", "permissions", "daemon", "hdmi"),
)
