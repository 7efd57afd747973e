"""The doctor beside the real units: a healthy machine has nothing, and each fault is named first."""

import json

import pytest

from tests.system.boot.stand import EDGED, Stand

SET_UP = "mkdir -p /var/log/journal; systemctl restart systemd-journald"
"""On Debian 13 the machine of these tests keeps its journal in memory, which the doctor reports."""
PERSISTENT = "[Journal]\nStorage=persistent\n"
FAULTS = {}


@pytest.fixture
def kiosk(boot):
    box = boot()
    stand = Stand(box)
    stand.configure()
    stand.serve()
    box.file("/etc/systemd/journald.conf.d/99-kept.conf", PERSISTENT)
    box.ask(SET_UP)
    return stand


def examined(kiosk, *words):
    done = kiosk.box.run(f"{EDGED} doctor --json {' '.join(words)}", timeout_s=90)
    return {**json.loads(done.stdout), "code": done.returncode}


def fault(expected):
    def keep(make):
        FAULTS[make.__name__] = (expected, make)
        return make

    return keep


@fault("config_invalid")
def configuration_is_misspelt(kiosk):
    kiosk.configure("buton: {gpio: 17}")
    kiosk.start()


@fault("not_running")
def service_is_stopped(kiosk):
    kiosk.with_link()
    kiosk.box.ask("systemctl stop edged edged.socket")


@fault("not_enabled")
def service_is_not_enabled(kiosk):
    kiosk.with_link()
    kiosk.box.ask("systemctl disable edged")


@fault("unit_changed")
def drop_in_closes_the_network(kiosk):
    kiosk.drop_in("PrivateNetwork=yes")
    kiosk.up()


@fault("journal_volatile")
def journal_is_in_memory(kiosk):
    kiosk.with_link()
    kiosk.box.file("/etc/systemd/journald.conf.d/99-kept.conf", "[Journal]\nStorage=volatile\n")


@fault("unreachable")
def service_is_gone(kiosk):
    kiosk.unserve()
    kiosk.up()


@fault("key_refused")
def key_is_wrong(kiosk):
    kiosk.box.file("/root/given/keys", "another-key-0123456789\n")
    kiosk.serve("--key-file", "/root/given/keys")
    kiosk.up()
    kiosk.until(lambda status: status["link"]["cause"] == "key_refused")


@fault("key_refused")
def key_is_wrong_and_edged_is_stopped(kiosk):
    """The doctor finds the key where systemd would pass it from."""
    kiosk.box.file("/root/given/keys", "another-key-0123456789\n")
    kiosk.serve("--key-file", "/root/given/keys")
    kiosk.box.ask("systemctl disable --now edged edged.socket; systemctl mask --runtime edged")


@fault("edged_twice")
def second_edged_runs(kiosk):
    kiosk.with_link()
    words = f"{EDGED} run --config /etc/edged/config.yaml --set control.socket=/run/second"
    kiosk.box.ask(f"systemd-run --quiet --collect --unit=second {words}")
    kiosk.until(lambda status: status["link"]["up"])


@fault("disk_full")
def disk_is_full(kiosk):
    kiosk.with_link()
    kiosk.box.ask(
        "mount -t tmpfs -o size=1m full /var/log && (head -c 2000000 /dev/zero >/var/log/x || true)"
    )


# tests/doctor injects these, too, without a machine
TOLD = {
    *("configuration_is_misspelt", "service_is_stopped", "service_is_gone", "key_is_wrong", "disk_is_full"),
}


def test_a_healthy_kiosk_has_none(kiosk):
    kiosk.with_link()
    found = examined(kiosk)
    assert (found["code"], found["first"]) == (0, None), found["findings"]
    notes = {each["id"]: each["note"] for each in found["checks"] if each["outcome"] == "ok"}
    assert notes["units"] == "edged.service is active and enabled"
    assert kiosk.box.run(f"{EDGED} doctor --health").returncode == 0
    assert kiosk.box.ask(f"{EDGED} doctor --short").startswith("healthy: ")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.nightly) if name in TOLD else name for name in FAULTS]
)
def test_the_first_id_is_that_of_the_fault(kiosk, name):
    expected, make = FAULTS[name]
    make(kiosk)
    found = examined(kiosk)
    ids = [each["id"] for each in found["findings"]]
    if name == "key_is_wrong_and_edged_is_stopped":
        assert "key_refused" in ids, found["findings"]
    else:
        assert found["first"] == expected, found["findings"]


def test_it_takes_the_devices_over_and_gives_them_back(kiosk):
    kiosk.with_link()
    found = examined(kiosk, "--take-over")
    said = {each["id"]: each["note"] or each["skipped"] for each in found["checks"]}
    # somebody speaks without a pause in the file that this microphone plays
    assert [each["id"] for each in found["findings"]] == ["microphone_noisy"], found["findings"]
    assert "noise floor" in found["findings"][0]["text"], said["microphone"]
    kiosk.until(lambda status: status["link"]["up"])


def test_it_mends_what_is_safe_and_says_how_to_undo_it(kiosk):
    kiosk.with_link()
    kiosk.box.ask("rm /etc/systemd/journald.conf.d/99-kept.conf; systemctl disable edged")
    kiosk.box.file("/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n")
    done = kiosk.box.run(f"{EDGED} doctor --fix --yes")
    assert done.returncode == 1
    assert "done: keep the journal on the disk" in done.stderr
    assert "(to undo it: sudo systemctl disable edged)" in done.stderr
    assert examined(kiosk)["code"] == 0


def test_without_permission_it_says_so(kiosk):
    kiosk.with_link()
    done = kiosk.box.run(f"setpriv --reuid=nobody --clear-groups {EDGED} doctor --no-link --json")
    skipped = {each["id"]: each["skipped"] for each in json.loads(done.stdout)["checks"]}
    assert "permission" in skipped["daemon"]
