"""`edged doctor` as programs and people use it: what it prints, its exit codes, its health gate, and its limits."""

import json
import socket
import threading
import time
import wave
from contextlib import suppress

import numpy as np
import pytest

from edged.app.doctor import Case, Looked, examine
from edged.cli.doctor_health import lacks
from edged.doctor.check import FAILURE, WARNING, Check
from edged.doctor.order import BY_ID, CHECKS
from edged.errors import DeviceError
from tests.audio.capture.test_health import speech as voice
from tests.cli.daemon import Daemon, ran, running, serving
from tests.cli.terminal import terminal
from tests.doctor.bench import RATE, noise

pytestmark = pytest.mark.slow
LINE = {"what": "line", "cause": "key_refused", "text": "no"}


@pytest.fixture
def kiosk(tmp_path):
    """A kiosk that does not run, with a service."""
    with serving() as url:
        yield Daemon(tmp_path, provider={"url": url})


def test_a_healthy_kiosk_is_healthy(kiosk):
    done = kiosk.ask("doctor")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("healthy: ")
    short = kiosk.ask("doctor", "--short")
    assert (short.returncode, len(short.stdout.splitlines())) == (0, 1)
    found = json.loads(kiosk.ask("doctor", "--json").stdout)
    assert (found["verdict"], found["first"], found["findings"]) == ("healthy", None, [])


def test_a_healthy_kiosk_that_runs_is_asked(kiosk):
    kiosk.start()
    try:
        kiosk.until(lambda state: state["link"]["up"])
        done = kiosk.ask("doctor")
        assert done.returncode == 0, done.stdout
        assert "edged has it open" in done.stdout
    finally:
        kiosk.stop()


def test_what_was_found_is_shown_with_its_remedy_and_what_depends_on_it_is_not_looked_at(tmp_path):
    done = Daemon(tmp_path).ask("doctor")
    assert done.returncode == 2
    assert "FAILURE  connection     unreachable" in done.stdout
    assert "--       key            not looked at: because of connection (unreachable)" in done.stdout
    assert "failure: unreachable: 127.0.0.1: " in done.stdout
    assert "Check `provider.url`, the firewall" in done.stdout


def test_a_warning_alone_is_1(kiosk):
    kiosk.start()
    try:
        kiosk.until(lambda state: state["link"]["up"])
        kiosk.ask("ctl", "mute")
        done = kiosk.ask("doctor", "--short")
        assert done.returncode == 1, done.stdout
        assert done.stdout.startswith("muted: ")
    finally:
        kiosk.stop()


def test_only_one_check_runs_with_what_it_needs(kiosk):
    found = json.loads(kiosk.ask("doctor", "--json", "--only", "state").stdout)
    assert [each["id"] for each in found["checks"]] == ["disk", "configuration", "state"]
    assert kiosk.ask("doctor", "--only", "nonsense").returncode == 64


