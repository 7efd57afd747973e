"""The units under a real systemd: edged starts, reloads, hangs, fails, gives up and comes back."""

import json
import time

import pytest

from edged.causes import CAUSES
from edged.system.notices import NOTICES
from tests.system.boot.asking import (
    becomes,
    configure,
    drop_in,
    eventually,
    gets_a_link,
    is_up,
    link_up,
    said_by,
    state_of,
    without_drop_in,
)
from tests.system.boot.conftest import BOTH, CONFIG

pytestmark = [BOTH, pytest.mark.alone]
WRONG = "version: 1\nmoed: hold\n"
CRASH = '/opt/edged/current/bin/python -c "import os; os._exit(70)"'


@pytest.fixture
def box(boot):
    machine = boot()
    is_up(machine)
    return machine


def ids(box, unit="edged.service"):
    return [
        entry["MESSAGE_ID"]
        for entry in box.journal(unit)
        if "EDGED_CAUSE" in entry or "LOGGER" in entry
        if "MESSAGE_ID" in entry
    ]


def test_it_is_ready_with_the_embedded_service_and_says_so_in_a_sentence(box):
    gets_a_link(box)
    assert state_of(box, "edged-local") == "active"
    eventually(box, "systemctl show -P StatusText edged", "Waiting for a press.")
    box.ask("systemctl stop edged-local")
    eventually(
        box,
        "systemctl show -P StatusText edged",
        f"Waiting for a press, no link to the service (unreachable). {CAUSES['unreachable'].remedy}"[:200],
    )


def test_ready_comes_from_edged_itself_and_early(box):
    """Dependants do not start before it. Neither a network nor a service was there."""
    configure(box, CONFIG.replace("{name: local}", '{name: local, url: "ws://127.0.0.1:9/v1/realtime"}'))
    box.ask("systemctl restart edged")  # returns when READY has come
    entries = box.journal("edged.service")
    ready = [at for at, entry in enumerate(entries) if entry.get("MESSAGE_ID") == NOTICES["ready"].message_id]
    started = [
        at for at, entry in enumerate(entries) if str(entry["MESSAGE"]).startswith("Started edged.service")
    ]
    assert ready[-1] < started[-1]
    assert not link_up(box)


def test_a_reload_uses_the_changed_file_and_a_bad_one_fails_the_job_and_nothing_else(box):
    process = state_of(box, "edged", "MainPID")
    configure(box, CONFIG + "mode: toggle\n")
    box.ask("systemctl reload edged")
    assert NOTICES["reload"].message_id in ids(box)
    configure(box, WRONG)
    done = box.run("systemctl reload edged")
    assert done.returncode != 0
    assert NOTICES["reload_failed"].message_id in ids(box)
    assert "config.yaml:2:1: moed: unknown key" in said_by(box)
    assert (state_of(box, "edged"), state_of(box, "edged", "MainPID")) == ("active", process)
    gets_a_link(box)
    configure(box, CONFIG)
    box.ask("systemctl reload edged")


def test_a_bad_configuration_ends_it_with_78_and_it_is_not_started_again(box):
    configure(box, WRONG + "light: {backend: none}\n")
    assert box.run("systemctl restart edged").returncode != 0
    becomes(box, "edged", "failed")
    becomes(box, "edged-rescue", "active")
    time.sleep(2.5)  # twice the wait before another start
    assert state_of(box, "edged", "ExecMainStatus") == "78"
    assert state_of(box, "edged", "NRestarts") == "0"
    said = (
        f"journalctl -q -u edged-rescue MESSAGE_ID={CAUSES['config_invalid'].message_id} -o cat | grep -q ."
    )
    eventually(box, f"{said} && echo said", "said")
    done = box.run("edged status --socket /run/edged/control.sock")
    assert done.returncode == 1, "nobody's question may start it"
    assert state_of(box, "edged") == "failed"
    # The timer's try leaves it alone; a manual start works.
    box.ask("systemctl start edged-again.service")
    time.sleep(1)
    assert state_of(box, "edged") == "failed"
    configure(box, CONFIG)
    box.ask("systemctl start edged")
    is_up(box)
    assert state_of(box, "edged-rescue") == "inactive"
    assert state_of(box, "edged-again.timer") == "inactive"


