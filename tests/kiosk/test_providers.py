"""The whole daemon with each provider, as the embedded service imitates it. See edged/local/likeness.py.

Each of six scenes works, or ends in a sentence that names the cause.
"""

import asyncio
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit, urlunsplit

import pytest

from edged.config import Secret
from edged.dial.providers import PROVIDERS
from edged.local import http
from edged.local.likeness import LIKENESSES
from edged.local.server import LocalServer
from instruments.lab.kiosk import Kiosk, StampVoice, Visitor
from instruments.lab.net import SimNet
from instruments.lab.oracle import SAMPLE
from instruments.lab.stamp import locate, stamps
from tests.kiosk.test_link import answered, completed
from tests.kiosk.test_shell import cues, idle, played


@dataclass(frozen=True)
class Expected:
    """What a kiosk does with a service. `settings` are what its page asks for. `like` is the service where the row has
    another name, and `path` is that of its address where it has several.

    `flaw` is the cause in the list of troubles while the link is up. `detects`: the service's own detection ends an
    utterance. `key`: the cause of a refused key; None where the service has no keys. `model`: the same for an unknown
    model; "" where any name is good. `voice`: the cause of an unknown voice; "" where the service uses another one.
    """

    settings: tuple[str, ...] = ()
    like: str = ""
    path: str = ""
    flaw: str | None = None
    detects: bool = False
    key: str | None = "key_refused"
    model: str = "model_refused"
    voice: str = "settings_refused"


EXPECTED = {
    "openai": Expected(),
    "azure": Expected(("provider.model=deployment",)),
    "azure, its preview": Expected(
        ("provider.model=deployment", "provider.azure.api_version=2024-10-01-preview"),
        like="azure",
        path="/openai/realtime",
    ),
    "azure-voice-live": Expected(voice=""),
    "portkey": Expected(("provider.portkey.provider=@openai",)),
    "a15t": Expected(),
    "xai": Expected(model="model_replaced", voice=""),
    "qwen": Expected(voice=""),
    "inworld": Expected(model="", voice=""),
    "cloudflare": Expected(),
    "litellm": Expected(("provider.model=voice",), model="service_refused"),
    "localai": Expected(("provider.model=pipeline",), voice=""),
    "speaches": Expected(
        ("provider.model=llama",),
        key="service_refused",
        model="",
        flaw="detection_kept",
        detects=True,
        voice="",
    ),
    "speech-to-speech": Expected(detects=True, key=None, model="", voice=""),
}
EACH = pytest.mark.parametrize("name", EXPECTED)


def provider_of(name):
    """The name of the provider of a row."""
    return EXPECTED[name].like or name


def address_of(name, url):
    """The address to use, from the server's own."""
    return urlunsplit(urlsplit(url)._replace(path=path)) if (path := EXPECTED[name].path) else url


@pytest.fixture
def kiosk(lab_run):
    """Runs `body(kiosk)` in virtual time: a kiosk in front of a service like `name`."""

    def run(body, name, *settings, key=None, keys=(), models=(), **server_options):
        net = SimNet(latency_ms=10)

        async def main():
            rng = Random(1)
            wall = asyncio.get_running_loop().wall
            voice = StampVoice(rng)
            door = http.Admission(keys=keys, models=models) if keys or models else None
            async with LocalServer(
                voice=voice, keep_audio=True, like=provider_of(name), wall=wall, door=door, **server_options
            ) as server:
                row = PROVIDERS[provider_of(name)]
                needs = key or ("right" if row.needs_key else "")
                words = (
                    *(f"provider.name={provider_of(name)}", "link.connect=always"),
                    *EXPECTED[name].settings,
                    *settings,
                )
                secret = Secret(needs) if needs else None
                async with Kiosk(net, address_of(name, server.url), rng, *words, key=secret) as one:
                    one.server, one.voice, one.visitor = server, voice, Visitor(one, rng)
                    return await body(one)

        return lab_run(main(), net=net)

    return run


async def up(one):
    assert await one.until(lambda: one.app.link.up, 20), causes(one)
    await asyncio.sleep(1.003)


def causes(one):
    return [
        (event["cause"], event["text"]) for event in one.events if event["event"] == "link" and event["cause"]
    ]


def troubles(one):
    return {trouble["cause"] for trouble in one.app.snapshot()["troubles"]}


