"""Judges an hour of conversations from outside the daemon.

It knows when the button was pressed, when somebody spoke, and when the microphone was there and not muted. It knows
what the service received, committed and said, which sound the speaker got and which light was on. It asks the daemon
nothing.

Rules:
1. Only sound that was heard within a conversation is sent. A press opens a conversation; a press, a mute, the loss of
   the microphone or silence ends it. The recording light is on for the same time, except for the pre-roll.
2. During one recording light, the service gets every sample, in order, and none of them twice.
3. What was said during that light is committed complete, or the visitor is notified. No notice is needed if the
   visitor knows that he, or the service, has cut the speech short, or if only what the room's echo covered is
   missing at the beginning. What was committed is answered, and an answer that
   arrived is heard to its end, or the visitor is notified.
4. Unless the echo is cancelled, nothing is sent that was heard while the machine spoke.
5. While the receiver of a handset lies on its hook, nothing sounds.

Not here: when a conversation may have been open (bounds.py).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from edged import wire
from edged.causes import Cue, Light
from instruments.lab.bounds import HUNG_UP_S, conversations, hearing, own_voice
from instruments.lab.facts import Facts, Phrase
from instruments.lab.oracle import APOLOGIES, SAMPLE, Verdict, cues_in
from instruments.lab.spans import Span, joined, meets, while_it_was, within, without
from instruments.lab.spoken import NOWHERE, Run
from instruments.lab.witness import Spoken

BLOCK = 480
RATE = 24_000
PREROLL_BLOCKS = 20  # of 20 ms: 300 ms, how late the microphone may be, and one block that was incomplete
SLACK_S = 0.03  # times of the same moment differ by less than this
TOLD_WITHIN_S = 100.0  # turn.longest_s and turn.keep_s
ANSWERED_WITHIN_S = 35.0
PLAYED_WITHIN_S = 5.0
FADES_S = 0.1  # a sound that is cut off, and the block that the speaker has taken
LAST_MOMENT_S = 0.6  # a visitor who is speaking sees the light go out
LEAST = 4800  # in samples; less than this need not be speech
PIECE = 240 * SAMPLE  # in bytes: a piece of an answer, searched in the sound that the speaker got
HEARD = (*APOLOGIES, Cue.UNHEARD)


def judge(facts: Facts) -> Verdict:
    """Check all rules."""
    judge = _Judge(facts)
    judge.nothing_without_a_press()
    judge.every_sample_once()
    judge.no_voice_of_the_machine()
    judge.nothing_on_the_hook()
    judge.what_was_said()
    judge.what_was_committed()
    judge.what_was_answered()
    return judge.verdict


class _Judge:
    def __init__(self, facts: Facts) -> None:
        self.verdict = Verdict()
        self._facts = facts
        self._recording = while_it_was(facts.lights, Light.RECORDING.value, facts.over)
        self._sounding = joined(((at, at + 0.02) for at, block in facts.takes if any(block)), apart=0.05)
        self._deaf = joined(
            [*while_it_was(facts.mutes, True, facts.over), *while_it_was(facts.there, False, facts.over)]
        )
        self._hung_up = while_it_was([*facts.lifted], False, facts.over)  # a handset
        self._conversations = conversations(facts, self._recording, self._sounding, self._deaf)
        self._cues = [at for at, _ in cues_in(facts.takes, HEARD)]
        self.verdict.counts.update(
            presses=len(facts.presses),
            phrases=len(facts.phrases),
            conversations=len(self._conversations),
            cues=len(self._cues),
        )

    # -- rule 1 --------------------------------------------------------------------------------------

    def nothing_without_a_press(self) -> None:
        for on, off in without(self._recording, self._conversations, slack=SLACK_S):
            self._wrong(f"the recording light shone from {on:.3f} to {off:.3f} s, and no press was the cause")
        for spans, why in (
            (self._conversations, "no press had opened a conversation"),
            (self._recording, "no recording light shone"),
        ):
            allowed = joined(self._heard_in(span) for span in spans)
            for connection, runs in self._facts.sent.items():
                places = [(run.first, run.end) for run in runs if run.first != NOWHERE]
                for first, end in joined(without(places, allowed)):
                    self._wrong(f"{self._when(first, end)} were sent on connection {connection}, and {why}")

    def _heard_in(self, span: Span) -> Span:
        """The samples that may be sent, of the sound from a press to an end."""
        blocks, (start, end) = self._facts.blocks, span
        first = max(
            bisect_left(blocks, start) - PREROLL_BLOCKS, bisect_left(blocks, start - 0.02 * PREROLL_BLOCKS)
        )
        return max(0, first) * BLOCK, bisect_right(blocks, end + SLACK_S) * BLOCK

    # -- rule 2 --------------------------------------------------------------------------------------

    def every_sample_once(self) -> None:
        for connection, runs in self._facts.sent.items():
            for run in runs:
                if run.first == NOWHERE:
                    self._wrong(
                        f"{run.n} samples that no microphone heard were sent on connection {connection}"
                    )
            heard = [run for run in runs if run.first != NOWHERE]
            for before, after in pairwise(heard):
                if after.first < before.end:
                    self._wrong(
                        f"{self._when(after.first, after.end)} were sent again on connection {connection}"
                    )
                elif self._in_one_light(before.end, after.first):
                    self._wrong(
                        f"{self._when(before.end, after.first)} were left out on connection {connection}"
                    )

    def _in_one_light(self, end: int, first: int) -> bool:
        left, right = self._at(end - 1), self._at(first)
        return any(on < left - 0.02 and right < off for on, off in self._recording)

    # -- rule 3 --------------------------------------------------------------------------------------

    def what_was_said(self) -> None:
        for phrase in self._facts.phrases:
            light = next((span for span in self._recording if span[0] < phrase.began < span[1]), None)
            if light is None:
                self.verdict.counts["said to nobody"] += 1
                continue
            end = min(phrase.last, bisect_right(self._facts.blocks, light[1]) * BLOCK)
            first = max(phrase.first, own_voice(self._facts, self._sounding, light[0]) * BLOCK)
            if end - first < LEAST:
                self.verdict.counts["hardly said"] += 1
            elif any(run.first <= first and end <= run.end for run in self._committed()):
                self.verdict.counts["committed"] += 1
            elif self._is_noticed(phrase.began, phrase.ended + TOLD_WITHIN_S):
                self.verdict.counts["told"] += 1
            elif (why := self._cut_short(phrase, light)) is not None:
                self.verdict.counts[why] += 1
            else:
                self._wrong(
                    f"what was said from {phrase.began:.3f} to {phrase.ended:.3f} s was lost silently;"
                    f" the light went out at {light[1]:.3f} s"
                )

    def _committed(self) -> Iterable[Run]:
        return (run for taken in self._facts.commits for run in taken.runs)

    def _cut_short(self, phrase: Phrase, light: Span) -> str | None:
        """The reason why nobody needs to be notified, if there is one."""
        facts, off = self._facts, light[1]
        # Also if the receiver is hung up while the notice begins.
        if facts.lifted and any(-LAST_MOMENT_S < off - at < HUNG_UP_S + SLACK_S for at in facts.presses):
            return "hung up"
        if any(abs(at - off) < SLACK_S for at in facts.presses):
            return None if hearing(facts.sayings, phrase.began, off) else "taken back"
        if any(abs(at - off) < SLACK_S and muted for at, muted in facts.mutes):
            return "muted"
        then = [saying.event for saying in facts.sayings if abs(saying.at_s - off) < SLACK_S]
        of_before = [event.item_id for event in then if isinstance(event, wire.Committed)]
        if of_before and not facts.duplex:
            return "overtaken" if any(self._is_before(item_id, phrase) for item_id in of_before) else None
        if any(isinstance(event, wire.ResponseCreated) for event in then) and not facts.duplex:
            return "talked over"
        return "at the last moment" if off - phrase.began < LAST_MOMENT_S else None

    def _is_before(self, item_id: str, phrase: Phrase) -> bool:
        """The service used this item for the end of something said before the phrase."""
        return any(
            taken.item_id == item_id and all(run.end <= phrase.first for run in taken.runs)
            for taken in self._facts.commits
        )

    def what_was_committed(self) -> None:
        facts = self._facts
        for saying in facts.sayings:
            if not isinstance(saying.event, wire.Committed):
                continue
            if not self._says_something(saying.event.item_id):
                self.verdict.counts["rests"] += 1
                continue
            start, end = saying.at_s - SLACK_S, saying.at_s + ANSWERED_WITHIN_S
            answered = any(
                isinstance(other.event, wire.ResponseCreated | wire.SpeechStarted)
                and other.connection == saying.connection
                and start <= other.at_s <= end
                for other in facts.sayings
            )
            if not (
                answered or self._is_noticed(start, end) or self._given_up(start, end) or end > facts.over
            ):
                self._wrong(f"what was committed at {saying.at_s:.3f} s was neither answered nor reported")

    def _says_something(self, item_id: str) -> bool:
        """Whether the item contains enough of a phrase for a service to hear it."""
        runs = [run for taken in self._facts.commits if taken.item_id == item_id for run in taken.runs]
        return not runs or any(
            min(run.end, phrase.last) - max(run.first, phrase.first) >= LEAST
            for run in runs
            for phrase in self._facts.phrases
        )

    def what_was_answered(self) -> None:
        stream, starts = _stream(self._facts.takes)
        times = [at for at, _ in self._facts.takes]
        for answer, last in _turns(self._facts.answers):
            if (
                answer.ended_s is None
                or answer.status != "completed"
                or not answer.pcm
                or self._foreign(answer)
            ):
                continue
            self.verdict.counts["answers"] += 1
            over = last + PLAYED_WITHIN_S
            low, high = starts[bisect_left(times, answer.began_s)], starts[bisect_right(times, over)]
            if all(
                any(stream.find(piece, low, high) >= 0 for piece in pieces)
                for pieces in _ends(bytes(answer.pcm))
            ):
                self.verdict.counts["answers heard"] += 1
            elif not (
                self._is_noticed(answer.began_s, over + TOLD_WITHIN_S) or self._given_up(answer.began_s, over)
            ):
                self._wrong(
                    f"the answer that came from {answer.began_s:.3f} s on was neither heard nor reported"
                )

    def _given_up(self, start: float, end: float) -> bool:
        """The visitor, or somebody else, wanted something different, or has hung up."""
        facts = self._facts
        return (
            any(start <= at <= end for at in facts.presses)
            or meets(self._hung_up, (start, start))
            or meets(self._deaf, (start, end))
            or (facts.duplex and self._spoke(start, end))
        )

    def _spoke(self, start: float, end: float) -> bool:
        """The service told the kiosk that somebody spoke, which interrupts an answer."""
        heard = (
            saying.at_s for saying in self._facts.sayings if isinstance(saying.event, wire.SpeechStarted)
        )
        return any(start <= at <= end for at in heard)

    def _foreign(self, answer: Spoken) -> bool:
        """Nobody asked for this answer."""
        mine = [
            saying.event
            for saying in self._facts.sayings
            if saying.connection == answer.connection
            and saying.at_s <= answer.began_s
            and isinstance(saying.event, wire.Committed | wire.ResponseCreated)
        ]
        names = [event.response_id for event in mine if isinstance(event, wire.ResponseCreated)]
        at = (
            len(mine)
            if answer.response_id not in names
            else next(
                index
                for index, event in enumerate(mine)
                if isinstance(event, wire.ResponseCreated) and event.response_id == answer.response_id
            )
        )
        return at == 0 or isinstance(mine[at - 1], wire.ResponseCreated)

    # -- rule 4 --------------------------------------------------------------------------------------

    def no_voice_of_the_machine(self) -> None:
        if self._facts.duplex:
            return
        blocks = self._facts.blocks
        # The gate may open between two answers, even if the second follows at once.
        sounding = joined(((at, at + 0.02) for at, block in self._facts.takes if any(block)), apart=0.005)
        own = [
            (bisect_left(blocks, start + 0.05) * BLOCK, bisect_right(blocks, end - 0.045) * BLOCK)
            for start, end in sounding
        ]
        for connection, runs in self._facts.sent.items():
            for run in runs:
                for first, end in within([(run.first, run.end)], own):
                    self._wrong(
                        f"{self._when(first, end)} were sent on connection {connection} while the machine spoke"
                    )

    # -- rule 5 --------------------------------------------------------------------------------------

    def nothing_on_the_hook(self) -> None:
        for on, off in within(self._sounding, [(at + HUNG_UP_S + FADES_S, end) for at, end in self._hung_up]):
            self._wrong(f"something sounded from {on:.3f} to {off:.3f} s, and the receiver lay on its hook")

    # -- text ----------------------------------------------------------------------------------------

    def _is_noticed(self, start: float, end: float) -> bool:
        return any(start <= at <= end for at in self._cues)

    def _at(self, place: int) -> float:
        blocks = self._facts.blocks
        return blocks[min(place // BLOCK, len(blocks) - 1)]

    def _when(self, first: float, end: float) -> str:
        first, end = int(first), int(end)
        return f"samples {first} .. {end}, heard from {self._at(first):.3f} to {self._at(end - 1):.3f} s,"

    def _wrong(self, words: str) -> None:
        self.verdict.violations.append(words)


def _turns(answers: list[Spoken]) -> Iterator[tuple[Spoken, float]]:
    """Each answer with the latest time at which its sound ends: it waits for the sound of all answers before it."""
    last = 0.0
    for answer in answers:
        last = max(last, answer.began_s if answer.ended_s is None else answer.ended_s)
        last += len(answer.pcm) / SAMPLE / RATE
        yield answer, last


def _stream(takes: list[tuple[float, bytes]]) -> tuple[bytes, list[int]]:
    """The sound that the speaker got, and the position of each take in it, and of its end."""
    starts = [0]
    for _, block in takes:
        starts.append(starts[-1] + len(block))
    return b"".join(block for _, block in takes), starts


def _ends(pcm: bytes) -> tuple[list[bytes], list[bytes]]:
    """Pieces of the beginning and of the end; sound inserted between them does not matter."""
    pieces = [pcm[at : at + PIECE] for at in range(0, len(pcm), PIECE)]
    return pieces[:8], pieces[-9:-1] or pieces
