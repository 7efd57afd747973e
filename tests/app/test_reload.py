"""Changed configurations on the whole daemon, in virtual time."""

import asyncio
import logging
from dataclasses import replace
from random import Random
from types import MappingProxyType

import pytest

from edged.app import App, Devices
from edged.app.settings import input_format
from edged.config import Secret, load
from edged.errors import CommandError, ConfigError
from edged.local.http import Admission
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.panel.null import NullContact, NullLamp
from edged.system.notify import NullManager
from instruments.lab.kiosk import Kiosk, RecordingSpeaker, StampMicrophone
from instruments.lab.net import SimNet
from instruments.lab.stamp import locate, stamps

KEY, OTHER_KEY = "sk-planted-0123456789", "sk-planted-9876543210"


class HeardManager(NullManager):
    def __init__(self):
        self.words = []

    def ready(self):
        self.words.append("READY")

    def reloading(self):
        self.words.append("RELOADING")


class Paper:
    """A configuration that a test writes."""

    origins = MappingProxyType({})

    def __init__(self, base):
        self.base, self.sets, self.key, self.problems, self.made = base, [], None, [], []

    def read(self):
        if self.problems:
            raise ConfigError(self.problems)
        return load(None, env={}, sets=[*self.base, *self.sets]).config, self.key

    def devices(self, present, config, parts):
        self.made.append(sorted(parts))
        loop, heard = asyncio.get_running_loop(), input_format(config)
        return Devices(
            StampMicrophone(loop, rate_hz=heard.rate_hz) if "microphone" in parts else present.microphone,
            RecordingSpeaker(loop) if "speaker" in parts else present.speaker,
            NullContact() if "button" in parts else present.button,
            NullLamp() if "light" in parts else present.lamp,
            heard=heard,
        )


@pytest.fixture
def kiosk(lab_run, monkeypatch):
    """Run `body(kiosk, paper)`. `paper` is the configuration; the link is up or not."""
    level = logging.getLogger().level

    def run(body, *settings, keys=(), key=None):
        net = SimNet(latency_ms=10)

        async def main():
            async with LocalServer(voice=ParrotVoice(), door=Admission(keys=keys), keep_audio=True) as server:
                base = [f"provider.url={server.url}", "control.socket=", "state.dir=", *settings]
                paper = Paper(base)
                build = App.__init__

                def init(app, config, *, key, ports, **more):
                    ports = replace(ports, manager=paper.manager)
                    build(app, config, key=paper.key, ports=ports, source=paper, **more)

                paper.manager, paper.key = HeardManager(), Secret(key) if key else None
                with monkeypatch.context() as patch:
                    patch.setattr(App, "__init__", init)
                    here = Kiosk(net, server.url, Random(1), *settings)
                async with here:
                    here.server = server
                    await here.until(lambda: here.app.link.up, 3)
                    await asyncio.sleep(3)
                    await body(here, paper)

        lab_run(main(), net=net)

    yield run
    logging.getLogger().setLevel(level)


async def ask(here, seconds=2.0):
    """Run a whole turn, and return the state in which it ended."""
    here.app.front.button.press()
    await asyncio.sleep(seconds)
    here.app.front.button.release()
    assert await here.until(lambda: here.state == "SPEAKING", 20)
    return await here.until(lambda: here.state == "IDLE", 60)


def test_nothing_changed_changes_nothing(kiosk):
    async def body(here, paper):
        link = here.app.link
        answer = await here.app.reload()
        assert answer == {"live": [], "reopen": [], "restart": [], "key": False, "when": "now"}
        assert here.app.link is link
        assert paper.made == []
        assert paper.manager.words == ["READY", "RELOADING", "READY"]

    kiosk(body)


