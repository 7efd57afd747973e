"""One card for edged and for other programs at once: aplay through dmix, arecord through dsnoop.

The other programs run as another user in the group audio. aplay plays quiet noise on the left channel, and nothing on
the right one. So the right channel of the card is what edged plays, and the left one is the sum of both, sample by
sample. The configuration and the drop-in for the unit are the examples of docs/devices.md, for this card and at edged's
own rate: a changed rate would change the samples.
"""

import contextlib
import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import numpy as np

from edged.pcm import PCM16
from instruments.bench.card import kiosk as whole
from instruments.bench.card import ruler as rulers
from instruments.bench.card.figures import Figures, after, marks, mouth_to_service, spread
from instruments.bench.card.loop import FORMAT, Recording, playing
from instruments.bench.card.ruler import PER_MS, ruler, samples
from instruments.bench.card.subjects import PORT, Edged, service

PAGE = Path(__file__).parents[3] / "docs/devices.md"
ASOUND_CONF = Path("/etc/asound.conf")
CARD, NAME = "Loopback", "shared"
SLOWER = 48_000 // PCM16.rate_hz
# The card as ALSA's own names share it, at the same rate.
OWN_NAMES = f"defaults.pcm.dmix.rate {PCM16.rate_hz}\ndefaults.pcm.dmix.format S16_LE\n"
# They are instruments, too: a moment without the processor would be a gap in what they play.
SOMEBODY = ("chrt", "-f", "5", "setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=audio")
NOISE_S, LOUDEST = 120, 1000
HELD_S = 0.5
NEEDLE = 200  # so many samples of the noise are found in one place only


def example(language: str, words: str) -> str:
    """The block of the page that contains these words."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (block,) = [each for each in found if words in each]
    return dedent(block)


def for_this_card(asound_conf: str) -> str:
    """The page's example of an asound.conf, with this card and with edged's rate."""
    text = re.sub(r"\bDevice\b", CARD, asound_conf)
    for key in ("rate", "period_size", "buffer_size"):
        text = re.sub(rf"\b{key} (\d+)", lambda found, key=key: f"{key} {int(found[1]) // SLOWER}", text)
    return text


@dataclass
class Others:
    """What the other programs play and hear."""

    place: Path
    noise: np.ndarray

    def heard(self) -> np.ndarray:
        return samples((self.place / "others.raw").read_bytes())[::2]


@contextmanager
def others(place: Path, speaker: str, microphone: str) -> Iterator[Others]:
    """aplay and arecord on these devices, by another user."""
    noise = np.random.default_rng(1).integers(-LOUDEST, LOUDEST, NOISE_S * PCM16.rate_hz, dtype=np.int16)
    noise[:NEEDLE] |= 1  # it begins with sound
    (place / "noise.raw").write_bytes(np.column_stack((noise, np.zeros_like(noise))).tobytes())
    heard = (place / "others.raw").open("wb")
    common = (*FORMAT, "-c", "2")
    with ExitStack() as stack:
        stack.enter_context(heard)
        for words, streams in (
            (["arecord", "-D", microphone, *common], {"stdout": heard}),
            (
                ["aplay", "-D", speaker, *common],
                {"stdin": stack.enter_context((place / "noise.raw").open("rb"))},
            ),
        ):
            stack.callback(_end, subprocess.Popen([*SOMEBODY, *words], **streams))
        time.sleep(1)
        yield Others(place, noise)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it. aplay may wait for sound to be played by a device that has just stopped."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    process.kill()
    process.wait()


@contextmanager
def asound_conf(text: str) -> Iterator[None]:
    """Within the context, this is part of the machine's configuration of ALSA."""
    was = ASOUND_CONF.read_text()
    ASOUND_CONF.write_text(was + text)
    try:
        yield
    finally:
        ASOUND_CONF.write_text(was)


@contextmanager
def room(place: Path, seconds: float, speaker: str, microphone: str) -> Iterator["Room"]:
    """The card with its two channels: the instrument at its other end, and the other programs at edged's end."""
    mono = samples(ruler(seconds * 1000))
    (place / "mic.raw").write_bytes(np.column_stack((mono, mono)).tobytes())
    recording = Recording(place / "speaker.raw", channels=2)
    with (
        playing(place / "mic.raw", channels=2) as since,
        recording,
        others(place, speaker, microphone) as beside,
    ):
        yield Room(since, recording, beside)


