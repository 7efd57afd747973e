"""The configuration as the daemon sees it: every key, its default, its bounds and what it is for.

The only place that knows a key. The loader, `config show`, the JSON schema and the checks read it from here.

Rules:
- A number has its unit in its name and bounds with a reason, which the operator reads when it is outside.
- Every key has a class, what it takes to apply a change: `live` (from the next turn on), `reopen` (the
  session or the device is opened anew), `restart` (the process).
- `Config()` is what an empty file means; config.yaml at the top level says the same with reasons.

Not here: what keys mean together (rules.py), where a value came from (layers.py).
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from edged.config.secret import Secret

Class = Literal["live", "reopen", "restart"]

INSTRUCTIONS = (
    "You are the voice of a kiosk. People hold a button and ask you something. "
    "Answer in one to three short spoken sentences, in the language you are asked in. "
    "If you do not know, say so."
)


def _key(apply: Class, description: str, **bounds: Any) -> Meta:
    """What is known of a key beside its type."""
    return Meta(
        description=description,
        extra={"class": apply},
        extra_json_schema={"x-edged-class": apply},
        **bounds,
    )


def _range(low: float, high: float, good: str) -> Meta:
    """Bounds of a number; `good` ends "9 is more than 5 (0 to 5; <good>)"."""
    return Meta(ge=low, le=high, extra={"good": good})


_GPIO = _range(0, 53, "a Raspberry Pi's header has GPIO 0 to 27")


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Common to all parts of the model."""


class Provider(_Part, frozen=True, kw_only=True):
    """The speech service."""

    name: Annotated[
        Literal["openai", "azure", "portkey", "a15t", "local", "custom"],
        _key("reopen", "Which service; `local` is the one built into edged, which needs no key."),
    ] = "local"
    url: Annotated[
        str,
        _key(
            "reopen",
            "Address of the realtime endpoint (wss://…); empty: the provider's own.",
            max_length=2000,
        ),
    ] = ""
    model: Annotated[
        str, _key("reopen", "Model, or Azure deployment; empty: the provider's usual one.", max_length=200)
    ] = ""
    api_key: Annotated[Secret, _key("reopen", "The key itself; better kept in a file of its own.")] = field(
        default_factory=Secret
    )
    api_key_file: Annotated[
        str, _key("reopen", "File that holds the key and nothing else; absolute path.", max_length=1000)
    ] = ""
    api_key_env: Annotated[
        str, _key("reopen", "Name of the environment variable that holds the key.", max_length=100)
    ] = ""
    dialect: Annotated[
        Literal["auto", "ga", "beta"], _key("reopen", "Dialect of the protocol; `auto` finds out.")
    ] = "auto"
    voice: Annotated[
        str, _key("reopen", "Voice of the answers; empty: the service's default.", max_length=100)
    ] = ""
    instructions: Annotated[
        str, _key("reopen", "What the model is told before every conversation.", max_length=16_000)
    ] = INSTRUCTIONS
    speed: Annotated[
        Annotated[float, _range(0.25, 1.5, "1 is normal")] | None,
        _key("reopen", "Rate of speech; unset: the service's."),
    ] = None
    temperature: Annotated[
        Annotated[float, _range(0.6, 1.2, "0.8 is usual")] | None,
        _key("reopen", "Freedom of the answers; beta dialect only. Unset: the service's."),
    ] = None
    transcription: Annotated[
        str, _key("reopen", "Model that writes down what visitors say; empty: none does.", max_length=200)
    ] = ""
    headers: Annotated[
        dict[str, Secret],
        _key("reopen", "More request headers, for a gateway; shown masked."),
    ] = field(default_factory=dict)
    query: Annotated[
        dict[str, str],
        _key("reopen", "More query parameters of the address, such as api-version."),
    ] = field(default_factory=dict)


class Button(_Part, frozen=True, kw_only=True):
    """The push-to-talk button."""

    backend: Annotated[
        Literal["auto", "gpiozero", "keyboard", "none"],
        _key("reopen", "What the button is; `auto`: GPIO on a Pi, else the keyboard."),
    ] = "auto"
    gpio: Annotated[
        int, _GPIO, _key("reopen", "GPIO number (BCM) of the button, not the pin of the header.")
    ] = 17
    pull_up: Annotated[bool, _key("reopen", "true: the button connects the line to ground.")] = True
    bounce_ms: Annotated[
        int, _range(0, 100, "25 suits most buttons"), _key("live", "How long a contact may chatter.")
    ] = 25
    min_hold_ms: Annotated[
        int,
        _range(0, 2000, "150 is a slip of the finger, speech takes longer"),
        _key("live", "A shorter press is a slip, not a question."),
    ] = 150
    tap_ms: Annotated[
        int,
        _range(100, 1000, "300 is a quick tap"),
        _key("live", "Mode hybrid: a shorter press latches, a longer one holds."),
    ] = 300
    long_press_ms: Annotated[
        int,
        _range(500, 10_000, "1500 does not happen by accident"),
        _key("live", "From here on a press is a long press."),
    ] = 1500


