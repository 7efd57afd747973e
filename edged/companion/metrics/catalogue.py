"""All metrics: names, meanings, labels. Pure.

Rules:
1. Names and units follow the conventions of Prometheus: seconds, bytes, ratios; `_total` for what only grows.
2. Each label has few values, and all of them are known here or in a table of edged: anything else becomes `other`. No
   label names a turn, a visitor, a session or a moment.
3. What only grows is shown as 0 before it happens, so that the first time is seen as an increase.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from edged.causes import CAUSES, Light
from edged.machine_causes import FOUND_BY_THE_DOCTOR

OTHER = "other"


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class TurnOutcome(StrEnum):
    """What became of a turn."""

    ANSWERED = "answered"  # its answer was heard to the end
    INTERRUPTED = "interrupted"  # somebody stopped the answer while it sounded
    FAILED = "failed"  # the visitor heard why there was no answer, or not all of it
    TOO_SHORT = "too_short"  # the button was released at once
    NOTHING_SAID = "nothing_said"  # no speech, or too quiet a sound
    NOT_ASKED = "not_asked"  # nobody spoke in an open conversation, or the press was taken back
    UNANSWERED = "unanswered"  # asked, and called off before the answer sounded
    LOST = "lost"  # the kiosk ended meanwhile, or did not answer any more
    UNSEEN = "unseen"  # the companion did not run, or was not connected


STATES = (
    "IDLE",
    "ARMED",
    "BARGE_IN",
    "LISTENING",
    "LATCHED",
    "TRAILING",
    "AWAITING_SPEECH",
    "HEARING",
    "AWAITING_ANSWER",
    "ANSWERING",
    "COMMITTING",
    "THINKING",
    "SPEAKING",
    "BRIDGING",
    "DRAINING",
    "TRUNCATED",
    "NOTICE",
    "ASKED_BACK",
    "TAPPED",
    "OFF_HOOK",
    "STOPPED",
    OTHER,
)
"""The states of a turn (turn/states.py), which this process knows from events only."""
LIGHTS = (*(light.value for light in Light), OTHER)
COUNTED_CAUSES = (*sorted(set(CAUSES) - {found[1] for found in FOUND_BY_THE_DOCTOR}), OTHER)
DEVICES = ("microphone", "speaker")
SIGNALS = ("press", "release")
TOKENS = tuple(
    [("input", modality, cached) for modality in ("text", "audio", "image") for cached in ("false", "true")]
    + [("input", OTHER, "false"), ("output", "text", "false"), ("output", "audio", "false")]
    + [("output", OTHER, "false")]
)
"""Direction, modality, and whether the service had it in its cache."""
LIMITS = (
    *(
        f"budget.{period}.{measure}"
        for period in ("day", "month")
        for measure in ("requests", "audio_s", "minutes", "usd")
    ),
    OTHER,
)
TROUBLED = (
    *("line", "microphone", "speaker", "button", "buttons", "receiver", "budget", "ledger", "light"),
    *("recording_light", "mixer", "volume", "phrases", "switches", OTHER),
)
"""What something can be wrong with; `buttons` are all further buttons."""

# Up to a second in the steps that people notice; a wait of more than five seconds is a bad one, however long.
WAITS_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
TRIPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
INSIDE_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SPEECH_S = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """`values` are all values of its labels that are shown before anything happens; `bounds` are in seconds."""

    name: str
    kind: MetricKind
    meaning: str
    labels: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()
    bounds: tuple[float, ...] = ()


def _counter(
    name: str, meaning: str, labels: tuple[str, ...] = (), values: tuple[tuple[str, ...], ...] = ((),)
) -> Metric:
    return Metric(name, MetricKind.COUNTER, meaning, labels, values)


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.GAUGE, meaning, labels)


def _spread(name: str, meaning: str, bounds: tuple[float, ...]) -> Metric:
    return Metric(name, MetricKind.HISTOGRAM, meaning, bounds=bounds)


def _each(*values: str) -> tuple[tuple[str, ...], ...]:
    return tuple(product(values))


_ALL = (
    # who this is
    _gauge(
        "edged_kiosk_info",
        "Which kiosk this is: its id, its site and its name. Always 1.",
        "kiosk",
        "site",
        "name",
    ),
    _gauge(
        "edged_build_info",
        "Release of edged that runs, and version of Python. Always 1.",
        "version",
        "python",
    ),
    _gauge("edged_config_info", "Hash of the configuration in use, without secrets. Always 1.", "hash"),
    # how it is at the moment
    _gauge("edged_up", "1: the kiosk answers at its control socket."),
    _gauge("edged_state", "1: the turn is in this state.", "state"),
    _gauge("edged_light", "1: the light shows this.", "light"),
    _gauge("edged_link_up", "1: there is a session with the speech service."),
    _gauge("edged_link_resting", "1: there is no session because nobody needs one."),
    _gauge("edged_device_up", "1: this device is there.", "device"),
    _gauge("edged_muted", "1: the microphone is muted."),
    _gauge("edged_volume_ratio", "Volume that applies now: 1 is full volume."),
    _gauge("edged_pending_utterances", "Questions that wait for the link."),
    _gauge("edged_troubles", "1: this is wrong at the moment.", "what", "cause"),
    _gauge("edged_announced_endings", "Announced ends of models and features that the configuration uses."),
    _gauge("edged_budget_reached", "1: this limit is reached.", "limit"),
    _gauge(
        "edged_cost_usd",
        "Known costs of this day and this month, in US dollars; absent if unknown.",
        "period",
    ),
    # turns
    _counter("edged_turns_total", "Turns, by what became of them.", ("outcome",), _each(*TurnOutcome)),
    _spread(
        "edged_first_audio_seconds", "From the release to the first sound: what a visitor waits.", WAITS_S
    ),
    _spread(
        "edged_press_to_send_seconds",
        "From the press until the first sound of the question is sent.",
        INSIDE_S,
    ),
    _spread("edged_question_seconds", "From the press to the release: how long a visitor speaks.", SPEECH_S),
    _spread(
        "edged_release_to_commit_seconds", "From the release until the question is sent as complete.", TRIPS_S
    ),
    _spread(
        "edged_commit_seconds",
        "From a complete question on the wire until the service acknowledges it.",
        TRIPS_S,
    ),
    _spread(
        "edged_first_delta_seconds",
        "From the acknowledgement until the first sound of the answer arrives.",
        WAITS_S,
    ),
    _spread(
        "edged_playout_start_seconds",
        "From the arrival of an answer's first sound until it is heard.",
        TRIPS_S,
    ),
    _spread("edged_answer_seconds", "From the first sound of an answer to its end.", SPEECH_S),
    # what went wrong
    _counter("edged_causes_total", "Causes that the kiosk has counted.", ("cause",), _each(*COUNTED_CAUSES)),
    _counter("edged_link_reconnects_total", "Sessions that were opened after one was lost."),
    _counter("edged_underruns_total", "Gaps in answers because the service or the network was late."),
    _counter("edged_audio_gaps_total", "Gaps in the sound of a device.", ("device",), _each(*DEVICES)),
    _counter("edged_cues_dropped_total", "Tones and phrases that were dropped because too many waited."),
    _counter("edged_speech_dropped_bytes_total", "Speech beyond the longest question, in bytes."),
    _counter("edged_button_missed_total", "Signals of buttons that got lost.", ("signal",), _each(*SIGNALS)),
    _counter("edged_kiosk_starts_total", "Starts of the kiosk that the companion has noticed."),
    # what was used
    _counter("edged_usage_requests_total", "Responses that ended, as the ledger counts them."),
    _counter("edged_usage_unfinished_total", "Responses whose connection ended before they did."),
    _counter(
        "edged_usage_tokens_total",
        "Tokens of responses; each counts once.",
        ("direction", "modality", "cached"),
        TOKENS,
    ),
    _counter("edged_usage_transcriptions_total", "Transcriptions that the service has reported."),
    _counter(
        "edged_usage_transcription_tokens_total",
        "Tokens of transcriptions.",
        ("direction",),
        _each("input", "output"),
    ),
    _counter("edged_usage_audio_seconds_total", "Sound that was sent to the service, in seconds."),
    _counter("edged_usage_connection_seconds_total", "Time with a connection to the service, in seconds."),
    # the companion itself
    _gauge(
        "edged_companion_build_info",
        "Release of edged that the companion runs. Always 1.",
        "version",
        "python",
    ),
    _gauge("edged_companion_start_time_seconds", "When the companion started, in seconds since 1970."),
    _gauge("edged_companion_resident_memory_bytes", "Memory of the companion."),
    _counter(
        "edged_companion_cpu_seconds_total", "Processor time of the companion since its start, in seconds."
    ),
    _counter(
        "edged_companion_textfile_failures_total",
        "Failed writes of the textfile since the companion started or reloaded.",
    ),
    _gauge("edged_companion_totals_kept", "1: the totals are on the disk and will survive a restart."),
)
METRICS = {metric.name: metric for metric in _ALL}


def known(value: object, values: tuple[str, ...]) -> str:
    """`value` if it is among `values`, else `other`."""
    return value if isinstance(value, str) and value in values else OTHER
