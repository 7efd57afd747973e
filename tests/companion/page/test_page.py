"""The page as a browser and a program meet it: a real server, and a kiosk that keeps what it is asked for."""

import asyncio
import json
import re
import sys

import pytest

from edged.companion.page import checks, http, open_pages, page_part
from edged.companion.page.access import BUTTON, DOES
from edged.companion.page.checks import DoctorRuns
from edged.companion.page.holder import PressHolder
from edged.companion.page.tokens import MOST_WRONG
from edged.companion.ports import KioskGoneError
from edged.errors import CommandError
from tests.companion.page.kiosk import TOKEN, RecordingKiosk, site, until

WAYS_IN = {"press", "new_conversation", "repeat_answer", "shutdown"}


def run(coroutine):
    return asyncio.run(coroutine)


def test_it_shows_the_kiosk_with_headers_that_keep_it_to_itself():
    async def main():
        async with site() as here:
            status, text, headers = await here.get()
            assert status == 200
            assert "ready for a visitor" in text
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cache-Control"] == "no-store"
            assert not [name for name in headers if name.lower().startswith("access-control")]
            assert headers["Server"] == "edged"
            named = re.findall(r'(?:src|href)="([^"]+)"', text)
            for path in (each for each in named if each != "data:,"):
                assert (await here.get(path))[0] == 200
            assert (await here.get("/nothing"))[0] == (await here.get("/metrics"))[0] == 404

    run(main())


def test_what_anybody_may_do_reaches_the_kiosk_and_its_answer_the_page():
    async def main():
        async with site() as here:
            for what in ("interrupt", "stop", "mute", "unmute"):
                assert (await here.do(what))[0] == 200
            assert (await here.do("volume", body='{"volume": 35}'))[0] == 200
            assert here.kiosk.asked == ["interrupt", "stop", "mute", "unmute", ("volume", {"volume": 35})]
            for wrong in (
                "",
                "[]",
                "{",
                "null",
                '{"volume": 101}',
                '{"volume": true}',
                '{"volume": "9"}',
                "[" * 5000,
            ):
                assert (await here.do("volume", body=wrong))[0] == 400
            here.kiosk.answers = {"stop": CommandError("no"), "mute": KioskGoneError("it has ended")}
            assert (await here.do("stop"))[:2] == (409, '{"ok": false, "error": "no"}\n')
            assert (await here.do("mute"))[0] == 503

    run(main())


def test_the_stream_says_what_has_changed_and_wants_levels_only_while_it_is_open():
    async def main():
        async with site() as here:
            assert not here.kiosk.wanted["levels"]
            async with here.stream("/events?wire=1") as events:
                hello = await events.next("hello")
                assert hello["button"] is False
                assert {len(wanted) for wanted in here.kiosk.wanted.values()} == {1}
                await events.next("facts")
                here.kiosk.tell({"event": "light", "light": "muted"})
                assert (await events.next("section"))["id"] == "now"
                here.kiosk.tell({"event": "level", "rms_dbfs": -30.0})
                while (await events.next("level"))["value"] != 0.5:
                    pass
            await until(lambda: not any(here.kiosk.wanted.values()))

    run(main())


def test_a_page_without_the_wire_does_not_ask_for_it():
    async def main():
        async with site() as here, here.stream() as events:
            await events.next("hello")
            assert not here.kiosk.wanted["wire"]

    run(main())


def test_the_virtual_button_belongs_to_the_page_that_pressed():
    async def main():
        async with site(button=True) as here, here.stream() as first, here.stream() as second:
            one, other = (await first.next("hello"))["page"], (await second.next("hello"))["page"]
            assert one != other
            assert (await here.do("press", one))[0] == 200
            assert (await here.do("press", one))[0] == 409
            status, text, _ = await here.do("press", other)
            assert (status, json.loads(text)["error"]) == (409, "another page holds the button")
            assert (await here.do("release", other))[0] == 409
            assert here.kiosk.asked == ["press"]
            assert (await here.do("release", one))[0] == 200
            assert (await here.do("press", other))[0] == 200
            assert here.kiosk.asked == ["press", "release", "press"]

    run(main())


