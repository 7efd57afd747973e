"""Carries sound from the microphone's thread to the loop.

Rules:
1. `hand` runs on the device's thread, everything else on the loop. The one lock is held for a copy only.
2. While the gate is shut, sound goes into the ring, which drops the oldest. While the gate is open, sound
   is gathered and nothing is dropped. The loop is woken once per `gather_ms`, because wake-ups cost more
   here than bytes.
3. While the machine speaks, and for `tail_ms` of sound after the last sample that is heard, the sound is dropped: it
   would be the machine's own voice. This holds for the ring, and for the beginning of an utterance that interrupts
   the machine, until the first sound was let in. From then on nothing is dropped.
4. This beginning is dropped for `MOST_GUARDED_MS` at most, because a speaker may stand still and never report silence.
5. After the release, the block that the device was recording at that moment does not count: `trail` waits for whole
   blocks after it. So the sound reaches at least as far after the release as was asked for, without a clock.
6. Gathered sound is limited to the longest utterance, which is the limit of the log as well. Sound that
   does not fit is dropped and counted.

Not here: when the gate is open. The caller begins an utterance before `open`, and ends it after `shut`.
"""

from collections.abc import Callable
from threading import Lock

from edged import pcm
from edged.audio.capture.health import Health, HealthVerdict
from edged.audio.capture.ring import Ring
from edged.audio.capture.utterances import Utterances
from edged.audio.ports import Urgency

MOST_GUARDED_MS = 1000
LEAST_MS = 100  # a service refuses less


