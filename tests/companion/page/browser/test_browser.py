"""The page in Debian's Chromium, with a real kiosk behind it."""

import asyncio
import socket

import pytest

from instruments.browser.chromium import browser, missing
from instruments.foreign import demand
from tests.companion.page.browser.stage import faults_of, kiosk, opened, run
from tests.companion.page.kiosk import TOKEN, RecordingKiosk, site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(150)]

STATE = "document.getElementById('state')?.textContent"
LIGHT = "document.getElementById('light')?.textContent"


@pytest.fixture(autouse=True)
def installed():
    demand(missing())


async def in_order(tab, url):
    """The page has asked nobody else for anything, and its console is silent."""
    assert [each for each in tab.requests if not each.startswith((url, "data:"))] == []
    assert tab.complaints == []


def test_a_press_of_the_virtual_button_is_a_turn_and_a_lost_service_is_explained(tmp_path):
    async def main(running):
        async with browser() as chromium:
            tab = await chromium.tab()
            await tab.shape(360, 780)
            await opened(tab, running.url)
            await tab.until(f"{LIGHT} === 'ready'")
            await tab.pointer("mousePressed", "#press")
            await tab.until(f"{STATE} === 'LISTENING'")
            assert await tab.js(LIGHT) == "recording"
            await tab.until("Number(document.getElementById('level').value) > 0")
            await asyncio.sleep(1)  # speech takes its time
            await tab.pointer("mouseReleased", "#press")
            await tab.until("document.getElementById('section-turn').innerText.includes('Turn 1: finished')")
            await tab.until(
                "document.querySelector('#section-turn .said')?.innerText.includes('I listened for')"
            )
            turn = await tab.text("#section-turn")

            for leg in ("release", "commit sent", "acknowledged", "first delta", "first sound", "drained"):
                assert leg in turn
            assert await tab.js("document.querySelectorAll('#section-turn rect').length") >= 6
            assert "1 answer" in await tab.text("#section-latency")
            await in_order(tab, running.url)
            await asyncio.to_thread(running.lose_the_service)
            await tab.until(
                "document.querySelector('#section-health .trouble')?.innerText.includes('unreachable')"
            )
            trouble = await tab.text("#section-health .trouble")
            assert "line" in trouble
            assert "What helps: The service does not accept connections." in trouble
            await in_order(tab, running.url)

    with kiosk(tmp_path) as running:
        run(main(running))


def test_a_page_that_goes_lets_go_of_the_button(tmp_path):
    async def main(running):
        async with browser() as chromium:
            tab = await chromium.tab()
            await opened(tab, running.url)
            await tab.js("document.getElementById('press').focus()")
            await tab.key("keyDown")
            await tab.until(f"{STATE} === 'LISTENING'")
            await tab.key("keyUp")
            await tab.until(f"{STATE} !== 'LISTENING'")
            await tab.until(f"{STATE} === 'IDLE'")
            await tab.key("keyDown")
            await tab.until(f"{STATE} === 'LISTENING'")
            await tab.close()
            await asyncio.to_thread(
                running.daemon.until, lambda state: state["state"] not in ("LISTENING", "ARMED")
            )

    with kiosk(tmp_path) as running:
        run(main(running))


def a_busy_kiosk():
    kiosk = RecordingKiosk()
    for number in range(1, 9):
        kiosk.a_turn(number)
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    kiosk.tell(
        {"event": "transcript", "role": "user", "text": hostile, "turn": 8},
        {"event": "cause", "id": "dns_failed", "phrase": hostile, "remedy": "Check the network."},
        {"event": "wire", "direction": "up", "kind": hostile, "bytes": 12},
    )
    kiosk.answers["config"] = {
        "settings": [{"key": "mode", "value": hostile, "origin": "config.yaml:3:1", "default": False}],
        "hash": "abc",
    }
    return kiosk


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_it_is_accessible_fits_the_window_and_text_of_others_is_no_markup(width, dark):
    async def main():
        async with browser() as chromium, site(a_busy_kiosk(), button=True, transcripts=True) as here:
            tab = await chromium.tab()
            await tab.shape(width, 780, dark=dark)
            await opened(tab, here.url)
            for each in ("wire", "checks", "settings"):
                await tab.js(f"document.getElementById('details-{each}').open = true")
            await tab.until("document.getElementById('section-settings').innerText.includes('onerror')")
            await tab.until("!document.getElementById('press').disabled")
            here.kiosk.tell(
                {
                    **here.kiosk.view.snapshot,
                    "event": "snapshot",
                    "light": "offline",
                    "troubles": [
                        {"what": "line", "cause": "dns_failed", "text": "<b>no</b>", "remedy": "Wait."}
                    ],
                }
            )
            await tab.until(
                "document.querySelector('#section-health .trouble')?.innerText.includes('<b>no</b>')"
            )
            assert await faults_of(tab) == []
            assert await tab.js("document.documentElement.scrollWidth") <= width
            assert (
                await tab.js("document.querySelectorAll('img, section script, section b section').length")
                == 0
            )
            ground = await tab.js("getComputedStyle(document.body).backgroundColor")
            assert ground == ("rgb(22, 22, 20)" if dark else "rgb(246, 246, 244)")
            await in_order(tab, here.url)

    run(main())


