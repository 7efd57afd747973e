"""The configuration as the daemon sees it: every key with its default, its bounds and its purpose.

Only this module and the modules of its parts know the keys. The loader, `config show`, the JSON schema and
the checks read them from here.

Rules:
- A number has its unit in its name. Its bounds have a reason, which the owner reads when a value is outside.
- Every key has a class, which says how a change is applied: `live` (from the next turn on), `reopen` (edged opens
  the session or the device again), `restart` (the process has to restart).
- `Config()` is what an empty file means; config.yaml at the top level has the same values, with reasons.

Other modules say what keys mean together (rules.py) and where a value came from (layers.py).
"""

from typing import Annotated, Literal

from msgspec import field

from edged.config.companion import CompanionConfig
from edged.config.lamp import LightConfig, RecordingLightConfig
from edged.config.panel import ButtonConfig, FurtherButtonConfig
from edged.config.part import MOST_BUTTONS, ConfigPart, Hours, Names, between, described
from edged.config.provider import ProviderConfig
from edged.config.usage import MOST_PRICES, BudgetConfig, PriceConfig
from edged.config.visitor import VisitorConfig
from edged.folders import AUTO


class MicrophoneConfig(ConfigPart, frozen=True, kw_only=True):
    """The microphone, and how its sound is judged."""

    backend: Annotated[
        Literal["auto", "alsa", "pyaudio", "sounddevice", "wav", "null"],
        described("reopen", "How sound is recorded; `wav` plays a file instead."),
    ] = "auto"
    device: Annotated[
        Names,
        described("reopen", "Name of the device, or a list of names to try in order; never a number."),
    ] = "default"
    channel: Annotated[
        Annotated[int, between(0, 31, "channels count from 0; null: the mean of those with sound")] | None,
        described(
            "reopen", "The channel to use, of a device with several; null: the mean of those with sound."
        ),
    ] = None
    gain_db: Annotated[
        int,
        between(-20, 40, "6 is twice the amplitude, 20 ten times; 0 leaves the sound as it is"),
        described("reopen", "Gain of the microphone; a limiter keeps loud sound from being cut off."),
    ] = 0
    mixer: Annotated[
        str,
        described(
            "reopen",
            "Control of the card that gives the gain, as far as it can, as amixer names it; empty: none.",
            max_length=100,
        ),
    ] = ""
    file: Annotated[
        str, described("reopen", "Backend wav: the file to play (24 kHz, mono).", max_length=1000)
    ] = ""
    capture: Annotated[
        Literal["warm", "closed"],
        described(
            "reopen",
            "`warm`: the device always runs, into memory, so that no first syllable is lost; `closed`: while held.",
        ),
    ] = "warm"
    preroll_ms: Annotated[
        int,
        between(0, 2000, "300 covers a person who speaks too early"),
        described("reopen", "Sound before the press that is sent, too (capture warm)."),
    ] = 300
    block_ms: Annotated[
        int,
        between(5, 100, "20 is usual; more saves work and adds delay"),
        described("reopen", "Length of the sound that is read from the device at once."),
    ] = 20
    refuse_below_dbfs: Annotated[
        int,
        between(
            -100, -50, "-70 is below any speech that a service could understand; -100: only a dead microphone"
        ),
        described("live", "An utterance that is nowhere louder is not sent, and the visitor hears a cue."),
    ] = -70
    warn_below_dbfs: Annotated[
        int,
        between(-100, 0, "-50 is what a capture level far too low gives; -100: never"),
        described("live", "Speech that is nowhere louder is sent, with a warning in the journal."),
    ] = -50
    warn_clipped_percent: Annotated[
        float,
        between(0, 100, "from about 1 on people can hear it; 100: never"),
        described("live", "Share of samples at full scale above which the journal has a warning."),
    ] = 1.0
    refuse_empty: Annotated[
        bool, described("live", "true: an utterance without speech is not sent, and the visitor hears a cue.")
    ] = True
    echo_cancel: Annotated[
        bool,
        described(
            "restart",
            "Modes conversation and handset: edged listens while it answers, and removes its own voice.",
        ),
    ] = False


