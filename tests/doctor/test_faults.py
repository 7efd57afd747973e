"""Faults as people have them, each alone in a kiosk that is well otherwise. The doctor names its cause first.

Each fault is as real as it can be here: files, the embedded service, certificates, cards that ALSA opens, namespaces of
the kernel. test_imitated.py has those that need another machine, and tests/system/boot/test_doctor.py real units.
"""

import json
import os
import signal
import socket
import time
from contextlib import ExitStack
from errno import EACCES, EBUSY

import numpy as np
import pytest

from edged.audio.devices import libasound
from edged.causes import CAUSES
from tests.audio.devices.cards.rig import Spec, Stream, build
from tests.dial.authority import authority  # noqa: F401 a fixture
from tests.doctor.bench import RATE, Bench, clock_of, may_unshare, noise

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2"),
]
FAULTS = {}
STICK = Spec("Stick", Stream(), Stream(), ("1111", "2222", ""), id="Stick")
NAMESPACES = ("--mount",)


def fault(expected, gravity="failure", helps=""):
    """`expected`: the cause that the doctor names first. `helps`: words of its remedy."""

    def keep(make):
        FAULTS[make.__name__] = (expected, gravity, helps, make)
        return make

    return keep


# -- the configuration and the key -------------------------------------------------------------------------


@fault("config_invalid")
def key_of_the_configuration_is_misspelt(bench):
    bench.config["buton"] = {}


@fault("config_invalid")
def configuration_is_no_yaml(bench):
    bench.serve()
    bench.text = "version: 1\nprovider: {name: [\n"


@fault("config_invalid")
def configuration_is_missing(bench):
    bench.serve()
    bench.words = ["--config", "/nowhere/config.yaml"]


@fault("config_invalid")
def file_of_the_key_is_missing(bench):
    bench.serve(api_key_file=f"{bench.folder}/none")


@fault("config_invalid")
def key_is_in_quotation_marks(bench):
    (bench.folder / "key").write_text('"sk-0123456789abcdef"\n')
    bench.serve(api_key_file=f"{bench.folder}/key")


@fault("config_invalid")
def service_needs_a_key_and_there_is_none(bench):
    bench.serve()
    bench.config["provider"] = {"name": "openai"}


@fault("config_doubtful", "warning")
def part_of_the_configuration_has_another_ending(bench):
    (bench.folder / "conf.d").mkdir()
    (bench.folder / "conf.d/volume.yml").write_text("speaker: {volume: 70}\n")


@fault("phrases_unusable", "warning")
def own_phrase_is_no_sound(bench):
    (bench.folder / "phrases/en").mkdir(parents=True)
    (bench.folder / "phrases/en/no_network.wav").write_text("hello")
    bench.config["visitor"] = {"phrases_dir": f"{bench.folder}/phrases"}


@fault("model_ends", "warning")
def model_has_ended(bench):
    bench.serve(model="gpt-4o-realtime-preview")


# -- the machine -------------------------------------------------------------------------------------------


@fault("system_unsupported")
def system_has_32_bits(bench):
    bench.serve()
    bench.around = ["setarch", "i686"]


@fault("memory_short")
def memory_is_limited(bench):
    bench.serve()
    bench.around = ["sh", "-c", 'ulimit -v 250000; exec "$@"', "sh"]


@fault("disk_full")
def disk_is_full(bench):
    (bench.folder / "state").mkdir()
    bench.within(
        f"mount -t tmpfs -o size=2m full {bench.folder}/state; head -c 3000000 /dev/zero >{bench.folder}/state/x",
        *NAMESPACES,
    )


@fault("disk_full")
def disk_takes_no_more_files(bench):
    (bench.folder / "state").mkdir()
    many = f"for i in $(seq 60); do touch {bench.folder}/state/$i; done"
    bench.within(
        f"mount -t tmpfs -o size=9m,nr_inodes=61 full {bench.folder}/state; {many} 2>/dev/null", *NAMESPACES
    )


@fault("state_unwritable", "warning")
def state_folder_is_read_only(bench):
    (bench.folder / "state").mkdir()
    bench.within(f"mount -t tmpfs -o ro full {bench.folder}/state", *NAMESPACES)