@dataclass
class Room:
    """`since`: the monotonic time of the first sample that enters the microphone."""

    since: float
    recording: Recording
    beside: Others

    def figures(self) -> Figures:
        """Whether the other programs were heard, and heard, whole."""
        left, right = self.recording.sound().T
        runs = rulers.runs(self.beside.heard())
        length, wrong = compared(left, right, self.beside.noise)
        return {
            "seconds_of_the_sum": round(length / PCM16.rate_hz, 1),
            "wrong_samples_of_the_sum": wrong,
            "samples_of_edged_in_the_sum": int(np.count_nonzero(right)),
            "gaps_of_the_other_recording": len(runs) - 1,
            "seconds_of_the_other_recording": round(max(run.length for run in runs) / PCM16.rate_hz, 1),
        }


def compared(left: np.ndarray, right: np.ndarray, noise: np.ndarray) -> tuple[int, int]:
    """How many samples of the left channel are the sum of the noise and the right channel, as dmix clips it.

    Returns the number of samples that were compared and of those that are wrong. The noise ends with aplay.
    """
    is_quiet = np.convolve(right != 0, np.ones(NEEDLE), "valid") == 0
    quiet = np.flatnonzero(is_quiet & (left[: len(is_quiet)] != 0))
    at = int(quiet[len(quiet) // 2])
    needle = left[at : at + NEEDLE]
    fits = [k for k in np.flatnonzero(noise == needle[0]) if np.array_equal(noise[k : k + NEEDLE], needle)]
    first, last = at - int(fits[0]), int(np.flatnonzero(left)[-1]) + 1
    whole_sum = np.clip(noise[: last - first].astype(int) + right[first:last], -(2**15), 2**15 - 1)
    return last - first, int(np.count_nonzero(whole_sum != left[first:last]))


# -- the measures ---------------------------------------------------------------------------------------


def configured(place: Path, *, backend: str, times: int = 6) -> Figures:
    """Edged and the other programs use the names of the page's asound.conf."""
    with asound_conf(for_this_card(example("text", "type dmix"))):
        return _turns(place, backend, times, card=NAME, speaker="default", microphone="default")


def by_ladder(place: Path, *, backend: str, times: int = 6) -> Figures:
    """The other programs use ALSA's own names for sharing, and edged finds the card busy."""
    names = {"speaker": f"dmix:CARD={CARD},DEV=0", "microphone": f"dsnoop:CARD={CARD},DEV=0"}
    with asound_conf(OWN_NAMES):
        return _turns(place, backend, times, card=CARD, **names)


def _turns(place: Path, backend: str, times: int, card: str, speaker: str, microphone: str) -> Figures:
    """Questions and answers, while the other programs use the card."""
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=1000))
        room_ = stack.enter_context(room(place, times * 3 + 30, speaker, microphone))
        edged = stack.enter_context(Edged(place, backend=backend, card=card))
        time.sleep(0.5)
        pressed = []
        for _ in range(times):
            time.sleep(random.uniform(0.4, 0.42))
            pressed.append(edged.press())
            time.sleep(HELD_S)
            edged.release()
            time.sleep(1.5)
        said = edged.log.read_text()
    return _of_turns(place, room_, pressed) | {"opened": sorted(set(re.findall(r"opened '([^']+)'", said)))}