def test_all_checks_are_listed():
    done = ran("doctor", "--list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [check.id for check in CHECKS]


def test_the_service_is_not_contacted_if_nobody_wants_that(kiosk):
    found = json.loads(kiosk.ask("doctor", "--json", "--no-link").stdout)
    skipped = {each["id"]: each["skipped"] for each in found["checks"]}
    assert skipped["key"] == "--no-link: the service is not contacted"


# -- the health gate ---------------------------------------------------------------------------------------


def test_the_health_gate_waits_until_the_line_is_confirmed(kiosk):
    kiosk.start()
    try:
        done = kiosk.ask("doctor", "--health")
        assert (done.returncode, done.stdout) == (0, "healthy\n"), done.stderr
    finally:
        kiosk.stop()


def test_a_link_that_rests_until_a_press_is_well(tmp_path):
    with serving() as url, running(tmp_path, provider={"url": url}, link={"connect": "on_demand"}) as daemon:
        daemon.until(lambda state: state["link"]["resting"])
        done = daemon.ask("doctor", "--health")
        assert (done.returncode, done.stdout) == (0, "healthy\n"), done.stderr


@pytest.mark.parametrize("within", ["700", "nan", "-1", "soon"])
def test_a_time_that_is_none_is_refused_in_one_line(within):
    done = ran("doctor", "--health", f"--within={within}")
    assert done.returncode == 64
    assert "Traceback" not in done.stderr


def test_the_health_gate_says_what_is_missing(tmp_path):
    with running(tmp_path) as daemon:
        done = daemon.ask("doctor", "--health", "--within", "1")
        assert done.returncode == 2
        assert "not healthy within 1 s: line: unreachable: " in done.stderr
    done = daemon.ask("doctor", "--health", "--within", "0")
    assert done.returncode == 2
    assert "no edged answers" in done.stderr


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, ""),
        ({"link": {"up": True, "dialect": None}}, "line: connecting"),
        ({"link": {"up": False, "cause": "key_refused"}}, "line: key_refused"),
        ({"link": {"up": False, "resting": True}}, ""),
        ({"link": {"up": False, "resting": True}, "troubles": [LINE]}, "line: key_refused: no"),
        ({"lost": {"microphone": "device_busy"}}, "microphone: device_busy"),
        ({"lost": {"buttons.1": "button_lost"}}, "buttons.1: button_lost"),
        ({"microphone": False}, "microphone: it is not open yet"),
        ({"microphone": False, "muted": True}, ""),
    ],
)
def test_healthy_is_ready_confirmed_and_complete(about, said):
    healthy = {"link": {"up": True, "dialect": "ga"}, "lost": {}, "microphone": True, "speaker": True}
    assert lacks({**healthy, **about}) == said


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"[]\n", b"{}\n", b"\xff\n", b""])
def test_what_answers_in_place_of_edged_breaks_nothing(kiosk, said):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(kiosk.socket))
        server.listen()

        def answer():
            with suppress(OSError):  # until the test is over
                while True:
                    with server.accept()[0] as taken:
                        taken.sendall(said)

        answering = threading.Thread(target=answer)
        answering.start()
        found = json.loads(kiosk.ask("doctor", "--json", "--only", "daemon").stdout)
        server.shutdown(socket.SHUT_RDWR)
        answering.join()
    assert found["first"] == "daemon_silent"


# -- its limits --------------------------------------------------------------------------------------------


def a_step(check, act):
    return {each.id: (act if each.id == check else lambda _: Looked()) for each in CHECKS}


def test_a_check_that_hangs_does_not_stop_the_others(monkeypatch):
    monkeypatch.setattr("edged.app.doctor.CHECK_S", 0.2)
    found = examine(Case(None, {}), a_step("microphone", lambda _: time.sleep(2)))
    assert [each.cause for each in found.findings] == ["device_hung"]
    assert {each.check.id for each in found.verdicts} == {check.id for check in CHECKS}


def test_a_check_that_is_late_is_a_warning_and_what_needs_it_is_not_looked_at(monkeypatch):
    """It has said nothing about the kiosk. And what needs it would only be late again."""
    monkeypatch.setattr("edged.app.doctor.CHECK_S", 0.2)
    found = examine(Case(None, {}), a_step("route", lambda _: time.sleep(2)))
    assert [(each.cause, each.gravity) for each in found.findings] == [("check_late", WARNING)]
    assert found.code == 1
    skipped = {each.check.id: each.skipped for each in found.verdicts if each.skipped}
    assert skipped["names"] == skipped["round_trip"] == "because of route (check_late)"


def test_a_check_that_is_late_never_comes_first(monkeypatch):
    monkeypatch.setattr("edged.app.doctor.CHECK_S", 0.2)
    steps = a_step("disk", lambda _: time.sleep(2))
    journal = BY_ID["journal"]
    steps["journal"] = lambda _: Looked([journal.found("journal_volatile", "x")])
    found = examine(Case(None, {}), steps)
    assert [each.cause for each in found.findings] == ["journal_volatile", "check_late"]


def test_a_driver_is_not_accused_on_a_machine_that_has_no_time_for_edged(monkeypatch):
    monkeypatch.setattr("edged.app.doctor.CHECK_S", 0.2)
    monkeypatch.setattr("edged.app.doctor.Starved.is_so", lambda _: True)
    found = examine(Case(None, {}), a_step("microphone", lambda _: time.sleep(2)))
    assert [(each.cause, each.gravity) for each in found.findings] == [("check_late", WARNING)]


def test_a_check_that_fails_itself_is_named_and_does_not_stop_the_others():
    def broken(_):
        raise KeyError("no such thing")

    found = examine(Case(None, {}), a_step("disk", broken))
    assert [(each.cause, each.gravity) for each in found.findings] == [("check_late", WARNING)]
    assert not any(each.skipped for each in found.verdicts)
    assert "no such thing" in found.findings[0].text


