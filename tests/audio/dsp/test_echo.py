"""What the canceller is given, and when."""

from array import array
from itertools import pairwise
from math import pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import pcm
from edged.audio.dsp.echo import (
    DELAY_MS,
    FRAME_MS,
    LEAD_MS,
    MOST_MS,
    OFF_FOR_MS,
    OFF_MS,
    EchoReference,
    EchoStage,
)
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.wire import Part

MS = pcm.PCM16.bytes_of(1)
FRAME_BYTES = pcm.PCM16.bytes_of(FRAME_MS)


class Recorder:
    """A canceller that records what it gets and returns what it hears."""

    def __init__(self):
        self.fars, self.nears, self.delay_ms = [], [], None

    def set_delay(self, ms):
        self.delay_ms = ms

    def far(self, frame):
        assert len(self.fars) == len(self.nears)
        self.fars.append(frame)

    def near(self, frame):
        self.nears.append(frame)
        assert len(self.fars) == len(self.nears)
        return frame

    @property
    def reference(self):
        return b"".join(self.fars)


def staged():
    canceller, heard = Recorder(), []
    return EchoStage(canceller, heard.append), canceller, heard


def sound(ms, start=1):
    return b"".join((start + n % 20_000).to_bytes(2, "little") for n in range(ms * MS // 2))


def endless(first_ms, ms):
    """A piece of a sound whose samples count up, modulo 20,000."""
    return b"".join(
        (n % 20_000 + 1).to_bytes(2, "little") for n in range(first_ms * 24, (first_ms + ms) * 24)
    )


def played(stage, piece, block_ms=20):
    """The speaker takes the sound while the microphone hears silence, block by block."""
    size = block_ms * MS
    for at in range(0, len(piece), size):
        block = piece[at : at + size]
        stage.taken(block)
        stage.hand(bytes(len(block)))


@given(sizes=st.lists(st.integers(1, 2000), max_size=40))
def test_what_the_microphone_hands_goes_through_whole_whatever_its_blocks(sizes):
    stage, canceller, heard = staged()
    whole = sound(2000)
    at = 0
    for size in sizes:
        stage.hand(whole[at : at + size * 2])
        at += size * 2
    got = b"".join(heard)
    assert got == whole[: len(got)]
    assert 0 <= min(at, len(whole)) - len(got) < FRAME_BYTES
    assert all(len(frame) == FRAME_BYTES for frame in canceller.nears)


def test_without_anything_played_the_reference_is_silence():
    stage, canceller, _ = staged()
    stage.hand(sound(100))
    assert canceller.reference == bytes(100 * MS)
    assert canceller.delay_ms == DELAY_MS


@pytest.mark.parametrize("block_ms", [5, 10, 20, 40])
def test_what_is_played_is_the_reference_whole_and_in_order(block_ms):
    stage, canceller, _ = staged()
    piece = sound(1000)
    played(stage, piece, block_ms)
    stage.hand(bytes(100 * MS))
    assert piece in canceller.reference


@pytest.mark.parametrize("latency_ms", [0, 20, 60, 150, 400])
def test_it_runs_ahead_of_what_is_heard_by_the_lead(latency_ms):
    stage, canceller, _ = staged()
    stage.set_latency(latency_ms)
    piece = sound(1000)
    played(stage, piece)
    stage.hand(bytes(500 * MS))
    taken_ms = 0  # the first block was taken at once: it is heard after the latency
    came_ms = canceller.reference.index(piece) // MS
    assert abs(came_ms - max(0, taken_ms + latency_ms - LEAD_MS)) <= 20


def test_a_speaker_that_fills_its_queue_at_once_is_not_ahead():
    stage, canceller, _ = staged()
    piece = sound(1000)
    stage.taken(piece[: 150 * MS])
    stage.set_latency(150)
    for at in range(150 * MS, len(piece), 20 * MS):
        stage.hand(bytes(20 * MS))
        stage.taken(piece[at : at + 20 * MS])
    stage.hand(bytes(300 * MS))
    assert piece in canceller.reference
    assert stage.shifts == 0


def test_each_answer_is_put_in_place_anew():
    stage, canceller, _ = staged()
    stage.set_latency(100)
    for n in (1, 2):
        piece = sound(500, start=n * 300)
        before = len(canceller.reference)
        played(stage, piece)
        stage.hand(bytes(500 * MS))
        assert abs(canceller.reference.index(piece, before) - before - (100 - LEAD_MS) * MS) <= 20 * MS


@pytest.mark.slow
@pytest.mark.parametrize("faster", [True, False])
def test_two_clocks_that_drift_apart_are_put_right_once_in_a_while(faster):
    stage, canceller, _ = staged()
    stage.set_latency(200)
    near, far = (20, 21) if faster else (21, 20)  # ms; far more than any two clocks
    late_ms = []
    for n in range(2000):
        stage.taken(endless(n * far, far))
        stage.hand(bytes(near * MS))
        taken = (n + 1) * far * 24
        if canceller.fars[-1].strip(b"\0"):
            now = int.from_bytes(canceller.fars[-1][:2], "little") - 1
            late_ms.append((taken - now) % 20_000 / 24)
    assert 5 < stage.shifts < 40
    assert len(late_ms) > 1500
    wanted = 200 - LEAD_MS
    assert all(abs(ms - wanted) < OFF_MS + 2 * 21 + OFF_FOR_MS / 20 for ms in late_ms)


def test_a_latency_told_a_little_wrong_shifts_nothing():
    stage, _, _ = staged()
    for n in range(500):
        stage.set_latency(100 + (n % 3) * (OFF_MS / 3))
        played(stage, sound(20))
    assert stage.shifts == 0


def test_a_microphone_that_stands_still_lets_no_reference_pile_up():
    stage, canceller, _ = staged()
    for _ in range(1000):
        stage.taken(sound(20))
    stage.hand(bytes(60_000 * MS // 20))
    assert len(canceller.reference.strip(b"\0")) <= MOST_MS * MS


def test_a_tapped_source_is_the_source():
    stage, canceller, _ = staged()
    playout = Playout(JitterBuffer(prebuffer_ms=0), notify=lambda: None)
    tapped = EchoReference(playout, stage)
    worked, cut = [], []
    tapped.on_work, tapped.on_cut = (lambda: worked.append(1)), (lambda: cut.append(1))
    assert tapped.idle
    piece = sound(200)
    playout.push(Part("item", 0), piece)
    assert worked == [1]
    assert not tapped.idle
    tapped.set_latency(30)
    out = b"".join(tapped.take(20 * MS) for _ in range(5))
    stage.hand(bytes(100 * MS))
    assert out.strip(b"\0")[:100] in canceller.reference
    playout.flush()
    assert cut == [1]
    tapped.cut_done(30 * MS)
    tapped.take(20 * MS)
    assert tapped.idle
    assert (playout.on_work, playout.on_cut) == (tapped.on_work, tapped.on_cut)


@pytest.mark.slow
def test_the_real_canceller_takes_the_machines_voice_away_and_leaves_the_visitors():
    pytest.importorskip("livekit.rtc", reason="the extra aec is not installed")
    from edged.audio.dsp.echo_livekit import LivekitEchoCanceller
    from instruments.bench import aec, rooms

    scene = rooms.scene(24, delay_ms=100)
    cleaned, _ = aec.staged(LivekitEchoCanceller(), scene, 100)
    assert rooms.erle_db(scene, cleaned) > 20
    first, end = scene.talks
    before, talk = cleaned[first - rooms.RATE_HZ : first], cleaned[first:end]
    assert (talk**2).mean() > 100 * (before**2).mean()


def test_a_microphone_at_another_rate_gets_a_reference_at_its_rate():
    fmt, canceller, heard = pcm.Format(16_000), Recorder(), []
    stage = EchoStage(canceller, heard.append, fmt)
    tone = b"".join(
        int(8000 * sin(2 * pi * 500 * n / 24_000)).to_bytes(2, "little", signed=True) for n in range(24_000)
    )
    for at in range(0, len(tone), 20 * MS):
        stage.taken(tone[at : at + 20 * MS])
        stage.hand(bytes(640))
    frame = fmt.bytes_of(FRAME_MS)
    assert {len(each) for each in (*canceller.fars, *canceller.nears)} == {frame}
    assert len(b"".join(heard)) == 640 * 50
    samples = array("h", canceller.reference[16_000:])
    crossings = sum((a < 0) != (b < 0) for a, b in pairwise(samples))
    assert crossings == pytest.approx(2 * 500 * len(samples) / 16_000, abs=2)