def test_a_press_ends_with_its_stream():
    async def main():
        async with site(button=True) as here:
            async with here.stream() as events:
                key = (await events.next("hello"))["page"]
                await here.do("press", key)
            await until(lambda: here.kiosk.asked == ["press", "release"])
            assert (await here.do("press", key))[0] == 409  # the key died with it

    run(main())


def test_a_press_ends_with_the_companion():
    kiosk = RecordingKiosk()

    async def main():
        async with site(kiosk, button=True) as here, here.stream() as events:
            await here.do("press", (await events.next("hello"))["page"])

    run(main())
    assert kiosk.asked == ["press", "release"]


@pytest.mark.parametrize("answer", [CommandError("muted"), KioskGoneError("it hangs")])
def test_a_press_that_fails_is_released_for_it_may_have_arrived(answer):
    async def main():
        async with site(button=True) as here, here.stream() as events:
            key = (await events.next("hello"))["page"]
            here.kiosk.answers["press"] = answer
            assert (await here.do("press", key))[0] in (409, 503)
            await until(lambda: here.kiosk.asked == ["press", "release"])
            here.kiosk.answers.clear()
            assert (await here.do("press", key))[0] == 200

    run(main())


def test_a_release_reaches_the_kiosk_though_everything_ends_while_its_press_is_under_way():
    class Slow(RecordingKiosk):
        async def ask(self, command, **more):
            answer = await super().ask(command, **more)
            if command == "press":
                await asyncio.sleep(0.3)
            return answer

    async def main():
        kiosk, who = Slow(), object()
        holder = PressHolder(kiosk)
        pressing = asyncio.ensure_future(holder.press(who))
        await until(lambda: kiosk.asked == ["press"])
        releasing = asyncio.ensure_future(holder.release(who))
        await asyncio.sleep(0)
        for request in (pressing, releasing):
            request.cancel()
        await asyncio.wait([pressing, releasing])
        await holder.close()
        assert kiosk.asked == ["press", "release"]

    run(main())


def test_a_press_that_the_turn_refuses_says_why():
    async def main():
        async with site(button=True) as here, here.stream() as events:
            key = (await events.next("hello"))["page"]
            refused = {"done": False, "cause": "muted", "text": "it is muted", "remedy": "unmute it"}
            here.kiosk.answers["press"] = {"outcome": refused}
            assert json.loads((await here.do("press", key))[1])["refused"] == refused

    run(main())


def test_one_page_too_many_closes_the_oldest():
    async def main():
        async with site() as here:
            streams = []
            for _ in range(open_pages.MOST_PAGES + 1):
                context = here.stream()
                streams.append((context, await context.__aenter__()))
            assert "too many" in (await streams[0][1].next("end"))["text"]
            await streams[-1][1].next("hello")
            await until(lambda: len(here.kiosk.wanted["levels"]) == open_pages.MOST_PAGES)
            for context, _ in streams:
                await context.__aexit__(None, None, None)

    run(main())


def test_a_token_lets_programs_and_browsers_in_and_nothing_else_does():
    async def main():
        async with site(token=TOKEN, metrics=lambda: ("text/plain; version=0.0.4", b"edged_up 1\n")) as here:
            status, text, _ = await here.get()
            assert status == 401
            assert "Token of this page" in text
            assert "ready" not in text
            assert (await here.get("/metrics"))[0] == (await here.get("/events"))[0] == 401
            assert (await here.get("/nothing"))[0] == 404
            assert (await here.get("/metrics", authorization=f"Bearer {TOKEN}"))[1] == "edged_up 1\n"
            status, _, headers = await here.post("/login", f"token={TOKEN}", origin=here.url)
            cookie = headers["Set-Cookie"]
            assert (status, headers["Location"]) == (303, "/")
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
            assert TOKEN not in cookie
            assert (await here.get(cookie=cookie.partition(";")[0]))[0] == 200
            assert (await here.get(cookie="x" + cookie.partition(";")[0][1:]))[0] == 401
            assert (await here.do("stop"))[0] == 401
            assert (await here.do("stop", cookie=cookie.partition(";")[0]))[0] == 200
            assert (await here.do("stop", authorization=f"Bearer {TOKEN}"))[0] == 200
            assert here.kiosk.asked == ["stop", "stop"]

    run(main())


