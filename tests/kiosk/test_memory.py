"""Whatever one message, one answer or a minute of clients costs, the daemon stays within its unit's memory."""

import json
import logging
import os
import re
import socket
import time
import wave
from pathlib import Path

import pytest

from instruments.gateways.kiosk import Kiosk
from instruments.hostile import corpus
from instruments.hostile.service import Service

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "systemd" / "edged.service").read_text()
MOST_KB = int(re.search(r"^MemoryMax=(\d+)M$", UNIT, re.MULTILINE)[1]) * 1024
OF_UNIT = dict(pair.split("=") for pair in re.search(r"^Environment=(.*)$", UNIT, re.MULTILINE)[1].split())

pytestmark = pytest.mark.slow


class Watched(Kiosk):
    """The daemon as its unit runs it, and its memory."""

    def peak_kb(self):
        """Return the peak since the last call."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    def descriptors(self):
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    @property
    def address(self):
        return str(self._folder / "control")

    @property
    def alive(self):
        return self._process.poll() is None


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A service, and a kiosk with a link to it."""
    for name, value in OF_UNIT.items():
        monkeypatch.setenv(name, value)
    heard = tmp_path / "heard.wav"
    with wave.open(str(heard), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24000)
        file.writeframes(os.urandom(48_000 * 100))
    with Service() as service:
        provider = {"name": "custom", "url": service.url}
        settings = {
            "speaker": {"backend": "null"},
            "turn": {"forget_after_s": 0},
        }  # or the link would be renewed
        with Watched(tmp_path, provider, "key", heard, **settings) as kiosk:
            kiosk.wait_for_link()
            yield service, kiosk


class Peaks:
    """The peaks of its memory, by what was sent to it."""

    def __init__(self, kiosk):
        self._kiosk, self.all = kiosk, {"": kiosk.peak_kb()}

    def saw(self, what):
        assert self._kiosk.alive, what
        self.all[what] = self._kiosk.peak_kb()
        assert self.all[what] < MOST_KB, f"{what}: {self.all[what]} kB"

    def __str__(self):
        most = max(self.all, key=self.all.get)
        return f"{self.all['']} kB at first, {self.all[most]} kB at most ({most})"


def test_no_message_takes_more_than_there_is_nor_the_link_down(hostile):
    service, kiosk = hostile
    peaks = Peaks(kiosk)
    for name, message in corpus.messages():
        service.send([message])
        peaks.saw(name)
    for name, messages in corpus.floods():
        service.send(messages)
        peaks.saw(name)
    log.info("%s", peaks)
    assert kiosk.command("status")["link"]["up"]
    assert (service.connections, kiosk.downs) == (1, [])
    counters = kiosk.command("status")["counters"]
    assert counters["edged_cause_message_too_large_total"] > len(corpus.INNER)


def asks(service, kiosk):
    """Ask a question. The service has it when this returns."""
    kiosk.hold(0.6)
    service.asked()


def test_no_answer_takes_more_than_there_is_and_each_ends(hostile):
    service, kiosk = hostile
    peaks = Peaks(kiosk)
    for number, (name, _) in enumerate(corpus.answers("")):
        response_id = f"resp_{number}"
        asks(service, kiosk)
        service.send([json.dumps({"type": "response.created", "response": {"id": response_id}})])
        service.send(dict(corpus.answers(response_id))[name])
        peaks.saw(f"an answer {name}")
        if number == 0:
            kiosk.until(
                "it plays", lambda: any(mark["name"] == "first_sound" for mark in kiosk.of("mark")), 30
            )
        done = corpus.event("response.done", f'"x":"{"x" * corpus.MIB}"', response_id=response_id)
        service.send([done])
        peaks.saw(f"the end of an answer {name}")
        kiosk.command("interrupt")
        kiosk.rest()
    log.info("%s", peaks)
    assert kiosk.command("status")["link"]["up"]
    assert (service.connections, kiosk.downs) == (1, [])


@pytest.mark.hours
@pytest.mark.parametrize(("piece", "count"), [("", 200_000), ("x", 200_000), ("x" * 4000, 4000)])
def test_fragments_without_end_take_no_more_than_a_message(hostile, piece, count):
    service, kiosk = hostile
    time.sleep(1.5)  # a kiosk does its start-up work in this time
    peaks = Peaks(kiosk)
    service.begin(piece, count)
    time.sleep(0.5)  # until the last ones are taken: nothing acknowledges them
    peaks.saw("fragments")
    log.info("%s", peaks)
    # From a few thousand bytes at a time, the library makes frames, and the heap grows in steps.
    if len(piece) < 2:
        assert peaks.all["fragments"] - peaks.all[""] < 8 * 1024


@pytest.mark.hours
def test_connects_to_the_control_socket_take_nothing_that_stays(hostile):
    service, kiosk = hostile
    peaks = Peaks(kiosk)
    descriptors, began = kiosk.descriptors(), time.monotonic()
    for number in range(60_000):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(kiosk.address)
        if number % 1000 == 999:
            peaks.saw("connects")
    log.info("%s in %.0f s", peaks, time.monotonic() - began)
    assert kiosk.command("status")["link"]["up"]
    assert kiosk.descriptors() <= descriptors + 16
    assert service.connections == 1