@fault("state_unwritable", "warning")
def state_folder_is_a_file(bench):
    (bench.folder / "state").write_text("")


@fault("switches_unreadable")
def switches_are_damaged(bench):
    (bench.folder / "state").mkdir()
    (bench.folder / "state/switches.json").write_text('{"muted": tr')


# -- a running edged ---------------------------------------------------------------------------------------


@fault("muted", "warning")
def somebody_has_muted_it(bench):
    bench.serve()
    daemon = bench.running()
    daemon.until(lambda state: state["link"]["up"])
    daemon.ask("ctl", "mute")


@fault("volume_zero", "warning")
def volume_is_off(bench):
    bench.serve()
    daemon = bench.running()
    daemon.until(lambda state: state["link"]["up"])
    daemon.ask("ctl", "volume", "0")


@fault("daemon_silent")
def running_edged_hangs(bench):
    bench.serve()
    daemon = bench.running()
    daemon.until(lambda state: state["link"]["up"])
    os.kill(daemon.process.pid, signal.SIGSTOP)
    bench.stack.callback(os.kill, daemon.process.pid, signal.SIGCONT)


@fault("edged_twice")
def second_edged_runs(bench):
    bench.serve()
    daemon = bench.running()
    daemon.until(lambda state: state["link"]["up"])
    second = bench.start_second()
    second.until(lambda state: state["link"]["up"])


@fault("key_refused")
def running_edged_has_the_wrong_key(bench):
    wrong_key(bench)
    bench.running().until(lambda state: state["link"]["cause"] == "key_refused")


@fault("microphone_lost")
def running_edged_lacks_its_microphone(bench):
    bench.serve()
    bench.cards(STICK, microphone={"device": "hw:CARD=Nobody"})
    bench.running().until(lambda state: "microphone" in state["lost"] and state["link"]["up"])


# -- sound -------------------------------------------------------------------------------------------------


@fault("microphone_lost")
def microphone_is_unplugged(bench):
    bench.cards(STICK, microphone={"device": "hw:CARD=Nobody"}, speaker={"device": "hw:CARD=Stick"})


@fault("speaker_lost")
def speaker_is_unplugged(bench):
    bench.cards(STICK, speaker={"device": "hw:CARD=Nobody"})


@fault("device_busy")
def another_program_holds_the_microphone(bench):
    taken = Spec("Taken", Stream(open_errno=EBUSY), Stream(), ("1111", "3333", ""), id="Taken")
    bench.cards(taken, microphone={"device": "hw:CARD=Taken"})


@fault("device_busy")
def another_program_holds_the_speaker(bench):
    taken = Spec("Taken", Stream(), Stream(open_errno=EBUSY), ("1111", "3333", ""), id="Taken")
    bench.cards(taken, speaker={"device": "hw:CARD=Taken"})


@fault("device_denied")
def card_may_not_be_opened(bench):
    closed = Spec("Closed", Stream(open_errno=EACCES), Stream(), ("1111", "3333", ""), id="Closed")
    bench.cards(closed, microphone={"device": "hw:CARD=Closed"})


@fault("device_unfit")
def card_has_no_format_that_edged_can_use(bench):
    odd = Stream((2_000,), (1,), ("S16_LE",))
    bench.cards(Spec("Odd", odd, odd, ("1111", "3333", ""), id="Odd"), microphone={"device": "hw:CARD=Odd"})


@fault("device_hung")
def driver_hangs(bench):
    slow = Spec("Slow", Stream(open_ms=30_000), Stream(), ("1111", "3333", ""), id="Slow")
    bench.cards(slow, microphone={"device": "hw:CARD=Slow"})


@fault("alsa_config_invalid")
def configuration_of_alsa_is_damaged(bench):
    bench.cards(STICK, microphone={"device": "mine"}, more="pcm.mine { type hw card ")


@fault("mixer_lost", "warning")
def control_of_the_mixer_does_not_exist(bench):
    bench.cards(STICK, speaker={"device": "hw:CARD=Stick", "mixer": "Loudness"})


