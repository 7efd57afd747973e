"""A requested start always works, whatever happened before. A failed edged has its light and its timer."""

import pytest

from tests.system.boot.asking import (
    BUG,
    PYTHON,
    QUICK,
    RESCUE,
    START,
    TIMER,
    becomes,
    configure,
    drop_in,
    eventually,
    fails,
    gets_a_link,
    is_up,
    rests,
    runs,
    said_by,
    state_of,
    without_drop_in,
)
from tests.system.boot.conftest import CONFIG, SOONER_12

pytestmark = [SOONER_12, pytest.mark.alone]
# The ways to fail, each as the command that does it.
OUT_OF_MEMORY = f'{PYTHON} -c "import os; os.kill(os.getpid(), 9)"'
USAGE = "/opt/edged/current/bin/edged run --nonsense"
NEVER_READY = f'{PYTHON} -c "import signal; signal.pause()"'
WRONG = "version: 1\nmoed: hold\nlight: {backend: none}\n"
REFUSED = "Start request repeated too quickly"
SIGNAL = "systemctl kill --kill-whom=main -s"  # not kill: without a process it would signal this whole group


@pytest.fixture
def box(boot):
    machine = boot()
    is_up(machine)
    return machine


def is_killed(box):
    """Kill edged, and wait until it is back."""
    process = state_of(box, "edged", "MainPID")
    box.ask(f"{SIGNAL} KILL edged")
    eventually(box, f"systemctl show -P MainPID edged | grep -cvx '0\\|{process}'", "1")
    is_up(box)


def until_it_rests(box, does):
    box.ask(f"until systemctl is-failed -q edged; do {does}; sleep 0.1; done", timeout_s=150)


def refusals(box):
    return said_by(box).count(REFUSED)


def test_however_often_it_was_restarted_and_has_failed_the_remedy_is_the_one_in_the_journal(box):
    box.ask("for n in $(seq 15); do systemctl restart edged || exit; done", timeout_s=180)
    fails(box, BUG)
    box.run("systemctl restart edged")
    rests(box, "the last time with 70")
    box.run("systemctl restart edged")  # the fault is still there: edged is tried as often as at first
    eventually(box, f"journalctl -u edged -o cat | grep -c '{REFUSED}'", "2", within_s=90)
    rests(box, "sudo systemctl restart edged")
    without_drop_in(box, "edged.service")
    runs(box)


@pytest.mark.parametrize(
    ("command", "signal", "limits"),
    [(OUT_OF_MEMORY, "KILL", ()), (NEVER_READY, "TERM", ("TimeoutStartSec=500ms",))],
)
def test_ended_by_a_signal_or_never_ready_it_comes_to_rest_and_is_started(box, command, signal, limits):
    fails(box, command, *QUICK, *limits)
    box.run("systemctl restart edged")
    rests(box, f"signal {signal}")
    without_drop_in(box, "edged.service")
    runs(box, "systemctl start edged")


def test_ended_by_its_watchdog_again_and_again_it_comes_to_rest_and_is_started(box):
    drop_in(box, "edged.service", "[Service]", *QUICK, "WatchdogSec=1")
    box.ask("systemctl restart edged")
    # Stop each process only once: a process that is stopped while it ends is killed in another way.
    of_each = "now=$(systemctl show -P MainPID edged)"
    until_it_rests(
        box,
        f'systemctl is-active -q edged && {of_each} && [ "$now" != "$last" ] && {SIGNAL} STOP edged && last=$now',
    )
    # Python may crash while it prints where each thread is.
    rests(box, r"signal \(ABRT\|SEGV\)")
    without_drop_in(box, "edged.service")
    runs(box)


@pytest.mark.parametrize(
    ("status", "times"), [(78, 20), pytest.param(78, 50, marks=pytest.mark.nightly), (64, 12)]
)
def test_what_stays_wrong_is_started_as_often_as_one_likes_and_the_light_stays_on(box, status, times):
    if status == 78:
        configure(box, WRONG)
    else:
        fails(box, USAGE)
    box.run(f"for n in $(seq {times}); do systemctl restart edged; done", timeout_s=200)
    rests(box, f"it ended with {status}")
    assert refusals(box) == 0
    if status == 78:
        configure(box, CONFIG)
    else:
        without_drop_in(box, "edged.service")
    runs(box)


def test_restarts_by_hand_do_not_count_as_failures(box):
    for _ in range(3):
        box.ask("for n in 1 2 3; do systemctl restart edged && systemctl stop edged; done")
        box.ask("systemctl start edged")
        is_killed(box)
        assert state_of(box, "edged", "NRestarts") == "1"
    for number in ("2", "3", "4"):
        is_killed(box)
        assert state_of(box, "edged", "NRestarts") == number
    assert refusals(box) == 0


