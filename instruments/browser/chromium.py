"""Drives Debian's Chromium without a screen, over its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from websockets.asyncio.client import connect

IN_TIME_S = 30.0
PROGRAM = shutil.which("chromium") or ""
OPTIONS = (
    *("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio"),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-default-browser-check",
    ),
    *(
        "--disable-extensions",
        "--force-device-scale-factor=1",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
    ),
)


class NavigatedError(Exception):
    """The page that was asked is not there any more, or the browser refuses for another reason."""


class Tab:
    """A tab. `requests` are the addresses it has asked for, and `complaints` what its console has said."""

    def __init__(self, browser, session):
        self.requests, self.complaints = [], []
        self._browser, self._session = browser, session

    async def send(self, method, **parameters):
        return await self._browser.send(method, self._session, **parameters)

    async def goto(self, url):
        """Load a page, to the end."""
        self._browser.loaded[self._session] = loaded = asyncio.Event()
        answer = await self.send("Page.navigate", url=url)
        assert not answer.get("errorText"), answer
        async with asyncio.timeout(IN_TIME_S):
            await loaded.wait()

    async def js(self, expression):
        """The value of an expression; a promise is awaited."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression):
        """Wait until an expression is true, also while another page is loaded."""
        until = asyncio.get_running_loop().time() + IN_TIME_S
        while asyncio.get_running_loop().time() < until:
            with suppress(NavigatedError):
                if await self.js(f"Boolean({expression})"):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"never: {expression}\n{await self.text()}")

    async def text(self, selector="body"):
        return await self.js(f"document.querySelector({json.dumps(selector)}).innerText")

    async def shape(self, width, height, *, dark=False):
        """The size of the window, and whether the person likes it dark."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme, calm])

    async def pointer(self, kind, selector):
        """`mousePressed`, `mouseReleased` or `mouseMoved` in the middle of an element."""
        box = await self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView();"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        await self.send(
            "Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1
        )

    async def key(self, kind, key=" "):
        """`keyDown` or `keyUp`."""
        await self.send(
            "Input.dispatchKeyEvent", type=kind, key=key, code="Space", text=key if kind == "keyDown" else ""
        )

    async def picture(self, path, *, whole=False):
        answer = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    async def close(self):
        await self.send("Page.close")

    def hear(self, method, parameters):
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(parameters["args"]))
            case "Log.entryAdded":
                entry = parameters["entry"]
                self.complaints.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}")


class Browser:
    """A browser that runs; `tab()` opens a tab."""

    def __init__(self, socket):
        self.loaded = {}
        self._socket, self._numbers = socket, itertools.count(1)
        self._waiting, self._tabs = {}, {}

    async def send(self, method, session=None, **parameters):
        number = next(self._numbers)
        self._waiting[number] = answered = asyncio.get_running_loop().create_future()
        more = {"sessionId": session} if session else {}
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters, **more}))
        async with asyncio.timeout(IN_TIME_S + 10):
            answer = await answered
        if "error" in answer:
            raise NavigatedError(f"{method}: {answer['error']}")
        return answer["result"]

    async def tab(self):
        """A new tab with a profile of its own: no cookies of others."""
        context = await self.send("Target.createBrowserContext", disposeOnDetach=True)
        target = await self.send(
            "Target.createTarget", url="about:blank", browserContextId=context["browserContextId"]
        )
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = self._tabs[attached["sessionId"]] = Tab(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            await tab.send(f"{domain}.enable")
        return tab

    async def read(self):
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
                continue
            session = message.get("sessionId")
            if message["method"] == "Page.loadEventFired" and session in self.loaded:
                self.loaded[session].set()
            if session in self._tabs:
                self._tabs[session].hear(message["method"], message["params"])


@asynccontextmanager
async def browser():
    """A browser with an empty profile."""
    with tempfile.TemporaryDirectory(prefix="edged-browser-", ignore_cleanup_errors=True) as profile:
        rights = ("--no-sandbox",) if os.geteuid() == 0 else ()
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, *OPTIONS, *rights, f"--user-data-dir={profile}", "about:blank"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "HOME": profile},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(IN_TIME_S):
                while b"DevTools listening on " not in (line := await process.stderr.readline()):
                    assert line, "chromium has ended"
            drain = asyncio.ensure_future(process.stderr.read())
            address = line.decode().split("listening on ")[1].strip()
            async with connect(address, max_size=2**26, ping_interval=None, compression=None) as socket:
                running = Browser(socket)
                reading = asyncio.ensure_future(running.read())
                try:
                    yield running
                finally:
                    with suppress(Exception):
                        await running.send("Browser.close")
                    reading.cancel()
                    await asyncio.wait([reading])
            async with asyncio.timeout(IN_TIME_S):
                await process.wait()
                await drain
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)
                await process.wait()


AXE = Path(
    os.environ.get("EDGED_AXE") or Path(sys.prefix, "browser", "js", "node_modules", "axe-core", "axe.min.js")
)


def missing():
    """What is not installed here; None: nothing."""
    if not PROGRAM:
        return "it needs chromium: run sudo apt-get install -y chromium"
    return None if AXE.exists() else "it needs axe-core: run scripts/test companion"
