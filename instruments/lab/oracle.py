"""Judges a run from outside the daemon.

It knows when the button was pressed and released, which sound the microphone port got, what the service committed,
and which sound the speaker port got. It asks the daemon nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from edged.audio.playout.cues import render
from edged.causes import Cue
from instruments.lab.stamp import locate

SAMPLE, RATE = 2, 24_000
STOPS_S = 0.05  # the sound that a press cuts off
APOLOGIES = (Cue.DISCARDED, Cue.BUSY, Cue.FAILED, Cue.CUT, Cue.TOO_SHORT, Cue.DEVICE, Cue.MUTED, Cue.SILENT)


@dataclass(frozen=True)
class Window:
    """One press: times in seconds, and the microphone's samples at both ends.

    `first` counts complete blocks only. `last` is the very sample of the release.
    """

    pressed_at: float
    released_at: float
    first: int
    last: int


@dataclass(frozen=True)
class Release:
    """How far the sound of a press reaches after its release, in samples.

    `delay` at least, and two blocks more at most. A press and its release may be noticed later by `late`, if their
    edges get lost. The kiosk reads a clock that counts in whole milliseconds, each of `clock` samples: so a moment that
    it has noted is up to one of them too early.
    """

    delay: int
    block: int
    late: int = 0
    clock: int = 1

    def fits(self, window: Window, end: int, firsts: Container[int] = ()) -> bool:
        """Whether the sound of `window` may end there. `firsts`: where presses begin, which end it earlier."""
        least = window.last + self.delay
        if least - self.clock < end <= least + 2 * self.block + self.late:
            return True
        return end in firsts and window.last - self.block <= end < least


@dataclass(frozen=True)
class Commit:
    session_id: str
    pcm: bytes


@dataclass
class Verdict:
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        return not self.violations


def cues_in(takes: list[tuple[float, bytes]], cues: tuple[Cue, ...] = APOLOGIES) -> list[tuple[float, Cue]]:
    """The cues in the sound that the speaker got, each with the time at which it began."""
    stream = b"".join(block for _, block in takes)
    starts, at = [], 0
    for time, block in takes:
        starts.append((at, time))
        at += len(block)
    found = []
    for cue in cues:
        sound = render(cue)
        position = stream.find(sound)
        while position >= 0:
            found.append((_time_of(starts, position), cue))
            position = stream.find(sound, position + len(sound))
    return sorted(found)


def _time_of(starts: list[tuple[int, float]], position: int) -> float:
    low, high = 0, len(starts)
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if starts[middle][0] <= position else (low, middle)
    return starts[low][1]


def _own_voice(window: Window, sounding: list[float], tail_s: float) -> int:
    """For how many samples after the press the machine may be heard, at most."""
    last = bisect_right(sounding, window.pressed_at + STOPS_S)
    return 0 if not last else max(0, round((sounding[last - 1] + tail_s - window.pressed_at) * RATE))


def judge(  # noqa: C901 one rule after the other
    windows: list[Window],
    commits: list[Commit],
    takes: list[tuple[float, bytes]],
    *,
    least_s: float,
    preroll: int,
    release: Release,
    told_within_s: float,
    answered: list[bytes] | None = None,
    tail_s: float = 0.0,
) -> Verdict:
    """Every press longer than `least_s` must be committed complete and once, or the visitor must be notified.

    `answered` are the utterances for which the service was asked for an answer. A committed utterance must be
    answered, or the visitor notified, or another press must follow soon after it.

    `preroll` is in samples. The sound of a press ends as `release` says, or at the next press if that comes
    earlier. A second commit of the same press is allowed only in another session, where the first session died with its
    acknowledgement on the way. It is counted as `replayed`.

    The sound of a press that interrupts the machine may begin up to `tail_s` after the last sound that the speaker got.
    """
    verdict = Verdict()
    cues = cues_in(takes)
    places = [(commit, locate(commit.pcm), len(commit.pcm) // SAMPLE) for commit in commits]
    for commit, first, n in places:
        if first is None:
            verdict.violations.append(
                f"a commit of {n} samples in {commit.session_id} is not an unbroken run"
            )
    claimed = set()
    asked = None if answered is None else {(locate(pcm), len(pcm) // SAMPLE) for pcm in answered}
    presses = [window.pressed_at for window in windows]
    firsts = {window.first for window in windows}
    sounding = [at for at, block in takes if any(block)] if tail_s else []
    for window in windows:
        held_s = window.released_at - window.pressed_at
        mine = [
            index
            for index, (_, first, n) in enumerate(places)
            if first is not None
            and window.first - preroll
            <= first
            <= window.first + release.late + _own_voice(window, sounding, tail_s)
            and release.fits(window, first + n, firsts)
        ]
        claimed.update(mine)
        noticed = any(window.pressed_at <= at <= window.released_at + told_within_s for at, _ in cues)
        verdict.counts["presses"] += 1
        if mine:
            verdict.counts["committed"] += 1
            sessions = [places[index][0].session_id for index in mine]
            verdict.counts["replayed"] += len(mine) - 1
            until = window.released_at + told_within_s
            again = any(window.pressed_at < at <= until for at in presses)
            if (
                asked is not None
                and not noticed
                and not again
                and not asked.intersection(places[i][1:] for i in mine)
            ):
                verdict.violations.append(
                    f"the press at {window.pressed_at:.3f} s was neither answered nor reported"
                )
            if len(set(sessions)) != len(sessions):
                verdict.violations.append(
                    f"the press at {window.pressed_at:.3f} s was committed twice in one session"
                )
        elif held_s < least_s:
            verdict.counts["short"] += 1
        elif noticed:
            verdict.counts["told"] += 1
        else:
            verdict.violations.append(
                f"the press at {window.pressed_at:.3f} s, {held_s:.2f} s long, was lost silently"
            )
    for index, (commit, first, n) in enumerate(places):
        if first is not None and index not in claimed:
            verdict.violations.append(f"{commit.session_id}: samples {first} .. {first + n} match no press")
    verdict.counts["cues"] = len(cues)
    return verdict
