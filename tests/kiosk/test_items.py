"""The whole daemon, and answers with several items of sound: first a remark, then the answer."""

import asyncio

import pytest

from edged.local.plan import AnswerMessage, ContentPart, ResponsePlan
from edged.local.voice import VoiceAnswer
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet
from instruments.lab.stamp import stamps
from tests.kiosk.test_shell import MS, cues, idle, played

REMARK, ANSWER = stamps(1 << 30, 24_000), stamps((1 << 30) + 24_000, 72_000)  # one second, and three


class Voice:
    answers = ()

    def answer(self, _utterance):
        return VoiceAnswer(REMARK, "one moment")


class Planner:
    """Gives a remark and an answer to each question."""

    def __init__(self):
        self.asked = []

    def plan(self, asked):
        self.asked.append([item.id for item in asked.items if item.role == "assistant"])
        return ResponsePlan(
            (
                AnswerMessage((ContentPart("one moment", REMARK),)),
                AnswerMessage((ContentPart("it is open", ANSWER),)),
            )
        )

    def heard(self, _utterance):
        return None


@pytest.fixture(params=["ga", "beta"])
def talk(lab_run, request):
    """Runs `body(kiosk, planner)` in virtual time, in both dialects."""

    def run(body):
        net, planner = SimNet(latency_ms=10), Planner()

        async def main():
            dialect = f"provider.dialect={request.param}"
            wall = asyncio.get_running_loop().wall
            async with kiosk_of(net, dialect, wall=wall, voice=Voice(), planner=lambda: planner) as kiosk:
                await body(kiosk, planner)

        lab_run(main(), net=net)

    return run


def test_all_of_it_is_heard_and_in_order(talk):
    async def body(kiosk, _):
        for number in (1, 2):
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(0.5)
            await idle(kiosk)
            sound = played(kiosk)
            assert (sound.count(REMARK), sound.count(ANSWER)) == (number, number)
            assert sound.rindex(REMARK) < sound.rindex(ANSWER)
        assert [billed.status for billed in kiosk.server.bill] == ["completed"] * 2
        assert (cues(kiosk), len(kiosk.server.ledger.truncations), kiosk.server.ledger.errors) == ([], 0, 0)

    talk(body)


@pytest.mark.parametrize(("after_s", "in_answer"), [(0.5, False), (2.2, True)])
def test_an_interrupt_truncates_the_item_that_was_sounding(talk, after_s, in_answer):
    async def body(kiosk, planner):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: REMARK[:4800] in played(kiosk), 10.0)
        await asyncio.sleep(after_s)
        await kiosk.visitor.hold(1.0)
        cut = played(kiosk)
        await asyncio.sleep(0.5)
        await idle(kiosk)
        ((item, ms),) = kiosk.server.ledger.truncations
        remark, answer = heard_ms(cut, REMARK), heard_ms(cut, ANSWER)
        assert (remark >= 990, answer > 0) == (in_answer, in_answer)
        assert ms == pytest.approx(answer if in_answer else remark, abs=20)
        known = planner.asked[1]
        if in_answer:
            assert known.index(item) == len(known) - 1 == 1
        else:
            assert known == [item]  # nothing of the answer was heard, so the conversation has nothing of it
        assert kiosk.server.ledger.errors == 0

    talk(body)


def heard_ms(sound, said):
    """Return how much of it was played from its beginning."""
    start, heard = sound.find(said[:MS]), 0
    while (
        start >= 0
        and heard < len(said)
        and sound[start + heard : start + heard + MS] == said[heard : heard + MS]
    ):
        heard += MS
    return heard // MS
