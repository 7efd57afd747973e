"""The process of the companion: its start, its end, what it follows and what it says to the service manager."""

import signal
import subprocess

import pytest

from edged.errors import EXIT_BUG, EXIT_CONFIG, EXIT_OK
from edged.system.control_client import ControlClient
from tests.cli.daemon import EDGED, ENV, IN_TIME_S, Daemon
from tests.companion.process import companion, configured

pytestmark = pytest.mark.slow
STOP_S = 2
NOTHING = "the companion has nothing to do: set companion.page.listen"
BAD_TOPIC = {"mqtt": {"topic": "a/+/b"}}
BAD_TOPIC_SAID = '48: companion.mqtt.topic: "a/+/b" is not a topic (write a word such as edged)'


def test_it_starts_before_the_kiosk_and_follows_each_restart_of_it(tmp_path):
    daemon = Daemon(tmp_path)
    with companion(tmp_path) as one:
        one.hear("READY=1")
        one.says("kiosk: no edged answers at")
        one.says(NOTHING)
        for times in (1, 2):
            daemon.start()
            one.hear("STATUS=nothing to do; the kiosk answers")
            one.says("the kiosk answers", times)
            daemon.stop()
            one.hear("STATUS=nothing to do; no kiosk: no edged answers at")
        code, took_s = one.stop()
        assert (code, one.hear("STOPPING=1")) == (EXIT_OK, "STOPPING=1")
        assert took_s < STOP_S
    assert "Traceback" not in one.text