class Intake:
    """Carries blocks of `fmt`, in whole samples, from the device's thread into the open utterance of `log`.

    `wake` is called on the device's thread and must not wait. The loop then calls `collect`.
    """

    def __init__(
        self,
        log: Utterances,
        *,
        preroll_ms: int,
        wake: Callable[[], None],
        gather_ms: int = 40,
        tail_ms: int = 60,
        health: Health | None = None,
        fmt: pcm.Format = pcm.PCM16,
        now_ms: Callable[[], float] | None = None,
    ) -> None:
        """`now_ms`: any clock, for a microphone that starts within the room's tail."""
        self.health = health or Health(fmt=fmt)
        self._log = log
        self._wake = wake
        self._ring = Ring(fmt.bytes_of(preroll_ms))
        self._gather_bytes = fmt.bytes_of(gather_ms)
        self._fmt = fmt
        self._tail_ms, self._now_ms = tail_ms, now_ms
        self._lock = Lock()
        self._is_open = False
        self._speaking = False
        self._deaf_bytes = 0  # the rest of the room's tail, which is skipped
        self._deaf_until_ms = 0.0
        self._guard_bytes = 0  # how much more of the open utterance may be dropped
        self._guarded_bytes = self._let_in_bytes = 0  # of the open utterance
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._unwoken_bytes = 0
        self._trail_bytes = 0  # the sound that is still awaited
        self._in_flight = False  # the block that the device was recording at the release has not come yet
        self.heard_out = False
        """Whether the sound that `trail` awaits has come."""
        self.on_urgency: Callable[[Urgency], None] | None = None
        """Called on the loop's thread when the urgency has changed. Must not wait."""
        self.on_heard: Callable[[bytes, pcm.Format], None] | None = None
        """Called on the device's thread with each block, also while the gate is shut. Must not wait."""
        self._still_sounds: Callable[[], float | None] = lambda: None
        self.urgency = Urgency.SOON
        """How soon the microphone's blocks are needed now."""
        self.blocks = 0
        """The number of blocks handed over so far: the microphone's progress."""
        self.dropped_bytes = 0
        """Sound dropped because the loop did not collect for as long as the longest utterance."""

    def hand(self, block: bytes) -> None:
        """Take a block from the device, which may reuse its memory after the return. Runs on the device's thread."""
        sound = bytes(block)
        if (heard := self.on_heard) is not None:
            heard(sound, self._fmt)
        with self._lock:
            self.blocks += 1
            deaf = min(self._deaf_bytes, len(sound))
            self._deaf_bytes -= deaf
            own = len(sound) if self._speaking else deaf  # the part in which the machine is heard
            if self._is_open:
                due = self._gather(sound[self._guard(own, len(sound)) :])
                due = self._trails(len(sound)) or due
            else:
                due = False
                self._ring.push(sound[own:])
        if due:
            self._wake()

    def open(self, *, guarded: bool = True) -> None:
        """Open the gate: the pre-roll goes into the log's open utterance, and all sound after it follows.

        `guarded`: the machine's own voice must not begin it. Without it, something else removes this voice.
        """
        self._set_urgency(is_open=True, speaking=self._speaking)
        with self._lock:
            preroll = self._ring.take_all()
            self._is_open = True
            # With sound from before the press, the machine was silent before it.
            self._guard_bytes = self._fmt.bytes_of(MOST_GUARDED_MS) if guarded and not preroll else 0
            self._guarded_bytes, self._let_in_bytes = 0, len(preroll)
        self.health.begin(preroll)
        self._log.add(preroll)

    def shut(self) -> None:
        """Shut the gate. On return, all sound handed over before is in the log, and the pre-roll starts again."""
        with self._lock:
            self._is_open = False
            self._unwoken_bytes = 0
            self._in_flight, self._trail_bytes = False, 0
        self._set_urgency(is_open=False, speaking=self._speaking)
        self.collect()

    def collect(self) -> None:
        """Move the gathered sound into the log. Does nothing when none is gathered."""
        with self._lock:
            gathered = b"".join(self._gathered)
            self._gathered.clear()
            self._gathered_bytes = 0
        if gathered:
            self._log.add(gathered)
            self.health.hear(gathered)

    def go_on(self) -> None:
        """Prepare for the next utterance while the gate stays open. All sound so far belongs to the present one."""
        with self._lock:
            self._in_flight, self._trail_bytes = False, 0
            self._guarded_bytes = 0
        self.collect()
        self.health.begin()

    def trail(self, ms: int) -> None:
        """The visitor has finished: wake the loop when `ms` of sound from after this moment have come; see `heard_out`.

        The device has recorded a part of its next block before this moment, so this block does not count.
        """
        with self._lock:
            self._in_flight, self._trail_bytes, self.heard_out = True, self._fmt.bytes_of(ms), False

    @property
    def fell_silent(self) -> bool:
        """Whether the visitor has finished speaking, or has not begun for long, as far as the collected sound shows."""
        return self.health.fell_silent

    def judge(self) -> HealthVerdict:
        """Decide whether the utterance is sent, from all the sound handed over. Call it before `shut`."""
        self.collect()
        if self._guarded_bytes and self._let_in_bytes < self._fmt.bytes_of(LEAST_MS):
            return HealthVerdict("too_short")  # not a fault of the microphone: the machine was heard
        return self.health.verdict()

    def blind(self, speaking: bool) -> None:  # noqa: FBT001 - a fact, not an option
        """Set whether the machine speaks. While it does, and for the room's tail after it, there is no pre-roll."""
        self._set_urgency(is_open=self._is_open, speaking=speaking)
        falls_silent = self._speaking and not speaking
        still_ms = self._still_sounds() if falls_silent else None
        with self._lock:
            self._begin_tail(still_ms)
            self._speaking = speaking
            if speaking:
                self._ring.clear()

    def follow(self, still_sounds: Callable[[], float | None]) -> None:
        """Another speaker plays from now on. What the last one has played still echoes. From any thread.

        `still_sounds`: for how many ms the speaker still sounds after its source has fallen silent; None: it has not
        sounded since the last call.
        """
        last, self._still_sounds = self._still_sounds, still_sounds
        still_ms = last() if self._speaking else None
        with self._lock:
            self._begin_tail(still_ms)

    def forget(self) -> None:
        """The microphone starts again: sound from before has nothing to do with what comes."""
        with self._lock:
            self._ring.clear()
            if self._now_ms is not None:  # a part of the tail may be over
                left_ms = max(0.0, self._deaf_until_ms - self._now_ms())
                self._deaf_bytes = min(self._deaf_bytes, self._fmt.bytes_of(left_ms))

    def set_tail(self, ms: int) -> None:
        """Set for how long after the machine's last sound it is still heard, from the next time on."""
        self._tail_ms = ms

    def set_format(self, fmt: pcm.Format, *, preroll_ms: int, gather_ms: int) -> None:
        """The microphone delivers this format from now on. Call it only while the gate is shut.

        A new format empties the ring: its sound has the old one.
        """
        if fmt != self._fmt:
            with self._lock:
                left_ms = self._fmt.duration_ms(self._deaf_bytes)
                self._fmt = fmt
                self._ring = Ring(fmt.bytes_of(preroll_ms))
                self._deaf_bytes = fmt.bytes_of(left_ms)
            self.health.set_format(fmt)
        self.set_gather(gather_ms)

    def set_preroll(self, ms: int) -> None:
        """Set how much sound before a press is kept from now on. The sound kept so far is dropped."""
        with self._lock:
            self._ring = Ring(self._fmt.bytes_of(ms))

    def set_gather(self, ms: int) -> None:
        """Wake the loop once for this much sound from now on."""
        self._gather_bytes = self._fmt.bytes_of(ms)

    @property
    def lost_bytes(self) -> int:
        """Sound of open gates that neither the intake nor the log could take."""
        return self.dropped_bytes + self._log.dropped_bytes

    @property
    def is_open(self) -> bool:
        return self._is_open

    def _set_urgency(self, *, is_open: bool, speaking: bool) -> None:
        """Call this before the state changes if the device must drop sound: the sound after the change is wanted."""
        urgency = Urgency.NOW if is_open else Urgency.NONE if speaking else Urgency.SOON
        was, self.urgency = self.urgency, urgency
        if self.on_urgency is not None and urgency is not was:
            self.on_urgency(urgency)

    def _begin_tail(self, still_ms: float | None) -> None:
        """The tail begins when the last sample is heard. None: there was no sound, and an earlier tail goes on.

        An earlier tail is not cut short either: it may be that of another speaker.
        """
        if still_ms is not None:
            left_ms = self._fmt.duration_ms(self._deaf_bytes)
            deaf_ms = max(left_ms, min(MOST_GUARDED_MS, still_ms + self._tail_ms))
            self._deaf_bytes = self._fmt.bytes_of(deaf_ms)
            self._deaf_until_ms = deaf_ms + (self._now_ms() if self._now_ms else 0.0)

    def _trails(self, n_bytes: int) -> bool:
        """Count sound from after the release. Returns whether all that is awaited has come with it."""
        if not self._in_flight and not self._trail_bytes:
            return False
        if self._in_flight:
            self._in_flight = False
        else:
            self._trail_bytes = max(0, self._trail_bytes - n_bytes)
        self.heard_out = not self._trail_bytes
        return self.heard_out

    def _guard(self, own: int, n_bytes: int) -> int:
        """How much of the first `own` bytes of a block is dropped: nothing any more once sound was let in."""
        dropped = min(own, self._guard_bytes)
        self._guard_bytes = self._guard_bytes - dropped if dropped == n_bytes else 0
        self._guarded_bytes += dropped
        self._let_in_bytes += n_bytes - dropped
        return dropped

    def _gather(self, sound: bytes) -> bool:
        """Keep `sound` for the loop. Returns whether it is time to wake the loop."""
        taken = sound[: self._log.longest_bytes - self._gathered_bytes]
        self.dropped_bytes += len(sound) - len(taken)
        self._gathered.append(taken)
        self._gathered_bytes += len(taken)
        self._unwoken_bytes += len(sound)
        if self._unwoken_bytes < self._gather_bytes:
            return False
        self._unwoken_bytes = 0
        return True