class SpeakerConfig(ConfigPart, frozen=True, kw_only=True):
    """The speaker."""

    backend: Annotated[
        Literal["auto", "alsa", "pyaudio", "sounddevice", "wav", "null"],
        described("reopen", "How sound is played; `wav` writes a file instead."),
    ] = "auto"
    device: Annotated[
        Names,
        described("reopen", "Name of the device, or a list of names to try in order; never a number."),
    ] = "default"
    file: Annotated[str, described("reopen", "Backend wav: the file to write.", max_length=1000)] = ""
    volume: Annotated[
        int,
        between(0, 100, "50 plays sound as the service sends it, 100 twice as loud, 25 half as loud"),
        described(
            "live", "Volume of answers and cues; `edged ctl volume` overrides it until this value changes."
        ),
    ] = 50
    volume_least: Annotated[
        int,
        between(0, 100, "20 is still heard across a counter; 0: buttons may switch answers off"),
        described("live", "The least volume that buttons and `edged ctl` can set."),
    ] = 0
    volume_most: Annotated[
        int,
        between(0, 100, "100 is twice as loud as the service sends it"),
        described("live", "The greatest volume that buttons and `edged ctl` can set."),
    ] = 100
    volume_reset: Annotated[
        bool,
        described("live", "true: `volume` counts again when a visitor has left (`turn.forget_after_s`)."),
    ] = False
    cue_least: Annotated[
        int,
        between(0, 100, "20 is still heard across a counter; 0: cues are as loud as answers"),
        described("live", "Cues are never quieter, also in quiet hours and at volume 0."),
    ] = 20
    quiet_hours: Annotated[
        Hours,
        described("live", "Hours in local time with a lower volume, or a list of them; empty: none."),
    ] = ""
    quiet_volume: Annotated[
        int,
        between(0, 100, "20 is a fifth as loud as 70; 0 is silence"),
        described("live", "The greatest volume in quiet hours."),
    ] = 20
    mixer: Annotated[
        str,
        described(
            "live",
            "Control of the card that sets the volume, as amixer names it; empty: none.",
            max_length=100,
        ),
    ] = ""
    headset: Annotated[
        Literal["ignore", "mute_speaker", "other_device"],
        described(
            "live",
            "What a headset does that is plugged in: nothing; it switches `headset_mutes` off; or sound goes to "
            "`headset_device`.",
        ),
    ] = "ignore"
    headset_mutes: Annotated[
        str,
        described(
            "live", "Control of the card that switches the speaker, as amixer names it.", max_length=100
        ),
    ] = "Speaker"
    headset_device: Annotated[
        str,
        described("live", "Name of the device of the headset, for `headset: other_device`.", max_length=200),
    ] = ""
    lead_in_ms: Annotated[
        int,
        between(0, 2000, "a sleeping amplifier wakes within 500; it adds to the delay of an answer"),
        described("reopen", "Silence before the first sound after a pause."),
    ] = 0
    tail_ms: Annotated[
        int,
        between(0, 30_000, "500 is enough for a device that cuts off the end; more keeps an amplifier awake"),
        described("reopen", "Silence after the last sound before a pause."),
    ] = 0
    prebuffer_ms: Annotated[
        Annotated[int, between(0, 2000, "60 to 300 are usual; null: learned from earlier answers")] | None,
        described(
            "reopen", "Sound to collect before an answer starts; unset: predicted from earlier answers."
        ),
    ] = None
    arrivals: Annotated[
        str,
        described(
            "live",
            "Folder for records of when each delta of an answer arrived, 8 MB at most; empty: none.",
            max_length=1000,
        ),
    ] = ""


class TurnConfig(ConfigPart, frozen=True, kw_only=True):
    """Limits of one turn."""

    longest_s: Annotated[
        int,
        between(1, 600, "60 is plenty; a stuck button must not record forever"),
        described("live", "Longest utterance."),
    ] = 60
    release_ms: Annotated[
        int,
        between(0, 300, "150 covers the end of a last syllable; each answer comes later by this much"),
        described("live", "Sound after the release that is sent, too; not in mode conversation."),
    ] = 150
    room_tail_ms: Annotated[
        int,
        between(0, 500, "150 covers a furnished room; who interrupts an answer is not heard for this long"),
        described("live", "Time for which the room echoes the machine. What is heard then is not sent."),
    ] = 150
    keep_s: Annotated[
        int,
        between(0, 600, "30 is plenty; nobody waits longer for an answer"),
        described("live", "Time that an utterance waits for the network before it is discarded."),
    ] = 30
    think_s: Annotated[
        int,
        between(1, 300, "20 is plenty; people give up earlier"),
        described("live", "Time that the service has for an answer before edged gives the question up."),
    ] = 20
    idle_s: Annotated[
        int,
        between(1, 600, "30 is enough to think of a question"),
        described("live", "Modes conversation and handset: silence that ends the conversation."),
    ] = 30
    tap_over_answer: Annotated[
        Literal["auto", "listen", "stop"],
        described(
            "live",
            "A tap during an answer stops it. `listen`: it also opens the microphone; `stop`: it does not; "
            "`auto`: it does not in modes hold and hybrid.",
        ),
    ] = "auto"
    follow_up_s: Annotated[
        int,
        between(0, 60, "5 is enough to find the button; 0: a reply needs a hold, like any question"),
        described(
            "live",
            "Mode hold: time after an answer that asks something back, in which a tap is enough to reply.",
        ),
    ] = 0
    forget_after_s: Annotated[
        int,
        between(0, 86_400, "after about 120 somebody else stands there; 0: never"),
        described(
            "reopen",
            "Time after the last word until a new session begins, which knows nothing of the old one.",
        ),
    ] = 120
    history_lines: Annotated[
        int,
        between(0, 40, "6 is enough to continue; the service bills them as input again; 0: none"),
        described("reopen", "Lines of the conversation that the next session gets after a drop."),
    ] = 6
    remember_turns: Annotated[
        int,
        between(0, 100, "8 is enough where the service charges fully for earlier turns; 0: all of them"),
        described(
            "reopen", "Turns that the service keeps; when there are more, edged deletes all but half of them."
        ),
    ] = 0