def test_every_provider_that_can_be_imitated_is_here():
    assert {provider_of(name) for name in EXPECTED} == set(LIKENESSES) == set(PROVIDERS) - {"local", "custom"}


@EACH
def test_a_turn(kiosk, name):
    async def body(one):
        await up(one)
        assert troubles(one) == ({EXPECTED[name].flaw} if EXPECTED[name].flaw else set())
        for seconds in (1.5, 2.5):
            assert await answered(one, seconds)
        assert cues(one) == []
        assert all(answer in played(one) for answer in one.voice.answers)
        assert len(one.voice.answers) == 2
        assert [up for _, up in one.links] == [True]
        # Each utterance came whole, at the rate of the service, as the microphone delivered it.
        rate_hz = PROVIDERS[provider_of(name)].shape.input_rate_hz
        for taken, seconds in zip(one.server.audit, (1.5, 2.5), strict=True):
            took_s = taken.n_bytes / SAMPLE / rate_hz
            assert seconds - 0.1 < took_s < seconds + (2.5 if EXPECTED[name].detects else 0.7)
            if not EXPECTED[name].detects:
                first = locate(taken.pcm)
                assert first is not None
                assert taken.pcm == stamps(first, taken.n_bytes // SAMPLE)

    kiosk(body, name)


@EACH
def test_a_text_is_said_between_two_questions(kiosk, name):
    async def body(one):
        await up(one)
        assert await answered(one, 1.0)  # qwen answers nothing in an empty conversation
        assert one.app.desk.say("We close in ten minutes.")["outcome"] == {"done": True}
        assert await one.until(lambda: one.state == "SPEAKING", 20)
        await idle(one)
        assert completed(one) == 2
        assert cues(one) == []
        assert await answered(one, 1.0)
        assert [up for _, up in one.links] == [True]

    kiosk(body, name)


@EACH
def test_an_interrupt(kiosk, name):
    async def body(one):
        await up(one)
        await one.visitor.hold(1.0)
        assert await one.until(lambda: one.state in ("SPEAKING", "DRAINING"), 20)
        await asyncio.sleep(0.5)
        await one.visitor.hold(1.5)
        await idle(one)
        assert completed(one) >= 1
        assert one.voice.answers[-1] in played(one)
        assert one.voice.answers[0] not in played(one)
        assert cues(one) == []
        assert await answered(one, 1.0)

    kiosk(body, name, pace=1.0)


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if row.key])
def test_a_refused_key(kiosk, name):
    async def body(one):
        assert await one.until(lambda: causes(one), 30)
        await asyncio.sleep(1)
        assert not one.app.link.up
        cause, text = causes(one)[-1]
        assert cause == EXPECTED[name].key, text
        assert "key" in text
        assert "wrong-key" not in text

    kiosk(body, name, key="wrong-key", keys=("right",))


@EACH
def test_a_refused_model(kiosk, name):
    expected = EXPECTED[name].model

    async def body(one):
        if expected in ("", "model_replaced"):
            await up(one)
            assert troubles(one) >= ({expected} if expected else set())
            assert await answered(one, 1.0)
            return
        assert await one.until(lambda: causes(one), 30)
        await asyncio.sleep(1)
        assert not one.app.link.up
        cause, text = causes(one)[-1]
        assert cause == expected, text
        assert "model" in text

    # Some of these services serve any model, unless they are told which ones there are.
    models = () if expected in ("", "model_replaced") else ("another",)
    kiosk(body, name, "provider.model=no/such-model", models=models)


@EACH
def test_an_expiry(kiosk, name):
    async def body(one):
        await up(one)
        assert await answered(one, 1.0)
        await asyncio.sleep(90)
        assert await one.until(lambda: one.app.link.up, 20)
        assert await answered(one, 1.0)
        assert one.server.ledger.sessions >= 2
        assert cues(one) == []

    kiosk(body, name, session_s=60)


@EACH
def test_an_unknown_setting(kiosk, name):
    """A voice that nobody has, and a setting that few have."""
    expected = EXPECTED[name].voice

    async def body(one):
        if not expected:
            await up(one)
            assert await answered(one, 1.0)
            return
        assert await one.until(lambda: causes(one), 40)
        cause, text = causes(one)[-1]
        assert cause == expected, text
        assert "voice" in text or "nobody" in text

    kiosk(body, name, "provider.voice=nobody", "provider.session.noise_reduction=near_field")