def test_a_kiosk_that_dies_is_found_again(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start()
    with companion(tmp_path) as one:
        one.says("the kiosk answers")
        daemon.process.kill()
        daemon.process.wait()
        one.says("kiosk: ")
        daemon.start()
        one.says("the kiosk answers", 2)
    daemon.stop()


def test_a_kiosk_does_not_notice_a_companion_that_dies_or_hangs(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start()
    before = daemon.errors.read_text()
    with companion(tmp_path) as one, ControlClient(daemon.socket) as client:
        one.says("the kiosk answers")
        one.send(signal.SIGSTOP)
        client.command("volume", volume=35)
        one.process.kill()
        assert one.ended() == -signal.SIGKILL
        assert client.command("status")["volume"] == 35
    daemon.stop()
    said = daemon.errors.read_text().removeprefix(before)
    assert "<3>" not in said
    assert {
        line for line in said.splitlines() if line.startswith("<4>") and "unreachable" not in line
    } == set()


def test_it_feeds_the_watchdog_while_its_loop_runs(tmp_path):
    with companion(tmp_path, watchdog_us="400000") as one:
        for _ in range(3):
            one.hear("WATCHDOG=1")


@pytest.mark.parametrize("odd", ["", "stays"])
def test_sigterm_ends_it_soon_while_it_waits_for_the_kiosk(tmp_path, odd):
    with companion(tmp_path, odd=odd) as one:
        one.hear("READY=1")
        one.says("no edged answers")
        code, took_s = one.stop()
        assert (code, took_s < STOP_S + bool(odd)) == (EXIT_OK, True), one.text
    assert ("a part of the companion does not end" in one.text) == bool(odd)


def test_sigterm_ends_it_soon_while_the_kiosk_hangs(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start()
    with companion(tmp_path) as one:
        one.says("the kiosk answers")
        daemon.process.send_signal(signal.SIGSTOP)
        code, took_s = one.stop()
        daemon.process.send_signal(signal.SIGCONT)
        assert (code, took_s < STOP_S) == (EXIT_OK, True), one.text
    daemon.stop()


def test_sigterm_ends_it_soon_while_it_reads_its_configuration_again(tmp_path):
    with companion(tmp_path, odd="stays") as one:
        one.hear("READY=1")
        one.send(signal.SIGHUP)  # its part does not end
        code, _ = one.stop()
        assert code == EXIT_OK


def test_a_configuration_that_cannot_be_used_ends_it_with_78_and_says_where_and_what_helps(tmp_path):
    config = configured(tmp_path, **BAD_TOPIC)
    with companion(tmp_path, config) as one:
        assert one.ended() == EXIT_CONFIG
    assert f"{config}:1:{BAD_TOPIC_SAID}" in one.text
    assert "Traceback" not in one.text
    assert one.told == []


def test_a_part_that_cannot_use_its_configuration_ends_it_with_78(tmp_path):
    with companion(tmp_path, odd="unfit") as one:
        assert one.ended() == EXIT_CONFIG
    assert "companion.page.listen: 127.0.0.1:1 cannot be used here" in one.text
    assert "Traceback" not in one.text


def test_at_a_reload_such_a_part_is_left_out(tmp_path):
    config = configured(tmp_path, site="fine")
    with companion(tmp_path, config, odd="unfit") as one:
        one.hear("STATUS=nothing to do")
        configured(tmp_path)
        one.send(signal.SIGHUP)
        one.says("the companion goes on without a part that unfit: companion.page.listen: 127.0.0.1:1 cannot")
        assert one.stop()[0] == EXIT_OK


def test_a_reload_with_a_fault_changes_nothing_and_the_next_one_without_it_counts(tmp_path):
    config = configured(tmp_path)
    with companion(tmp_path, config) as one:
        one.hear("READY=1")
        configured(tmp_path, **BAD_TOPIC)
        one.send(signal.SIGHUP)
        one.says(f"the companion goes on with its earlier configuration: {config}:1:{BAD_TOPIC_SAID}")
        configured(tmp_path, site="Hall")
        one.send(signal.SIGHUP)
        one.says("the companion has read its configuration again")
        assert one.stop()[0] == EXIT_OK


def test_a_restart_of_the_kiosk_counts_as_a_reload_if_keys_of_the_companion_have_changed(tmp_path):
    daemon = Daemon(tmp_path)
    config = configured(tmp_path)
    with companion(tmp_path, config) as one:
        for times in (1, 2, 3):
            daemon.start()
            one.says("the kiosk answers", times)
            if times == 3:
                one.says("the companion has read its configuration again")
            daemon.stop()
            one.says("kiosk: ", times)
            if times == 2:
                assert "configuration again" not in one.text
                configured(tmp_path, site="Hall")
        assert one.stop()[0] == EXIT_OK


def test_a_library_that_is_missing_is_named_with_the_command_that_adds_it(tmp_path):
    config = configured(tmp_path, mqtt={"broker": "mqtt://127.0.0.1"})
    with companion(tmp_path, config, odd="bare") as one:
        assert one.ended() == EXIT_CONFIG
    assert "companion.mqtt.broker: the package aiomqtt is missing (run `" in one.text
    assert "[companion]" in one.text


def test_a_bug_in_a_part_ends_it_with_70_and_one_traceback(tmp_path):
    with companion(tmp_path, odd="raises") as one:
        assert one.ended() == EXIT_BUG
    assert one.text.count("ZeroDivisionError: no luck today") == 1
    assert one.text.count("Traceback") <= 2  # of the group of tasks, and of the task in it
    assert one.text.count("<2>bug: ") == 1


def test_a_reload_of_the_kiosk_makes_the_parts_again_only_if_what_they_depend_on_has_changed(tmp_path):
    daemon = Daemon(tmp_path)
    token = tmp_path / "token"
    token.write_text("nobody-guesses-this-one")
    page = {"page": {"listen": "127.0.0.1:0", "token_file": str(token)}}
    config = configured(tmp_path, **page)

    def reload():
        subprocess.run(
            [*EDGED, "reload", "--socket", str(daemon.socket)], env=ENV, check=True, timeout=IN_TIME_S
        )

    daemon.start()
    with companion(tmp_path, config) as one:
        one.says("the kiosk answers")
        reload()
        reload()
        configured(tmp_path, site="Hall", **page)
        reload()
        one.says("the companion has read its configuration again")
        token.write_text("and-nobody-guesses-the-next-one")
        reload()
        one.says("the companion has read its configuration again", 2)
        assert one.stop()[0] == EXIT_OK
    assert one.text.count("configuration again") == 2
    daemon.stop()
