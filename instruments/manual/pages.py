"""The manual pages: edged(1) from the parser, edged(8) from units and causes, edged.yaml(5) from the schema."""

import json
from pathlib import Path

from edged import __made__, __version__
from edged.causes import CAUSES, Retry
from instruments.manual.commands import Command, Option, Setting, commands, groups, settings
from instruments.manual.roff import Page, bold, italic

ROOT = Path(__file__).resolve().parents[2]
SOURCE = f"edged {__version__}"
UNITS = ("service", "socket", "timer", "path")
EXITS = {
    "0": "Done. For a daemon: it was asked to stop.",
    "1": "The command did not get what it asks for; it says why.",
    "64": "The command line is wrong.",
    "70": "A bug in edged, or a device that only the end of the process can free.",
    "78": "The configuration cannot be used; each fault is a line with its place.",
    "130": "Ctrl+C ended the command.",
}
MOST_IN_A_TERM = 6  # words of a setting; more of them go into the text
APPLIED = {
    "live": "a reload is enough; it takes effect from the next turn on",
    "reopen": "a reload is enough; edged opens the session or the device again",
    "restart": "takes effect after a restart of edged",
}
AGAIN = {
    Retry.NONE: "",
    Retry.LOCAL: "edged tries again on its own, with waits of up to two seconds.",
    Retry.REMOTE: "edged tries again on its own, with waits of up to a minute.",
    Retry.THROTTLED: "edged tries again after the time that the service named.",
    Retry.REFUSED: "edged tries again on its own, with waits of 1 to 15 minutes.",
}


def pages() -> dict[str, str]:
    """Each page by the name of its file."""
    return {"edged.1": str(_edged_1()), "edged.8": str(_edged_8()), "edged.yaml.5": str(_edged_yaml_5())}


# -- edged(1) ----------------------------------------------------------------------------------------------


def _edged_1() -> Page:
    page = Page("edged", 1, __made__, SOURCE, "User Commands")
    page.section("Name")
    page.raw(r"edged \- turn a button, a microphone and a speaker into a voice kiosk")
    page.section("Synopsis")
    page.raw(r"\fBedged\fR \fIVERB\fR [\fIOPTION\fR ...]", ".br", r"\fBedged \-\-version\fR")
    page.section("Description")
    page.text(
        "edged is the daemon in a kiosk: a visitor presses a button, speaks, and hears an answer from a"
        " realtime speech"
        " model. This page describes its commands. `edged(8)` describes the service, and `edged.yaml(5)` the"
        " configuration.",
        "Data goes to standard output, and everything else to standard error. No command asks a question if"
        " it has no"
        " terminal. The commands draw no colours.",
    )
    page.section("Commands")
    for command in commands():
        if command.path and not command.below:
            _command(page, command)
    page.section("Exit status")
    for number, text in EXITS.items():
        page.item(bold(number), text)
    page.text("`edged status` and `edged logs` have exit codes of their own; see there.")
    page.section("Environment")
    page.item(
        bold("EDGED_") + italic("PART") + bold("__") + italic("KEY"),
        "Sets a setting, over the configuration file: `EDGED_PROVIDER__MODEL` sets `provider.model`.",
    )
    page.item(
        bold("XDG_RUNTIME_DIR"), "The folder below which an ordinary user's edged has its control socket."
    )
    page.item(bold("XDG_STATE_HOME"), "The folder below which an ordinary user's edged keeps small facts.")
    page.section("Files")
    page.item(italic("/etc/edged/config.yaml"), "The configuration, if it exists; see `edged.yaml(5)`.")
    page.item(italic("/run/edged/control.sock"), "The control socket of the service.")
    page.section("Examples")
    page.text("Try whole turns without a Pi, a key or a sound card:")
    page.example("edged demo")
    page.text("See what is wrong with a kiosk, and hold the button for two seconds:")
    page.example("sudo edged status", "sudo edged ctl press 2s release")
    page.section("See also")
    page.raw(r"\fBedged\fR(8), \fBedged.yaml\fR(5), \fBjournalctl\fR(1), \fBsystemctl\fR(1)")
    return page


def _command(page: Page, command: Command) -> None:
    page.subsection(command.name)
    page.raw(_synopsis(command))
    page.text(command.description or command.help)
    for each in (*command.positionals, *command.options):
        if each.names != ("-h", "--help"):
            page.item(_term(each), _about(each))


def _synopsis(command: Command) -> str:
    words = [bold(command.name)]
    if len(command.options) > 1:
        words.append(r"[\fIOPTION\fR ...]")
    words += [italic(each.metavar) + (" ..." if each.repeats else "") for each in command.positionals]
    return " ".join(words)


def _term(option: Option) -> str:
    if not option.names:
        return italic(option.metavar)
    value = f" {italic(option.metavar)}" if option.metavar else ""
    return ", ".join(map(bold, option.names)) + value


def _about(option: Option) -> str:
    text = option.help[:1].upper() + option.help[1:]
    return text if not text or text.endswith(".") else f"{text}."


# -- edged(8) ----------------------------------------------------------------------------------------------