def test_programs_hear_of_a_reload_and_read_what_is_in_use(kiosk):
    async def body(here, paper):
        run = here.app.snapshot()["run"]
        paper.sets = ["speaker.volume=40", "turn.longest_s=7", "state.dir=/tmp/elsewhere"]
        paper.origins = {"speaker.volume": "a:1:1", "turn.longest_s": "a:2:1", "state.dir": "a:3:1"}
        before = here.app.desk.configuration(0)
        answer = await here.app.reload()
        assert [event for event in here.events if event["event"] == "reloaded"] == [
            {"event": "reloaded", **answer}
        ]
        found = here.app.desk.configuration(0)
        of = {each["key"]: each for each in found["settings"]}
        assert (of["turn.longest_s"]["value"], of["turn.longest_s"]["origin"]) == (7, "a:2:1")
        assert not of["turn.longest_s"]["default"]
        assert of["state.dir"]["value"] == ""  # it needs a restart
        assert of["state.dir"]["origin"] == "default"
        assert found["hash"] != before["hash"]
        assert here.app.snapshot()["run"] == run
        here.events.clear()
        paper.problems = ["mode: no"]
        with pytest.raises(ConfigError):
            await here.app.reload()
        assert not [event for event in here.events if event["event"] == "reloaded"]
        for start in (-1, "1", True, None):
            with pytest.raises(CommandError):
                here.app.desk.configuration(start)

    kiosk(body)


def test_the_keys_of_the_companion_reopen_nothing(kiosk):
    async def body(here, paper):
        link, front = here.app.link, here.app.front
        paper.sets = [
            "companion.name=hall",
            "companion.page.listen=127.0.0.1:8780",
            "companion.page.button=true",
            "companion.mqtt.broker=mqtt://127.0.0.1",
            "companion.metrics.textfile=/var/lib/x.prom",
        ]
        answer = await here.app.reload()
        assert len(answer["live"]) == 5
        assert not answer["reopen"]
        assert not answer["restart"]
        assert here.app.link is link
        assert here.app.front is front
        assert paper.made == []
        assert here.app._config.companion.page.button

    kiosk(body)


def test_a_bad_configuration_leaves_the_old_one_and_names_each_fault(kiosk, caplog):
    async def body(here, paper):
        link = here.app.link
        paper.problems = ["config.yaml:3:3: button.gpoi: unknown key", "config.yaml:9:1: mode: is wrong"]
        with pytest.raises(ConfigError) as refused:
            await here.app.reload()
        assert refused.value.problems == paper.problems
        assert here.app.link is link
        assert paper.manager.words[-1] == "READY"  # no longer reloading
        assert await ask(here)

    kiosk(body)
    said = [record.getMessage() for record in caplog.records if record.name == "edged.app.reload"]
    assert said[0] == "reload: config.yaml:3:3: button.gpoi: unknown key"
    assert len(said) == 3


def test_what_only_the_provider_knows_to_be_wrong_is_refused_too(kiosk):
    async def body(here, paper):
        paper.base = ["provider.name=custom", "provider.url=ws://localhost/", "control.socket=", "state.dir="]
        paper.sets = ["provider.name=azure", "provider.url=ftp://nowhere"]
        with pytest.raises(ConfigError):
            await here.app.reload()
        assert here.app.link.up

    kiosk(body)


def test_a_live_key_works_from_the_next_turn_on_without_a_new_session(kiosk):
    async def body(here, paper):
        link = here.app.link
        paper.sets = ["turn.longest_s=2"]
        answer = await here.app.reload()
        assert answer["live"] == ["turn.longest_s"]
        here.button.press()
        await asyncio.sleep(2.5)
        assert here.state != "LISTENING"  # held longer than allowed
        here.button.release()
        assert here.app.link is link

    kiosk(body)


def test_another_gain_of_the_microphone_works_from_the_next_turn_on_and_none_is_exact_again(kiosk):
    async def body(here, paper):
        for sets, is_exact in (([], True), (["microphone.gain_db=-6"], False), ([], True)):
            paper.sets = sets
            answer = await here.app.reload()
            assert set(answer["reopen"]) <= {"microphone.gain_db"}
            await asyncio.sleep(1.0)
            assert await ask(here)
            assert (locate(here.server.audit[-1].pcm) is not None) == is_exact

    kiosk(body)


