"""What the doctor's checks of sound look at: the devices themselves, or what a running edged says about them."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import log10
from typing import Any, NamedTuple

from edged.app import card_names, sound, sound_trial
from edged.app.device_report import WAYS, DeviceReport
from edged.app.doctor import Case, Looked, Step
from edged.app.settings import fitness, input_format
from edged.audio.capture.health import Health
from edged.audio.capture.level_meter import NEVER_DBFS, LevelHistory, LevelMeter, SoundLevel
from edged.audio.devices.mixer import Mixer
from edged.audio.dsp.echo import FRAME_MS
from edged.audio.dsp.probe import LENGTH_MS, HeardProbe, found, probe
from edged.audio.opened import described, sentence
from edged.audio.ports import OpenDevice
from edged.config.model import MicrophoneConfig, SpeakerConfig
from edged.doctor import cards, microphone, speaker, speaker_heard
from edged.doctor.check import WARNING, Check, DoctorFinding, NotLookedAtError
from edged.doctor.microphone import Listening
from edged.doctor.speaker_heard import Heard
from edged.errors import DeviceError
from edged.folders import state_dir
from edged.pcm import PCM16, rms, silence
from edged.system.control_client import ControlClient
from edged.system.offload import Aside

LISTEN_S, PAUSE_S, SPEAK_S = 1.2, 4.0, 4.0
LENT_S, FEW = 1.5, 4
CARDS_S = 6.0
EMPTY_MS = 100
PROBE_S = LENGTH_MS / 1000 + 1.0
SETTLE_S, STALE_S = 0.3, 0.1
_HELD_BY_EDGED = re.compile(r"\bedged \(\d+\)")


def _cards(case: Case) -> Looked:
    config = case.config
    rates = {"microphone": input_format(config).rate_hz, "speaker": PCM16.rate_hz}
    held = (case.snapshot or {}).get("devices") or {}
    if not any(_is_real(config, what) for what in WAYS):
        raise NotLookedAtError("the configuration names no sound card")
    try:
        listed = Aside()(
            lambda: DeviceReport(config, rates, held, kept=_kept(case)).cards(), within_s=CARDS_S
        )
    except DeviceError as error:
        return Looked(note=f"a card does not answer: {error}")
    return Looked(note=cards.note(listed))


def _microphone(case: Case) -> Looked:
    config = case.config
    if not _is_heard(case):
        raise NotLookedAtError(f"the microphone is simulated ({config.microphone.backend})")
    if case.snapshot is not None:
        return _lent(case)
    try:
        with sound_trial.ear(config, _kept(case)) as ear:
            about = _named(ear.opened)
            findings = list(_mixer(microphone.CHECK, config.microphone, ear.opened))
            heard = _listen(case, ear, LISTEN_S)
            if "microphone_silent" in heard.causes and _plays(case):
                heard = _woken(case, ear, heard)
            if heard.floor_dbfs > microphone.NOISY_DBFS:  # perhaps somebody speaks, and pauses soon
                again = _listen(case, ear, PAUSE_S)
                heard = replace(again, floor_dbfs=min(heard.floor_dbfs, again.floor_dbfs))
            findings += microphone.judge(heard)
            if case.asker is not None and not findings:
                case.asker.say(f"Speak now, for {SPEAK_S:g} seconds, as a visitor does.")
                said = _listen(case, ear, SPEAK_S)
                findings += microphone.judge_speech(said, heard.floor_dbfs)
                about += f"; speech at {said.loudest_dbfs:.0f} dBFS"
    except DeviceError as error:
        return Looked([_of_device(microphone.CHECK, error, case)])
    return Looked(findings, f"{about}; {heard}")


def _woken(case: Case, ear: sound_trial.Ear, before: Listening) -> Listening:
    """Listen again while a sound is played: a speakerphone delivers zeros in a quiet room."""
    try:
        played = _play_probe(case, ear)
    except DeviceError:  # the next check says why the speaker does not play
        return before
    case.known["played"] = played
    heard = _judged(case, ear, played.recording)
    return before if "microphone_silent" in heard.causes else replace(before, causes=())


def _listen(case: Case, ear: sound_trial.Ear, for_s: float) -> Listening:
    return _judged(case, ear, b"".join(ear.blocks(for_s)))


def _judged(case: Case, ear: sound_trial.Ear, heard: bytes) -> Listening:
    """Judge it as the daemon judges a question."""
    health, history = Health(fitness(case.config), ear.fmt), LevelHistory()
    health.begin()
    health.hear(heard)
    verdict = health.verdict()
    for level in LevelMeter(ear.fmt).feed(heard):
        history.add(level)
    causes = (verdict.refused,) if verdict.refused else verdict.faults
    if verdict.refused == "nothing_said":  # then the faults are not told, and an offset is one of them
        causes = tuple(_faults(case, ear, heard))
    return Listening(history.floor_dbfs, history.loudest_dbfs, history.clipped, causes)


def _faults(case: Case, ear: sound_trial.Ear, heard: bytes) -> tuple[str, ...]:
    health = Health(replace(fitness(case.config), refuse_empty=False), ear.fmt)
    health.begin()
    health.hear(heard)
    return health.verdict().faults


def _lent(case: Case) -> Looked:
    """What a running edged says about its microphone, and the level that it lends."""
    findings = list(_reported(microphone.CHECK, case, "microphone"))
    opened = _opened(case, "microphone")
    if findings or opened is None:
        about = "muted" if (case.snapshot or {}).get("muted") else "closed until a press"
        return Looked(findings, "" if findings else about)
    history, count = LevelHistory(), 0
    with ControlClient(*case.sockets) as client:
        client.command("levels")
        for event in client.events(LENT_S):
            if event["event"] == "level":
                history.add(SoundLevel(event["rms_dbfs"], event["peak_dbfs"], event["clipped"]))
                count += 1
    if not count:
        return Looked(note=f"{sentence(opened)}; edged lends no level at the moment")
    heard = Listening(history.floor_dbfs, history.loudest_dbfs, history.clipped)
    findings = list(microphone.judge(heard))
    if history.loudest_dbfs <= NEVER_DBFS and count > FEW:
        text = "it delivers only zeros at the moment (some speakerphones do that in a quiet room)"
        findings.append(microphone.CHECK.found("microphone_silent", text, gravity=WARNING))
    return Looked(findings, f"{sentence(opened)}; {heard}; lent by the running edged")


def _speaker(case: Case) -> Looked:
    config = case.config
    if not _is_played(case):
        raise NotLookedAtError(f"the speaker is simulated ({config.speaker.backend})")
    if case.snapshot is not None:
        opened = _opened(case, "speaker")
        findings = [*_reported(speaker.CHECK, case, "speaker"), *_reported(speaker.CHECK, case, "volume")]
        findings += _reported(speaker.CHECK, case, "mixer")
        return Looked(findings, sentence(opened) if opened else "")
    devices: list[OpenDevice | None] = []
    try:
        sound_trial.play(config, silence(PCM16.bytes_of(EMPTY_MS)), _kept(case), devices.append)
    except DeviceError as error:
        return Looked([_of_device(speaker.CHECK, error, case)])
    device = devices[0] if devices else None
    return Looked(_mixer(speaker.CHECK, config.speaker, device), _named(device))


def _speaker_heard(case: Case) -> Looked:
    if not (_is_heard(case) and _is_played(case)):
        raise NotLookedAtError("a device is simulated")
    if case.snapshot is not None:
        raise NotLookedAtError("a running edged holds the devices (--take-over stops it meanwhile)")
    if case.config.speaker.volume == 0:
        raise NotLookedAtError("speaker.volume is 0")
    if not _plays(case):
        raise NotLookedAtError("--no-sound: nothing is played")
    try:
        played: _Played | None = case.known.get("played")
        if played is None:
            with sound_trial.ear(case.config, _kept(case)) as ear:
                played = _play_probe(case, ear)
    except DeviceError as error:
        return Looked([_of_device(speaker.CHECK, error, case)])
    fmt = input_format(case.config)
    came = found(played.recording, fmt)
    heard = None
    if came is not None:
        late_ms = max(0.0, came.delay_ms - played.began_ms)
        heard = Heard(late_ms, came.level_dbfs, _erle_db(case, played.recording, came))
    said = None
    if heard is None and case.asker is not None:
        said = case.asker.yes("Did you hear two short rising tones from the speaker?")
    return Looked(speaker_heard.judge(heard, said_heard=said), str(heard) if heard else "not heard")


class _Played(NamedTuple):
    """What the microphone heard, and when in it the speaker began to play."""

    recording: bytes
    began_ms: float


def _play_probe(case: Case, ear: sound_trial.Ear) -> _Played:
    """Play the probe, and hear meanwhile. Raises DeviceError."""
    began_s: list[float] = []
    failed: list[DeviceError] = []

    def sound_out() -> None:
        try:
            sound_trial.play(case.config, probe(), _kept(case), lambda _: began_s.append(time.monotonic()))
        except DeviceError as error:
            failed.append(error)

    for _ in ear.blocks(STALE_S):  # what has waited since the last listening
        pass
    thread = threading.Thread(target=sound_out, daemon=True)
    opened_s = time.monotonic()
    thread.start()
    recording = b"".join(ear.blocks(SETTLE_S + PROBE_S))
    thread.join(SETTLE_S)
    if failed:
        raise failed[0]
    return _Played(recording, (began_s[0] - opened_s) * 1000 if began_s else 0.0)


def _plays(case: Case) -> bool:
    """Whether a sound may be played, and there is something to play it."""
    return case.plays and _is_played(case) and case.config.speaker.volume > 0


def _erle_db(case: Case, recording: bytes, came: HeardProbe) -> float | None:
    """By how much the echo canceller reduces the probe, when it has heard it a few times; None without one."""
    fmt = input_format(case.config)
    canceller = sound.echo_canceller(case.config.microphone, fmt)
    if canceller is None:
        return None
    begins, size = fmt.bytes_of(came.delay_ms), fmt.bytes_of(FRAME_MS)
    near = recording[begins : begins + fmt.bytes_of(LENGTH_MS)]
    far = probe(fmt=fmt)
    canceller.set_delay(0)
    left = b""
    for _ in range(4):
        left = b""
        for at in range(0, min(len(near), len(far)) - size, size):
            canceller.far(far[at : at + size])
            left += canceller.near(near[at : at + size])
    return 20 * log10(max(rms(near), 1.0) / max(rms(left), 1.0))


# -- what they share -------------------------------------------------------------------------------------------


def _reported(check: Check, case: Case, part: str) -> Iterator[DoctorFinding]:
    """What a running edged reports about a part."""
    seen = set()
    for trouble in case.troubles(part):
        if trouble["cause"] != "muted":
            seen.add(trouble["cause"])
            yield check.found(trouble["cause"], trouble["text"], trouble["remedy"])
    lost = ((case.snapshot or {}).get("lost") or {}).get(part)
    if lost and lost not in seen:
        yield check.found(lost, f"the {part} is missing")


def _opened(case: Case, what: str) -> Mapping[str, Any] | None:
    about: Mapping[str, Any] | None = ((case.snapshot or {}).get("devices") or {}).get(what)
    return about


def _of_device(check: Check, error: DeviceError, case: Case) -> DoctorFinding:
    """Raises NotLookedAtError if an edged has the device that this user may not ask."""
    text = str(error)
    if error.cause == "device_busy" and _HELD_BY_EDGED.search(text):
        if case.is_forbidden:
            raise NotLookedAtError(f"the running edged has it: {case.no_daemon}")
        return check.found("edged_twice", text)
    return check.found(error.cause, text)


def _mixer(
    check: Check, wanted: MicrophoneConfig | SpeakerConfig, device: OpenDevice | None
) -> Iterator[DoctorFinding]:
    if not wanted.mixer or device is None:
        return
    try:
        Mixer(wanted.mixer).check(device.control)
    except DeviceError as error:
        yield check.found(error.cause, str(error))


def _named(device: OpenDevice | None) -> str:
    return sentence(described(device)) if device is not None else "open"


def _is_real(config: Any, what: str) -> bool:
    return sound.chosen(getattr(config, what).backend) not in ("null", "wav")


def _is_heard(case: Case) -> bool:
    wanted = case.config.microphone
    return wanted.backend != "null" and (wanted.backend != "wav" or bool(wanted.file))


def _is_played(case: Case) -> bool:
    wanted = case.config.speaker
    return wanted.backend != "null" and (wanted.backend != "wav" or bool(wanted.file))


def _kept(case: Case) -> dict[str, Any]:
    return card_names.kept(state_dir(case.config.state.dir, case.env))


STEPS: dict[str, Step] = {
    cards.CHECK.id: _cards,
    microphone.CHECK.id: _microphone,
    speaker.CHECK.id: _speaker,
    speaker_heard.CHECK.id: _speaker_heard,
}
