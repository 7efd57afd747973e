"""An hour of conversations: a kiosk, a visitor who talks to it, mishaps, and the verdict on all of it."""

from __future__ import annotations

import asyncio
from random import Random

from edged.app.settings import tail_ms
from edged.config import Config
from edged.local.server import LocalServer
from instruments.lab.calling import Caller
from instruments.lab.facts import Facts, Taken
from instruments.lab.kiosk import Kiosk, StampVoice
from instruments.lab.loop import VirtualLoop, virtual
from instruments.lab.net import SimNet
from instruments.lab.oracle import Verdict
from instruments.lab.overheard import judge
from instruments.lab.room import NoCanceller, RoomMicrophone
from instruments.lab.spoken import runs
from instruments.lab.talking import Mishaps, Talker
from instruments.lab.witness import Witness

TAIL_S = tail_ms(Config()) / 1000 + 2 * 0.02  # and a block of the speaker, and one of the microphone
VISITS_AN_HOUR = 30
MISHAPS_A_VISIT = 0.5
FAR_BEHIND_A_VISIT = 0.05  # more is said than is sent, and the service answers what was said long ago
MISHAPS_AN_HOUR = 12  # also between visits
AT_REST_S = 160.0  # the longest that a turn may wait for things, one after the other
CONVERSATION = ("mode=conversation",)
HANDSET = ("mode=handset", "button.kind=hook")
CANCELS = "microphone.echo_cancel=true"
SETTINGS = {
    "conversation": CONVERSATION,
    "duplex": (*CONVERSATION, CANCELS),
    "handset": HANDSET,
    "handset_duplex": (*HANDSET, CANCELS),
}


class Hour:
    """Everything that takes part in one hour."""

    def __init__(self, net: SimNet, rng: Random, *, mode: str) -> None:
        """`mode` is one of SETTINGS."""
        self.net, self.rng, self.mode, self.duplex = net, rng, mode, mode.endswith("duplex")
        self.loop: VirtualLoop = virtual()
        self.witness = Witness(net)
        self.voice = StampVoice(rng)
        self.microphone = RoomMicrophone(self.loop)

    async def live(self, for_s: float, settings: tuple[str, ...], session_s: float) -> Verdict:
        server = LocalServer(voice=self.voice, keep_audio=True, session_s=session_s, wall=self.loop.wall)
        async with server:
            self.server = server
            self.kiosk = Kiosk(
                self.net,
                server.url,
                self.rng,
                *SETTINGS[self.mode],
                *settings,
                microphone=self.microphone,
                echo=NoCanceller() if self.duplex else None,
            )
            talker = Caller if self.mode.startswith("handset") else Talker
            self.talker: Talker = talker(self.kiosk, self.microphone, self.rng)
            self.mishaps = Mishaps(self.kiosk, self.microphone, server, self.rng)
            await self._pass(for_s)
            if self._failed:
                verdict = Verdict()  # nobody may judge what a daemon does after a bug
            else:
                trouble = await self._aftermath()
                verdict = judge(self._facts())
                verdict.violations += trouble
            verdict.violations += await self._end()
        verdict.counts.update(
            billed=len(server.bill),
            links=sum(up for _, up in self.kiosk.links),
            sessions=server.ledger.sessions,
        )
        return verdict

    @property
    def _failed(self) -> bool:
        """The bugs that would have ended the process."""
        return bool(self.loop.unhandled) or self.kiosk.ended

    async def _end(self) -> list[str]:
        bugs = [repr(context.get("exception")) for context in self.loop.unhandled]
        self.loop.unhandled.clear()
        try:
            await self.kiosk.__aexit__()
        except Exception as error:  # noqa: BLE001 whatever it is, it belongs to the daemon
            bugs.append(repr(error))
        return [f"a bug would have ended the process: {bug}" for bug in bugs]

    async def _pass(self, for_s: float) -> None:
        end = self.loop.time() + for_s
        at = self.loop.time()
        while (at := at + self.rng.expovariate(MISHAPS_AN_HOUR / 3600)) < end:
            self.loop.call_at(at, self.mishaps.befall, 0.0)
        while (pause := self.rng.expovariate(VISITS_AN_HOUR / 3600)) + self.loop.time() < end:
            await asyncio.sleep(pause)
            if self.rng.random() < MISHAPS_A_VISIT:
                self.mishaps.befall(30.0)
            aloud = self.rng.random() < FAR_BEHIND_A_VISIT
            if aloud:
                self.mishaps.narrow()
            await self.talker.visit(duplex=self.duplex, aloud=aloud)
            if self._failed:
                return
        await asyncio.sleep(max(0.0, end - self.loop.time()))

    async def _aftermath(self) -> list[str]:
        """The network is fine again: the kiosk must come to rest, answer the next question, and then be quiet."""
        trouble = []
        self.net.heal()
        self.mishaps.end()
        kiosk, talker = self.kiosk, self.talker
        if not await kiosk.until(
            lambda: kiosk.state == "IDLE" and not kiosk.app.snapshot()["lost"] and self.microphone.handed > 0,
            AT_REST_S,
        ):
            trouble.append(f"not idle after the weather cleared: {kiosk.state}")
        for _ in range(2):  # the storm may still break one answer, and the visitor is notified
            wanted = self._answered + 1
            await talker.press()
            if not talker.is_heard:
                trouble.append(f"a press in fair weather opened nothing: {kiosk.state}")
            await asyncio.sleep(0.5)
            await talker.say(2.0)
            is_answered = await kiosk.until(lambda wanted=wanted: self._answered >= wanted, 30.0)
            if is_answered:
                await asyncio.sleep(8.0)  # it is heard
            await talker.leave()
            if is_answered:
                break
            await kiosk.until(lambda: kiosk.state == "IDLE", AT_REST_S)
        else:
            trouble.append("two questions after the weather cleared were not answered")
        if not await kiosk.until(lambda: kiosk.state == "IDLE", AT_REST_S):
            trouble.append(f"not idle after the last answer: {kiosk.state}")
        await asyncio.sleep(1.0)
        came = self.witness.came_bytes
        await asyncio.sleep(10.0)
        if self.witness.came_bytes != came:
            trouble.append("sound was sent while nobody pressed")
        if not (kiosk.app.link.up or kiosk.app.link.resting):
            trouble.append("the link is down in fair weather")
        return trouble

    @property
    def _answered(self) -> int:
        return sum(billed.status == "completed" for billed in self.server.bill)

    def _facts(self) -> Facts:
        return Facts(
            duplex=self.duplex,
            tail_s=0.0 if self.duplex else TAIL_S,
            blocks=self.microphone.blocks,
            presses=self.talker.presses,
            lifted=self.talker.lifted,
            phrases=self.talker.phrases,
            mutes=self.mishaps.mutes,
            there=self.microphone.there,
            lights=self.kiosk.lights,
            takes=self.kiosk.speaker.takes,
            sent=self.witness.sent(),
            commits=[Taken(taken.item_id, tuple(runs(taken.pcm))) for taken in self.server.audit],
            sayings=self.witness.sayings,
            answers=list(self.witness.answers.values()),
            over=self.loop.time(),
        )


async def talk(
    net: SimNet, rng: Random, for_s: float, *, mode: str, settings: tuple[str, ...] = (), session_s: float
) -> tuple[Verdict, list[tuple[float, bool]]]:
    """The verdict, and the times at which the link went and came."""
    hour = Hour(net, rng, mode=mode)
    verdict = await hour.live(for_s, settings, session_s)
    return verdict, hour.kiosk.links