@fault("microphone_silent")
def microphone_is_switched_off(bench):
    dead = Spec("Dead", Stream(channels=(1,), dead=(0,)), Stream(), ("1111", "3333", ""), id="Dead")
    bench.cards(dead, microphone={"device": "hw:CARD=Dead"})


@fault("microphone_silent")
def microphone_delivers_zeros(bench):
    bench.wav(np.zeros(3 * RATE))


@fault("microphone_stuck")
def microphone_is_stuck(bench):
    bench.wav(np.full(3 * RATE, -7000.0))


@fault("microphone_offset", "warning")
def microphone_has_an_offset(bench):
    bench.wav(noise(-45, 20) + 4000)


@fault("speech_clipped", "warning")
def microphone_is_far_too_loud(bench):
    bench.wav(noise(0, 20) * 3)


@fault("microphone_noisy", "warning")
def microphone_hums(bench):
    bench.wav(np.sin(np.arange(20 * RATE) * 2 * np.pi * 50 / RATE) * 3000)


@fault("speaker_unheard", "warning")
def speaker_is_not_heard(bench):
    """The two are not in one room: the card plays, and its microphone hears something else."""
    bench.wav(noise(-60, 30))
    bench.cards(STICK, speaker={"device": "hw:CARD=Stick"})


# -- button and light --------------------------------------------------------------------------------------


@fault("button_lost")
def chip_of_the_button_is_missing(bench):
    bench.config["button"] = {"backend": "gpiod", "gpio": 17, "chip": "nothing-like-it"}


@fault("button_lost")
def pedal_is_unplugged(bench):
    bench.config["button"] = {"backend": "evdev", "device": "Foot Pedal"}


@fault("button_held")
def something_holds_the_button_down(bench):
    """A contact that is closed at rest, and is configured as one that is open at rest."""
    bench.env["GPIOZERO_PIN_FACTORY"] = "mock"
    bench.config["button"] = {"backend": "gpiozero", "gpio": 17, "contact": "normally_closed"}


@fault("light_lost", "warning")
def led_of_the_machine_does_not_exist(bench):
    bench.config["light"] = {"kind": "sysfs", "led": "nobody-has-this"}


@fault("light_lost", "warning")
def bus_of_the_pixels_is_missing(bench):
    bench.config["light"] = {"kind": "apa102", "spi": "/dev/spidev9.9"}


@fault("recording_light_lost", "warning")
def recording_light_is_missing(bench):
    bench.config["recording_light"] = {"kind": "sysfs", "led": "nobody-has-this"}


# -- the way to the service --------------------------------------------------------------------------------


@fault("clock_unset")
def clock_shows_1970(bench):
    bench.tls("DNS:localhost")
    bench.env |= clock_of(bench.folder, 3600)


@fault("offline")
def clock_shows_1970_because_there_is_no_network(bench):
    """A board without a battery for its clock, and its cable is unplugged."""
    bench.config["provider"] |= {"url": "wss://voice.example/v1/realtime"}
    bench.env |= clock_of(bench.folder, 3600)
    bench.within("true", "--net")


@fault("clock_unset")
def clock_shows_1970_and_the_authority_is_unknown(bench):
    bench.tls("DNS:localhost", trusted=False)
    bench.env |= clock_of(bench.folder, 3600)


@fault("offline")
def key_is_wrong_and_the_cable_is_unplugged(bench):
    wrong_key(bench)
    bench.config["provider"] |= {"url": "wss://voice.example/v1/realtime"}
    bench.within("true", "--net")


@fault("device_busy")
def key_is_wrong_and_the_card_is_busy(bench):
    wrong_key(bench)
    another_program_holds_the_microphone(bench)


@fault("config_invalid")
def configuration_is_invalid_and_edged_runs_with_the_older_one(bench):
    bench.serve()
    bench.running().until(lambda state: state["link"]["up"])
    bench.config["buton"] = {}


@fault("clock_unset")
def clock_is_a_few_years_behind(bench):
    """Later than this release, and earlier than the certificate."""
    bench.tls("DNS:localhost", begins="20300101000000Z")


