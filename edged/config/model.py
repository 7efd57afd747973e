"""The configuration as the daemon sees it: every key, its default, its bounds and what it is for.

With provider.py the only place that knows a key. The loader, `config show`, the JSON schema and the checks
read it from here.

Rules:
- A number has its unit in its name and bounds with a reason, which the operator reads when it is outside.
- Every key has a class, what it takes to apply a change: `live` (from the next turn on), `reopen` (the
  session or the device is opened anew), `restart` (the process).
- `Config()` is what an empty file means; config.yaml at the top level says the same with reasons.

Not here: what keys mean together (rules.py), where a value came from (layers.py).
"""

from typing import Annotated, Literal

from msgspec import field

from edged.config.part import ConfigPart, Names, between, described
from edged.config.provider import ProviderConfig
from edged.folders import AUTO

_GPIO = between(0, 53, "a Raspberry Pi's header has GPIO 0 to 27")


class ButtonConfig(ConfigPart, frozen=True, kw_only=True):
    """The push-to-talk button."""

    backend: Annotated[
        Literal["auto", "gpiozero", "keyboard", "none"],
        described(
            "reopen",
            "What the button is; `auto`: GPIO on a Pi, else the keyboard of the terminal, else none.",
        ),
    ] = "auto"
    gpio: Annotated[
        int, _GPIO, described("reopen", "GPIO number (BCM) of the button, not the pin of the header.")
    ] = 17
    pull_up: Annotated[bool, described("reopen", "true: the button connects the line to ground.")] = True
    bounce_ms: Annotated[
        int, between(0, 100, "25 suits most buttons"), described("live", "How long a contact may chatter.")
    ] = 25
    min_hold_ms: Annotated[
        int,
        between(0, 2000, "150 is a slip of the finger, speech takes longer"),
        described("live", "A shorter press is a slip, not a question."),
    ] = 150
    tap_ms: Annotated[
        int,
        between(100, 1000, "300 is a quick tap"),
        described("live", "Mode hybrid: a shorter press latches, a longer one holds."),
    ] = 300
    long_press_ms: Annotated[
        int,
        between(500, 10_000, "1500 does not happen by accident"),
        described("live", "From here on a press is a long press."),
    ] = 1500


class LightConfig(ConfigPart, frozen=True, kw_only=True):
    """The lamp."""

    backend: Annotated[
        Literal["auto", "gpiozero", "none"],
        described("reopen", "What the lamp is; `auto`: GPIO on a Raspberry Pi, else none."),
    ] = "auto"
    gpio: Annotated[int, _GPIO, described("reopen", "GPIO number (BCM) of the lamp.")] = 27
    active_high: Annotated[bool, described("reopen", "false: the lamp is lit when the line is low.")] = True


class MicrophoneConfig(ConfigPart, frozen=True, kw_only=True):
    """What hears."""

    backend: Annotated[
        Literal["auto", "alsa", "pyaudio", "sounddevice", "wav", "null"],
        described("reopen", "How sound comes in; `wav` plays a file instead."),
    ] = "auto"
    device: Annotated[
        Names,
        described("reopen", "Name of the device, or a list of names to try in order; never a number."),
    ] = "default"
    channel: Annotated[
        Annotated[int, between(0, 31, "arrays number theirs from 0; null: the mean of all")] | None,
        described("reopen", "The one channel to hear, of a device with several; null: the mean of all."),
    ] = None
    file: Annotated[
        str, described("reopen", "Backend wav: what is heard (24 kHz mono).", max_length=1000)
    ] = ""
    capture: Annotated[
        Literal["warm", "closed"],
        described(
            "reopen",
            "`warm`: always runs, into memory, so that no first syllable is lost; `closed`: runs while held.",
        ),
    ] = "warm"
    preroll_ms: Annotated[
        int,
        between(0, 2000, "300 covers a person who speaks too early"),
        described("reopen", "Sound kept from before the press (capture warm)."),
    ] = 300
    block_ms: Annotated[
        int,
        between(5, 100, "20 is usual; more saves work and adds delay"),
        described("reopen", "Sound taken from the device at once."),
    ] = 20
    refuse_below_dbfs: Annotated[
        int,
        between(
            -100, -50, "-70 is below any speech that a service could make out; -100: only a dead microphone"
        ),
        described("live", "What is nowhere louder than this is not asked, and told."),
    ] = -70
    warn_below_dbfs: Annotated[
        int,
        between(-100, 0, "-50 is what a far too low capture level gives; -100: never"),
        described("live", "Speech that is nowhere louder than this is sent, with a line in the journal."),
    ] = -50
    warn_clipped_percent: Annotated[
        float,
        between(0, 100, "1 is where it begins to be heard; 100: never"),
        described("live", "Share of samples at full scale above which the journal is told."),
    ] = 1.0
    refuse_empty: Annotated[
        bool, described("live", "true: a press during which nobody speaks is not asked, and told.")
    ] = True
    echo_cancel: Annotated[
        bool,
        described("restart", "Mode conversation: listens while it answers, its own voice taken out."),
    ] = False