class Light(_Part, frozen=True, kw_only=True):
    """The lamp."""

    backend: Annotated[
        Literal["auto", "gpiozero", "none"],
        _key("reopen", "What the lamp is; `auto`: GPIO on a Pi, else none."),
    ] = "auto"
    gpio: Annotated[int, _GPIO, _key("reopen", "GPIO number (BCM) of the lamp.")] = 27
    active_high: Annotated[bool, _key("reopen", "false: the lamp is lit when the line is low.")] = True


class Microphone(_Part, frozen=True, kw_only=True):
    """What hears."""

    backend: Annotated[
        Literal["auto", "pyaudio", "wav", "null"],
        _key("reopen", "How sound comes in; `wav` plays a file instead."),
    ] = "auto"
    device: Annotated[
        str,
        _key(
            "reopen", "Part of the device's name, or `default`; never a number.", min_length=1, max_length=200
        ),
    ] = "default"
    file: Annotated[str, _key("reopen", "Backend wav: what is heard (24 kHz mono).", max_length=1000)] = ""
    capture: Annotated[
        Literal["warm", "closed"],
        _key(
            "reopen",
            "`warm`: always runs, into memory, so that no first syllable is lost; `closed`: runs while held.",
        ),
    ] = "warm"
    preroll_ms: Annotated[
        int,
        _range(0, 2000, "300 covers a person who speaks too early"),
        _key("reopen", "Sound kept from before the press (capture warm)."),
    ] = 300
    block_ms: Annotated[
        int,
        _range(5, 100, "20 is usual; more saves work and adds delay"),
        _key("reopen", "Sound taken from the device at once."),
    ] = 20


class Speaker(_Part, frozen=True, kw_only=True):
    """What speaks."""

    backend: Annotated[
        Literal["auto", "pyaudio", "wav", "null"],
        _key("reopen", "How sound goes out; `wav` writes a file instead."),
    ] = "auto"
    device: Annotated[
        str,
        _key(
            "reopen", "Part of the device's name, or `default`; never a number.", min_length=1, max_length=200
        ),
    ] = "default"
    file: Annotated[str, _key("reopen", "Backend wav: the file that is written.", max_length=1000)] = ""
    prebuffer_ms: Annotated[
        int,
        _range(0, 2000, "60 is usual; on a poor network up to 300 helps"),
        _key("reopen", "Sound gathered before an answer starts."),
    ] = 60


class Turn(_Part, frozen=True, kw_only=True):
    """Limits of one turn."""

    longest_s: Annotated[
        int,
        _range(1, 600, "60 is plenty; a stuck button must not record for ever"),
        _key("live", "Longest utterance."),
    ] = 60
    keep_s: Annotated[
        int,
        _range(0, 600, "30 is plenty; nobody stands there longer for an answer"),
        _key("live", "How long an utterance waits for the network before it is thrown away."),
    ] = 30
    think_s: Annotated[
        int,
        _range(1, 300, "20 is plenty; people give up before"),
        _key("live", "How long the service may think before the question is given up."),
    ] = 20
    idle_s: Annotated[
        int,
        _range(1, 600, "30 is enough to think of a question"),
        _key("live", "Mode conversation: ends after this much silence."),
    ] = 30


class Control(_Part, frozen=True, kw_only=True):
    """The control socket."""

    # 107: what Linux takes as the address of a Unix socket, less its final zero
    socket: Annotated[str, _key("restart", "Path of the control socket; empty: none.", max_length=107)] = (
        "/run/edged/control.sock"
    )


class State(_Part, frozen=True, kw_only=True):
    """What is kept over a restart."""

    dir: Annotated[str, _key("restart", "Folder for what is kept; empty: memory only.", max_length=1000)] = (
        "/var/lib/edged"
    )


class Log(_Part, frozen=True, kw_only=True):
    """What is told."""

    level: Annotated[
        Literal["error", "warning", "info", "debug"], _key("live", "How much goes to the journal.")
    ] = "info"
    transcripts: Annotated[bool, _key("live", "true: what is said is written to the journal, too.")] = False


class Config(_Part, frozen=True, kw_only=True):
    """All of it; `Config()` is the default."""

    version: Annotated[Literal[1], _key("restart", "Version of this file's format.")] = 1
    mode: Annotated[
        Literal["hold", "toggle", "hybrid", "conversation"],
        _key("live", "What a press of the button means."),
    ] = "hold"
    provider: Provider = field(default_factory=Provider)
    button: Button = field(default_factory=Button)
    light: Light = field(default_factory=Light)
    microphone: Microphone = field(default_factory=Microphone)
    speaker: Speaker = field(default_factory=Speaker)
    turn: Turn = field(default_factory=Turn)
    control: Control = field(default_factory=Control)
    state: State = field(default_factory=State)
    log: Log = field(default_factory=Log)
