"""The pages that are open now: each has a stream of events, and one of them may hold the virtual button."""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from typing import Any

from edged.companion.page.feed import Feed, sse
from edged.companion.page.holder import PressHolder
from edged.companion.page.http import EventStream
from edged.companion.ports import KnownKiosk
from edged.errors import CommandError
from edged.places import FullError, Places, Standing

MOST_PAGES = 16
ALIVE_S = 15.0  # after so long without news, a comment is sent: a proxy would close a silent stream
REST_S = 0.1  # between two lots of news for one page


class OpenPage:
    """One stream of events. `key` is known to this page only, and it may press with it if `may_press`."""

    def __init__(self, key: str, *, may_press: bool, wants_wire: bool) -> None:
        self.key, self.may_press, self.wants_wire = key, may_press, wants_wire
        self.news, self.yields = asyncio.Event(), asyncio.Event()


class OpenPages:
    """All of them. `frame` names what a page has that no news change: a page with another frame loads itself again."""

    def __init__(self, kiosk: KnownKiosk, feed: Feed, frame: str = "") -> None:
        self._kiosk, self._feed, self._frame = kiosk, feed, frame
        self._holder = PressHolder(kiosk)
        self._pages: dict[str, OpenPage] = {}
        self._places: Places[OpenPage] = Places(MOST_PAGES)

    def __len__(self) -> int:
        return len(self._pages)

    def wake(self) -> None:
        """There is news."""
        for page in self._pages.values():
            page.news.set()

    def add(self, page: OpenPage, owner: Hashable) -> bool:
        """A page opens. Returns False if there is no place for it."""
        try:
            yields = self._places.take(page, owner, Standing.SETTLED)
        except FullError:
            return False
        if yields is not None:
            yields.yields.set()
            yields.news.set()
        self._pages[page.key] = page
        self._kiosk.want("levels", page, wanted=True)
        if page.wants_wire:
            self._kiosk.want("wire", page, wanted=True)
        return True

    def leave(self, page: OpenPage) -> None:
        """A page has closed; what it holds is released."""
        self._pages.pop(page.key, None)
        self._places.leave(page)
        self._kiosk.want("levels", page, wanted=False)
        self._kiosk.want("wire", page, wanted=False)
        self._holder.let_go(page)

    async def serve(self, page: OpenPage, stream: EventStream) -> None:
        """Send the news to a page until its connection ends or somebody needs its place."""
        reader = self._feed.reader()
        gone = asyncio.ensure_future(self._when_gone(page, stream))
        try:
            hello = {"page": page.key, "button": page.may_press, "frame": self._frame}
            await stream.send(sse("hello", hello))
            while not stream.gone.is_set():
                page.news.clear()
                if text := self._feed.news(reader):
                    await stream.send(text)
                if page.yields.is_set():
                    await stream.send(sse("end", {"text": "This kiosk is open in too many other windows."}))
                    return
                await asyncio.sleep(REST_S)
                try:
                    async with asyncio.timeout(ALIVE_S):
                        await page.news.wait()
                except TimeoutError:
                    await stream.send(": alive\n\n")
        except (ConnectionError, TimeoutError):
            pass  # the browser has gone, or does not take what it is sent
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def button(self, what: str, key: str) -> dict[str, Any]:
        """`press` or `release` by the page with this key. Raises CommandError, KioskGoneError."""
        page = self._pages.get(key)
        if page is None or not page.may_press:
            raise CommandError("this page may not press: load it again")
        if what == "release":
            self._places.hear(page, Standing.SETTLED)
            return await self._holder.release(page)
        self._places.hear(page, Standing.HELD)
        try:
            return await self._holder.press(page)
        finally:
            if self._holder.holder is not page:
                self._places.hear(page, Standing.SETTLED)

    async def close(self) -> None:
        """The companion ends: release what is pressed."""
        await self._holder.close()

    async def _when_gone(self, page: OpenPage, stream: EventStream) -> None:
        await stream.gone.wait()
        page.may_press = False  # its key dies with it
        self._holder.let_go(page)
        page.news.set()
