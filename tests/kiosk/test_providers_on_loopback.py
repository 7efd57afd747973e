"""`edged run` with each provider, before `edged serve --like`, on real sockets. test_providers.py has more scenes."""

import json
import subprocess
import urllib.request

import pytest

from edged.dial.providers import PROVIDERS
from edged.pcm import SAMPLE_BYTES
from instruments.gateways.kiosk import Kiosk, noise, write_sound
from instruments.gateways.programs import edged, end, ours
from tests.kiosk.test_providers import EXPECTED, address_of, provider_of

pytestmark = pytest.mark.slow
KEY = "key-of-the-service"


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    path = tmp_path_factory.mktemp("heard") / "heard.wav"
    write_sound(path, noise())
    return path


@pytest.fixture
def served(tmp_path):
    """Starts the embedded service, and returns its address."""
    started = []

    def start(*words):
        (tmp_path / "keys").write_text(KEY + "\n")
        (tmp_path / "short.yaml").write_text("version: 1\nanswers: [{say: Hello.}]\n")
        options = ("--pace", 10, "--script", tmp_path / "short.yaml", "--key-file", tmp_path / "keys")
        command = edged("serve", "--port", 0, *options, *words)
        with (tmp_path / "serve.log").open("w") as log:
            service = subprocess.Popen(command, env=ours(), stdout=subprocess.PIPE, stderr=log, text=True)
        started.append(service)
        said = service.stdout.readline()
        return next(word for word in said.split() if word.startswith("ws://"))

    yield start
    for service in started:
        end(service)
        service.stdout.close()


def ledger(url):
    asked = urllib.request.Request(
        f"http://{url.split('/')[2]}/edged/ledger", headers={"Authorization": f"Bearer {KEY}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def section_of(name, url):
    """What the page of the provider says, for a service at `url`."""
    given = {"name": provider_of(name), "url": address_of(name, url)}
    for line in EXPECTED[name].settings:
        key, _, value = line.partition("=")
        _, *groups, last = key.split(".")
        place = given
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return given


@pytest.mark.parametrize("name", EXPECTED)
def test_a_turn_with_each_provider(served, tmp_path, heard, name):
    url = served("--like", provider_of(name))
    with Kiosk(tmp_path, section_of(name, url), KEY, heard) as kiosk:
        kiosk.wait_for_link()
        kiosk.ask(1.2)
        kiosk.until(
            "an answer to its end", lambda: "drained" in [each.get("name") for each in kiosk.events], 30
        )
        kiosk.rest()
    seen = ledger(url)
    assert [row["status"] for row in seen["bill"]] == ["completed"]
    taken_s = seen["audit"][0]["n_bytes"] / SAMPLE_BYTES / PROVIDERS[provider_of(name)].shape.input_rate_hz
    assert 1.1 < taken_s < (4 if EXPECTED[name].detects else 1.8)
    assert kiosk.notices == []
    assert kiosk.exit_code == 0
    assert any(kiosk.played())
