"""Seeded hours of a kiosk's life over a network that breaks, judged from outside."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from edged.app.settings import on_demand
from edged.config import Config
from edged.local.server import LocalServer
from edged.panel.null import NullContact
from instruments.lab.bouncing import BUTTON, RoughContact
from instruments.lab.connected import Connected, needed, needless
from instruments.lab.kiosk import LATE_MS, Kiosk, StampVoice, Visitor
from instruments.lab.loop import run
from instruments.lab.naive import Naive
from instruments.lab.net import SimNet
from instruments.lab.oracle import SAMPLE, Commit, Release, Verdict, judge
from instruments.lab.recovery import Recovery, recoveries, silent_share
from instruments.lab.stamp import locate
from instruments.lab.talks import SETTINGS, TAIL_S, talk
from instruments.lab.weather import manners, storm

PREROLL = 7200 + 24 * LATE_MS  # in samples: 300 ms, and how late the microphone may be
RELEASE = Release(24 * Config().turn.release_ms, 24 * Config().microphone.block_ms, clock=24)
ROUGH = replace(RELEASE, late=24 * 200)
LEAST_S = 0.35  # longer than the longest threshold (a tap over an answer) and a block
NOTICED_S = 0.2  # a press or a release whose edges got lost is noticed within this time
TOLD_WITHIN_S = 60.0  # turn.keep_s, what may delay it, and a gate that is open at that moment
VISITS_AN_HOUR = 15
SESSION_S = 3600.0
MODES = ("hold", *SETTINGS)


@dataclass
class Report:
    seed: int
    hours: float
    verdict: Verdict = field(default_factory=Verdict)
    felt: Counter[str] = field(default_factory=Counter)
    recovered: list[Recovery] = field(default_factory=list)
    silent_share: float = 0.0
    cpu_s: float = 0.0
    digest: str = ""

    @property
    def healthy(self) -> bool:
        return self.verdict.healthy


def live(
    seed: int,
    hours: float = 1.0,
    *,
    mode: str = "hold",
    faults_an_hour: float = 6.5,
    settings: tuple[str, ...] = (),
    session_s: float = SESSION_S,
    ill_mannered: bool = False,
    lost_edges: float = 0.0,
) -> Report:
    """One run; the same seed gives the same run. `mode` is one of MODES.

    `ill_mannered` works in hold only, and so does `lost_edges`: a button that bounces, and loses this share of edges.
    """
    report = Report(seed, hours)
    began = time.process_time()
    net = SimNet(latency_ms=20, jitter_ms=10)
    if mode == "hold":
        served = manners(Random(f"manners {seed}")) if ill_mannered else ()
        bouncing = replace(BUTTON, lost=lost_edges)
        contact = RoughContact(bouncing, Random(f"contact {seed}")) if lost_edges else NullContact()
        living = _live(net, report, faults_an_hour, settings, session_s, served, contact)
    else:
        living = _live_talking(net, report, mode, faults_an_hour, settings, session_s)
    run(living, net=net, seed=seed)
    report.cpu_s = time.process_time() - began
    report.felt = Counter(net.felt)
    report.digest = net.digest()
    return report


async def _live(
    net: SimNet,
    report: Report,
    faults_an_hour: float,
    settings: tuple[str, ...],
    session_s: float,
    served: tuple[str, ...],
    contact: NullContact,
) -> None:
    rng = Random(report.seed)
    voice = StampVoice(rng)
    plan = storm(rng, report.hours * 3600, per_hour=faults_an_hour, start_s=5.0)
    net.play(plan)
    connected = Connected(net)
    loop = asyncio.get_running_loop()
    async with (
        LocalServer(
            voice=voice, keep_audio=True, session_s=session_s, wall=loop.wall, fault_lines=served
        ) as server,
        Kiosk(net, server.url, rng, *settings, button=contact) as kiosk,
    ):
        visitor = Visitor(kiosk, rng)
        end = loop.time() + report.hours * 3600
        while (pause := rng.expovariate(VISITS_AN_HOUR / 3600)) + loop.time() < end:
            await asyncio.sleep(pause)
            await visitor.visit()
        await asyncio.sleep(max(0.0, end - loop.time()))
        trouble = await _aftermath(net, kiosk, visitor, server)
        commits = [Commit(taken.session_id, taken.pcm) for taken in server.audit]
        takes = kiosk.speaker.takes
        report.verdict = judge(
            visitor.windows,
            commits,
            takes,
            least_s=LEAST_S + NOTICED_S * isinstance(contact, RoughContact),
            preroll=PREROLL,
            release=ROUGH if isinstance(contact, RoughContact) else RELEASE,
            told_within_s=TOLD_WITHIN_S,
            answered=voice.asked,
            tail_s=TAIL_S,
        )
        report.verdict.counts["edges_lost"] = contact.lost if isinstance(contact, RoughContact) else 0
        report.verdict.violations += trouble
        played = b"".join(block for _, block in takes)
        report.verdict.counts["answers"] = len(voice.answers)
        report.verdict.counts["answers_played_whole"] = sum(answer in played for answer in voice.answers)
        report.verdict.counts["billed"] = len(server.bill)
        report.verdict.counts["links"] = sum(up for _, up in kiosk.links)
        report.verdict.counts["sessions"] = server.ledger.sessions
        report.verdict.counts["expired"] = server.ledger.expired
        if on_demand(kiosk.config):
            talk = [(window.pressed_at, window.released_at) for window in visitor.windows]
            talk += [(at, at) for at, block in takes if any(block)]
            spans = connected.spans(loop.time())
            wanted = needed(talk, kiosk.config.link.rest_s)
            report.verdict.violations += needless(spans, wanted, [at for at, up in kiosk.links if up])
            report.verdict.counts["connections"] = len(spans)
            report.verdict.counts["connected_s"] = round(sum(end - begin for begin, end in spans))
            report.verdict.counts["needed_s"] = round(sum(end - begin for begin, end in wanted))
            billed = server.ledger.connected_s(loop.time())
            report.verdict.counts["billed_s"] = round(sum(billed.values()))
        report.recovered = recoveries(plan, kiosk.links)
        report.silent_share = silent_share(plan)


async def _live_talking(
    net: SimNet,
    report: Report,
    mode: str,
    faults_an_hour: float,
    settings: tuple[str, ...],
    session_s: float,
) -> None:
    rng = Random(report.seed)
    plan = storm(rng, report.hours * 3600, per_hour=faults_an_hour, start_s=5.0)
    net.play(plan)
    report.verdict, links = await talk(
        net, rng, report.hours * 3600, mode=mode, settings=settings, session_s=session_s
    )
    report.recovered = recoveries(plan, links)
    report.silent_share = silent_share(plan)


@dataclass
class NaiveReport:
    """What happened to the utterances of a plain client over the same network."""

    counts: Counter[str] = field(default_factory=Counter)
    recovered: list[Recovery] = field(default_factory=list)


def live_naively(seed: int, hours: float = 1.0, *, faults_an_hour: float = 6.5) -> NaiveReport:
    """The same storm for a client that does what most clients do."""
    report = NaiveReport()
    net = SimNet(latency_ms=20, jitter_ms=10)
    run(_live_naively(net, report, seed, hours, faults_an_hour), net=net, seed=seed)
    return report


async def _live_naively(
    net: SimNet, report: NaiveReport, seed: int, hours: float, faults_an_hour: float
) -> None:
    rng = Random(seed)
    plan = storm(rng, hours * 3600, per_hour=faults_an_hour, start_s=5.0)
    net.play(plan)
    loop = asyncio.get_running_loop()
    async with LocalServer(voice=StampVoice(rng), keep_audio=True, wall=loop.wall) as server:
        client = Naive(server.url)
        running = asyncio.ensure_future(client.run())
        end = loop.time() + hours * 3600
        while (pause := rng.expovariate(VISITS_AN_HOUR / 3600)) + loop.time() < end:
            await asyncio.sleep(pause)
            await client.hold(rng.uniform(0.5, 6.0))
        await asyncio.sleep(max(0.0, end - loop.time()))
        net.heal()
        await asyncio.sleep(120.0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        commits = [(locate(taken.pcm), taken.n_bytes) for taken in server.audit]
        whole = {first for first, _ in commits if first is not None}
        for _, first, last in client.windows:
            report.counts["utterances"] += 1
            if (first, (last - first) * SAMPLE) not in commits:
                report.counts["truncated or mixed" if first in whole else "lost silently"] += 1
        report.counts["torn commits"] = sum(first is None for first, _ in commits)
        report.recovered = recoveries(plan, client.links)


async def _aftermath(net: SimNet, kiosk: Kiosk, visitor: Visitor, server: LocalServer) -> list[str]:
    """The network is fine again: the next press must be answered, and then everything must be quiet."""
    trouble = []
    net.heal()
    if not await kiosk.until(lambda: kiosk.state == "IDLE", 60.0):
        trouble.append(f"not idle a minute after the weather cleared: {kiosk.state}")
    for _ in range(2):  # a late reset from the storm may still break one answer, and the visitor is notified
        before = sum(billed.status == "completed" for billed in server.bill)
        await visitor.hold(2.0)
        if not await kiosk.until(lambda: kiosk.state == "IDLE", 60.0):
            trouble.append(f"not idle after the last answer: {kiosk.state}")
        if sum(billed.status == "completed" for billed in server.bill) > before:
            break
    else:
        trouble.append("two presses after the weather cleared were not answered")
    # sound that arrives late on an earlier connection was sent earlier
    newest = max(server.ledger.appended)
    appended = server.ledger.appended[newest]
    await asyncio.sleep(10.0)
    if server.ledger.appended[newest] != appended or max(server.ledger.appended) != newest:
        trouble.append("sound was sent while nobody pressed")
    if not (kiosk.app.link.up or kiosk.app.link.resting):
        trouble.append("the link is down in fair weather")
    return trouble