def _of_turns(place: Path, room_: Room, pressed: list[float]) -> Figures:
    appends, came = marks(place, "append"), samples((place / "appended").read_bytes())
    whole_ones, first = 0, []
    for at, till in zip(pressed, [*pressed[1:], 1e12], strict=True):
        mine = [mark for mark in appends if at <= mark["at"] < till]
        if mine:
            first.append((mine[0]["at"] - at) * 1e3)
            sound = came[mine[0]["from"] // 2 : (mine[-1]["from"] + mine[-1]["bytes"]) // 2]
            runs = rulers.runs(sound)
            whole_ones += len(runs) == 1 and runs[0].length == len(sound)
    right = room_.recording.sound()[:, 1]
    bursts = rulers.bursts(right)
    starts = [room_.recording.time_of(start) for start, _ in bursts]
    deltas = [mark["at"] for mark in marks(place, "first_delta")]
    answers = [rulers.runs(right[start:end]) for start, end in bursts]
    return {
        "press_to_append_ms": spread(first),
        "mouth_to_service_ms": spread(
            mouth_to_service(appends, came, pressed, [at + HELD_S for at in pressed], room_.since)
        ),
        "utterances": len(pressed),
        "utterances_whole": whole_ones,
        "delta_to_speaker_ms": spread(
            [(heard - at) * 1e3 for at in deltas if (heard := after(starts, at)) is not None]
        ),
        "answers": len(deltas),
        "answers_whole": sum(len(each) == 1 and each[0].length == 1000 * PER_MS for each in answers),
        "overruns_of_the_instrument": room_.recording.overruns,
    } | room_.figures()


def interrupts(place: Path, *, backend: str, times: int = 6) -> Figures:
    """A press in the middle of a long answer: dmix gives back what was mixed, and edged reports what was heard."""
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=20_000, pace=8))
        stack.enter_context(asound_conf(for_this_card(example("text", "type dmix"))))
        room_ = stack.enter_context(room(place, times * 4 + 30, "default", "default"))
        edged = stack.enter_context(Edged(place, backend=backend, card=NAME))
        time.sleep(0.5)
        pressed = []
        for _ in range(times + 1):
            pressed.append(edged.press())
            time.sleep(0.4)
            edged.release()
            time.sleep(random.uniform(1.2, 2.0))
        edged.control.command("interrupt")
        time.sleep(0.5)
    told = [(mark["at"], mark["audio_end_ms"]) for mark in marks(place, "conversation.item.truncate")]
    right = room_.recording.sound()[:, 1]
    silent, wrong = [], []
    for at in pressed[1:]:
        burst = next(
            (
                each
                for each in rulers.bursts(right)
                if room_.recording.time_of(each[0]) < at < room_.recording.time_of(each[1]) + 1
            ),
            None,
        )
        if burst is None:
            continue
        silent.append((room_.recording.time_of(burst[1]) - at) * 1e3)
        heard_ms = sum(run.length for run in rulers.runs(right[burst[0] : burst[1]])) / PER_MS
        wrong += [abs(end_ms - heard_ms) for when, end_ms in told if at <= when < at + 1]
    return {
        "interrupt_to_silence_ms": spread(silent),
        "audio_end_error_ms": spread(wrong),
        "interrupts": len(silent),
    } | room_.figures()


def service_of_systemd(place: Path, *, backend: str, times: int = 4) -> Figures:
    """The whole kiosk under its own unit shares the card, but only with the page's drop-in.

    The other programs come when the kiosk has the card, and stay while it is started again.
    """
    del backend  # the unit's own
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=1000))
        stack.enter_context(asound_conf(for_this_card(example("text", "type dmix"))))
        with others(place, "default", "default"), whole.kiosk(PORT, NAME, ready=_has_nothing):
            without = whole.state()["lost"]
        stack.enter_context(whole.kiosk(PORT, NAME, example("ini", "PrivateIPC")))
        room_ = stack.enter_context(room(place, times * 3 + 60, "default", "default"))
        before = semaphores()
        whole.start()
        is_kept = bool(before) and semaphores() == before
        time.sleep(1)
        pressed = []
        for _ in range(times):
            time.sleep(random.uniform(0.4, 0.42))
            pressed.append(whole.move(pressed=True))
            time.sleep(HELD_S)
            whole.move(pressed=False)
            time.sleep(1.5)
    return _of_turns(place, room_, pressed) | {"without_the_drop_in": without, "semaphores_kept": is_kept}


def semaphores() -> set[str]:
    """The System V semaphores of the machine, by their ids."""
    return {line.split()[1] for line in Path("/proc/sysvipc/sem").read_text().splitlines()[1:]}


def _has_nothing(state: dict) -> bool:
    return len(state.get("lost", ())) == 2