@pytest.mark.parametrize(
    "words",
    ["start", *(pytest.param(words, marks=pytest.mark.nightly) for words in ("restart", "stop start"))],
)
def test_a_start_in_the_wait_between_two_tries_is_made_however_often(box, words):
    fails(box, BUG, "RestartSec=2s", "RestartMaxDelaySec=2s")
    # systemd 257 has a job that waits until edged runs, over as many tries as that takes.
    command = "; ".join(f"systemctl --no-block {word} edged" for word in words.split())
    box.ask("systemctl --no-block restart edged")
    began = "systemctl show -P ExecMainStartTimestampMonotonic edged"
    for _ in range(12):
        eventually(box, "systemctl show -P SubState edged", "auto-restart")
        last = box.ask(began)
        box.ask(command)
        eventually(box, f"{began} | grep -cvx {last}", "1")
    assert refusals(box) == 0
    assert state_of(box, "edged") != "failed"
    without_drop_in(box, "edged.service")
    runs(box, command.replace(" --no-block", ""))


def test_stopped_in_the_wait_or_at_rest_it_stays_stopped_and_dark(box):
    fails(box, BUG, "RestartSec=2s")
    box.ask("systemctl --no-block restart edged")
    eventually(box, "systemctl show -P SubState edged", "auto-restart")
    box.ask("systemctl stop edged; sleep 3")
    assert [state_of(box, unit) for unit in ("edged", RESCUE, TIMER)] == ["inactive"] * 3
    fails(box, BUG)
    box.run("systemctl start edged")
    rests(box)
    box.ask("systemctl stop edged")
    for unit in (RESCUE, TIMER):
        becomes(box, unit, "inactive")
    without_drop_in(box, "edged.service")
    runs(box, "systemctl start edged")


def test_a_healthy_life_ends_the_count(box):
    """It is two seconds here, and three minutes in the unit."""
    box.ask(f"sed -i 's/-lt 180 /-lt 2 /' /etc/systemd/system/{START}")
    box.ask(f"grep -q -e '-lt 2 ' /etc/systemd/system/{START}")
    drop_in(box, "edged.service", "[Service]", *QUICK)
    for _ in range(11):
        box.ask("sleep 2")
        is_killed(box)
    assert refusals(box) == 0
    until_it_rests(box, f"{SIGNAL} KILL edged")
    rests(box, "signal KILL")


def test_the_light_comes_back_when_what_holds_it_is_killed(box):
    """After exit 78 the timer does not try again, so the light is all that is left."""
    configure(box, WRONG)
    drop_in(box, RESCUE, "[Service]", "RestartSec=100ms")
    box.run("systemctl restart edged")
    rests(box)
    for number in range(1, 8):
        box.ask(f"{SIGNAL} KILL {RESCUE}")
        eventually(box, f"systemctl show -P NRestarts {RESCUE}", str(number))
        becomes(box, RESCUE, "active")
    configure(box, CONFIG)
    runs(box)


def test_changed_units_are_read_while_it_rests(box):
    fails(box, BUG)
    box.run("systemctl restart edged")
    rests(box)
    drop_in(box, RESCUE, "[Service]", "MemoryMax=95M")
    drop_in(box, TIMER, "[Timer]", "OnActiveSec=20min")
    rests(box)
    without_drop_in(box, "edged.service")
    runs(box)


def test_where_nothing_ends_the_count_it_comes_to_rest_and_a_refusal_leaves_the_light_on(box):
    assert box.run(f"systemctl start {START}").returncode != 0, "it is not for hands"
    box.ask(f"mv /etc/systemd/system/{START} /root")
    fails(box, BUG)
    box.run("systemctl restart edged")
    rests(box, "the last time with 70")
    refused = refusals(box)
    assert box.run("systemctl start edged").returncode != 0  # with systemd 257, a restart would end the light
    assert refusals(box) == refused + 1
    rests(box)
    box.ask(f"mv /root/{START} /etc/systemd/system")
    without_drop_in(box, "edged.service")
    runs(box)


def test_the_embedded_service_comes_up_when_its_port_becomes_free(box):
    gets_a_link(box)
    served = "journalctl -u edged-local | grep -c 'serving ws://'"
    before = int(box.ask(served))
    box.ask(
        "systemctl stop edged-local && systemd-run --quiet --unit=other /opt/edged/current/bin/edged serve"
    )
    eventually(box, "journalctl -u other | grep -c 'serving ws://'", "1")
    box.run("systemctl start edged-local")
    eventually(box, "systemctl show -P SubState edged-local", "auto-restart")
    assert "cannot listen: Address already in use" in said_by(box, "edged-local.service")
    box.ask("systemctl stop other")
    eventually(box, served, str(before + 1), within_s=40)


@pytest.mark.nightly
def test_the_embedded_service_is_never_refused_either(box):
    box.ask("for n in $(seq 15); do systemctl restart edged-local || exit; done")
    for _ in range(12):
        box.ask(f"{SIGNAL} KILL edged-local; until systemctl restart edged-local; do sleep 0.1; done")
    becomes(box, "edged-local", "active")
    assert REFUSED not in said_by(box, "edged-local.service")
