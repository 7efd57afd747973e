"""A button that shuts the machine down, under a real systemd: root does it, and only where the owner wants that."""

import pytest

from edged.causes import CAUSES
from tests.system.boot.asking import becomes, configure, eventually, is_up, state_of
from tests.system.boot.conftest import CONFIG, SOONER_12

pytestmark = [SOONER_12, pytest.mark.alone]
WITH_A_BUTTON = CONFIG + "buttons: [{role: shutdown, backend: none}]\n"
PATH, SERVICE = "edged-shutdown.path", "edged-shutdown.service"
PRETENDED = "[Unit]\nDescription=A shutdown that does nothing\n"


@pytest.fixture
def box(boot):
    machine = boot()
    is_up(machine)
    return machine


def test_a_request_is_carried_out_by_root_where_a_button_of_the_configuration_may_ask(box, machines, suite):
    assert box.run(f"systemctl is-enabled {PATH}").stdout.strip() == "disabled"
    configure(box, WITH_A_BUTTON)
    box.ask(machines(suite).again, timeout_s=120)
    assert (box.ask(f"systemctl is-enabled {PATH}"), state_of(box, PATH)) == ("enabled", "active")
    is_up(box)
    box.file("/etc/systemd/system/poweroff.target", PRETENDED)
    box.ask("systemctl daemon-reload && { edged ctl shutdown >/dev/null 2>&1 & }")  # it waits for the end
    becomes(box, "poweroff.target", "active")
    assert state_of(box, SERVICE) == "active"
    configure(box, CONFIG)
    box.ask(machines(suite).again, timeout_s=120)
    assert box.run(f"systemctl is-enabled {PATH}").stdout.strip() == "disabled"
    assert state_of(box, PATH) == "inactive"


def test_without_the_unit_the_request_is_withdrawn_and_reported(box):
    box.ask("{ edged ctl shutdown; echo $?; } >/run/said 2>&1 &")
    eventually(box, "ls /run/edged/shutdown", "/run/edged/shutdown", within_s=5)
    eventually(box, "ls /run/edged/shutdown 2>/dev/null", "")
    remedy = CAUSES["shutdown_unanswered"].remedy
    eventually(box, f"journalctl -u edged -o cat | grep -qF '{remedy}' && echo said", "said")
    eventually(box, "tail -n 1 /run/said", "1")
    assert remedy in box.ask("cat /run/said")