def test_without_javascript_the_basics_are_there():
    async def main():
        async with browser() as chromium, site(a_busy_kiosk(), button=True, transcripts=True) as here:
            tab = await chromium.tab()
            await tab.send("Emulation.setScriptExecutionDisabled", value=True)
            await tab.goto(here.url)
            text = await tab.text()
            for words in (
                "Without JavaScript",
                "ready: ready for a visitor",
                "Turn 8",
                "What helps",
                "$0.0512",
            ):
                assert words in text
            assert "Hold to talk" not in text
            assert here.kiosk.asked == []

    run(main())


def test_the_token_is_asked_for_once_and_the_page_is_let_in():
    async def main():
        async with browser() as chromium, site(a_busy_kiosk(), token=TOKEN) as here:
            tab = await chromium.tab()
            await tab.goto(here.url)
            assert await faults_of(tab) == []
            assert "Token of this page" in await tab.text()
            await tab.js("document.getElementById('token').value = 'wrong'; document.forms[0].submit()")
            await tab.until("document.body?.innerText.includes('This is not the token')")
            await tab.js(f"document.getElementById('token').value = '{TOKEN}'; document.forms[0].submit()")
            await tab.until("document.getElementById('controls')?.hidden === false")
            assert await tab.js("document.cookie") == ""  # no script sees it
            await tab.js("document.querySelector('[data-do=stop]').click()")
            async with asyncio.timeout(20):
                while "stop" not in here.kiosk.asked:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert [each for each in tab.complaints if "401" not in each] == []
            await tab.js("document.querySelector('footer form').requestSubmit()")
            await tab.until("document.body?.innerText.includes('Token of this page')")

    run(main())


def test_the_page_finds_a_companion_again_that_was_away(tmp_path):
    async def main():
        kiosk = RecordingKiosk()
        async with browser() as chromium:
            tab = await chromium.tab()
            async with site(kiosk) as here:
                await opened(tab, here.url)
                port = here.part.port
            await tab.until("document.getElementById('banner').innerText.includes('tries again')")
            kiosk.tell({"event": "light", "light": "muted"})
            async with site(kiosk, port=port):
                await tab.until(f"{LIGHT} === 'muted' && document.getElementById('banner').hidden")

    run(main())


def test_an_open_page_becomes_what_the_companion_shows_now_and_asks_for_another_token():
    async def main():
        kiosk = RecordingKiosk()
        async with browser() as chromium:
            tab = await chromium.tab()
            async with site(kiosk) as here:
                await opened(tab, here.url)
                port = here.part.port
                assert "What is said is not shown" in await tab.text()
            async with site(kiosk, port=port, transcripts=True):
                await tab.until(
                    "document.body && !document.body.innerText.includes('What is said is not shown')"
                )
                await tab.until("document.getElementById('controls')?.hidden === false")
            async with site(kiosk, port=port, token=TOKEN):
                await tab.until("document.body?.innerText.includes('Token of this page')")

    run(main())


def test_in_a_network_without_encryption_the_console_is_silent_too():
    """Browsers trust no address but those of loopback, and complain there of what needs encryption."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("203.0.113.1", 9))  # sends nothing
        except OSError:
            pytest.skip("it needs an address that is not of loopback")
        address = asking.getsockname()[0]

    async def main():
        async with browser() as chromium, site(RecordingKiosk(), token=TOKEN, listen=address) as here:
            tab, url = await chromium.tab(), f"http://{address}:{here.part.port}"
            await tab.goto(url)
            await tab.js(f"document.getElementById('token').value = '{TOKEN}'; document.forms[0].submit()")
            await tab.until("document.getElementById('controls')?.hidden === false")
            tab.complaints[:] = [each for each in tab.complaints if "401" not in each]  # before the login
            await tab.js("document.querySelector('[data-do=stop]').click()")
            await tab.until("document.getElementById('light').textContent === 'ready'")
            await in_order(tab, url)

    run(main())
