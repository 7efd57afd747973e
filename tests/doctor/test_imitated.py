"""Faults of machines that are not here: the files of such a machine, and a systemctl that answers as its systemd does.

As in test_faults.py, the first id is the fault's, and the same machine without the fault has none.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edged.app.doctor import Case, examine
from edged.app.doctor_steps import STEPS
from edged.config import load
from edged.doctor import reading
from edged.doctor.check import FAILURE
from edged.doctor.companion import CompanionFacts, judge
from edged.doctor.fixes import fix_of
from edged.doctor.order import CHECKS
from tests.cli.daemon import another_user
from tests.doctor.machines import write
from tests.doctor.test_wifi import HEAD, WLAN

MACHINE = tuple(check.id for check in CHECKS if check.lane == "machine")
UNIT = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "ExecMainStatus": "0",
    "NRestarts": "0",
    "User": "root",
    "SupplementaryGroups": "audio gpio spi",
    "PrivateDevices": "no",
    "DevicePolicy": "closed",
    "DeviceAllow": "char-alsa rw char-gpiochip rw char-spi rw",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "MemoryMax": "167772160",
    "NeedDaemonReload": "no",
}
FAULTS = {}
USB = "sys/bus/usb/devices/1-1.2"


class World:
    """A Raspberry Pi with edged as a service, below `root`; all is well."""

    def __init__(self, folder: Path) -> None:
        self.root, self.units = folder / "root", {"edged.service": dict(UNIT)}
        self.settings, self.vcgencmd, self.dmesg = [], "throttled=0x0", ""
        self.programs, self.large = {}, 4_000_000
        for name in ("run/systemd/system", "var/log/journal", "etc", "proc"):
            (self.root / name).mkdir(parents=True)
        write(self.root, "etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"')
        write(self.root, "proc/cmdline", "console=tty1 root=PARTUUID=1 rootwait")
        write(self.root, "proc/net/route", "Iface\tDestination")
        self._programs = folder / "bin"
        self._programs.mkdir()

    def usb(self, port: str, **files: str | bytes) -> None:
        for name, text in files.items():
            write(self.root, f"sys/bus/usb/devices/{port}/{name}", text)

    def _program(self, name: str, text: str) -> None:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def case(self) -> Case:
        for name, text in self.programs.items():
            self._program(name, text)
        self._program("vcgencmd", f"echo '{self.vcgencmd}'")
        self._program("dmesg", f"cat <<'END'\n{self.dmesg}\nEND")
        rows = [
            f"{name}) printf '%s\\n' {' '.join(repr(f'{key}={value}') for key, value in shown.items())};;"
            for name, shown in self.units.items()
        ]
        last = 'for last; do :; done; case "$last" in'
        self._program("systemctl", f"{last} {' '.join(rows)} *) echo LoadState=not-found;; esac")
        quiet = [
            "button.backend=none",
            "light.backend=none",
            "microphone.backend=null",
            "speaker.backend=null",
        ]
        sets = [*quiet, "state.dir=", "provider.url=ws://127.0.0.1:9", *self.settings]
        case = Case(
            load(None, env={}, sets=sets), {}, root=self.root, programs=f"{self._programs}:/usr/bin:/bin"
        )
        case.unit = reading.unit("edged.service", case.programs)
        return case


def fault(expected):
    def keep(make):
        FAULTS[make.__name__] = (expected, make)
        return make

    return keep


@fault("under_voltage")
def voltage_is_too_low(world):
    world.vcgencmd = "throttled=0x50005"


@fault("under_voltage")
def voltage_was_too_low(world):
    world.dmesg = "[ 12.3] hwmon hwmon1: Undervoltage detected!"


@fault("throttled")
def processor_is_too_hot(world):
    world.vcgencmd = "throttled=0x80008"


@fault("usb_autosuspend")
def powertop_lets_the_card_sleep(world):
    configuration = bytes([9, 2, 18, 0, 1, 1, 0, 0x80, 50])
    interface = bytes([9, 4, 0, 0, 0, 1, 2, 0, 0])
    world.usb(
        "1-1.2",
        speed="12",
        product="USB Audio Device",
        idVendor="0d8c",
        idProduct="0014",
        bConfigurationValue="1",
        bDeviceClass="00",
        descriptors=configuration + interface,
        **{"power/control": "auto"},
    )


@fault("disk_errors")
def card_loses_data(world):
    world.dmesg = "[ 99.1] I/O error, dev mmcblk0, sector 123 op 0x0:(READ) flags 0x0"


@fault("disk_read_only")
def kernel_has_made_the_card_read_only(world):
    world.dmesg = "[ 99.2] EXT4-fs (mmcblk0p2): Remounting filesystem read-only"


@fault("disk_errors")
def card_is_at_the_end_of_its_life(world):
    write(world.root, "sys/block/mmcblk0/device/life_time", "0x0b 0x05")


@fault("overlay_root")
def overlay_forgets_changes(world):
    write(world.root, "proc/cmdline", "console=tty1 overlayroot=tmpfs root=PARTUUID=1")
    world.settings = [f"state.dir={world.root}/var/lib/edged"]


@fault("journal_volatile")
def journal_is_in_memory(world):
    write(world.root, "etc/systemd/journald.conf.d/40-rpi.conf", "[Journal]\nStorage=volatile")


@fault("journal_volatile")
def journal_has_no_folder(world):
    (world.root / "var/log/journal").rmdir()


@fault("journal_volatile")
def journal_is_switched_off(world):
    write(world.root, "etc/systemd/journald.conf", "[Journal]\n#Storage=auto\nStorage=none")


@fault("not_running")
def service_is_stopped(world):
    world.units["edged.service"] |= {"ActiveState": "inactive", "SubState": "dead"}


@fault("not_running")
def service_has_failed(world):
    more = {"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "1"}
    world.units["edged.service"] |= more


@fault("not_running")
def service_is_masked(world):
    more = {"LoadState": "masked", "UnitFileState": "masked", "ActiveState": "inactive"}
    world.units["edged.service"] |= more


@fault("given_up")
def service_was_given_up(world):
    world.units["edged.service"] |= {"ActiveState": "failed", "Result": "start-limit-hit"}
    world.units["edged-rescue.service"] = {"LoadState": "loaded", "ActiveState": "activating"}


@fault("release_broken")
def release_does_not_fit_any_more(world):
    world.units["edged-repair.service"] = {"LoadState": "loaded", "ActiveState": "failed"}


@fault("release_broken")
def program_of_the_release_is_missing(world):
    world.units["edged.service"]["ExecStart"] = "{ path=/opt/edged/current/bin/edged ; argv[]=… }"


@fault("not_enabled")
def service_does_not_start_with_the_machine(world):
    world.units["edged.service"]["UnitFileState"] = "disabled"


@fault("restarts_often")
def service_ends_again_and_again(world):
    world.units["edged.service"] |= {"NRestarts": "7", "Result": "signal"}


@fault("unit_changed")
def drop_in_hides_the_cards(world):
    world.settings = ["microphone.backend=alsa"]
    world.units["edged.service"] |= {"PrivateDevices": "yes", "DropInPaths": "/etc/systemd/system/x.conf"}


@fault("unit_changed")
def drop_in_closes_the_network(world):
    world.units["edged.service"]["IPAddressDeny"] = "::/0 0.0.0.0/0"


@fault("unit_changed")
def drop_in_leaves_too_little_memory(world):
    world.units["edged.service"]["MemoryMax"] = "33554432"


@fault("unit_changed")
def systemd_has_not_read_the_unit(world):
    world.units["edged.service"]["NeedDaemonReload"] = "yes"


@fault("shutdown_unanswered")
def nothing_carries_out_a_shutdown(world):
    world.settings = ["mode=conversation", "button.very_long_press=shutdown"]
    world.units["edged-shutdown.path"] = {"LoadState": "loaded", "ActiveState": "inactive"}


PAGE = "companion.page.listen=127.0.0.1:8780"
COMPANION = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
}


@fault("companion_not_enabled")
def companion_is_configured_but_not_enabled(world):
    world.settings = [PAGE]
    world.units["edged-companion.service"] = COMPANION | {
        "UnitFileState": "disabled",
        "ActiveState": "inactive",
    }


@fault("companion_stopped")
def companion_has_refused_its_configuration(world):
    world.units["edged-companion.service"] = COMPANION | {"ActiveState": "failed", "ExecMainStatus": "78"}


@fault("companion_stopped")
def companion_ends_again_and_again(world):
    more = {"ActiveState": "activating", "SubState": "auto-restart", "ExecMainStatus": "70"}
    world.units["edged-companion.service"] = COMPANION | more


def test_a_companion_that_lacks_a_package_is_told_before_anything_else():
    facts = CompanionFacts(
        COMPANION | {"ActiveState": "failed"}, {"page": "companion.page.listen"}, ("aiohttp",)
    )
    (found,) = judge(facts)
    assert (found.cause, found.text) == (
        "companion_incomplete",
        "companion.page.listen: this release lacks aiohttp",
    )


@pytest.mark.parametrize(
    ("settings", "unit", "looked"),
    [
        ([], {"UnitFileState": "disabled", "ActiveState": "inactive"}, False),
        ([], {}, True),
        ([PAGE], {}, True),
        ([PAGE], {"LoadState": "not-found", "UnitFileState": ""}, False),
    ],
)
def test_a_companion_that_nobody_wants_is_not_looked_at(tmp_path, settings, unit, looked):
    world = World(tmp_path)
    world.settings, world.units["edged-companion.service"] = settings, COMPANION | unit
    verdict = next(each for each in examined(world).verdicts if each.check.id == "companion")
    assert (verdict.findings, not verdict.skipped) == ((), looked)


@fault("journal_large")
def journal_has_grown(world):
    write(world.root, "var/log/journal/0123/system.journal", b"x" * (world.large + 1_000_000))


@fault("usb_bandwidth")
def bus_has_no_bandwidth_left_for_the_card(world):
    powertop_lets_the_card_sleep(world)
    world.usb("1-1.2", **{"power/control": "on"})
    world.dmesg = "[ 12.3] usb 1-1.2: Not enough bandwidth for altsetting 1"


@fault("usb_autosuspend")
def card_sleeps_and_the_journal_is_in_memory(world):
    """Two warnings: what costs sound comes first."""
    powertop_lets_the_card_sleep(world)
    journal_is_in_memory(world)


@fault("disk_read_only")
def card_has_failed_and_the_service_too(world):
    kernel_has_made_the_card_read_only(world)
    service_has_failed(world)


@fault("desktop_sound")
def desktop_has_a_sound_server(world):
    write(world.root, "usr/lib/systemd/user/pipewire.service", "[Unit]")
    world.settings = ["microphone.backend=alsa"]


@fault("pin_taken")
def sound_card_has_the_pin_of_the_button(world):
    world.settings = ["button.backend=gpiozero", "button.gpio=18"]
    tree = "proc/device-tree/soc/i2s@7e203000"
    write(world.root, f"{tree}/status", b"okay\0")
    write(world.root, f"{tree}/pinctrl-0", bytes([0, 0, 0, 7]))
    write(world.root, "proc/device-tree/soc/gpio/pcm/phandle", bytes([0, 0, 0, 7]))
    write(world.root, "proc/device-tree/soc/gpio/pcm/brcm,pins", bytes([0, 0, 0, 18, 0, 0, 0, 19]))


def hdmi(world, *settings, **files):
    world.settings = ["speaker.backend=alsa", "speaker.device=hw:CARD=vc4hdmi0", *settings]
    for name, text in {"status": "connected", "enabled": "enabled", "dpms": "On", **files}.items():
        write(world.root, f"sys/class/drm/card1-HDMI-A-1/{name}", text)


@fault("hdmi_no_display")
def display_of_the_speaker_is_unplugged(world):
    hdmi(world, status="disconnected")


@fault("hdmi_no_picture")
def display_of_the_speaker_sleeps(world):
    hdmi(world, dpms="Off")


@fault("hdmi_blank")
def console_goes_blank(world):
    hdmi(world, "speaker.lead_in_ms=300")
    write(world.root, "sys/module/kernel/parameters/consoleblank", "600")


@fault("hdmi_lead_in")
def display_swallows_the_beginning(world):
    hdmi(world)


@fault("wifi_power_save")
def wi_fi_saves_power(world):
    write(world.root, "proc/net/route", HEAD + WLAN)
    write(world.root, "sys/class/net/wlan0/ifindex", "3")


@pytest.fixture(autouse=True)
def wi_fi(monkeypatch):
    """A driver of Wi-Fi that says that interface 3 saves power; the kernel of this machine may have none."""
    monkeypatch.setattr("edged.doctor.machine._saves_power", lambda interface: interface == 3)


@pytest.fixture(autouse=True)
def small_journal(monkeypatch):
    """A journal of a few megabytes is large here."""
    monkeypatch.setattr("edged.doctor.journal.LARGE", 4_000_000)


def examined(world):
    return examine(world.case(), STEPS, MACHINE)


def test_the_machine_without_a_fault_has_none(tmp_path):
    found = examined(World(tmp_path))
    assert found.findings == []
    assert found.code == 0
    looked = {each.check.id for each in found.verdicts if not each.skipped}
    assert {"units", "journal", "power", "usb", "disk", "permissions"} <= looked


@pytest.mark.parametrize("name", FAULTS)
def test_the_first_id_is_that_of_the_fault(tmp_path, name):
    expected, make = FAULTS[name]
    world = World(tmp_path)
    make(world)
    found = examined(world)
    assert [each.cause for each in found.findings][:1] == [expected], found.findings
    assert found.findings[0].text.isprintable()


@pytest.fixture
def open_folder():
    """A folder into which another user may look."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="root makes the files and becomes another user")
