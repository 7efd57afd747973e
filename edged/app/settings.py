"""Translates the configuration into settings of a session, independent of any dialect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edged import pcm, turn
from edged.appliance import Appliance
from edged.audio.capture.health import Fitness
from edged.config import Change, Config
from edged.dial.providers import PROVIDERS
from edged.link.renewal import RenewalPolicy
from edged.wire import UNSET, Settings, Shape, TurnDetection

# By how much a speaker and a microphone together may be later than they report.
DEVICES_MS = 20


def turn_mode(config: Config) -> turn.Mode:
    """Return the mode of turns: a conversation with echo cancelling is duplex."""
    if config.microphone.echo_cancel:
        duplex = {"conversation": turn.Mode.DUPLEX, "handset": turn.Mode.HANDSET_DUPLEX}
        return duplex.get(config.mode) or turn.Mode(config.mode)
    return turn.Mode(config.mode)


def session_settings(config: Config, mode: turn.Mode) -> Settings:
    """Return all settings under `provider` that the service receives. Empty ones are left to the service."""
    provider, session = config.provider, config.provider.session
    shape = shape_of(config)
    return Settings(
        model=provider.model or PROVIDERS[provider.name].model,
        instructions=provider.instructions,
        voice=provider.voice,
        speed=_or_unset(provider.speed),
        temperature=_or_unset(provider.temperature),
        input_format=input_format(config),
        output_format=pcm.Format(shape.output_rate_hz),
        shape=shape,
        turn_detection=_detection(config) if mode in turn.TALK else None,
        transcription=_transcription(config),
        noise_reduction={"type": session.noise_reduction} if session.noise_reduction else UNSET,
        max_output_tokens=_or_unset(session.max_tokens),
        truncation=session.truncation or UNSET,
        reasoning={"effort": session.reasoning} if session.reasoning else UNSET,
        prompt={"id": session.prompt_id} if session.prompt_id else UNSET,
    )


def shape_of(config: Config) -> Shape:
    """Return how the configured service differs from its dialect."""
    shape, session = PROVIDERS[config.provider.name].shape, config.provider.session
    return replace(
        shape,
        input_rate_hz=session.input_rate_hz or shape.input_rate_hz,
        output_rate_hz=session.output_rate_hz or shape.output_rate_hz,
    )


def input_format(config: Config) -> pcm.Format:
    """Return the format in which the service takes sound. The microphone delivers it, so that its rate changes once."""
    return pcm.Format(shape_of(config).input_rate_hz)


def reopened(old: Config, new: Config, changes: Change) -> frozenset[str]:
    """Return the parts to open again. The microphone and the echo stage have the format of the service.

    A key of the keyboard does something else for a handset (panel.py).
    """
    parts = changes.parts
    if (old.mode == "handset") is not (new.mode == "handset") and new.button.backend in ("auto", "keyboard"):
        parts |= {"button"}
    if input_format(old) != input_format(new):
        parts |= {"microphone", "speaker"} if new.microphone.echo_cancel else {"microphone"}
    return parts


def tap(config: Config) -> turn.Tap:
    """Return what a tap over an answer does."""
    return turn.Tap(config.turn.tap_over_answer)


def limits(config: Config) -> turn.TurnLimits:
    """Return the time limits of a turn and its states."""
    return turn.TurnLimits(
        min_hold_ms=config.button.min_hold_ms,
        release_ms=config.turn.release_ms,
        tap_ms=config.button.tap_ms,
        longest_ms=config.turn.longest_s * 1000,
        keep_ms=config.turn.keep_s * 1000,
        think_ms=config.turn.think_s * 1000,
        idle_ms=config.turn.idle_s * 1000,
        follow_up_ms=config.turn.follow_up_s * 1000,
    )


def fitness(config: Config) -> Fitness:
    """Return what the health check of the microphone may judge and refuse."""
    microphone = config.microphone
    return Fitness(
        judged=microphone.backend != "null" and (microphone.backend != "wav" or bool(microphone.file)),
        refuse_below_dbfs=microphone.refuse_below_dbfs,
        warn_below_dbfs=microphone.warn_below_dbfs,
        warn_clipped_percent=microphone.warn_clipped_percent,
        refuse_empty=microphone.refuse_empty,
    )


def longest_ms(config: Config) -> int:
    """Return the longest sound of one utterance, with the sound before the press and after the release.

    Any visitor may have more time.
    """
    trailing_ms = config.turn.release_ms + turn.TRAILS_MS
    return limits(config).longer(turn.MORE_TIME).longest_ms + config.microphone.preroll_ms + trailing_ms


def forget_after_s(config: Config) -> float:
    """Return after how much silence a visitor has left; 0: never."""
    return config.turn.forget_after_s * config.visitor.more_time


def tail_ms(config: Config) -> int:
    """Return how much sound is dropped after the machine's last sample was heard.

    It begins with the block that the microphone is recording at that moment.
    """
    return config.turn.room_tail_ms + config.microphone.block_ms + DEVICES_MS


def gather_ms(config: Config) -> int:
    """Return how much sound is gathered before it is sent.

    Each message costs a wake-up: 100 ms instead of 40 ms saves a fifth of all wake-ups. A service that detects the end
    of speech hears it later by this much. A release sends everything at once.
    """
    return 40 if turn_mode(config) in turn.TALK else 100


def _detection(config: Config) -> TurnDetection:
    session = config.provider.session
    if session.detection == "semantic_vad":
        return TurnDetection("semantic_vad", eagerness=session.eagerness or None)
    return TurnDetection(
        "server_vad",
        threshold=session.threshold,
        prefix_padding_ms=session.padding_ms,
        silence_duration_ms=session.silence_ms,
    )


def _transcription(config: Config) -> Any:
    provider = config.provider
    if not provider.transcription:
        return UNSET
    wanted = {
        "model": provider.transcription,
        "language": provider.session.language,
        "prompt": provider.session.transcription_prompt,
    }
    return {name: value for name, value in wanted.items() if value}


def language(settings: Settings) -> str:
    """The language of a session's visitor; empty: the service detects it."""
    transcription = settings.transcription
    return str(transcription.get("language") or "") if isinstance(transcription, Mapping) else ""


def _or_unset(value: Any) -> Any:
    return UNSET if value is None else value


def renewal_policy(config: Config) -> RenewalPolicy:
    """Return when sessions are renewed, and how much history the next session receives."""
    provider = PROVIDERS[config.provider.name]
    return RenewalPolicy(
        session_s=provider.session_s,
        two_at_once=provider.slots > 1,
        forget_after_s=forget_after_s(config),
        history_lines=config.turn.history_lines,
        remember_turns=config.turn.remember_turns,
        rest_s=config.link.rest_s if on_demand(config) else None,
    )


def on_demand(config: Config) -> bool:
    """Whether the link has a session only while somebody needs one."""
    wanted = config.link.connect
    return wanted == "on_demand" or (wanted == "auto" and "minutes" in PROVIDERS[config.provider.name].billed)


def configure_appliance(appliance: Appliance, config: Config) -> None:
    """Use this configuration from now on. Call it only at rest."""
    appliance.configure(turn_mode(config), limits(config), tap(config))
    appliance.dialogue.transcripts = config.log.transcripts != "off"
    appliance.dialogue.departure.after_s = forget_after_s(config)
