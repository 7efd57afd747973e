"""A real kiosk with the embedded service, its companion, and what a browser is asked about the page."""

import asyncio
import json
import signal
import subprocess
from contextlib import contextmanager

from instruments.browser.chromium import AXE
from tests.cli.daemon import EDGED, ENV, Daemon
from tests.talk.stage import tone, write_wav

PAGE = {"page": {"listen": "127.0.0.1:0", "button": True, "transcripts": True}, "name": "Kiosk 7"}


class Kiosk:
    """The processes of a kiosk in `folder`: `service`, `daemon`, `companion`. `url` is that of the page."""

    def __init__(self, folder):
        self.daemon = Daemon(folder)
        self.service = self.companion = None
        self.url = ""

    def start(self):
        words = [*EDGED, "serve", "--port", "0", "--pace", "20", "--think-ms", "300"]
        self.service = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENV, text=True
        )
        self.daemon.configure(
            microphone={
                "backend": "wav",
                "file": str(write_wav(self.daemon.folder / "in.wav", tone(10_000) * 15)),
            },
            provider={"url": self.service.stdout.readline().split()[1]},
            log={"transcripts": True},
            companion=PAGE,
        )
        self.daemon.start()
        self.companion = subprocess.Popen(
            [*EDGED, "companion", "--config", str(self.daemon.config)],
            stderr=subprocess.PIPE,
            env=ENV,
            text=True,
        )
        for line in self.companion.stderr:
            if "page at " in line:
                self.url = line.split("page at ")[1].strip().rstrip("/")
                break
        assert self.url
        self.daemon.until(lambda state: state["link"]["up"])

    def lose_the_service(self):
        self.service.kill()
        self.service.wait()

    def stop(self):
        self.service.kill()
        self.companion.send_signal(signal.SIGTERM)
        rest = self.companion.communicate(timeout=30)[1]
        assert self.companion.returncode == 0, rest
        self.daemon.stop()
        self.service.communicate()


@contextmanager
def kiosk(folder):
    running = Kiosk(folder)
    running.start()
    try:
        yield running
    finally:
        running.stop()


async def opened(tab, url):
    """Open the page, and wait until it follows the kiosk."""
    await tab.goto(url)
    await tab.until("!document.getElementById('controls').hidden && document.getElementById('light')")


async def faults_of(tab):
    """What axe finds serious or critical."""
    await tab.js(AXE.read_text())
    found = await tab.js("axe.run().then((found) => JSON.stringify(found.violations))")
    return [
        (each["id"], each["impact"], [node["html"][:200] for node in each["nodes"]])
        for each in json.loads(found)
        if each["impact"] in ("serious", "critical")
    ]


def run(coroutine):
    return asyncio.run(coroutine)