def test_one_that_hangs_is_ended_with_its_stacks_and_is_back(box):
    """Other threads run on while Python writes the stacks, so in rare cases the stacks are not whole."""
    drop_in(box, "edged.service", "[Service]", "WatchdogSec=3")
    box.ask("systemctl restart edged")
    for times in ("1", "2", "3"):
        process = state_of(box, "edged", "MainPID")
        box.ask(f"kill -STOP {process}")
        eventually(box, "systemctl show -P NRestarts edged", times)
        is_up(box)
        gets_a_link(box)
        said = said_by(box)
        assert "Watchdog timeout (limit 3s)" in said
        assert "Fatal Python error: Aborted" in said
        if "Current thread" in said and "asyncio" in said:
            break
    else:
        pytest.fail("none of three showed where the loop was: " + said[-8000:])


def test_one_that_is_killed_is_back_and_its_control_socket_too(box):
    for number in ("1", "2"):
        box.ask("kill -KILL $(systemctl show -P MainPID edged)")
        eventually(box, "systemctl show -P NRestarts edged", number)
        is_up(box)
    gets_a_link(box)
    assert state_of(box, "edged-rescue") == "inactive", "a start that follows is no giving up"
    assert "Triggering OnFailure" not in said_by(box)


def test_after_ten_failures_it_rests_says_why_and_tries_again(box):
    drop_in(
        box,
        "edged.service",
        "[Service]",
        "RestartSec=100ms",
        "RestartMaxDelaySec=100ms",
        "ExecStart=",
        f"ExecStart={CRASH}",
    )
    drop_in(box, "edged-again.timer", "[Timer]", "OnActiveSec=", "OnActiveSec=4s", "AccuracySec=100ms")
    box.run("systemctl restart edged")
    becomes(box, "edged", "failed")
    becomes(box, "edged-rescue", "active")
    assert state_of(box, "edged", "Result") in {"exit-code", "start-limit-hit"}
    # In systemd 252 the refused start counts, too.
    assert state_of(box, "edged", "NRestarts") in {"9", "10"}
    eventually(box, "journalctl -u edged-rescue -o cat | grep -c given_up", "1")
    assert "the last time with 70" in said_by(box, "edged-rescue.service")
    assert state_of(box, "edged-again.timer") == "active"
    without_drop_in(box, "edged.service")  # this removes the fault
    is_up(box)
    gets_a_link(box)
    assert state_of(box, "edged-rescue") == "inactive"


def test_what_has_given_up_can_be_stopped(box):
    configure(box, WRONG)
    box.run("systemctl restart edged")
    becomes(box, "edged-rescue", "active")
    box.ask("systemctl stop edged")
    for unit in ("edged-rescue", "edged-again.timer"):  # separate jobs that nothing waits for
        becomes(box, unit, "inactive")


def test_it_stops_within_a_second_and_takes_its_socket_along(box):
    begun = time.monotonic()
    box.ask("systemctl stop edged")
    assert state_of(box, "edged", "Result") == "success"
    assert time.monotonic() - begun < 4  # edged's own second, and more for a busy machine
    eventually(box, "ls /run/edged/control.sock 2>/dev/null", "")  # its own unit stops after edged
    assert box.run("edged status").returncode == 1
    assert state_of(box, "edged") == "inactive"
    box.ask("systemctl start edged")
    is_up(box)


def test_who_is_in_its_group_may_talk_to_it_and_nobody_else(box):
    box.ask("useradd -m -G edged helper && useradd -m visitor")
    ask = "setpriv --reuid={0} --regid={0} --init-groups edged {1} --socket /run/edged/control.sock"
    assert '"state": "IDLE"' in box.ask(ask.format("helper", "status --json"))
    box.ask(ask.format("helper", "ctl mute"))
    assert box.run(ask.format("visitor", "status")).returncode == 1


