"""What the doctor's checks of the machine look at here: files, units, the configuration, permissions."""

import time
from collections.abc import Iterator
from pathlib import Path

from edged.app import ending_notices, lines_twice, machine_check, panel, pins_in_use, unsent, visitor_voice
from edged.app.doctor import Case, Looked, Step
from edged.app.service import planned
from edged.app.sound import echo_canceller
from edged.config import Config
from edged.config.companion import missing_libraries, switched_on
from edged.config.lamp import LampConfig
from edged.config.lamp_rules import lamps as lamps_of
from edged.config.panel import ContactConfig
from edged.config.pin_rules import contacts
from edged.doctor import (
    companion,
    configuration,
    daemon,
    desktop_sound,
    disk,
    endings,
    hdmi,
    journal,
    machine,
    memory,
    permissions,
    power_supply,
    reading,
    state,
    system,
    units,
    usb_bus,
    wifi,
)
from edged.doctor.check import DoctorFinding, NotLookedAtError
from edged.doctor.configuration import ConfigurationFacts
from edged.doctor.problem import findings
from edged.doctor.usb_sleep import check_usb_sleep
from edged.errors import ConfigError
from edged.folders import state_dir
from edged.system.device_tree import used_pins

TREE = "proc/device-tree"
REAL_SOUND = ("auto", "alsa", "pyaudio", "sounddevice")
PINS = ("gpiod", "gpiozero")
OF_DAEMON = ("receiver", "switches", "phrases")
"""The parts of which only a running edged knows."""


def _system(case: Case) -> Looked:
    facts = reading.system(case.root)
    return Looked(system.judge(facts), str(facts))


def _disk(case: Case) -> Looked:
    folders = [case.root, case.root / "var/log", case.root / "run"]
    folder = _state_folder(case)
    if folder:
        folders.insert(0, Path(folder))
    facts = reading.disk(case.root, folders, case.programs, keeps_state=bool(folder))
    return Looked(disk.judge(facts), disk.note(facts))


def _memory(case: Case) -> Looked:
    facts = reading.memory(case.root)
    free = f"{facts.available >> 20} MiB are free" if facts.available is not None else ""
    return Looked(memory.judge(facts), free)


def _configuration(case: Case) -> Looked:
    if case.loaded is None:
        return Looked(configuration.judge(ConfigurationFacts(case.problems)))
    loaded = case.loaded
    problems: list[str] = []
    for look in (
        lambda: planned(loaded.config, case.key()),
        lambda: echo_canceller(loaded.config.microphone),
        lambda: lines_twice.refuse(loaded.config, loaded.origins),
    ):
        try:
            look()
        except ConfigError as error:
            problems += error.problems
    facts = ConfigurationFacts(
        tuple(problems),
        (*loaded.warnings, *unsent.warnings(loaded.config, loaded.origins)),
        tuple(
            pins_in_use.warnings(loaded.config, loaded.origins, in_use=lambda: used_pins(case.root / TREE))
        ),
        (*visitor_voice.warnings(loaded.config, loaded.origins), *visitor_voice.faults(loaded.config)),
    )
    where = str(case.config_path) if case.config_path else "the defaults, without a file"
    return Looked(configuration.judge(facts), where)


def _endings(case: Case) -> Looked:
    loaded = case.loaded
    lines = ending_notices.warnings(case.config, time.time(), loaded.origins if loaded else None)
    return Looked(endings.judge(lines))


def _state(case: Case) -> Looked:
    folder = _state_folder(case)
    facts = reading.state(folder, case.user)
    return Looked(state.judge(facts), folder or "nothing is kept over a restart")


def _daemon(case: Case) -> Looked:
    def found() -> Iterator[DoctorFinding]:
        yield from daemon.judge(case.daemon)
        yield from daemon.met((case.snapshot or {}).get("counters") or {})
        for trouble in case.troubles(*OF_DAEMON):
            yield daemon.CHECK.found(
                trouble["cause"], f"{trouble['what']}: {trouble['text']}", trouble["remedy"]
            )
        for trouble in case.troubles("microphone"):
            if trouble["cause"] == "muted":
                yield daemon.CHECK.found("muted", trouble["text"], trouble["remedy"])

    if case.snapshot is None and not case.daemon.is_hung and len(case.daemon.processes) < 2:
        raise NotLookedAtError(case.no_daemon or "no edged runs")
    about = case.snapshot or {}
    return Looked(found(), f"edged answers at {case.daemon.path}, state {about.get('state')}")


def _units(case: Case) -> Looked:
    facts = units.UnitFacts(case.unit)
    if not facts.is_installed:
        raise NotLookedAtError("edged is not a service here")
    config = case.config
    program = units.program(case.unit)
    facts = units.UnitFacts(
        case.unit,
        rescue=reading.unit("edged-rescue.service", case.programs),
        repair=reading.unit("edged-repair.service", case.programs),
        shutdown=reading.unit("edged-shutdown.path", case.programs),
        uses_sound=any(part.backend in REAL_SOUND for part in (config.microphone, config.speaker)),
        uses_pins=_uses_pins(config),
        may_shut_down=_may_shut_down(config),
        has_program=not program or (case.root / program.lstrip("/")).exists(),
    )
    return Looked(units.judge(facts), units.note(facts))


