"""Every key under `provider` that the service receives reaches the session, in both dialects; what is judged."""

import msgspec
import pytest

from edged.app.settings import fitness, gather_ms, input_format, reopened, session_settings, turn_mode
from edged.audio.capture.health import Fitness
from edged.config import change, load
from edged.errors import ConfigError
from edged.turn import Mode
from edged.wire import Dialect, to_wire

GA, BETA = Dialect.GA, Dialect.BETA


def session(dialect, *sets, mode=Mode.HOLD):
    config = load(None, env={}, sets=["provider.url=ws://localhost/", *sets]).config
    return to_wire(session_settings(config, mode), dialect)


def config_of(*sets):
    return load(None, env={}, sets=list(sets)).config


def at(tree, path):
    for name in path.split("."):
        tree = tree[name]
    return tree


@pytest.mark.parametrize(
    ("key", "value", "ga", "beta", "sent"),
    [
        ("voice", "echo", "audio.output.voice", "voice", "echo"),
        ("speed", "1.25", "audio.output.speed", "speed", 1.25),
        ("temperature", "0.7", None, "temperature", 0.7),
        ("instructions", "Be brief.", "instructions", "instructions", "Be brief."),
        (
            "transcription",
            "whisper-1",
            "audio.input.transcription",
            "input_audio_transcription",
            {"model": "whisper-1"},
        ),
        ("session.max_tokens", "300", "max_output_tokens", "max_response_output_tokens", 300),
        (
            "session.noise_reduction",
            "far_field",
            "audio.input.noise_reduction",
            "input_audio_noise_reduction",
            {"type": "far_field"},
        ),
        ("session.truncation", "disabled", "truncation", None, "disabled"),
        ("session.reasoning", "low", "reasoning", None, {"effort": "low"}),
        ("session.reasoning", "none", "reasoning", None, {"effort": "none"}),
        ("session.reasoning", "xhigh", "reasoning", None, {"effort": "xhigh"}),
        ("session.prompt_id", "pmpt_1", "prompt", "prompt", {"id": "pmpt_1"}),
    ],
)
def test_a_key_of_the_configuration_reaches_the_service(key, value, ga, beta, sent):
    for dialect, path in ((GA, ga), (BETA, beta)):
        asked = session(dialect, f"provider.{key}={value}")
        if path is None:
            assert key.rsplit(".", 1)[-1] not in asked
        else:
            assert at(asked, path) == sent


def test_the_transcription_has_its_language_and_its_words():
    asked = session(
        GA,
        "provider.transcription=m",
        "provider.session.language=de",
        "provider.session.transcription_prompt=Exponat",
    )
    assert asked["audio"]["input"]["transcription"] == {"model": "m", "language": "de", "prompt": "Exponat"}


def test_what_is_empty_is_left_to_the_service():
    assert session(BETA).keys() == {
        "model",
        "modalities",
        "instructions",
        "input_audio_format",
        "output_audio_format",
        "turn_detection",
    }


@pytest.mark.parametrize(
    ("sets", "detection"),
    [
        ((), {"type": "server_vad"}),
        (
            (
                "provider.session.threshold=0.6",
                "provider.session.padding_ms=200",
                "provider.session.silence_ms=700",
            ),
            {"type": "server_vad", "threshold": 0.6, "prefix_padding_ms": 200, "silence_duration_ms": 700},
        ),
        (
            (
                "provider.session.detection=semantic_vad",
                "provider.session.eagerness=low",
                "provider.session.threshold=0.6",
            ),
            {"type": "semantic_vad", "eagerness": "low"},
        ),
    ],
)
def test_in_a_conversation_the_service_detects_and_else_never(sets, detection):
    assert session(GA, *sets, mode=Mode.CONVERSATION)["audio"]["input"]["turn_detection"] == detection
    assert session(GA, *sets, mode=Mode.DUPLEX)["audio"]["input"]["turn_detection"] == detection
    assert session(GA, *sets)["audio"]["input"]["turn_detection"] is None


@pytest.mark.parametrize(
    ("sets", "is_judged"),
    [
        ((), True),
        (("microphone.backend=null",), False),
        (("microphone.backend=wav",), False),
        (("microphone.backend=wav", "microphone.file=/a.wav"), True),
    ],
)
def test_a_microphone_that_can_only_be_silent_is_not_judged(sets, is_judged):
    assert fitness(load(None, env={}, sets=sets).config).judged is is_judged


def test_what_is_judged_is_as_configured():
    sets = (
        "microphone.refuse_below_dbfs=-80",
        "microphone.warn_below_dbfs=-40",
        "microphone.refuse_empty=false",
    )
    judged = fitness(load(None, env={}, sets=[*sets, "microphone.warn_clipped_percent=2.5"]).config)
    assert judged == Fitness(
        refuse_below_dbfs=-80, warn_below_dbfs=-40, warn_clipped_percent=2.5, refuse_empty=False
    )


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid", "conversation"])
@pytest.mark.parametrize("cancels", ["true", "false"])
def test_a_conversation_is_duplex_where_the_echo_is_cancelled(mode, cancels):
    config = load(None, env={}, sets=["mode=conversation", f"microphone.echo_cancel={cancels}"]).config
    config = msgspec.structs.replace(config, mode=mode)
    expected = Mode.DUPLEX if (mode, cancels) == ("conversation", "true") else Mode(mode)
    assert turn_mode(config) is expected


@pytest.mark.parametrize(
    ("mode", "ms"), [("hold", 100), ("toggle", 100), ("hybrid", 100), ("conversation", 40)]
)
def test_sound_goes_in_larger_pieces_where_nobody_but_the_visitor_says_when_it_ends(mode, ms):
    assert gather_ms(load(None, env={}, sets=[f"mode={mode}"]).config) == ms


def test_the_rates_are_the_services_own_unless_they_are_set():
    assert [input_format(config_of(f"provider.name={name}")).rate_hz for name in ("local", "xai")] == [
        24_000
    ] * 2
    assert input_format(config_of("provider.name=qwen")).rate_hz == 16_000
    custom = config_of("provider.session.input_rate_hz=16000", "provider.session.output_rate_hz=48000")
    assert session_settings(custom, Mode.HOLD).output_format.rate_hz == 48_000
    assert session_settings(custom, Mode.HOLD).input_format.rate_hz == 16_000


@pytest.mark.parametrize("key", ["input_rate_hz", "output_rate_hz"])
def test_a_rate_that_edged_cannot_use_is_refused(key):
    with pytest.raises(
        ConfigError, match=rf"provider.session.{key}: is not a rate .*8000, 16000, 24000, 48000"
    ):
        config_of(f"provider.session.{key}=22050")


@pytest.mark.parametrize(
    ("before", "after", "reopens"),
    [
        ("hold", "handset", True),
        ("handset", "conversation", True),
        ("hold", "toggle", False),
        ("handset", "handset", False),
    ],
)
@pytest.mark.parametrize("backend", ["auto", "keyboard", "gpiozero"])
def test_the_keyboard_is_opened_again_when_it_becomes_a_receiver_or_no_longer_is_one(
    before, after, reopens, backend
):
    old, new = (config_of(f"mode={mode}", f"button.backend={backend}") for mode in (before, after))
    assert ("button" in reopened(old, new, change(old, new))) is (reopens and backend != "gpiozero")