def test_foreign_text_is_one_bounded_line():
    check = next(each for each in CHECKS if each.id == "disk")
    text = "a\x1b[31m\n<3>b" + "x" * 5000
    found = examine(Case(None, {}), a_step("disk", lambda _: Looked([check.found("disk_full", text)])))
    (finding,) = found.findings
    assert finding.text.isprintable()
    assert len(finding.text) <= 400


def test_a_failure_hides_what_needs_it_and_a_warning_does_not():
    check = Check("disk", "machine", "", {"disk_full": FAILURE, "overlay_root": WARNING})
    failed = examine(Case(None, {}), a_step("disk", lambda _: Looked([check.found("disk_full", "x")])))
    skipped = {each.check.id: each.skipped for each in failed.verdicts}
    assert skipped["state"] == "because of disk (disk_full)"
    warned = examine(Case(None, {}), a_step("disk", lambda _: Looked([check.found("overlay_root", "x")])))
    assert not any(each.skipped for each in warned.verdicts)


def test_a_device_error_in_a_check_is_not_taken_for_a_check_that_hangs():
    def denied(_):
        raise DeviceError("no", "device_denied")

    found = examine(Case(None, {}), a_step("disk", denied))
    assert "DeviceError" in found.findings[0].text


# -- somebody at the terminal ------------------------------------------------------------------------------


def test_at_a_terminal_it_asks_and_every_question_can_be_skipped(tmp_path, speech):
    with serving() as url:
        kiosk = Daemon(tmp_path, provider={"url": url}, microphone=speech)
        with terminal("doctor", "--config", kiosk.config) as shown:
            shown.until("Speak now, for 4 seconds")
            assert shown.end() == 0
            assert "speech at -" in shown.text


def test_nobody_who_speaks_is_heard(tmp_path, speech):
    with serving() as url:
        kiosk = Daemon(
            tmp_path, provider={"url": url}, microphone={**speech, "file": str(tmp_path / "quiet.wav")}
        )
        with terminal("doctor", "--config", kiosk.config) as shown:
            assert shown.end() == 2
            assert "failure: microphone_unheard: nobody was heard" in shown.text


def test_nothing_is_asked_without_a_terminal_or_if_nobody_wants_that(tmp_path, speech):
    with serving() as url:
        kiosk = Daemon(tmp_path, provider={"url": url}, microphone=speech)
        assert "Speak now" not in kiosk.ask("doctor").stdout
        with terminal("doctor", "--no-ask", "--config", kiosk.config) as shown:
            assert shown.end() == 0
            assert "Speak now" not in shown.text


@pytest.fixture
def speech(tmp_path):
    """A microphone in a quiet room, in which somebody speaks after two seconds; and the room alone in quiet.wav."""
    room = noise(-60, 20)
    write_wav(tmp_path / "quiet.wav", room)
    spoken = room.copy()
    said = voice(-20)
    spoken[2 * RATE : 2 * RATE + len(said)] += said
    write_wav(tmp_path / "speech.wav", spoken)
    return {"backend": "wav", "file": str(tmp_path / "speech.wav")}


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes())


# -- what needs root ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fix",), "add --yes where there is no terminal"),
        (("--within", "5"), "--within needs --health"),
        (("--only", "nothing"), "there is no check 'nothing'"),
        (("--json", "--short"), "not allowed with"),
    ],
)
def test_what_makes_no_sense_is_64(kiosk, words, said):
    done = kiosk.ask("doctor", *words)
    assert done.returncode == 64
    assert said in done.stderr


def test_a_service_that_systemd_does_not_run_is_not_taken_over(kiosk):
    kiosk.start()
    try:
        done = kiosk.ask("doctor", "--take-over")
        assert done.returncode == 64
        assert "it needs root (sudo) and a running service" in done.stderr
    finally:
        kiosk.stop()


# -- the report has it -------------------------------------------------------------------------------------


def test_the_report_has_what_the_doctor_says(kiosk):
    done = kiosk.ask("report", "--print")
    _, _, doctor = done.stdout.partition("==== doctor.txt\n")
    assert "healthy: " in doctor
    assert "--no-sound" not in doctor