def test_another_mode_works_from_the_next_press_on(kiosk):
    async def body(here, paper):
        paper.sets = ["mode=toggle"]
        await here.app.reload()
        for _ in range(2):
            here.button.press()
            await asyncio.sleep(0.2)
            here.button.release()
            await asyncio.sleep(1.5)
        await here.until(lambda: here.state == "IDLE", 20)
        states = [event["state"] for event in here.events if event["event"] == "turn"]
        assert "LATCHED" in states
        assert "SPEAKING" in states

    kiosk(body)


def test_the_level_of_the_log_changes_at_once(kiosk):
    async def body(here, paper):
        paper.sets = ["log.level=debug"]
        await here.app.reload()
        assert logging.getLogger().level == logging.DEBUG

    kiosk(body)


def test_a_provider_key_makes_a_new_session_that_has_it(kiosk):
    async def body(here, paper):
        paper.sets = ["provider.instructions=Speak like a pirate."]
        answer = await here.app.reload()
        assert answer["reopen"] == ["provider.instructions"]
        assert not here.app.link.up
        assert await here.until(lambda: here.app.link.up, 5)
        assert await ask(here)

    kiosk(body)


def test_nothing_is_opened_anew_while_somebody_is_answered(kiosk):
    async def body(here, paper):
        link = here.app.link
        here.button.press()
        await asyncio.sleep(2)
        paper.sets = ["provider.voice=echo", "speaker.prebuffer_ms=100", "button.min_hold_ms=200"]
        answer = await here.app.reload()
        assert answer["when"] == "after this turn"
        here.button.release()
        assert await here.until(lambda: here.state == "SPEAKING", 20)
        assert here.app.link is link
        assert paper.made == []
        assert await here.until(lambda: here.state == "IDLE", 60)
        assert await here.until(lambda: here.app.link is not link and here.app.link.up, 5)
        assert paper.made == [["provider", "speaker"]]
        assert await ask(here)

    kiosk(body)


def test_each_device_is_opened_anew_by_itself_and_the_turn_goes_on_with_it(kiosk):
    async def body(here, paper):
        old = here.app.front
        for key, name in (
            ("microphone.device=usb", "microphone"),
            ("speaker.device=usb", "speaker"),
            ("button.gpio=5", "button"),
            ("light.gpio=6", "lamp"),
        ):
            paper.sets.append(key)
            await here.app.reload()
            assert getattr(here.app.front, name) is not getattr(old, name)
        await asyncio.sleep(1)
        assert paper.made == [["microphone"], ["speaker"], ["button"], ["light"]]
        handed = here.microphone.handed
        assert await ask(here)
        assert here.microphone.handed == handed  # the old one is closed
        assert here.app.front.speaker.takes
        assert here.app.front.lamp.level is not None

    kiosk(body)


def test_a_warm_microphone_becomes_a_closed_one_and_warm_again(kiosk):
    async def body(here, paper):
        paper.sets = ["microphone.capture=closed"]
        await here.app.reload()
        await asyncio.sleep(1)
        closed = here.app.front.microphone
        assert closed.handed == 0
        assert await ask(here)
        assert closed.handed > 0
        paper.sets = []
        await here.app.reload()
        await asyncio.sleep(1)
        assert here.app.front.microphone.handed >= 24_000 * 0.9

    kiosk(body)


