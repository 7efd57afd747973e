"""A service keeps the conversation small: what it bills, what it never does, and what follows where it cannot."""

import asyncio
from random import Random

import pytest

from edged.causes import CAUSES
from edged.link.liveness import Owed
from edged.local.planner import VoicePlanner
from edged.wire import Dialect
from instruments.lab.kiosk import StampVoice
from tests.kiosk.test_gate import Quiet, tap
from tests.kiosk.test_link import answered, daemon  # noqa: F401 a fixture
from tests.kiosk.test_shell import idle

BOTH = pytest.mark.parametrize("dialect", [dialect.value for dialect in Dialect])
TURNS = 9


class Watching(VoicePlanner):
    """Notes how many questions each answer is based on, and when it is under way."""

    def __init__(self, voice, questions):
        super().__init__(voice)
        self.questions = questions

    def plan(self, asked):
        self.questions.append(sum(item.item.get("role") == "user" for item in asked.items))
        return super().plan(asked)


def watched(daemon, body, *settings, **options):  # noqa: F811
    questions = []
    voice = StampVoice(Random(1))
    planner = lambda: Watching(voice, questions)  # noqa: E731
    return daemon(body, *settings, voice=voice, planner=planner, **options), questions


async def talk(kiosk):
    for _ in range(TURNS):
        assert await answered(kiosk, 1.0)
        await asyncio.sleep(1.0)
    assert [up for _, up in kiosk.links] == [True]
    return sum(row.usage["input_tokens"] for row in kiosk.server.bill)


@BOTH
def test_the_service_bills_less_with_fewer_turns(daemon, dialect):  # noqa: F811
    said = f"provider.dialect={dialect}"
    whole, all_questions = watched(daemon, talk, said)
    small, few_questions = watched(daemon, talk, said, "turn.remember_turns=4")
    assert all_questions == list(range(1, TURNS + 1))
    assert few_questions == [1, 2, 3, 4, 5, 3, 4, 5, 3]
    assert small < 0.75 * whole


def test_nothing_is_deleted_while_anything_is_under_way(daemon):  # noqa: F811
    async def body(kiosk):
        session, deleted = kiosk.app.link._pump.session, []
        send = session.context._send

        def noted(text):
            deleted.append((kiosk.state, kiosk.app.link.idle, session.owed))
            send(text)

        session.context._send = noted
        for number in range(TURNS):
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(0.6 if number % 2 else 3.0)  # every other answer is interrupted
        await asyncio.sleep(30)
        return deleted

    deleted = daemon(body, "turn.remember_turns=2")
    assert deleted
    assert set(deleted) == {("IDLE", True, Owed.NOTHING)}


def test_a_conversation_with_an_open_microphone_is_kept_small_too(daemon):  # noqa: F811
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        for _ in range(TURNS):
            await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 60.0)
            await asyncio.sleep(1.0)
            await visitor.say(1.5)
            assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10.0)

    _, questions = watched(daemon, body, "mode=conversation", "turn.remember_turns=2")
    assert len(questions) >= TURNS
    assert max(questions) == 3


def test_the_next_session_gets_no_more_turns_than_the_service_has(daemon):  # noqa: F811
    seen = []

    class Hearing(VoicePlanner):
        def plan(self, asked):
            seen.append([item.text for item in asked.items if item.text])
            return super().plan(asked)

        def heard(self, utterance):
            return f"question {len(seen) + 1}"

    async def body(kiosk):
        for _ in range(5):
            assert await answered(kiosk)
        kiosk.net.strike("reset")
        await kiosk.until(lambda: len(kiosk.links) == 3, 10.0)
        assert await answered(kiosk)

    settings = ("provider.transcription=whisper-1", "turn.history_lines=40", "turn.remember_turns=4")
    voice = StampVoice(Random(1))
    daemon(body, *settings, voice=voice, planner=lambda: Hearing(voice))
    assert [line for line in seen[-1] if line.startswith("question")] == ["question 4", "question 5"]


def test_a_service_that_ends_the_connection_on_it_is_left_alone_after_two(daemon):  # noqa: F811
    async def body(kiosk):
        for _ in range(12):
            await kiosk.until(lambda: kiosk.app.link.up, 30.0)
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(0.5)
            await idle(kiosk)
            await asyncio.sleep(1.0)
        counted = kiosk.app.snapshot()["counters"].get(CAUSES["deletion_refused"].counter, 0)
        return [up for _, up in kiosk.links].count(False), counted

    lost, told = daemon(body, "turn.remember_turns=1", fault_lines=["close:1008:no@conversation.item.delete"])
    assert lost == 2
    assert told == 1
