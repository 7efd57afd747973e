"""The page as a part of the companion: what each path does, and which pages are open.

Rules:
1. A path does nothing before access.py and the token have let the request in.
2. `MOST_PAGES` pages are open at a time. One more closes the one that has been open longest.
3. The kiosk sends its level and its messages only while a page is open that shows them.
4. If the address cannot be used, the page tries again; the other parts of the companion go on.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

from edged import __version__
from edged.companion.page import access
from edged.companion.page.checks import DoctorRuns
from edged.companion.page.document import PageFrame, document, login
from edged.companion.page.feed import Feed, PageState
from edged.companion.page.http import EventStream, PageAnswer, PageCall, PageServer, UnfitBodyError
from edged.companion.page.lights import stylesheet
from edged.companion.page.open_pages import OpenPage, OpenPages
from edged.companion.page.page_health import page_health
from edged.companion.page.shown_kiosk import ShownSettings
from edged.companion.page.shown_now import rows
from edged.companion.page.tokens import COOKIE_S, WRONG_S, PageTokens, TokenShown
from edged.companion.ports import KioskGoneError, KnownKiosk
from edged.config.secret import Secret
from edged.errors import CommandError, EdgedError
from edged.files import read
from edged.hosts import owner_of
from edged.retry import Proof, Wake, keep

log = logging.getLogger(__name__)

MOST_FILE = 64 * 2**10
SETTINGS_S = 60.0  # so long the answer to `config` is shown; `reloaded` ends it at once
MOST_PARTS = 20  # of that answer
MOST_FIELDS = 4  # of a form
ANSWER_S = 0.5  # a page that is loaded waits so long for that answer
HTML, CSS, JS = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"
NO_PAGE = PageAnswer(404, "There is no such page.\n")
FOLDER = Path(__file__).parent


class PagePart:
    """The page. `metrics` returns the type and the text of /metrics; None: there is none."""

    def __init__(
        self,
        kiosk: KnownKiosk,
        *,
        place: tuple[str, int],
        rng: Random,
        token: Secret | None = None,
        host: str = "",
        name: str = "",
        transcripts: bool = False,
        button: bool = False,
        metrics: Callable[[], tuple[str, bytes]] | None = None,
        doctor_words: Sequence[str] = (),
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`doctor_words` are added to the command line of the doctor."""
        self.port = place[1]
        """The one in use, once the page is there."""
        self._kiosk, self._place, self._rng, self._wall = kiosk, place, rng, wall
        self._tokens = PageTokens(token.reveal()) if token else None
        self._host, self._name = host, name
        self._transcripts, self._button, self._metrics = transcripts, button, metrics
        self._doctor = DoctorRuns(doctor_words, lambda: self._changed("examined"), wall=wall)
        self._state = PageState(kiosk.view, transcripts)
        self._feed = Feed(self._state)
        self._asking: asyncio.Task[None] | None = None
        self._asked_at: float | None = None
        self._files = {
            "/page.css": PageAnswer(200, read(FOLDER / "page.css", MOST_FILE), CSS),
            "/page.js": PageAnswer(200, read(FOLDER / "page.js", MOST_FILE), JS),
            "/lights.css": PageAnswer(200, stylesheet(), CSS),
        }
        whole = repr((__version__, name, transcripts, button, [each.body for each in self._files.values()]))
        self._pages = OpenPages(kiosk, self._feed, sha256(whole.encode()).hexdigest()[:16])
        self._last_failure = ""

    def __str__(self) -> str:
        host = f"[{self._place[0]}]" if ":" in self._place[0] else self._place[0]
        return f"page at http://{host}:{self.port}/"

    async def run(self) -> None:
        """See CompanionPart."""
        quiet = self._kiosk.listen(self._hear)
        try:
            await keep(self._listen, rng=self._rng, wake=Wake(), failed=self._failed)
        finally:
            quiet()
            await self._doctor.close()
            await self._pages.close()
            if self._asking is not None:
                self._asking.cancel()
                await asyncio.wait([self._asking])

    async def _listen(self, proof: Proof) -> None:
        async with PageServer(self._answer, *self._place) as server:
            self.port, self._last_failure = server.port, ""
            proof()
            log.info("%s", self)
            await asyncio.get_running_loop().create_future()

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        if str(error) != self._last_failure:
            self._last_failure = str(error)
            log.warning("%s; next try in %.1f s", error, wait_s, extra={"edged": {"cause": error.cause}})

    def _hear(self, event: Mapping[str, Any]) -> None:
        name = str(event.get("event"))
        if name in ("back", "reloaded"):
            self._asked_at = None
            if self._pages:
                self._ask_settings()
        self._changed(name)

    def _changed(self, event: str) -> None:
        self._state.examined = self._doctor.known
        if self._feed.touch(event):
            self._pages.wake()

    # -- requests ----------------------------------------------------------------------------------------------

    async def _answer(self, call: PageCall) -> PageAnswer | EventStream:
        request = call.request
        refused = access.page_refusal(
            request, host=self._host, has_token=self._tokens is not None, button=self._button
        )
        if refused is not None:
            return PageAnswer(refused.status, f"{refused.text}\n")
        if request.path == "/metrics" and self._metrics is None:
            return NO_PAGE
        shown = self._shown(call)
        if shown is not TokenShown.RIGHT and not access.ROUTES[request.path].open:
            return self._not_in(request.path, shown)
        return await self._let_in(call, is_known=shown is TokenShown.RIGHT)

    async def _let_in(self, call: PageCall, *, is_known: bool) -> PageAnswer | EventStream:
        """Answer a request that may be here. `is_known` is False only at paths that are open to everybody."""
        path = call.request.path
        if path.startswith("/do/"):
            return await self._do(call, path.removeprefix("/do/"))
        match path:
            case "/":
                return await self._whole(call)
            case "/events":
                return await self._events(call)
            case "/healthz":
                health = page_health(self._kiosk.view)
                return _json(health.status, health.body(whole=is_known))
            case "/metrics":
                return self._measured()
            case "/login":
                return await self._login(call)
            case "/logout":
                return self._to_page("", 0)
        return self._files[path]

    def _measured(self) -> PageAnswer:
        if self._metrics is None:
            return NO_PAGE
        kind, text = self._metrics()
        return PageAnswer(200, text, kind)

    def _shown(self, call: PageCall) -> TokenShown:
        if self._tokens is None:
            return TokenShown.RIGHT
        if self._tokens.has_cookie(call.cookie(self._tokens.cookie_name), self._wall()):
            return TokenShown.RIGHT
        return self._tokens.of_program(call.authorizations, owner_of(call.request.peer), _now())

    def _not_in(self, path: str, shown: TokenShown) -> PageAnswer:
        if shown is TokenShown.TOO_OFTEN:
            return _too_often()
        if path == "/":
            return _login_page(401, self._name)
        return PageAnswer(401, "The token is missing or wrong.\n", more={"WWW-Authenticate": "Bearer"})

    async def _login(self, call: PageCall) -> PageAnswer:
        if self._tokens is None:
            return NO_PAGE
        given = _field(await call.body(), "token")
        shown = self._tokens.of_form(given.strip(), owner_of(call.request.peer), _now())
        if shown is TokenShown.TOO_OFTEN:
            return _too_often()
        if shown is not TokenShown.RIGHT:
            log.warning("page: a wrong token from %s", call.request.peer)
            return _login_page(401, self._name, "This is not the token.")
        secure = "; Secure" if call.is_encrypted else ""
        return self._to_page(self._tokens.cookie(self._wall()) + secure, COOKIE_S)

    def _to_page(self, cookie: str, age_s: int) -> PageAnswer:
        if self._tokens is None:
            return NO_PAGE
        value, *more = cookie.split("; ")
        parts = [
            f"{self._tokens.cookie_name}={value}",
            "Path=/",
            f"Max-Age={age_s}",
            "HttpOnly",
            "SameSite=Strict",
        ]
        return PageAnswer(303, more={"Location": "/", "Set-Cookie": "; ".join([*parts, *more])})

    async def _whole(self, call: PageCall) -> PageAnswer:
        if (asking := self._ask_settings()) is not None:
            await asyncio.wait([asking], timeout=ANSWER_S)
        view = self._kiosk.view
        frame = PageFrame(
            self._name or "Kiosk",
            view.edged,
            button=access.may_press(call.request, button=self._button),
            logout=self._tokens is not None and not call.authorizations,
            transcripts=self._transcripts,
        )
        more = {"Referrer-Policy": "same-origin"} if frame.logout else {}
        return PageAnswer(200, document(frame, self._feed.sections(), view), HTML, more)

    async def _events(self, call: PageCall) -> PageAnswer | EventStream:
        if call.request.method == "HEAD":
            return PageAnswer(405, "Use GET.\n")
        page = OpenPage(
            secrets.token_hex(16),
            may_press=access.may_press(call.request, button=self._button),
            wants_wire=call.query.get("wire") == "1",
        )
        if not self._pages.add(page, owner_of(call.request.peer)):
            return PageAnswer(503, "Too many pages are open.\n", more={"Retry-After": "10"})
        self._ask_settings()
        try:
            stream = await call.stream()
            await self._pages.serve(page, stream)
        finally:
            self._pages.leave(page)
        return stream

    async def _do(self, call: PageCall, what: str) -> PageAnswer:
        given = _object(await call.body())
        try:
            outcome = await self._doing(what, given, call.request.marks[0])
        except (CommandError, KioskGoneError) as error:
            if isinstance(error, UnfitBodyError):
                raise
            status = 503 if isinstance(error, KioskGoneError) else 409
            return _json(status, {"ok": False, "error": str(error)})
        refused = outcome.get("outcome")
        is_refused = isinstance(refused, dict) and not refused.get("done", True)
        return _json(200, {"ok": True, "refused": refused} if is_refused else {"ok": True})

    async def _doing(self, what: str, given: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Raises CommandError, KioskGoneError."""
        if what in access.BUTTON:
            return await self._pages.button(what, key)
        if what == "checks":
            self._doctor.start()
            return {}
        if what != "volume":
            return await self._kiosk.ask(what)
        level = given.get("volume")
        if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= 100:
            raise UnfitBodyError(400, 'send {"volume": 0 to 100}')
        return await self._kiosk.ask("volume", volume=level)

    # -- the configuration of the kiosk ------------------------------------------------------------------------

    def _ask_settings(self) -> "asyncio.Task[None] | None":
        """Ask for them if it is time; None: it is not."""
        if self._asking is not None and not self._asking.done():
            return self._asking
        if self._asked_at is not None and _now() - self._asked_at < SETTINGS_S:
            return None
        self._asked_at = _now()
        self._asking = asyncio.ensure_future(self._settings())
        return self._asking

    async def _settings(self) -> None:
        try:
            self._state.settings = ShownSettings(await self._configuration(), "")
        except (CommandError, KioskGoneError) as error:
            self._state.settings = ShownSettings(why=f"({error})")
            if isinstance(error, KioskGoneError):
                self._asked_at = None
        self._changed("settings")

    async def _configuration(self) -> dict[str, Any]:
        """The whole answer to `config`, which comes in parts. Raises CommandError, KioskGoneError."""
        answer = await self._kiosk.ask("config")
        settings, at = list(rows(answer.get("settings"))), answer.get("next")
        for _ in range(MOST_PARTS):
            if not isinstance(at, int):
                break
            more = await self._kiosk.ask("config", **{"from": at})
            settings += rows(more.get("settings"))
            at = more.get("next")
        return {**answer, "settings": settings}


def _now() -> float:
    return time.monotonic()


def _login_page(status: int, name: str, problem: str = "") -> PageAnswer:
    # With no-referrer, a browser would not say which page the form comes from.
    return PageAnswer(status, login(name or "Kiosk", problem), HTML, {"Referrer-Policy": "same-origin"})


def _too_often() -> PageAnswer:
    return PageAnswer(429, "Too many wrong tokens. Wait a minute.\n", more={"Retry-After": f"{WRONG_S:.0f}"})


def _json(status: int, body: Mapping[str, object]) -> PageAnswer:
    return PageAnswer(status, json.dumps(body) + "\n", "application/json")


def _field(form: str, name: str) -> str:
    """A field of a form; empty if it is missing. Raises UnfitBodyError."""
    try:
        return parse_qs(form, max_num_fields=MOST_FIELDS).get(name, [""])[0]
    except ValueError as error:
        raise UnfitBodyError(400, "send the form of the page") from error


def _object(text: str) -> dict[str, Any]:
    """The object in a body; an empty body is an empty one. Raises UnfitBodyError."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise UnfitBodyError(400, "send JSON") from error
    if not isinstance(found, dict):
        raise UnfitBodyError(400, "send an object")
    return found