def test_a_key_that_needs_a_restart_is_named_and_left_alone(kiosk):
    async def body(here, paper):
        paper.sets = ["state.dir=/var/x"]
        answer = await here.app.reload()
        assert answer["restart"] == ["state.dir"]
        assert (await here.app.reload())["restart"] == ["state.dir"]  # it still needs the restart

    kiosk(body)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (
            ("button.gpio=17", "buttons=[{role: mute, gpio: 5}]"),
            ("button.gpio=5", "buttons=[{role: mute, gpio: 17}]"),
            "buttons.1.gpio: the button uses GPIO 5, too",
        ),
        (
            ("buttons=[{role: mute, gpio: 5}]",),
            ("light.gpio=5", "buttons=[{role: mute, gpio: 6}]"),
            "light.gpio: buttons.1 uses GPIO 5, too",
        ),
        (
            ("buttons=[{role: talk, gpio: 5}]",),
            ("mode=handset", "buttons=[]"),
            "buttons.1.role: mode handset has one receiver",
        ),
    ],
    ids=["button", "light", "mode"],
)
def test_a_change_that_works_only_after_a_restart_is_refused_and_changes_nothing(kiosk, before, after, why):
    """Otherwise a button would be lost until then: another one still has its pin."""

    async def body(here, paper):
        paper.sets = after
        with pytest.raises(ConfigError) as refused:
            await here.app.reload()
        (problem,) = refused.value.problems
        assert why in problem
        assert problem.endswith(
            "(until edged restarts, the present value of buttons stays in use: restart edged)"
        )
        assert paper.made == []
        assert await ask(here)

    kiosk(body, *before)


def test_another_key_wakes_a_refused_link(kiosk):
    async def body(here, paper):
        await asyncio.sleep(30)
        assert here.app.link.cause == "key_refused"
        paper.key = Secret(KEY)
        answer = await here.app.reload()
        assert answer["key"] is True
        assert await here.until(lambda: here.app.link.up, 1)

    kiosk(body, keys=(KEY,), key=OTHER_KEY)


def test_a_refused_link_is_tried_at_once_though_nothing_changed_here(kiosk):
    async def body(here, paper):
        await asyncio.sleep(30)
        tried = len([1 for _, up in here.links if not up])
        link = here.app.link
        await here.app.reload()
        await asyncio.sleep(1)
        assert here.app.link is not link
        assert here.app.link.cause == "key_refused"
        assert len([1 for _, up in here.links if not up]) > tried

    kiosk(body, keys=(KEY,), key=OTHER_KEY)


def test_sighup_reloads_and_a_bad_file_ends_nothing(kiosk, caplog):
    async def body(here, paper):
        paper.sets = ["provider.voice=echo"]
        link = here.app.link
        here.app.hup()
        assert await here.until(lambda: here.app.link is not link and here.app.link.up, 5)
        paper.problems = ["config.yaml:1:1: bad"]
        here.app.hup()
        await asyncio.sleep(1)
        assert here.app.link.up

    with caplog.at_level(logging.INFO):
        kiosk(body)
    assert any("config.yaml:1:1: bad" in record.getMessage() for record in caplog.records)


def test_sighup_is_heard_while_what_was_accepted_waits_for_the_end_of_a_turn(kiosk):
    async def body(here, paper):
        here.app.front.button.press()
        await asyncio.sleep(1)
        paper.sets = ["speaker.prebuffer_ms=100"]
        assert (await here.app.reload())["when"] == "after this turn"
        await asyncio.sleep(1)
        paper.sets = ["log.level=debug"]
        here.app.hup()
        await asyncio.sleep(1)
        paper.sets = ["speaker.prebuffer_ms=300"]  # nobody asks to read this
        assert here.state == "LISTENING"
        here.app.front.button.release()
        assert await here.until(lambda: here.state == "SPEAKING", 20)
        assert await here.until(lambda: here.state == "IDLE", 60)
        await asyncio.sleep(1)
        assert paper.made == []
        assert logging.getLogger().level == logging.DEBUG

    kiosk(body)