# -- the key --


SERVED = "provider: {name: custom, url: 'ws://127.0.0.1:9100/v1/realtime', model: any}"


def with_key(box, key, more=""):
    """A service on this machine that accepts only one key, and a configuration that names it."""
    box.file("/root/keys", f"{key}\n", 0o644)
    box.ask("cp /root/keys /run/keys && chmod 644 /run/keys")
    box.ask("systemd-run --unit=service /opt/edged/current/bin/edged serve --port 9100 --key-file /run/keys")
    configure(box, CONFIG.replace("provider: {name: local}", SERVED.replace("}", more + "}")))


def test_a_key_that_lies_there_reaches_the_service_and_nobody_else(box):
    with_key(box, "sk-other")
    box.ask("systemctl restart edged")
    eventually(box, "edged status --json | grep -o key_refused | head -1", "key_refused")
    box.ask("install -m 600 /root/keys /etc/edged/credentials/api-key && systemctl restart edged")
    gets_a_link(box)
    process = state_of(box, "edged", "MainPID")
    assert "sk-other" not in box.ask(f"tr '\\0' '\\n' </proc/{process}/environ; cat /proc/{process}/cmdline")
    assert "sk-other" not in box.ask("journalctl --no-pager -o verbose")


def test_an_encrypted_key_serves_alone_and_before_the_other(box, machines, suite):
    with_key(box, "sk-sealed", ", api_key_file: /etc/edged/credentials/api-key")
    box.ask(
        "systemd-creds encrypt --name=api-key /root/keys /etc/credstore.encrypted/edged.api-key"
        " || { mkdir -m 700 /etc/credstore.encrypted;"
        " systemd-creds encrypt --name=api-key /root/keys /etc/credstore.encrypted/edged.api-key; }"
    )
    box.ask("systemctl restart edged")  # the plain key, a different one, is still there
    gets_a_link(box)
    box.ask("rm /etc/edged/credentials/api-key && systemctl restart edged")
    gets_a_link(box)
    again = machines(suite).again
    box.ask(again, timeout_s=120)  # the installer reads the configuration as the service does
    gets_a_link(box)
    assert box.run("grep -rl sk-sealed /run/edged-install* /tmp /var/lib/edged-install").stdout == ""
    box.ask("echo bm9uc2Vuc2U= >/etc/credstore.encrypted/edged.api-key")
    done = box.run(again, timeout_s=120)
    assert done.returncode == 1
    assert "cannot be decrypted on this machine" in done.stderr


def test_no_key_and_no_directory_for_it_are_no_trouble_for_a_service_without(box):
    box.ask("rm -r /etc/edged/credentials && systemctl restart edged")
    is_up(box)
    gets_a_link(box)


def test_a_key_of_another_machine_is_told_of(box):
    box.ask("mkdir -p /etc/credstore.encrypted && echo bm9uc2Vuc2U= >/etc/credstore.encrypted/edged.api-key")
    drop_in(box, "edged.service", "[Service]", "RestartSec=100ms", "RestartMaxDelaySec=100ms")
    box.run("systemctl restart edged")
    becomes(box, "edged-rescue", "active")
    eventually(box, "journalctl -u edged-rescue -o cat | grep -c 'encrypted on another machine'", "1")


def test_a_turn_is_in_the_journal_with_its_fields(box):
    gets_a_link(box)
    box.ask("edged ctl press 1s release", timeout_s=30)
    turns = f"journalctl -u edged -o json MESSAGE_ID={NOTICES['turn'].message_id} | wc -l"
    eventually(box, turns, "1", within_s=30)
    (turn,) = [
        entry
        for entry in box.journal("edged.service")
        if entry.get("MESSAGE_ID") == NOTICES["turn"].message_id
    ]
    assert json.loads(turn["EDGED_LATENCY_MS"]) >= 0
    assert "edged" in box.ask("journalctl -u edged -x --no-pager | grep -A3 'Subject: A turn has ended'")