class SpeakerConfig(ConfigPart, frozen=True, kw_only=True):
    """What speaks."""

    backend: Annotated[
        Literal["auto", "alsa", "pyaudio", "sounddevice", "wav", "null"],
        described("reopen", "How sound goes out; `wav` writes a file instead."),
    ] = "auto"
    device: Annotated[
        Names,
        described("reopen", "Name of the device, or a list of names to try in order; never a number."),
    ] = "default"
    file: Annotated[str, described("reopen", "Backend wav: the file that is written.", max_length=1000)] = ""
    volume: Annotated[
        int,
        between(0, 100, "50 is as the service sends it, 100 twice as loud, 25 half as loud"),
        described("live", "How loud answers and cues are; `edged ctl volume` sets it until this changes."),
    ] = 50
    mixer: Annotated[
        str,
        described(
            "live",
            "Control of the card that makes the volume, as amixer names it; empty: none.",
            max_length=100,
        ),
    ] = ""
    lead_in_ms: Annotated[
        int,
        between(0, 2000, "an amplifier that sleeps wakes within 500; it is added to each answer's delay"),
        described("reopen", "Silence before the first sound after a rest."),
    ] = 0
    tail_ms: Annotated[
        int,
        between(0, 30_000, "500 is enough for what cuts off ends; more keeps an amplifier awake in between"),
        described("reopen", "Silence after the last sound before a rest."),
    ] = 0
    prebuffer_ms: Annotated[
        Annotated[int, between(0, 2000, "60 to 300 are usual; null learns it from the answers before")]
        | None,
        described("reopen", "Sound gathered before an answer starts; unset: predicted from those before."),
    ] = None
    arrivals: Annotated[
        str,
        described(
            "live",
            "Folder where it is recorded when each piece of an answer came, 8 MB at most; empty: nowhere.",
            max_length=1000,
        ),
    ] = ""


class TurnConfig(ConfigPart, frozen=True, kw_only=True):
    """Limits of one turn."""

    longest_s: Annotated[
        int,
        between(1, 600, "60 is plenty; a stuck button must not record for ever"),
        described("live", "Longest utterance."),
    ] = 60
    keep_s: Annotated[
        int,
        between(0, 600, "30 is plenty; nobody stands there longer for an answer"),
        described("live", "How long an utterance waits for the network before it is thrown away."),
    ] = 30
    think_s: Annotated[
        int,
        between(1, 300, "20 is plenty; people give up before"),
        described("live", "How long the service may think before the question is given up."),
    ] = 20
    idle_s: Annotated[
        int,
        between(1, 600, "30 is enough to think of a question"),
        described("live", "Mode conversation: ends after this much silence."),
    ] = 30
    forget_after_s: Annotated[
        int,
        between(0, 86_400, "120 is about as long as it takes until somebody else stands there; 0: never"),
        described("reopen", "So long after the last word a new session begins, which knows nothing of it."),
    ] = 120
    history_lines: Annotated[
        int,
        between(0, 40, "6 is enough to go on; they are billed as input again; 0: none"),
        described("reopen", "How many lines of a conversation are put into the next session after a drop."),
    ] = 6


class ControlConfig(ConfigPart, frozen=True, kw_only=True):
    """The control socket."""

    # 107: what Linux takes as the address of a Unix socket, less its final zero
    socket: Annotated[
        str,
        described(
            "restart",
            "Path of the control socket; `auto`: /run/edged/control.sock, or an ordinary user's own; empty: none.",
            max_length=107,
        ),
    ] = AUTO


class StateConfig(ConfigPart, frozen=True, kw_only=True):
    """What is kept over a restart."""

    dir: Annotated[
        str,
        described(
            "restart",
            "Folder for what is kept; `auto`: /var/lib/edged, or an ordinary user's own; empty: memory only.",
            max_length=1000,
        ),
    ] = AUTO


class LogConfig(ConfigPart, frozen=True, kw_only=True):
    """What is told."""

    level: Annotated[
        Literal["error", "warning", "info", "debug"], described("live", "How much goes to the journal.")
    ] = "info"
    transcripts: Annotated[bool, described("live", "true: what is said is written to the journal, too.")] = (
        False
    )


class Config(ConfigPart, frozen=True, kw_only=True):
    """All of it; `Config()` is the default."""

    version: Annotated[Literal[1], described("restart", "Version of this file's format.")] = 1
    mode: Annotated[
        Literal["hold", "toggle", "hybrid", "conversation"],
        described("live", "What a press of the button means."),
    ] = "hold"
    provider: ProviderConfig = field(default_factory=ProviderConfig)
    button: ButtonConfig = field(default_factory=ButtonConfig)
    light: LightConfig = field(default_factory=LightConfig)
    microphone: MicrophoneConfig = field(default_factory=MicrophoneConfig)
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)
    turn: TurnConfig = field(default_factory=TurnConfig)
    control: ControlConfig = field(default_factory=ControlConfig)
    state: StateConfig = field(default_factory=StateConfig)
    log: LogConfig = field(default_factory=LogConfig)