@pytest.mark.parametrize(
    ("path", "settings", "cause"),
    [
        ("dev/snd/pcmC0D0c", ["microphone.backend=alsa"], "device_denied"),
        ("dev/gpiochip0", ["button.backend=gpiod"], "button_denied"),
        ("dev/input/event0", ["button.backend=evdev", "button.device=Pedal"], "button_denied"),
        ("dev/gpiochip0", ["light.backend=gpiod"], "light_lost"),
        ("dev/spidev0.0", ["light.kind=apa102", "light.backend=auto", "light.gpio=null"], "light_lost"),
    ],
)
def test_a_user_without_the_group_is_told_which_one(open_folder, path, settings, cause):
    world = World(open_folder)
    world.units, world.settings = {}, settings
    write(world.root, path, "")
    (world.root / path).chmod(0o660)
    os.chown(world.root / path, 0, 29)  # audio, in Debian
    case = world.case()
    with another_user():
        found = examine(case, STEPS, ("permissions",))
    assert [each.cause for each in found.findings] == [cause]
    assert "its group is audio, its mode is 0660" in found.findings[0].text
    assert "usermod -aG audio" in found.findings[0].remedy
    (world.root / path).chmod(0o666)
    with another_user():
        assert examine(case, STEPS, ("permissions",)).findings == []


def test_what_is_mended_can_be_undone(tmp_path):
    for name, (_, make) in FAULTS.items():
        folder = tmp_path / name
        folder.mkdir()
        world = World(folder)
        make(world)
        for each in examined(world).findings:
            fix = fix_of(each)
            assert fix is None or (fix.undo and fix.commands)


def test_a_service_that_somebody_has_masked_is_not_started(tmp_path):
    world = World(tmp_path)
    service_is_masked(world)
    assert [fix_of(each) for each in examined(world).findings if each.gravity is FAILURE] == [None]