def _edged_8() -> Page:
    page = Page("edged", 8, __made__, SOURCE, "System Administration")
    page.section("Name")
    page.raw(r"edged \- the service of a voice kiosk")
    page.section("Synopsis")
    page.raw(r"\fBsystemctl\fR {\fBstart\fR|\fBstop\fR|\fBrestart\fR|\fBreload\fR|\fBstatus\fR} \fBedged\fR")
    page.section("Description")
    page.text(
        "The service runs `edged run` as the user `edged`. It needs neither the network nor the clock to"
        " start: the light"
        " and the button work at once, and the link to the speech service follows.",
        "`systemctl reload edged` makes it read its configuration again. A configuration that cannot be"
        " used changes"
        " nothing, and the reload fails with the reasons.",
        "After ten failures within ten minutes the service rests for a quarter of an hour."
        " `edged-rescue.service` then"
        " shows the fault with the light and writes the reason into the journal. `systemctl restart edged`"
        " always starts"
        " it.",
    )
    page.section("Units")
    for name, text in _units():
        page.item(bold(name), text)
    page.section("Exit status")
    for number, text in EXITS.items():
        if number not in ("1", "130"):
            page.item(bold(number), text)
    page.text("After 64 and 78 systemd does not start the service again, because it would fail again.")
    page.section("Files")
    for file, text in {
        "/etc/edged/config.yaml": "The configuration. Files in `conf.d` beside it are read after it.",
        "/etc/edged/credentials/api-key": "The key of the service: only root reads it, and systemd passes it on.",
        "/var/lib/edged": "Small facts that outlive a restart. None of them holds sound or text from visitors.",
        "/run/edged/control.sock": "The control socket, for root and the group `edged`.",
        "/opt/edged/current": "The release in use. Its folder `share/edged` has the documentation.",
    }.items():
        page.item(italic(file), text)
    page.section("Journal")
    page.text(
        "`edged logs` shows the lines of the service, and `edged logs -x` explains each of them. Fields of"
        " edged begin with"
        " `EDGED_`. `EDGED_CAUSE` is one of the causes below.",
        "No line contains a key. No line contains a transcript, unless `log.transcripts` is `journal`.",
    )
    page.section("Causes")
    page.text("What can be wrong, and what helps. `edged status` and the journal name the cause.")
    for row in CAUSES.values():
        page.item(bold(row.id), " ".join(filter(None, (row.remedy, AGAIN[row.retry]))))
    page.section("See also")
    page.raw(r"\fBedged\fR(1), \fBedged.yaml\fR(5), \fBsystemd.unit\fR(5), \fBjournalctl\fR(1)")
    return page


def _units() -> list[tuple[str, str]]:
    found = []
    for path in sorted((ROOT / "systemd").iterdir()):
        if path.suffix[1:] in UNITS:
            (about,) = (line for line in path.read_text().splitlines() if line.startswith("Description="))
            found.append((path.name, f"{about.removeprefix('Description=')}."))
    return found


# -- edged.yaml(5) -----------------------------------------------------------------------------------------


def _edged_yaml_5() -> Page:
    page = Page("edged.yaml", 5, __made__, SOURCE, "File Formats")
    page.section("Name")
    page.raw(r"edged.yaml \- the configuration of edged")
    page.section("Synopsis")
    page.raw(italic("/etc/edged/config.yaml"), ".br", italic("/etc/edged/conf.d/*.yaml"))
    page.section("Description")
    page.text(
        "The configuration is a file in YAML. It needs only the settings that differ from their defaults,"
        " and `version: 1`."
        " An unknown setting is an error. `edged config check` lists every fault with its line, and `edged"
        " config show"
        " --origin` shows each value in force with the place where it comes from.",
        "edged reads these sources in this order. If two of them have the same setting, the later one"
        " counts: this file; the"
        " files `conf.d/*.yaml` beside it, in the order of their names; environment variables"
        " (`EDGED_PROVIDER__MODEL` sets"
        " `provider.model`); the command line (`--set provider.model=x`).",
        "The key of the service is better kept in a file of its own (`provider.api_key_file`). The"
        " installed service takes"
        " it from `/etc/edged/credentials/api-key`.",
    )
    page.text("A change takes effect in one of three ways, which each setting names:")
    for name, text in APPLIED.items():
        page.item(bold(name), f"{text[:1].upper()}{text[1:]}.")
    page.section("Settings")
    about, part = groups(), ""
    for setting in settings():
        head = setting.name.partition(".")[0]
        if head != part and head in about:
            page.subsection(head)
            page.text(about[head])
        part = head
        page.item(_setting(setting), _says(setting))
    page.section("Example")
    page.example(
        "version: 1",
        "mode: hold",
        "provider:",
        "  name: openai",
        "  voice: marin",
        "microphone:",
        "  device: [usb:08bb:2902, default]",
    )
    page.section("See also")
    page.raw(r"\fBedged\fR(1), \fBedged\fR(8)")
    return page


def _setting(setting: Setting) -> str:
    few = len(setting.values) <= MOST_IN_A_TERM
    value = "|".join(setting.values) if setting.values and few else setting.kind or "string"
    return f"{bold(setting.name)}: {italic(value)}" if value else bold(setting.name)


def _says(setting: Setting) -> str:
    low, high = setting.bounds
    words = f"One of {', '.join(setting.values)}." if len(setting.values) > MOST_IN_A_TERM else ""
    bounds = f"From {low:g} to {high:g}." if low is not None and high is not None else ""
    default = "" if setting.default is None else f"Default: {_value(setting.default)}."
    applied = f"({setting.applied})" if setting.applied else ""
    return " ".join(filter(None, (setting.about, words, bounds, default, applied)))


def _value(value: object) -> str:
    if value == "":
        return "empty"
    text = value if isinstance(value, str) else json.dumps(value)
    return text.removesuffix(".") if " " in text else f"`{text}`"