def _companion(case: Case) -> Looked:
    wanted = switched_on(case.config.companion)
    facts = companion.CompanionFacts(
        reading.unit("edged-companion.service", case.programs), wanted, missing_libraries(wanted)
    )
    if not facts.is_there:
        raise NotLookedAtError("no companion is wanted here")
    return Looked(companion.judge(facts), companion.note(facts))


def _journal(case: Case) -> Looked:
    if not reading.has_systemd(case.root):
        raise NotLookedAtError("there is no journal without systemd")
    return Looked(journal.judge(reading.journal(case.root)))


def _permissions(case: Case) -> Looked:
    user = case.user
    nodes = tuple(_nodes(case))
    return Looked(permissions.judge(user, nodes), f"the user {user.name}")


def _nodes(case: Case) -> Iterator[permissions.Node]:
    """The files of the devices that the configuration names."""
    config, dev, user = case.config, case.root / "dev", case.user
    if any(part.backend in REAL_SOUND for part in (config.microphone, config.speaker)):
        found = sorted((dev / "snd").glob("*"))
        yield from reading.nodes(
            "sound", (at for at in found if at.name.startswith(("pcm", "control"))), user
        )
    backends = {"button": [panel.chosen("button", each) for each in contacts(config).values()]}
    lit = [lamp for lamp in lamps_of(config).values() if lamp.on_pins]
    backends["light"] = [panel.chosen("light", lamp) for lamp in lit]
    chips = sorted(dev.glob("gpiochip*"))
    for part, chosen in backends.items():
        if any(each in PINS for each in chosen):
            yield from reading.nodes(part, chips, user)
    if "evdev" in backends["button"]:
        yield from reading.nodes("button", sorted((dev / "input").glob("event*")), user)
    for lamp in lamps_of(config).values():
        if lamp.kind in ("apa102", "ws2812"):
            yield from reading.nodes("light", [case.root / lamp.spi.lstrip("/")], user)
        elif lamp.kind == "sysfs":
            yield from reading.nodes("light", [case.root / "sys/class/leds" / lamp.led / "brightness"], user)


def _power(case: Case) -> Looked:
    supply = machine.power_supply(case.root, case.programs)
    devices = machine.usb_devices(case.root)

    def found() -> Iterator[DoctorFinding]:
        problems = power_supply.check_power_supply(supply, machine.kernel_log(case.programs), devices)
        yield from findings(power_supply.CHECK, problems)
        yield from power_supply.check_heat(supply)

    return Looked(found())


def _usb(case: Case) -> Looked:
    devices = machine.usb_devices(case.root)
    problems = [*usb_bus.check_usb_bus(devices, machine.kernel_log(case.programs)), *check_usb_sleep(devices)]
    return Looked(findings(usb_bus.CHECK, problems))


def _wifi(case: Case) -> Looked:
    found = machine.wifi(case.root)
    return Looked(findings(wifi.CHECK, wifi.check_wifi(found)), found.interface)


def _hdmi(case: Case) -> Looked:
    connector = machine_check.hdmi_connector(case.config)
    if not connector:
        raise NotLookedAtError("the speaker is not HDMI")
    problems = hdmi.check_hdmi(machine.hdmi(case.root, connector), case.config.speaker.lead_in_ms)
    return Looked(findings(hdmi.CHECK, problems), connector)


def _desktop_sound(case: Case) -> Looked:
    if not units.UnitFacts(case.unit).is_installed:
        raise NotLookedAtError("edged is not a service here")
    if not machine_check.leaves_choice(case.config):
        raise NotLookedAtError("the configuration names the card")
    return Looked(
        findings(desktop_sound.CHECK, desktop_sound.check_desktop_sound(machine.desktop_sound(case.root)))
    )


def _state_folder(case: Case) -> str:
    wanted = case.loaded.config.state.dir if case.loaded else "auto"
    return state_dir(wanted, case.env)


def _uses_pins(config: Config) -> bool:
    wanted: list[ContactConfig | LampConfig] = [*contacts(config).values()]
    chosen = [panel.chosen("button", each) for each in wanted]
    chosen += [panel.chosen("light", lamp) for lamp in lamps_of(config).values() if lamp.on_pins]
    return any(each in PINS for each in chosen)


def _may_shut_down(config: Config) -> bool:
    button = config.button
    actions = {button.long_press, button.very_long_press, button.double_press}
    return "shutdown" in actions | {each.role for each in config.buttons}


STEPS: dict[str, Step] = {
    system.CHECK.id: _system,
    power_supply.CHECK.id: _power,
    disk.CHECK.id: _disk,
    memory.CHECK.id: _memory,
    configuration.CHECK.id: _configuration,
    daemon.CHECK.id: _daemon,
    units.CHECK.id: _units,
    state.CHECK.id: _state,
    permissions.CHECK.id: _permissions,
    usb_bus.CHECK.id: _usb,
    hdmi.CHECK.id: _hdmi,
    desktop_sound.CHECK.id: _desktop_sound,
    endings.CHECK.id: _endings,
    wifi.CHECK.id: _wifi,
    journal.CHECK.id: _journal,
    companion.CHECK.id: _companion,
}
