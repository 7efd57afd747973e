"""What edged learns over several connections about a service that ignores commits, and the settings that follow."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from edged.audio.capture.utterances import Utterances
from edged.dial.service_facts import ServiceFacts
from edged.link.acknowledgements import SIGN_WITHIN_S, Acknowledgements
from edged.link.commit_check import COMMIT_DETECTION, commit_silence
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import CommitRefused, SessionReady, UtteranceCommitted
from edged.link.session.session import LinkSession
from edged.pcm import PCM16
from edged.wire import Dialect, Settings, TurnDetection
from tests.audio.capture.reading import every
from tests.link.session.sending import control

SETTINGS = Settings(instructions="Be brief.")
LATE = UtteranceCommitted("item", uid=1, late=True)
INSTEAD = replace(SETTINGS, turn_detection=COMMIT_DETECTION)


class Rig:
    """The policy for one service, and its memory: `learnt` has everything that was stored, in order."""

    def __init__(self, settings=SETTINGS, *, ignores=False):
        self.learnt, self.reported, self.owes = [], [], []
        self.known, self.log = ServiceFacts(ignores_commits=ignores), Utterances(longest_ms=1000)
        self.commits = Acknowledgements(
            settings, ServiceNotes(self), self.log, took=self.owes.append, tell=self.reported.append
        )

    async def recall(self):
        return self.known

    def remember(self, known):
        self.learnt.append(known.ignores_commits)

    async def connects(self):
        """Another session, with the settings that are asked for now."""
        ids = itertools.count()
        self.session = LinkSession(await self.commits.settings(), Dialect.GA, lambda: f"e{next(ids)}")
        self.log.rewind()
        self.commits.begin(self.session)
        return self.session

    def says_one(self):
        uid = self.log.begin(0)
        self.log.add(b"\1\2" * 24)
        self.log.end(0)
        every(self.log)
        self.commits.sent(uid)
        return uid

    def is_taken(self):
        """The service acknowledges one utterance."""
        uid = self.says_one()
        return self.commits.hear(UtteranceCommitted("item", uid=uid), now())


def now():
    return asyncio.get_running_loop().time()


@pytest.fixture
def rig(lab_run):
    """Runs `body(rig)`."""

    def run(body, *args, **options):
        async def main():
            rig = Rig(*args, **options)
            await rig.connects()
            await body(rig)

        return lab_run(main())

    return run


def tries(rig):
    """Whether a commit that was passed over has any effect."""
    rig.commits.passed(now(), trip_s=0.0)
    return bool(control(rig.session))


@pytest.mark.parametrize(
    ("settings", "finds_out"), [(SETTINGS, True), (replace(SETTINGS, turn_detection=TurnDetection()), False)]
)
def test_where_detection_is_wanted_nothing_is_tried(rig, settings, finds_out):
    async def body(rig):
        assert tries(rig) is finds_out

    rig(body, settings)


def test_nor_with_a_service_that_was_slow(rig):
    async def body(rig):
        rig.commits.hear(LATE, now())
        await rig.connects()
        assert not tries(rig)

    rig(body)


def test_it_is_learnt_once_and_forgotten_once(rig):
    async def body(rig):
        for _ in range(2):
            rig.commits.failed("commit_ignored")
        session = await rig.connects()
        assert session.detection.asked is COMMIT_DETECTION
        assert session.detection.silence == commit_silence(PCM16)
        assert rig.learnt == []
        assert rig.is_taken().asked
        assert rig.is_taken().asked
        assert rig.learnt == [True]
        rig.commits.failed("settings_refused")
        rig.commits.failed("settings_refused")
        assert (rig.learnt, await rig.commits.settings()) == ([True, False], SETTINGS)
        session = await rig.connects()
        assert session.detection.silence == b""

    rig(body)


def test_two_in_a_row_that_were_given_up_are_enough_to_ask_otherwise_and_not_to_remember(rig):
    async def body(rig):
        rig.commits.failed("commit_ignored")
        rig.is_taken()
        rig.commits.failed("commit_ignored")
        assert await rig.commits.settings() == SETTINGS
        rig.commits.failed("commit_ignored")
        assert (await rig.commits.settings(), rig.learnt) == (INSTEAD, [])

    rig(body)


def test_what_is_remembered_is_known_from_the_start(rig):
    async def body(rig):
        assert await rig.commits.settings() == INSTEAD

    rig(body, ignores=True)


def test_the_log_rests_while_the_service_is_asked_and_goes_on_when_it_has_said_so(rig):
    async def body(rig):
        rig.says_one()
        for _ in range(2):
            rig.commits.passed(now(), trip_s=0.0)
            await asyncio.sleep(1)
        assert rig.commits.rests
        assert rig.log.read(9, 9) == []
        rig.commits.hear(SessionReady(), now())
        assert not rig.commits.rests
        assert [entry.kind for entry in rig.log.read(9, 99)] == ["sound", "end"]  # and is sent again

    rig(body)


def test_an_utterance_without_a_sign_is_given_up_and_none_of_a_connection_that_is_lost(rig):
    async def body(rig):
        rig.says_one()
        rig.commits.end()
        await asyncio.sleep(2 * SIGN_WITHIN_S)
        assert (rig.reported, rig.log.pending) == ([], 1)
        await rig.connects()
        every(rig.log)
        rig.commits.sent(1)
        await asyncio.sleep(SIGN_WITHIN_S + 0.1)
        assert (rig.reported, rig.log.pending) == (
            [CommitRefused("the service heard no speech in the utterance")],
            0,
        )

    rig(body, ignores=True)