def test_without_a_configuration_to_read_again_it_says_so(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with (
            LocalServer(voice=ParrotVoice()) as server,
            Kiosk(net, server.url, Random(1)) as here,
        ):
            with pytest.raises(CommandError):
                await here.app.reload()

    lab_run(main(), net=net)


# -- a service that takes another rate -------------------------------------------------------------------


def other_rate(url):
    """The settings for a service at `url` that takes sound at 16 kHz."""
    return ["provider.name=qwen", f"provider.url={url}", "control.socket=", "state.dir="]


def came_whole(taken, seconds, rate_hz):
    assert seconds < taken.n_bytes / 2 / rate_hz < seconds + 0.7
    first = locate(taken.pcm)
    assert first is not None
    assert taken.pcm == stamps(first, taken.n_bytes // 2)


def test_the_microphone_gets_the_rate_of_another_service_and_back(kiosk):
    async def body(here, paper):
        async with LocalServer(voice=ParrotVoice(), like="qwen", keep_audio=True) as other:
            usual = paper.base
            paper.base, paper.key = other_rate(other.url), Secret(KEY)
            await here.app.reload()
            assert ["microphone" in parts for parts in paper.made] == [True]
            assert await here.until(lambda: here.app.link.up, 5)
            await asyncio.sleep(1)
            assert await ask(here)
            came_whole(other.audit[0], 2.0, 16_000)
            paper.base, paper.key = usual, None
            await here.app.reload()
            assert await here.until(lambda: here.app.link.up, 5)
            await asyncio.sleep(1)
            assert await ask(here)
            assert ["microphone" in parts for parts in paper.made] == [True] * 2
            assert here.server.audit[0].n_bytes > 2.0 * 2 * 24_000

    kiosk(body)


def test_a_press_before_the_old_microphone_is_closed_gets_no_sound_of_the_old_rate(kiosk):
    async def body(here, paper):
        async with LocalServer(voice=ParrotVoice(), like="qwen", keep_audio=True) as other:
            old = here.app.front.microphone
            paper.base, paper.key = other_rate(other.url), Secret(KEY)
            await here.app.reload()
            here.app.front.button.press()
            await asyncio.sleep(0)
            old.deliver(b"\x11\x22" * 480)
            await asyncio.sleep(2.2)
            here.app.front.button.release()
            assert await here.until(lambda: bool(other.audit), 20)
            came_whole(other.audit[0], 2.0, 16_000)

    kiosk(body)


def test_what_waits_for_the_old_service_is_never_sent_at_the_wrong_rate(kiosk):
    async def body(here, paper):
        async with LocalServer(voice=ParrotVoice(), like="qwen", keep_audio=True) as other:
            here.net.set(no_route=True)
            here.net.strike("reset_client")
            assert await here.until(lambda: not here.app.link.up, 20)
            here.button.press()
            await asyncio.sleep(2)
            here.button.release()
            assert here.app.utterances.pending == 1
            paper.base, paper.key = other_rate(other.url), Secret(KEY)
            answer = await here.app.reload()
            assert answer["when"] == "after this turn"
            here.net.set(no_route=False)
            # The utterance goes to the service that it was made for, and then the other one is used.
            assert await here.until(lambda: bool(paper.made), 200)
            assert len(here.server.audit) == 1
            assert await here.until(lambda: here.app.link.up, 5)
            await asyncio.sleep(1)
            assert await ask(here)
            assert len(other.audit) == 1
            came_whole(other.audit[0], 2.0, 16_000)

    kiosk(body)


def test_a_new_rate_waits_for_an_utterance_that_is_still_pending_at_rest(kiosk):
    async def body(here, paper):
        usual, other = (
            load(None, env={}, sets=base).config for base in (paper.base, other_rate("ws://127.0.0.1:9/"))
        )
        here.net.set(no_route=True)
        here.net.strike("reset_client")
        assert await here.until(lambda: not here.app.link.up, 20)
        here.app.utterances.begin(0)
        here.app.utterances.end(0)
        assert here.app.quiet(usual)
        assert not here.app.quiet(other)
        here.app.utterances.discard()
        assert here.app.quiet(other)

    kiosk(body)
