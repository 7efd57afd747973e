"""Keeps the ledger of a running kiosk (edged/ledger), and says whether the budget is used.

Rules:
1. It hears of what happened after the step in which it happened (publisher.py). Nothing here is on the path of a press:
   the turn reads one fact, which is set when it changes.
2. Each response is on the slate at once, and on the disk in a transaction of its own, off the loop. While the disk
   does not take it, it waits in memory and on the slate.
3. The time of connections is on the disk at least every `TICK_S` seconds, and every `MINUTE_S` where minutes cost money
   or are limited. The slate beats once a second while there is a connection, so a process that is killed loses less
   than a second of each. A power cut loses what the disk does not have.
4. A limit is judged after each entry, and once a minute, because a day may have begun; and after each question, because
   one that is never answered has no entry, and its sound was sent.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any

from edged.app.adapters import Ports
from edged.app.audience import Audience
from edged.app.metered_dial import MeteredDial
from edged.app.price_check import unpriced
from edged.app.troubles import Trouble
from edged.app.usage_settings import limits, model, price_table
from edged.causes import CAUSES
from edged.config import Config
from edged.dial.ports import Dial
from edged.dial.providers import PROVIDERS
from edged.errors import DeviceError
from edged.ledger.accounts import Accounts, Moment
from edged.ledger.budgets import Period, Spent, Verdict, in_words, judged, rows
from edged.ledger.calendar import UNKNOWN, day_before, day_of, month_of
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import BooksError, Inquiry, Run
from edged.ledger.slate_facts import BEAT_S, batches_of
from edged.turn import AT_REST, State
from edged.wire.usage import duration_ms, reports_tokens, tokens, transcription_tokens

log = logging.getLogger(__name__)

TICK_S = 600.0  # each tick writes 4 to 8 KiB
MINUTE_S = 60.0
AGAIN_S = 30.0  # after a failure of the disk
DISK_WITHIN_S = 30.0
RECALL_WITHIN_S = 3.0
GOODBYE_S = 0.3
BUDGET_USED = "budget_used"
_OVER = frozenset(state.value for state in (*AT_REST, State.NOTICE))


class Bookkeeping:
    """`run` is a task of its own; call everything else on the loop.

    The audience hears of changes of the budget. `changed` is called when a hard limit begins or ends to be used.
    `sound_ms()`: how much sound the present link has sent and received.
    """

    def __init__(
        self,
        config: Config,
        ports: Ports,
        audience: Audience,
        changed: Callable[[], None],
        sound_ms: Callable[[], tuple[int, int]],
    ) -> None:
        self.closed: str | None = None
        """The cause for which no question is taken now; None: there is enough left."""
        self._publish = audience.publish
        audience.listeners.append(self)
        self._config, self._ports = config, ports
        self._on_closed, self._sound_ms = changed, sound_ms
        self._limits, self._prices = limits(config), price_table(config)
        self.run_id = token_hex(8)
        """The same for as long as this process lives."""
        self._accounts = Accounts(Run(self.run_id, ports.boot))
        self._sound = (0, 0)  # what of the link's sound is counted
        self._verdict = Verdict()
        self._failure = ""  # why the books take nothing
        self._not_before_s = 0.0
        self._asked: str | None = None  # the day of the last question to the books
        self._undated = True  # entries of this start of the machine may have no day
        self._unpriced: tuple[str, ...] = ()  # what a limit of money has no price of
        self._work = asyncio.Event()
        self._heart: asyncio.TimerHandle | None = None
        self._is_due = False  # something waits that is worth a transaction
        self._day = self._now().day  # at the last look

    # -- what happens --------------------------------------------------------------------------------

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Receive an event that was published."""
        match event["event"]:
            case "usage":
                of = event["usage"]
                counts = Counts(requests=1, unreported=not reports_tokens(of), **tokens(of))
                self._add(EntryKind.RESPONSE, event, counts, self._model)
            case "unfinished":
                self._add(EntryKind.RESPONSE, event, Counts(unfinished=1), self._model)
            case "transcription_usage":
                of = event["usage"]
                ms = duration_ms(of)
                is_known, of_modality = ms > 0 or reports_tokens(of), transcription_tokens(of)
                counts = Counts(transcriptions=1, unreported=not is_known, transcribed_ms=ms, **of_modality)
                self._add(EntryKind.TRANSCRIPTION, event, counts, self._config.provider.transcription)
            case "turn" if event["state"] in _OVER and (more := self._new_sound()):
                self._accounts.add_to_link(self._provider, self._model, more, self._now())
                self._slate()
                self._judge()

    def metered(self, dial: Dial) -> Dial:
        """A dial whose connections are counted."""
        return MeteredDial(dial, self)

    def connected(self) -> int:
        number = self._accounts.opened(self._provider, self._model, self._now())
        self._changed()
        if self._heart is None:
            self._beat()
        return number

    def disconnected(self, number: int) -> None:
        now = self._now()
        self._accounts.closed(number, now)
        self._accounts.add_to_link(self._provider, self._model, self._new_sound(), now)
        self._changed()

    def link_replaced(self) -> None:
        """The present link is about to be replaced: its sound is counted now, and the next one begins at zero."""
        self._accounts.add_to_link(self._provider, self._model, self._new_sound(), self._now())
        self._sound = (0, 0)
        self._changed()

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._config, self._limits, self._prices = config, limits(config), price_table(config)
        self._look_for_prices()
        self._judge()

    def _add(self, kind: EntryKind, event: Mapping[str, Any], counts: Counts, of: str) -> None:
        now = self._now()
        sound = self._new_sound() if kind is EntryKind.RESPONSE else Counts()
        entry = LedgerEntry(
            *(0, kind, self._provider, of, now.at_s, now.mono_ms, now.day),
            *(event["turn"], event["conversation"], event["id"], event.get("status", "unfinished")),
            counts + sound,
        )
        if not self._accounts.add(entry):
            self._accounts.add_to_link(self._provider, self._model, sound, now)
        self._changed()

    def _new_sound(self) -> Counts:
        """The sound that is not counted yet."""
        before, self._sound = self._sound, self._sound_ms()
        sent, received = (now - then for now, then in zip(self._sound, before, strict=True))
        return Counts(sent_ms=max(0, sent), received_ms=max(0, received))

    def _changed(self) -> None:
        self._slate()
        self._judge()
        self._is_due = True
        self._work.set()

    def _slate(self) -> None:
        self._ports.slate.write(self._accounts.as_json(), self._ports.clock.monotonic_ms())

    def _now(self) -> Moment:
        clock = self._ports.clock
        return Moment(day_of(clock.local()), clock.wall(), clock.monotonic_ms())

    @property
    def _provider(self) -> str:
        return self._config.provider.name

    @property
    def _model(self) -> str:
        return model(self._config)

    # -- the books -----------------------------------------------------------------------------------

    async def recall(self) -> None:
        """Learn what was spent before, and recover what an earlier process could not write."""
        self._accounts.recovered(batches_of(self._ports.slate.read()))
        await self._write(RECALL_WITHIN_S)
        if self._failure:  # the limits count on from what was spent before
            with suppress(BooksError, DeviceError):
                question, within_s = self._question(self._now(), dated=False), RECALL_WITHIN_S
                sums = await self._ports.disk(self._ports.books.look, question, deadline_s=within_s)
                self._accounts.found(sums)
                self._judge()
        self._look_for_prices()

    async def run(self) -> None:
        """Write until cancelled."""
        ticked_s = asyncio.get_running_loop().time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S if self._beats else MINUTE_S):
                    await self._work.wait()
            self._work.clear()
            now_s, day = asyncio.get_running_loop().time(), self._now().day
            if now_s - ticked_s >= self._tick_s or day != self._day:
                ticked_s = now_s
                self._tick(self._day)
                self._day = day
            if self._asked != day or (self._is_due and now_s >= self._not_before_s):
                await self._write(DISK_WITHIN_S)

    @property
    def _beats(self) -> bool:
        return self._accounts.connected and self._ports.slate.lasts

    def _beat(self) -> None:
        """Note on the slate that the process lives, also while the disk is slow."""
        self._heart = None
        if self._beats:
            self._ports.slate.beat(self._ports.clock.monotonic_ms())
            self._heart = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    async def close(self) -> None:
        """The process ends: write what waits."""
        if self._heart is not None:
            self._heart.cancel()
        self._tick(self._now().day)
        if self._accounts.unkept:
            await self._write(GOODBYE_S)
        with suppress(DeviceError):
            await self._ports.disk(self._ports.books.close, deadline_s=GOODBYE_S)

    def _tick(self, day: str) -> None:
        """Count the time of connections so far. It belongs to this day, which may have ended just now."""
        now = replace(self._now(), day=day)
        self._accounts.tick(now)
        self._accounts.add_to_link(self._provider, self._model, self._new_sound(), now)
        self._slate()
        self._judge()
        self._is_due = self._is_due or self._accounts.unkept

    @property
    def _tick_s(self) -> float:
        price = self._prices.of(self._provider, self._model)
        matter = (
            any(each.measure == "minutes" for each in self._limits),
            "minutes" in PROVIDERS[self._provider].billed,
            price is not None and bool(price.minute),
        )
        return MINUTE_S if any(matter) else TICK_S

    async def _write(self, within_s: float) -> None:
        now, offered = self._now(), self._accounts.offer()
        dated = self._undated and now.day != UNKNOWN
        question = self._question(now, dated=dated)
        self._asked, self._is_due = now.day, False
        try:
            found = await self._ports.disk(self._ports.books.write, offered, question, deadline_s=within_s)
        except (BooksError, DeviceError) as error:
            self._fails(str(error))
            self._not_before_s = asyncio.get_running_loop().time() + AGAIN_S
            self._is_due = True
            self._judge()  # a day may have begun
            return
        if found.aside:
            _warn("ledger_damaged", found.aside)
        self._accounts.kept(offered, found, dated=dated)
        self._undated = now.day == UNKNOWN or self._accounts.undated
        if self._failure:
            self._failure = ""
            log.info("the usage is saved again")
        self._slate()
        self._judge()
        self._is_due = self._is_due or self._accounts.waits  # there is more than one transaction takes
        if self._is_due:
            self._work.set()

    def _question(self, now: Moment, *, dated: bool) -> Inquiry:
        local = self._ports.clock.local()
        dates = (lambda mono_ms: day_before(local, now.mono_ms - mono_ms)) if dated else None
        return Inquiry(month_of(now.day), self._ports.boot, dates)

    def _fails(self, why: str) -> None:
        if not self._failure:
            _warn("ledger_unwritable", why)
        self._failure = why

    # -- the budget ----------------------------------------------------------------------------------

    def _judge(self) -> None:
        spent = self._accounts.spent(self._now().day, self._prices)
        verdict, before = judged(self._limits, spent), self._verdict
        if verdict == before:
            return
        self._verdict = verdict
        for cause, now, then in (
            (BUDGET_USED, verdict.used, before.used),
            ("budget_near", verdict.near, before.near),
        ):
            if new := tuple(each for each in now if each not in then):
                _warn(cause, in_words(new, spent))
        closed = BUDGET_USED if verdict.used else None
        if closed != self.closed:
            self.closed = closed
            if closed is None:
                log.info("budget: there is some of it again")
            self._on_closed()
        keys = {name: [each.key for each in getattr(verdict, name)] for name in ("used", "near")}
        self._publish({"event": "budget", **keys})

    def _look_for_prices(self) -> None:
        """Say once if a limit of money cannot work, because a price is not known."""
        before, self._unpriced = self._unpriced, unpriced(self._config)
        for each in self._unpriced:
            if each not in before:
                _warn("price_unknown", each)

    def spent(self) -> dict[Period, Spent]:
        """What was spent today and this month, up to this moment."""
        now = self._now()
        self._accounts.tick(now)
        self._accounts.add_to_link(self._provider, self._model, self._new_sound(), now)
        return self._accounts.spent(now.day, self._prices)

    def troubles(self) -> Iterator[Trouble]:
        """Yield what is wrong with the ledger, and which limits are used."""
        spent = self._accounts.spent(self._now().day, self._prices)
        for cause, found in ((BUDGET_USED, self._verdict.used), ("budget_near", self._verdict.near)):
            if found:
                yield Trouble("budget", cause, in_words(found, spent))
        if self._failure:
            yield Trouble("ledger", "ledger_unwritable", self._failure)
        if self._unpriced:
            yield Trouble("budget", "price_unknown", ", ".join(self._unpriced))

    def snapshot(self) -> dict[str, object]:
        """This object's part of the kiosk's state."""
        spent = self.spent()
        periods: dict[str, object] = {
            period: {
                "requests": each.counts.requests,
                "unfinished": each.counts.unfinished,
                "audio_s": each.counts.sent_ms // 1000,
                "minutes": round(each.counts.connected_ms / 60_000, 1),
                "tokens": each.counts.tokens_in + each.counts.tokens_out,
                "money": each.cost.in_words(),
            }
            for period, each in spent.items()
        }
        return {
            "run": self.run_id,
            "usage": {"date": self._now().day, **periods, "budget": list(rows(self._limits, spent))},
        }


def _warn(cause: str, text: str) -> None:
    log.warning("%s. %s", text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})
