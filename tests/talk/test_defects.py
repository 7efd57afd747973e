"""The seven defects of the sample program that many push-to-talk programs begin with: none of them is here."""

import asyncio
import selectors

import pytest

from edged.local.http import Admission
from edged.seen.legs import span
from edged.wire import Dialect
from tests.talk.stage import LongVoice, ms_of, sound_of, talking, tone

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("dialect", [Dialect.GA, Dialect.BETA])


def test_a_each_press_over_an_answer_stops_that_answer_not_only_the_first():
    async def main():
        async with talking(voice=LongVoice(20_000), pace=1) as stage:  # no answer is complete in time
            for number in range(1, 4):
                await stage.talk()
                await stage.until(lambda number=number: stage.view.conversation.last.number == number)
                await stage.until(lambda: "first_sound" in stage.view.conversation.last.marks)
            await stage.key("i")
            await stage.until(lambda: stage.view.state == "IDLE")
            assert [turn.interrupted for turn in stage.view.conversation] == [True] * 3
            await stage.until(lambda: len(stage.answers()) == 3)
            assert stage.answers() == ["cancelled"] * 3
            await stage.until(lambda: len(stage.server.ledger.truncations) == 3)

    asyncio.run(main())


def test_b_a_press_over_an_answer_ends_its_sound_here_too(tmp_path):
    async def main():
        async with talking(voice=LongVoice(20_000), out=tmp_path / "heard.wav", pace=0) as stage:
            await stage.talk()
            await stage.until(lambda: stage.marked("first_sound"))
            await stage.until(lambda: stage.marked("response_done"))  # all of it is here
            await stage.key("k")
            await stage.until(lambda: stage.view.is_recording)
            heard = len(sound_of(tmp_path / "heard.wav"))
            await asyncio.sleep(0.8)
            assert ms_of(sound_of(tmp_path / "heard.wav")[heard:]) < 200  # the fade, and what the device held
            await stage.key("k")
            # The service knows how little was heard.
            await stage.until(lambda: stage.server.ledger.truncations)
            assert stage.server.ledger.truncations[0][1] < 10_000

    asyncio.run(main())


class CountingSelector(selectors.DefaultSelector):
    """Counts the rounds of a loop."""

    rounds = 0

    def select(self, timeout=None):
        self.rounds += 1
        return super().select(timeout)


@pytest.mark.parametrize("is_recording", [False, True])
def test_c_the_loop_sleeps_until_there_is_something_to_do(is_recording):
    selector = CountingSelector()

    async def main():
        async with talking(sounds=[tone(10_000)]) as stage:
            await stage.until(lambda: stage.view.level is not None)
            if is_recording:
                await stage.key("k")
                await stage.until(lambda: stage.view.is_recording)
            await asyncio.sleep(0.5)
            before = selector.rounds
            await asyncio.sleep(1)
            # Ten levels a second, each drawn, and 25 pieces of sound; a program that polls has thousands.
            assert selector.rounds - before < 300

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(main())


def test_d_what_was_said_while_the_gate_was_shut_is_not_in_the_question():
    async def main():
        async with talking(sounds=[], keep_audio=True) as stage:
            stage.microphone.say(tone(1500))  # nobody has pressed
            await stage.until(lambda: any(level > -60 for level in stage.levels()))
            await stage.until(lambda: max(stage.levels()[-10:]) < -90)  # it is over, and out of the ring
            await stage.key("k")
            await stage.until(lambda: stage.view.is_recording)
            stage.microphone.say(bytes(480))
            await asyncio.sleep(0.6)
            await stage.key("k")
            await stage.until(lambda: stage.server.audit)
            taken = stage.server.audit[0]
            assert len(taken.pcm) > 48 * 500
            assert not any(taken.pcm)

    asyncio.run(main())


def test_d_the_rest_of_a_recording_does_not_begin_the_next_question():
    async def main():
        async with talking(sounds=[tone(60_000), bytes(4800)], keep_audio=True) as stage:
            await stage.talk()
            await stage.until(lambda: stage.marked("drained"))
            await stage.until(lambda: stage.view.state == "IDLE")
            await asyncio.sleep(0.5)
            await stage.talk()
            await stage.until(lambda: len(stage.server.audit) == 2)
            first, second = stage.server.audit
            assert any(first.pcm)
            assert not any(second.pcm)

    asyncio.run(main())


@BOTH
def test_e_the_end_of_the_press_ends_the_question_without_silence_and_without_the_service(dialect):
    async def main():
        door = Admission(speaks=(dialect,))
        async with talking(sounds=[tone(10_000)], door=door) as stage:  # it sounds beyond the release
            await stage.talk()
            await stage.until(lambda: stage.answers() == ["completed"])
            await stage.until(lambda: stage.marked("first_sound"))
            (taken,) = stage.server.audit
            spoke_ms = span(stage.view.conversation.last.marks, "press", "commit_sent")
            assert (
                ms_of(bytes(taken.n_bytes)) < spoke_ms + 500
            )  # the pre-roll, but no silence for a detection

    asyncio.run(main())


@BOTH
def test_f_the_question_is_committed_and_answered_once_in_either_dialect(dialect):
    async def main():
        # A session that detects, as by its defaults, would answer in the pause, and once more after the release.
        async with talking(sounds=[tone(300)], door=Admission(speaks=(dialect,))) as stage:
            await stage.until(lambda: stage.view.dialect == dialect.value)
            for number in (1, 2):
                await stage.talk(1500)
                await stage.until(lambda number=number: len(stage.answers()) == number)
                await stage.until(lambda: "drained" in stage.view.conversation.last.marks)
            assert stage.answers() == ["completed", "completed"]
            assert len(stage.server.audit) == 2

    asyncio.run(main())


def test_f_it_is_committed_and_answered_once_also_if_the_service_insists_on_its_detection():
    async def main():
        async with talking(sounds=[tone(10_000)], fault_lines=["picky:null"]) as stage:
            await stage.talk()
            await stage.until(lambda: "drained" in stage.view.conversation.last.marks)
            assert stage.answers() == ["completed"]
            assert len(stage.server.audit) == 1
            assert stage.server.ledger.sessions == 1

    asyncio.run(main())


def test_g_after_a_drop_the_link_comes_back_and_what_was_said_meanwhile_is_answered():
    async def main():
        async with talking(sounds=[tone(3000)], fault_lines=["drop@input_audio_buffer.append#4~1"]) as stage:
            first = stage.view.session
            await stage.key("k")
            await stage.until(lambda: stage.view.is_recording)
            await stage.until(lambda: stage.view.session not in ("", first))
            assert stage.view.is_recording  # it went on
            await stage.until(lambda: "the link is lost" in stage.text and "the link is back" in stage.text)
            await asyncio.sleep(0.5)  # in any case, this press is no tap
            await stage.key("k")
            await stage.until(lambda: "completed" in stage.answers())

    asyncio.run(main())