class LinkConfig(ConfigPart, frozen=True, kw_only=True):
    """When there is a connection to the service."""

    connect: Annotated[
        Literal["auto", "always", "on_demand"],
        described(
            "reopen",
            "`always`: an answer comes sooner; `on_demand`: only for a question, and `rest_s` after it; "
            "`auto`: on_demand where the provider charges for minutes of connection, else always.",
        ),
    ] = "auto"
    rest_s: Annotated[
        int,
        between(5, 3600, "60 covers a pause in a conversation; each minute of it is charged"),
        described("reopen", "On demand: how long the connection stays after the last word."),
    ] = 60
    hours: Annotated[
        Hours,
        described(
            "live",
            "Opening hours in local time, or a list of them; outside them the kiosk sleeps; empty: always open.",
        ),
    ] = ""


class ControlConfig(ConfigPart, frozen=True, kw_only=True):
    """The control socket."""

    # 107: the longest address of a Unix socket on Linux, without its final zero byte
    socket: Annotated[
        str,
        described(
            "restart",
            "Path of the control socket; `auto`: /run/edged/control.sock, or an ordinary user's own; empty: none.",
            max_length=107,
        ),
    ] = AUTO


class StateConfig(ConfigPart, frozen=True, kw_only=True):
    """What edged keeps over a restart."""

    dir: Annotated[
        str,
        described(
            "restart",
            "Folder for what edged keeps over a restart; `auto`: /var/lib/edged, or an ordinary user's own; "
            "empty: memory only.",
            max_length=1000,
        ),
    ] = AUTO


class LogConfig(ConfigPart, frozen=True, kw_only=True):
    """The log."""

    level: Annotated[
        Literal["error", "warning", "info", "debug"],
        described("live", "Least severe level that goes to the journal."),
    ] = "info"
    transcripts: Annotated[
        Literal["off", "journal", "file"],
        described(
            "live",
            "Where what visitors and the service say is written: nowhere, to the journal, or to files in "
            "`state.dir`; `true` is `journal`, `false` is `off`.",
            switch=("off", "journal"),
        ),
    ] = "off"
    transcripts_days: Annotated[
        int,
        between(1, 3650, "30 is a month; what is written in a file is deleted when it is so old"),
        described("live", "Transcripts in files: after how many days they are deleted."),
    ] = 30


class Config(ConfigPart, frozen=True, kw_only=True):
    """The whole configuration; `Config()` is the default."""

    version: Annotated[Literal[1], described("restart", "Version of this file's format.")] = 1
    mode: Annotated[
        Literal["hold", "toggle", "hybrid", "conversation", "handset"],
        described("live", "What a press of the button does."),
    ] = "hold"
    provider: ProviderConfig = field(default_factory=ProviderConfig)
    button: ButtonConfig = field(default_factory=ButtonConfig)
    buttons: Annotated[
        tuple[FurtherButtonConfig, ...],
        described("restart", "More buttons: a list with a role for each.", max_length=MOST_BUTTONS),
    ] = ()
    light: LightConfig = field(default_factory=LightConfig)
    recording_light: RecordingLightConfig = field(default_factory=RecordingLightConfig)
    microphone: MicrophoneConfig = field(default_factory=MicrophoneConfig)
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)
    visitor: VisitorConfig = field(default_factory=VisitorConfig)
    turn: TurnConfig = field(default_factory=TurnConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    prices: Annotated[
        tuple[PriceConfig, ...],
        described(
            "live", "Prices of models, in place of those that edged brings along.", max_length=MOST_PRICES
        ),
    ] = ()
    link: LinkConfig = field(default_factory=LinkConfig)
    control: ControlConfig = field(default_factory=ControlConfig)
    state: StateConfig = field(default_factory=StateConfig)
    log: LogConfig = field(default_factory=LogConfig)
    companion: CompanionConfig = field(default_factory=CompanionConfig)
