"""The doctor with a real card and real pins. The microphone of the card is joined to its speaker, and hears it."""

import json
import re

import pytest

from instruments.rig import MISSING, card

pytestmark = [
    pytest.mark.uml,
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the first run builds a kernel
    pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run"),
]
CONFIG = """version: 1
provider: {name: local, url: "ws://127.0.0.1:8765/v1/realtime"}
button: {backend: gpiod, gpio: 17}
light: {backend: gpiod, gpio: 27}
microphone: {backend: alsa, device: "hw:CARD=Loopback,DEV=1"}
speaker: {backend: alsa, device: "hw:CARD=Loopback,DEV=0"}
control: {socket: /run/s}
state: {dir: /run/state}
"""
SCRIPT = """
mkdir -p /var/log/journal
python=/opt/edged/bin/python
export PYTHONPATH=/srv/project
$python -P -m edged serve --port 8765 >/mnt/serve 2>&1 &
sleep 4
$python -P -m edged doctor --json --config /mnt/c.yaml >/mnt/healthy 2>/mnt/errors
arecord -q -D hw:CARD=Loopback,DEV=1 -f S16_LE -r 48000 -c 2 -d 60 /dev/null &
taken=$!
sleep 2
$python -P -m edged doctor --json --config /mnt/c.yaml --only microphone >/mnt/taken 2>>/mnt/errors
kill $taken
true
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    share = tmp_path_factory.mktemp("doctor")
    (share / "c.yaml").write_text(CONFIG)
    (share / "script").write_text(SCRIPT)
    status = card.run("sh /mnt/script", share, timeout_s=300)
    said = (share / "out").read_text()
    assert status == 0, said
    files = ("healthy", "taken")
    assert all((share / each).read_text() for each in files), (share / "errors").read_text() + said
    return {each: json.loads((share / each).read_text()) for each in files}


def test_a_healthy_kiosk_has_none_and_its_microphone_hears_its_speaker(seen):
    found = seen["healthy"]
    assert found["first"] is None, found["findings"]
    notes = {each["id"]: each["note"] for each in found["checks"] if each["outcome"] == "ok"}
    heard = re.match(r"heard after (\d+) ms at (-\d+) dBFS", notes["speaker_heard"])
    assert heard, notes
    assert 0 <= int(heard[1]) < 500
    assert notes["button"] == "button: at rest"
    assert notes["light"] == "light: can be switched"
    assert "Loopback" in notes["cards"]


def test_a_card_that_another_program_holds_is_busy_and_the_program_is_named(seen):
    (first, *_) = seen["taken"]["findings"]
    assert first["id"] == "device_busy"
    assert "arecord" in first["text"]