@pytest.mark.parametrize("body", ["&".join(f"a{n}=1" for n in range(99)), "token=%ff&token", "&&;;=", "%"])
def test_an_odd_form_is_refused_and_is_no_bug(body, caplog):
    async def main():
        async with site(token=TOKEN) as here:
            assert (await here.post("/login", body, origin=here.url))[0] in (400, 401)

    run(main())
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


def test_a_page_learns_that_it_is_not_as_the_companion_would_show_it_now():
    async def frame(**more):
        async with site(button=True, **more) as here, here.stream() as events:
            return (await events.next("hello"))["frame"]

    assert run(frame()) == run(frame())
    assert run(frame()) != run(frame(transcripts=True))


def test_a_cookie_for_https_is_for_https_only():
    async def main():
        async with site(token=TOKEN, host="kiosk.example") as here:
            status, _, headers = await here.post(
                "/login", f"token={TOKEN}", host="kiosk.example", origin="https://kiosk.example"
            )
            assert status == 303
            assert "; Secure" in headers["Set-Cookie"]

    run(main())


def test_guesses_are_slowed_down():
    async def main():
        async with site(token=TOKEN) as here:
            for _ in range(MOST_WRONG):
                assert (await here.post("/login", "token=wrong", origin=here.url))[0] == 401
            status, _, headers = await here.post("/login", f"token={TOKEN}", origin=here.url)
            assert (status, headers["Retry-After"]) == (429, "60")
            assert (await here.get("/metrics", authorization=f"Bearer {TOKEN}"))[0] in (404, 429)
            assert (await here.get("/", authorization=f"Bearer {TOKEN}"))[0] == 429

    run(main())


def test_health_says_why_to_those_who_may_know():
    async def main():
        async with site(token=TOKEN) as here:
            assert (await here.get("/healthz"))[:2] == (200, '{"status": "ok"}\n')
            here.kiosk.tell({"event": "gone", "text": "no edged answers at /run/edged"})
            assert (await here.get("/healthz"))[:2] == (503, '{"status": "bad"}\n')
            whole = json.loads((await here.get("/healthz", authorization=f"Bearer {TOKEN}"))[1])
            assert whole["cause"] == "kiosk_gone"

    run(main())


def test_the_configuration_of_the_kiosk_is_asked_for_and_shown():
    async def main():
        async with site() as here:
            assert "This kiosk does not say." in (await here.get())[1]
            settings = [{"key": "mode", "value": "hold", "origin": "c.yaml:3:7", "default": True}]
            here.kiosk.answers["config"] = {"settings": settings, "hash": "ab", "next": 1}
            here.kiosk.answers["config from 1"] = {
                "settings": [{"key": "light.kind"}],
                "hash": "ab",
                "next": None,
            }
            here.kiosk.tell({"event": "reloaded"})
            text = (await here.get())[1]
            assert "c.yaml:3:7" in text
            assert "light.kind" in text

    run(main())


def test_an_address_in_use_is_tried_again_and_said_once(caplog):
    async def main():
        async with site() as first:
            port = first.part.port
            second = page_part.PagePart(RecordingKiosk(), place=("127.0.0.1", port), rng=first.part._rng)
            life = asyncio.ensure_future(second.run())
            await until(lambda: "cannot listen" in caplog.text)
        await until(lambda: not second._last_failure)
        life.cancel()
        await asyncio.wait([life])
        assert caplog.text.count("cannot listen") == 1

    run(main())


# -- those who should not come in: nothing of it opens the microphone ------------------------------------------------