@fault("offline")
def cable_is_unplugged(bench):
    bench.config["provider"] |= {"url": "wss://voice.example/v1/realtime"}
    bench.within("true", "--net")


@fault("offline")
def cable_is_unplugged_and_the_service_has_an_address(bench):
    bench.config["provider"] |= {"url": "wss://192.0.2.1/v1/realtime"}
    bench.within("ip link set lo up", "--net")


@fault("dns_failed")
def name_server_is_gone(bench):
    bench.config["provider"] |= {"url": "wss://voice.example/v1/realtime"}
    resolver = bench.folder / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    bench.within(f"mount --bind {resolver} /etc/resolv.conf", *NAMESPACES)


@fault("unreachable")
def nobody_listens(bench):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bench.config["provider"] |= {"url": f"ws://127.0.0.1:{free.getsockname()[1]}"}


@fault("proxy_refused")
def proxy_wants_another_password(bench):
    bench.serve(url="wss://voice.example/v1/realtime")
    at = bench.answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    bench.config["provider"] |= {"url": "wss://voice.example/v1/realtime", "proxy": f"http://name:word@{at}"}


@fault("unreachable", helps="Check that `provider.proxy` has the right host and port")
def proxy_does_not_run(bench):
    bench.config["provider"] |= {"url": "wss://voice.example/v1/realtime", "proxy": "http://127.0.0.1:9"}


@fault("handshake_timeout", helps="Check that `provider.proxy` has the right host and port")
def proxy_says_nothing(bench):
    bench.config["provider"] |= {
        "url": "wss://voice.example/v1/realtime",
        "proxy": f"http://{bench.answer(b'')}",
    }


@fault("dns_failed", helps="Check its spelling in `provider.proxy`")
def name_of_the_proxy_is_misspelt(bench):
    """The name server of this machine answers: there is none such."""
    bench.config["provider"] |= {"url": "wss://127.0.0.1/v1", "proxy": "http://a..b.invalid:3128"}


@fault("handshake_timeout", helps="write ws://")
def service_has_no_tls(bench):
    bench.config["provider"] |= {"url": f"wss://{bench.answer(b'')}"}


@fault("handshake_timeout")
def service_says_nothing(bench):
    bench.config["provider"] |= {"url": f"ws://{bench.answer(b'')}"}


@fault("captive_portal")
def network_wants_a_login(bench):
    page = b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n"
    bench.config["provider"] |= {"url": f"ws://{bench.answer(page)}"}


@fault("tls_failed")
def authority_is_unknown(bench):
    bench.tls("DNS:localhost", trusted=False)


@fault("tls_failed")
def certificate_has_expired(bench):
    bench.tls("DNS:localhost", ends="20260101000000Z")


@fault("captive_portal")
def certificate_is_for_another_host(bench):
    bench.tls("DNS:other.example")


@fault("certificate_ends", "warning")
def certificate_ends_soon(bench):
    soon = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 5 * 86_400))
    bench.tls("DNS:localhost", ends=soon)


@fault("key_refused")
def wrong_key(bench):
    (bench.folder / "keys").write_text("another-key-0123456789\n")
    (bench.folder / "key").write_text("sk-this-one-is-not-known\n")
    (bench.folder / "key").chmod(0o600)
    bench.serve("--key-file", bench.folder / "keys", api_key_file=f"{bench.folder}/key")


def refused_with(name, status, body, expected):
    def make(bench):
        bench.serve("--fault", f"refuse_with:{status}:{body}")

    make.__name__ = name
    fault(expected)(make)


refused_with("quota_is_used_up", 429, "quota", "quota_exceeded")
refused_with("country_is_not_served", 403, "region", "region_refused")
refused_with("address_is_not_on_the_list", 403, "address", "address_refused")
refused_with("organisation_is_not_verified", 403, "verify", "account_refused")
refused_with("firewall_takes_it_for_a_robot", 403, "challenge", "firewall_refused")
refused_with("gateway_refuses_for_no_known_reason", 403, "detail", "service_refused")


@fault("server_error")
def service_is_broken(bench):
    bench.serve("--fault", "refuse:500")


