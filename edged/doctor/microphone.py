"""Whether the microphone opens, and whether what it delivers can be speech. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, NOT_OPENED, WARNING, Check, DoctorFinding

CHECK = Check(
    "microphone",
    "sound",
    "whether the microphone opens, its level, noise floor, clipping, silence, offset and rate",
    {
        **dict.fromkeys(("microphone_lost", *NOT_OPENED), FAILURE),
        **dict.fromkeys(("microphone_silent", "microphone_stuck", "microphone_unheard"), FAILURE),
        **dict.fromkeys(("microphone_offset", "microphone_channels", "microphone_noisy"), WARNING),
        **dict.fromkeys(("speech_clipped", "speech_too_quiet"), WARNING),
        "mixer_lost": WARNING,
    },
    needs=("configuration", "permissions", "daemon"),
)
NOISY_DBFS = -40.0
"""As `LOUD_DBFS` of audio/capture/health.py: louder than any quiet room, so edged cannot say that nobody spoke. Speech
at a kiosk is at -30 to -15 dBFS, and should be 10 dB louder than the room.
"""
HEARD_DB = 10.0  # so much louder than the room is somebody who speaks
FAINT_DBFS = -60.0


@dataclass(frozen=True, slots=True)
class HeardRoom:
    """What was heard, in dBFS. `causes`: what the daemon's own judgement of a recording says."""

    floor_dbfs: float
    loudest_dbfs: float
    clipped: int = 0
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"noise floor {self.floor_dbfs:.0f} dBFS, loudest {self.loudest_dbfs:.0f} dBFS"


def judge(heard: HeardRoom) -> Iterator[DoctorFinding]:
    """Of a room in which nobody needs to speak."""
    for cause in heard.causes:
        if cause in ("microphone_silent", "microphone_stuck", "microphone_offset"):
            yield CHECK.found(cause, _TEXTS[cause], _REMEDIES.get(cause, ""))
    if "microphone_stuck" in heard.causes or "microphone_silent" in heard.causes:
        return
    if "speech_clipped" in heard.causes or heard.clipped > 1:
        yield CHECK.found("speech_clipped", "its sound is clipped at full scale", _CLIPPED)
    if heard.floor_dbfs > NOISY_DBFS:
        text = f"the noise floor is at {heard.floor_dbfs:.0f} dBFS, and that of a quiet room is below {NOISY_DBFS:g}"
        yield CHECK.found("microphone_noisy", text)


def judge_speech(heard: HeardRoom, room_dbfs: float) -> Iterator[DoctorFinding]:
    """Somebody was asked to speak. `room_dbfs`: how loud the room was before."""
    if heard.loudest_dbfs < room_dbfs + HEARD_DB:
        text = f"nobody was heard: {heard.loudest_dbfs:.0f} dBFS at most, in a room of {room_dbfs:.0f} dBFS"
        yield CHECK.found("microphone_unheard", text)
    elif heard.loudest_dbfs < FAINT_DBFS:
        yield CHECK.found("speech_too_quiet", f"speech arrives at {heard.loudest_dbfs:.0f} dBFS only")


_TEXTS = {
    "microphone_silent": "it delivers only zeros",
    "microphone_stuck": "it always delivers the same value",
    "microphone_offset": "its sound has a constant offset (DC)",
}
_REMEDIES = {
    "microphone_silent": "Check its mute switch, its cable, its switch in alsamixer (F4) and `microphone.device`.",
    "microphone_stuck": "Unplug it and plug it in again; if it stays so, replace it.",
    "microphone_offset": "Check the input and the cable. If the microphone needs no supply voltage, switch it off.",
}
_CLIPPED = (
    "Lower the capture level (alsamixer, F4) or `microphone.gain_db`, and switch the microphone boost off."
)
