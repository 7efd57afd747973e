"""The names that edged's own code writes: members of messages, fields of the journal, events, states, lights. Pure.

A secret may equal one of them by chance. They stay as they are, so that readers of our messages find them
(redactor.py).
"""

from edged.causes import CAUSES, Light
from edged.system.notices import NOTICES

_MESSAGES = """
action answer answering armed asked_back assistant at_ms audio_s awaiting_answer awaiting_speech backend barge_in
bridging budget button button_missed_presses button_missed_releases by bytes card card_id cause changed channels
clipped closed command commit_sent committed committing config configured conversation count counters cues_dropped cut
date day default device devices direction done drained draining duplex echo_shifts edged endings error event
first_audio_sent first_delta first_sound foreign_failures format from gpiozero handset handset_duplex hash headset
hearing hello hold hybrid id idle interrupt keep key keyboard kind language latched ledger level levels light limit
limit_ms line link listening live lost machine mark microphone microphone_gaps mixer mode money month more_time most
mute muted name near new_conversation next none notice off_hook ok on open opened origin peak_dbfs pending phrase
phrases plugged press problems protocol quiet_hours quotes rate_hz reached receiver recording_light release reload
reloaded remaining_ms remedy reopen repeat_answer requests response_done responses_billed restart resting rms_dbfs
role run say session settings shutdown snapshot speaker speaker_gaps speaking speech_dropped_bytes state status stop
stopped switches tapped text thinking toggle toggle_mute tokens trailing transcript transcription_usage transcripts
tried troubles truncated turn turns type underruns unfinished unmute up usage used user value visitor volume
volume_down volume_up waiting was when why wire
"""

_USAGE = """
audio_tokens cached_tokens cached_tokens_details cancelled completed completion_tokens completion_token_details
completion_tokens_details duration failed image_tokens in_progress incomplete input_audio_seconds input_token_details
input_tokens input_tokens_details other output_audio_seconds output_token_details output_tokens output_tokens_details
prompt_token_details prompt_tokens prompt_tokens_details reasoning_tokens seconds text_tokens total_tokens
"""

_FIELDS = """
answer_ms commit_sent_ms committed_ms dialect first_delta_ms first_sent_ms first_sound_ms held_ms latency_ms
microphone_card microphone_hz minutes outcome parts pid problem provider speaker_card speaker_hz uid version wait_s
what
"""

_BUTTONS = [f"buttons{dot}{n}" for n in range(1, 9) for dot in "._"]  # further ones; as many as there may be

OURS = frozenset(
    {
        *f"{_MESSAGES} {_USAGE} {_FIELDS}".split(),
        *(cause.id for cause in CAUSES.values()),
        *(cause.counter for cause in CAUSES.values()),
        *_BUTTONS,
        *(f"{button}_missed_{edge}" for button in _BUTTONS for edge in ("presses", "releases")),
        *NOTICES,
        *Light,
    }
)


class OwnName(str):
    """A text that edged's own code writes, such as the name of a setting: no secret, whatever its member is called."""

    __slots__ = ()


def is_ours(name: str) -> bool:
    """Whether edged's own code writes this name as a member or, with the prefix EDGED_, as a field."""
    return name.lower() in OURS or name.lower().removeprefix("edged_") in OURS