@fault("server_busy")
def service_is_busy(bench):
    bench.serve("--fault", "refuse:429:1")


@fault("model_refused")
def model_does_not_exist(bench):
    bench.serve("--model", "another")


@fault("model_refused")
def address_has_another_path(bench):
    url = bench.serve("--like", "openai")
    bench.config["provider"] |= {"url": url.replace("/v1/realtime", "/v2/speech")}


@fault("dialect_refused")
def dialect_is_fixed_to_the_wrong_one(bench):
    bench.serve("--speaks", "ga", dialect="beta")


@fault("settings_refused")
def voice_does_not_exist(bench):
    bench.serve(voice="nobody")


@fault("protocol_broken")
def gateway_breaks_the_protocol(bench):
    bench.serve("--fault", "handshake:accept")


@fault("link_closed")
def service_closes_at_once(bench):
    bench.serve("--fault", "close:1011:restart@session.updated")


# -- the tests ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    made, reason = build(tmp_path_factory.mktemp("rigcard"))
    if made is None:
        pytest.skip(reason)
    return made


@pytest.fixture
def bench(tmp_path, plugin, authority):  # noqa: F811
    with ExitStack() as stack:
        yield Bench(tmp_path, stack, plugin, authority)


def test_a_healthy_kiosk_has_none(bench):
    bench.serve()
    found = bench.examine()
    assert (found["code"], found["first"], found["findings"]) == (0, None, [])


def test_a_healthy_kiosk_that_runs_has_none(bench):
    bench.serve()
    bench.running().until(lambda state: state["link"]["up"])
    found = bench.examine()
    assert (found["code"], found["first"], found["findings"]) == (0, None, [])


def test_a_healthy_kiosk_with_tls_a_key_and_cards_has_none(bench):
    bench.tls("DNS:localhost")
    (bench.folder / "key").write_text("sk-anything-goes-here\n")
    (bench.folder / "key").chmod(0o600)
    bench.config["provider"] |= {"api_key_file": f"{bench.folder}/key"}
    bench.cards(STICK, speaker={"device": "hw:CARD=Stick"})
    found = bench.examine()
    assert (found["code"], found["first"]) == (0, None), found["findings"]
    notes = {each["id"]: each["note"] for each in found["checks"]}
    assert "issued by Test authority" in notes["certificate"]


@pytest.mark.parametrize("name", FAULTS)
def test_the_first_id_is_that_of_the_fault(bench, name):
    expected, gravity, helps, make = FAULTS[name]
    make(bench)
    if bench.around[:1] == ["unshare"] and not may_unshare("--net", "--mount"):
        pytest.skip("namespaces need root")
    found = bench.examine()
    if any(each["id"] == "check_late" for each in found["findings"]):
        found = bench.examine()  # this machine had no time for it; the remedy says the same
    assert found["first"] == expected, json.dumps(found["findings"], indent=1)
    first = found["findings"][0]
    assert (first["gravity"], found["code"]) == (gravity, 2 if gravity == "failure" else 1)
    assert first["remedy"]
    assert helps in first["remedy"], first
    assert first["text"].isprintable()


@pytest.mark.parametrize("make", [authority_is_unknown, certificate_is_for_another_host])
def test_who_issued_a_certificate_that_is_refused_is_named(bench, make):
    make(bench)
    text = bench.examine("--only", "certificate")["findings"][0]["text"]
    assert "issued by Test authority for " in text


def test_there_are_enough_faults_and_each_is_a_row():
    assert len(FAULTS) >= 30
    assert {expected for expected, *_ in FAULTS.values()} <= CAUSES.keys()


def test_no_secret_is_printed(bench):
    secret = "sk-8f3a9c1d7b2e4f60aa55"
    (bench.folder / "key").write_text(secret + "\n")
    bench.serve("--fault", "refuse_with:403:echo", api_key_file=f"{bench.folder}/key")
    bench.config["provider"] |= {"headers": {"X-Token": "another-secret-4711"}}
    found = json.dumps(bench.examine())
    assert secret not in found
    assert "another-secret-4711" not in found