FOREIGN = {
    "a foreign host": {"host": "evil.example"},
    "a foreign origin": {"origin": "http://evil.example"},
    "an origin of another port": {"origin": "http://127.0.0.1:1"},
    "no origin": {"origin": ""},
    "a cross-site request": {"sec_fetch_site": "cross-site"},
    "a proxy": {"x_forwarded_for": "192.168.1.9"},
    "a proxy that says less": {"x_forwarded_proto": "https"},
    "a proxy of a provider": {"cf_ray": "1"},
    "no header": {"x_edged_page": ""},
    "a wrong key": {"x_edged_page": "0" * 32},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("token", [None, TOKEN], ids=["open", "with a token"])
def test_a_press_from_elsewhere_is_refused(headers, token):
    async def main():
        async with site(button=True, token=token) as here:
            known = {"authorization": f"Bearer {TOKEN}"} if token else {}
            async with here.stream(**{"Authorization": f"Bearer {TOKEN}"} if token else {}) as events:
                key = (await events.next("hello"))["page"]
                right = {"x_edged_page": key, "origin": here.url, **known}
                for what in BUTTON:
                    status = (await here.post(f"/do/{what}", **right | headers))[0]
                    assert status in (403, 409)
                assert here.kiosk.asked == []
                assert (await here.post("/do/press", **right))[0] == 200  # without the fault it is a press

    run(main())


def test_without_a_token_or_with_a_wrong_one_nothing_is_done():
    async def main():
        async with site(button=True, token=TOKEN) as here:
            for more in ({}, {"authorization": "Bearer wrong"}, {"cookie": "edged_page_00000000=1.2"}):
                for what in (*DOES, *BUTTON):
                    assert (await here.do(what, **more))[0] in (401, 429)
            assert here.kiosk.asked == []

    run(main())


def test_nothing_but_the_button_opens_the_microphone_and_no_get_does_anything():
    async def main():
        async with site() as here:  # the button is not switched on
            async with here.stream() as events:
                key = (await events.next("hello"))["page"]
                for path in (
                    "/do/press",
                    "/do/release",
                    "/do/new_conversation",
                    "/do/shutdown",
                    "/do/status",
                ):
                    assert (await here.post(path, x_edged_page=key, origin=here.url))[0] == 404
                for what in DOES:
                    assert (await here.get(f"/do/{what}", x_edged_page=key))[0] == 405
                for path in ("/", "/healthz", "/events?press=1", "/?do=press"):
                    async with here.session.head(here.url + path):
                        pass
            assert here.kiosk.asked == []
            assert not WAYS_IN & set(DOES)

    run(main())


def test_a_body_may_have_8_kib():
    async def main():
        async with site() as here:
            fits = '{"volume": 5}'.ljust(http.MOST_BODY)
            assert (await here.do("volume", body=fits))[0] == 200
            assert (await here.do("volume", body=fits + " "))[0] == 413

            async def pieces():
                for _ in range(20):
                    yield b" " * 1024

            assert (await here.do("volume", body=pieces()))[0] == 413
            assert here.kiosk.asked == [("volume", {"volume": 5})]

    run(main())


async def raw(here, text):
    """Send a text, and return everything that comes back until the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.part.port)
    writer.write(text)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def test_a_client_that_is_slow_or_speaks_no_http_is_sent_away(monkeypatch):
    monkeypatch.setattr(http, "HEAD_S", 0.3)
    monkeypatch.setattr(http, "BODY_S", 0.3)

    async def main():
        async with site(button=True) as here:
            head = (
                f"POST /do/stop HTTP/1.1\r\nHost: {here.host}\r\nX-Edged-Page: me\r\nOrigin: {here.url}\r\n"
            )
            assert await raw(here, b"GET / HT") == b""
            assert await raw(here, head.encode()) == b""
            slow = await raw(here, f"{head}Content-Length: 9\r\n\r\n{{".encode())
            assert slow.startswith(b"HTTP/1.1 408 ")
            wrong = await raw(here, b"\x16\x03\x01\x02\x00\x01<script>\r\n\r\n")
            assert b" 400 " in wrong.partition(b"\r\n")[0]
            assert b"<script>" not in wrong
            assert b"default-src 'none'" in wrong
            long = await raw(here, b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n")
            assert not long or b" 400 " in long.partition(b"\r\n")[0]
            both = f"{head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}"
            assert not (await raw(here, both.encode())).startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
            assert here.kiosk.asked == []
            assert (await here.get())[0] == 200

    run(main())


def test_a_connection_is_for_one_request():
    async def main():
        async with site() as here:
            one = f"GET /healthz HTTP/1.1\r\nHost: {here.host}\r\n\r\n".encode()
            assert (await raw(here, one * 3)).count(b"HTTP/1.1 200") == 1

    run(main())


def test_a_place_is_free_again_when_its_connection_has_gone():
    async def main():
        async with site() as here:
            for _ in range(http.MOST_CONNECTIONS + 10):
                assert (await here.get("/healthz"))[0] == 200

    run(main())


@pytest.mark.slow
def test_a_thousand_idle_sockets_keep_nobody_out():
    async def main():
        async with site(button=True) as here, here.stream() as events:
            key = (await events.next("hello"))["page"]
            idle = []
            for _ in range(1000):
                idle.append(await asyncio.open_connection("127.0.0.1", here.part.port))
                if len(idle) % 100 == 0:
                    assert (await here.get())[0] == 200
            assert (await here.do("press", key))[0] == 200
            here.kiosk.tell({"event": "light", "light": "muted"})
            await events.next("section")
            assert here.kiosk.asked == ["press"]
            for _, writer in idle:
                writer.close()

    run(main())


@pytest.mark.slow
def test_a_browser_that_does_not_read_is_let_go_and_costs_no_memory(monkeypatch):
    monkeypatch.setattr(http, "SEND_S", 0.5)
    monkeypatch.setattr(open_pages, "REST_S", 0.0)

    async def main():
        async with site() as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.part.port, limit=1024)
            writer.write(f"GET /events HTTP/1.1\r\nHost: {here.host}\r\n\r\n".encode())
            await reader.readuntil(b"event: hello")
            number = 0
            async with asyncio.timeout(60):
                while here.kiosk.wanted["levels"]:
                    number += 1
                    for each in range(9):
                        here.kiosk.tell(
                            {"event": "cause", "id": f"{number}-{each}" * 20, "remedy": "x" * 2000}
                        )
                    await asyncio.sleep(0)
            writer.close()

    run(main())


# -- the doctor's checks -------------------------------------------------------------------------------------------


def doctor(program, **more):
    changed = []
    return DoctorRuns((), lambda: changed.append(1), command=(sys.executable, "-c", program), **more), changed


@pytest.mark.parametrize(
    ("program", "failed"),
    [
        ('print(\'{"verdict": "healthy"}\')', ""),
        ("print('nonsense')", "does not answer"),
        ("print('[]')", "does not answer"),
        ("", "does not answer"),
        ("import time; time.sleep(60)", "took longer"),
        ("while True: print('x' * 60_000)", "says too much"),
    ],
)
def test_a_run_of_the_checks_ends_and_is_kept(program, failed):
    async def main():
        runs, changed = doctor(program, longest_s=5.0 if "sleep" not in program else 0.3)
        runs.start()
        with pytest.raises(CommandError, match="run already"):
            runs.start()
        await until(lambda: runs.known.at_s is not None)
        assert failed in runs.known.failed
        assert bool(failed) == bool(runs.known.failed)
        assert len(changed) == 2
        await runs.close()

    run(main())


def test_the_checks_end_with_the_companion():
    async def main():
        runs, _ = doctor("import time; time.sleep(60)")
        runs.start()
        await asyncio.sleep(0)
        await runs.close()

    run(main())


@pytest.mark.slow
def test_the_page_runs_the_real_checks():
    async def main():
        async with site(doctor_words=("--only", "system")) as here, here.stream() as events:
            assert (await here.do("checks"))[0] == 200
            async with asyncio.timeout(60):
                while "the operating system" not in (await events.next("section"))["html"]:
                    pass
            assert "--no-link" in checks.DOCTOR

    run(main())
