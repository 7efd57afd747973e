"""The whole daemon with services that do not set up the session as asked, and with other services on the same link."""

import asyncio
from random import Random

import pytest

from edged import pcm
from edged.causes import CAUSES
from edged.local.server import LocalServer
from edged.system.store import MemoryStore
from edged.wire import Dialect
from instruments.lab.kiosk import Kiosk, StampVoice, Visitor
from instruments.lab.net import SimNet
from instruments.lab.stamp import stamps
from tests.kiosk.test_link import answered, completed
from tests.kiosk.test_shell import cues, idle, kiosk_of, played

BOTH = pytest.mark.parametrize("dialect", [dialect.value for dialect in Dialect])
PIECE = pcm.PCM16.bytes_of(20)
WHAT = ("voice", "detection", "format", "text", "instructions")


@pytest.fixture
def before(lab_run):
    """Runs `body(kiosk)` in virtual time with a service with these faults. The kiosk asks for a voice, and more."""

    def run(body, *faults, dialect="ga", settings=()):
        net = SimNet(latency_ms=10)
        asks = (f"provider.dialect={dialect}", "provider.voice=alloy", "provider.instructions=Be brief.")

        async def main():
            wall = asyncio.get_running_loop().wall
            async with kiosk_of(net, *asks, *settings, wall=wall, fault_lines=faults) as kiosk:
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


def heard_whole(kiosk):
    return [answer in played(kiosk) for answer in kiosk.voice.answers]


def unheard(kiosk):
    """Return the answers that were not played to their end."""
    return [answer for answer in kiosk.voice.answers if answer not in played(kiosk)]


async def two_turns(kiosk):
    """Press twice; both answers play to their end over one link."""
    assert await answered(kiosk, 1.5)
    assert await answered(kiosk, 2.5)
    assert [up for _, up in kiosk.links] == [True]
    assert cues(kiosk) == []


def counted(kiosk, cause):
    return kiosk.app.snapshot()["counters"].get(CAUSES[cause].counter, 0)


def causes(kiosk):
    return [event["cause"] for event in kiosk.events if event["event"] == "link" and event["cause"]]


# -- a second voice on the link --------------------------------------------------------------------------


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("when", ["", "@session.update"], ids=["at connect", "before ours"])
def test_what_another_is_confirmed_before_is_nothing_to_a_turn(before, dialect, what, when):
    async def body(kiosk):
        await two_turns(kiosk)
        assert heard_whole(kiosk) == [True, True]
        assert causes(kiosk) == []
        assert counted(kiosk, "settings_changed") == 0

    before(body, f"stranger:{what}{when}", dialect=dialect)


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("what", WHAT)
def test_what_another_changes_later_is_told_once_and_breaks_no_turn(before, dialect, what):
    async def body(kiosk):
        await two_turns(kiosk)
        assert heard_whole(kiosk) == [True, True]
        assert counted(kiosk, "settings_changed") == 1
        assert len(kiosk.server.audit) == 2

    before(body, f"stranger:{what}@session.updated", dialect=dialect)


def test_one_who_changes_it_in_the_middle_of_a_press_and_of_an_answer_breaks_neither(before):
    async def body(kiosk):
        await two_turns(kiosk)
        assert len(kiosk.server.audit) == 2

    before(
        body,
        "stranger:detection@input_audio_buffer.append#4",
        "stranger:detection@response.output_audio.delta#3",
        "stranger:instructions@response.output_audio.delta#3",
    )


@pytest.mark.slow
@BOTH
def test_one_who_takes_the_detection_away_that_ends_utterances_leaves_no_press_unheard(before, dialect):
    async def body(kiosk):
        await two_turns(kiosk)
        assert counted(kiosk, "settings_changed") == 1

    before(body, "deaf", "stranger:no_detection@session.updated#2", dialect=dialect)


@BOTH
def test_one_who_takes_the_detection_away_ends_no_conversation(before, dialect):
    async def body(kiosk):
        room = Room(kiosk)
        await kiosk.visitor.hold(0.2)
        await asyncio.sleep(2.0)
        room.falls_quiet(0.0, 3.0)
        assert await kiosk.until(lambda: completed(kiosk) == 1, 20.0)
        assert counted(kiosk, "settings_changed") == 1

    fault = "stranger:no_detection@session.updated"
    before(body, fault, dialect=dialect, settings=("mode=conversation",))


class Room:
    """What the microphone hears: stamps, and then silence for a while."""

    def __init__(self, kiosk):
        self._microphone, self._loop, self._n = kiosk.microphone, asyncio.get_running_loop(), 0
        self._quiet = (0.0, 0.0)
        self._microphone.listen_to(self._hear)

    def falls_quiet(self, after_s, for_s):
        self._quiet = (self._loop.time() + after_s, self._loop.time() + after_s + for_s)

    def _hear(self):
        quiet = self._quiet[0] <= self._loop.time() < self._quiet[1]
        self._microphone.hear(bytes(PIECE) if quiet else stamps(self._n * 480, 480))
        self._n += 1


# -- an update that is refused without a code ------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("picky", "cost"), [("null", "starts no answers"), ("fields", "but they are billed")]
)
def test_a_service_that_keeps_its_detection_is_used_and_what_that_costs_is_told(before, dialect, picky, cost):
    async def body(kiosk):
        await two_turns(kiosk)
        assert heard_whole(kiosk) == [True, True]
        (trouble,) = kiosk.app.snapshot()["troubles"]
        assert (trouble["what"], trouble["cause"]) == ("line", "detection_kept")
        assert cost in trouble["text"]
        assert "session.turn_detection" in trouble["text"]
        assert len(kiosk.server.bill) == 2

    before(body, f"picky:{picky}", dialect=dialect)


