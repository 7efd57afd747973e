"""An upgrade when the previous release had given up, or could not be started any more."""

import pytest

from tests.system.boot.asking import (
    BUG,
    RESCUE,
    START,
    TIMER,
    becomes,
    fails,
    is_up,
    rests,
    runs,
    without_drop_in,
)
from tests.system.boot.conftest import INSTALLER, SOONER_12, copy_checkout, give, replace, wheel_of

pytestmark = SOONER_12


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A release that relies on systemd's count alone, and whose starts switch the light off."""
    place = tmp_path_factory.mktemp("before")
    tree = copy_checkout(place / "tree")
    units = tree / "systemd"
    (units / START).unlink()
    for _ in ("Wants=", "After="):
        replace(units / "edged.service", f" {START}", "")
    replace(units / "edged.socket", f"After={START}\n", f"Conflicts={RESCUE} {TIMER}\n")
    replace(tree / "edged/__init__.py", '__version__ = "[^"]*"', '__version__ = "0.0.9"')
    return wheel_of(tree, place)


@pytest.mark.parametrize("state", ["at rest", pytest.param("locked out", marks=pytest.mark.nightly)])
def test_an_upgrade_leads_out_of_what_the_release_before_was_caught_in(boot, machines, suite, before, state):
    box = boot()  # with this machine's network: a release may need a wheel
    is_up(box)
    box.ask(f"{INSTALLER} --wheel {give(box, before)}", timeout_s=200)
    fails(box, BUG)
    box.run("systemctl restart edged")
    rests(box)
    if state == "locked out":
        box.run("systemctl restart edged")
        becomes(box, RESCUE, "inactive")
    without_drop_in(box, "edged.service")
    words = " --no-start" if state == "locked out" else ""
    # The release that it had at first is still there.
    box.ask(f"{machines(suite).command}{words}", timeout_s=200)
    runs(box, "systemctl restart edged" if words else "true")
    assert box.ask("edged --version") != "edged 0.0.9"