@pytest.mark.parametrize("picky", ["null", "fields"])
def test_with_its_detection_a_pause_in_a_press_loses_nothing_and_is_answered_once(before, picky):
    async def body(kiosk):
        room = Room(kiosk)
        for says_s, quiet_s, ends_s in ((1.5, 2.5, 1.5), (2.0, 3.0, 0.5)):
            room.falls_quiet(says_s, quiet_s)
            taken = len(kiosk.server.audit)
            await kiosk.visitor.hold(says_s + quiet_s + ends_s)
            await asyncio.sleep(0.5)
            await idle(kiosk)
            pieces = [piece.n_bytes for piece in list(kiosk.server.audit)[taken:]]
            assert len(pieces) == 2  # the pause was long enough to split the utterance
        assert completed(kiosk) == 2
        assert heard_whole(kiosk)[-1]
        assert cues(kiosk) == []

    before(body, f"picky:{picky}")


@pytest.mark.slow
@pytest.mark.parametrize("picky", ["null", "fields"])
def test_a_release_just_after_it_has_taken_all_is_answered_once(before, picky):
    async def body(kiosk):
        room = Room(kiosk)
        # Its detection waits 1.5 s, and it refuses a commit of less than 100 ms.
        for turns, quiet_ms in enumerate(range(1440, 1760, 20), 1):
            room.falls_quiet(1.0, quiet_ms / 1000 + 1.0)
            await kiosk.visitor.hold(1.0 + quiet_ms / 1000)
            await asyncio.sleep(0.5)
            await idle(kiosk)
            assert completed(kiosk) == turns
        assert kiosk.server.ledger.errors > 0
        assert cues(kiosk) == []

    before(body, f"picky:{picky}", settings=["turn.release_ms=0"])


def test_one_that_takes_nothing_is_refused_in_its_words(lab_run):
    async def main():
        async with kiosk_of(net, fault_lines=["picky:all"]) as kiosk:
            downs = [event for event in kiosk.events if event["event"] == "link"]
            assert [event["cause"] for event in downs] == ["settings_refused"]
            assert "session: these settings cannot be applied" in downs[0]["text"]

    net = SimNet(latency_ms=10)
    lab_run(main(), net=net)


# -- detection at the top level, missing names, answers that nobody asked for ----------------------------


def test_a_detection_that_stays_on_somewhere_else_is_refused(lab_run):
    async def main():
        async with kiosk_of(net, fault_lines=["on_top"]) as kiosk:
            await asyncio.sleep(8.0)
            downs = [event for event in kiosk.events if event["event"] == "link"]
            assert [event["cause"] for event in downs] == ["settings_refused"]
            assert "turn_detection is" in downs[0]["text"]

    net = SimNet(latency_ms=10)
    lab_run(main(), net=net)


@BOTH
@pytest.mark.parametrize("fault", ["nameless", "nameless:all"])
def test_what_has_no_name_is_a_turn_all_the_same(before, dialect, fault):
    async def body(kiosk):
        await two_turns(kiosk)
        assert heard_whole(kiosk) == [True, True]
        assert kiosk.app.link.counters().get("bad_message", 0) == 0

    before(body, fault, dialect=dialect)


@BOTH
@pytest.mark.parametrize("faults", [("eager",), ("eager", "picky:null"), ("eager", "picky:fields")])
def test_an_answer_that_is_begun_in_a_press_is_cancelled_and_never_heard(before, dialect, faults):
    async def body(kiosk):
        await two_turns(kiosk)
        assert [billed.status for billed in kiosk.server.bill] == ["cancelled", "completed"] * 2
        assert heard_whole(kiosk).count(True) == 2
        assert not any(begun and begun[:PIECE] in played(kiosk) for begun in unheard(kiosk))

    before(body, *faults, dialect=dialect)


# -- its own detection, together with ignored commits -----------------------------------------------------


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("more", [(), ("nameless:all",), ("eager",)], ids=["named", "nameless", "eager"])
def test_one_that_ignores_commits_and_lets_its_detection_begin_no_answer_is_asked_for_each(
    before, dialect, more
):
    async def body(kiosk):
        await two_turns(kiosk)
        assert [billed.status for billed in kiosk.server.bill].count("completed") == 2
        assert heard_whole(kiosk).count(True) == 2
        assert not any(begun and begun[:PIECE] in played(kiosk) for begun in unheard(kiosk))

    before(body, "deaf", "picky:null", *more, dialect=dialect)


@BOTH
def test_one_that_ignores_commits_and_begins_answers_by_its_own_detection_is_not_asked_twice(before, dialect):
    async def body(kiosk):
        await two_turns(kiosk)
        assert [billed.status for billed in kiosk.server.bill] == ["completed"] * 2

    before(body, "deaf", "picky:fields", dialect=dialect)


@pytest.mark.slow
@pytest.mark.parametrize("picky", ["null", "fields", "any"])
def test_what_ignores_commits_and_keeps_its_detection_is_up_at_once_after_a_restart(lab_run, picky):
    net, store, rng = SimNet(latency_ms=10), MemoryStore(), Random(1)
    voice = StampVoice(rng)

    async def lives(server):
        async with Kiosk(net, server.url, rng, store=store) as kiosk:
            kiosk.server, kiosk.voice, kiosk.visitor = server, voice, Visitor(kiosk, rng)
            assert await kiosk.until(lambda: kiosk.app.link.up, 1.0)
            await two_turns(kiosk)

    async def main():
        faults = ["deaf", f"picky:{picky}"]
        async with LocalServer(voice=voice, keep_audio=True, fault_lines=faults) as server:
            await lives(server)
            await lives(server)
            assert server.ledger.sessions == 2
            assert [billed.status for billed in server.bill] == ["completed"] * 4

    lab_run(main(), net=net)
