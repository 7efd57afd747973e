"""Gathers what somebody who helps wants to know about a kiosk: for `edged report`. Blocks for some seconds.

Rules:
1. Everything passes the anonymiser (system/anonymous.py) before it leaves this module.
2. What cannot be gathered, for want of a right or of a program, is named, and the rest goes on.
3. Nothing that was said is in it: no transcript, and of the journal no text of an entry that may quote a visitor,
   whatever `log.transcripts` is now. Files with transcripts are not opened. The texts that the owner
   has written for the model are only counted.
4. Nothing is changed. Each sound device is opened for a moment, unless a running edged has it open.
5. A host name of a service that everybody can look up stays. One of the owner's own is replaced.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from edged.app import card_names, machine_check
from edged.app.device_report import DeviceReport, lines
from edged.app.service import secrets
from edged.app.settings import input_format
from edged.causes import CAUSES
from edged.config import Config, Loaded, resolve_key, show
from edged.dial.providers import PROVIDERS
from edged.errors import ConfigError
from edged.files import beginning
from edged.folders import state_dir
from edged.hosts import is_loopback
from edged.pcm import PCM16
from edged.system.anonymous import Anonymiser
from edged.system.journal import COMPANION, IDENTIFIER, QUOTES
from edged.system.notices import NOTICES
from edged.system.redactor import LEAST, MASK, is_secret
from edged.system.versions import versions

CREDENTIALS = Path("/etc/edged/credentials")
UNITS = (
    *("edged", "edged-companion", "edged-local", "edged-rescue", "edged-start"),
    *("edged.socket", "edged-again.timer", "edged-shutdown.path"),
)
SHOWN = (
    "Id,LoadState,UnitFileState,ActiveState,SubState,Result,ExecMainStatus,ExecMainCode,NRestarts,"
    "ActiveEnterTimestamp,InactiveEnterTimestamp,MemoryCurrent,MemoryPeak,CPUUsageNSec,DropInPaths"
)
FOLDERS = ("/", "/var/lib/edged", "/var/log", "/opt", "/run", "/tmp")  # noqa: S108 only looked at
JOURNAL_LINES = 500
NOTICE = 6  # info, as syslog has it; debug lines may quote the service
PROGRAM_S = 20.0
_MOST_BYTES = 65_536
_IDS = {message.message_id: name for name, message in NOTICES.items()} | {
    cause.message_id: cause.id for cause in CAUSES.values()
}
ABOUT = ("EDGED_CAUSE", "EDGED_DEVICE", "EDGED_OUTCOME")
KNOWN_QUERY = ("api-version", "deployment", "intent", "model")
"""Parameters of the address that many services have, and that name no secret. Any other one may be a key."""
SAID = NOTICES["transcript"].message_id
LEAST_NAME = 5  # characters: a shorter one may be a word of any text
PROSE = ("provider.instructions", "provider.session.transcription_prompt")


class ReportPart(NamedTuple):
    """One file of the report."""

    name: str
    text: str


class Gathered(NamedTuple):
    parts: tuple[ReportPart, ...]
    missing: tuple[str, ...]
    """What is not in it, and why."""


class ReportFacts(NamedTuple):
    """What the command line knows already."""

    loaded: Loaded | None
    problems: tuple[str, ...]
    """Why the configuration cannot be used."""
    snapshot: Mapping[str, Any] | None
    silent: str
    """Why no running edged can be asked."""
    has_journal: bool
    """Whether this user may read the journal of the system."""
    doctor: Callable[[], str] | None


def gather(facts: ReportFacts, env: Mapping[str, str], root: Path = Path("/")) -> Gathered:
    """Everything, without secrets and names."""
    missing: list[str] = []
    mask = Anonymiser(_secrets(facts.loaded, env, missing), dict(_names(facts.loaded, root)))
    parts = []
    for name, make in _sources(facts, env, root, missing):
        try:
            found = make()
        except (OSError, subprocess.SubprocessError, ValueError, ConfigError) as error:
            missing.append(f"{name}: {error}")
        else:
            if found:
                text = mask.text(found) if isinstance(found, str) else json.dumps(mask.value(found), indent=2)
                parts.append(ReportPart(name, text.rstrip("\n") + "\n"))
    return Gathered(tuple(parts), tuple(map(mask.text, missing)))


def _sources(
    facts: ReportFacts, env: Mapping[str, str], root: Path, missing: list[str]
) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "versions.txt", lambda: "\n".join(f"{name}: {text}" for name, text in versions(root).items())
    if facts.loaded is not None:
        loaded = facts.loaded
        yield "configuration.json", lambda: _configuration(loaded, env)
        yield "devices.txt", lambda: _devices(loaded.config, facts, env)
        yield "machine.txt", lambda: "\n".join(map(str, machine_check.problems(loaded.config, root)))
    else:
        missing.append("configuration.json, devices.txt: the configuration cannot be used")
    if facts.problems:
        yield "configuration-problems.txt", lambda: "\n".join(facts.problems)
    if facts.snapshot is not None:
        snapshot = facts.snapshot
        yield "status.json", lambda: _without_texts(snapshot) if _quotes(facts) else snapshot
    else:
        missing.append(f"status.json: {facts.silent}")
    yield (
        "sound-cards.txt",
        lambda: _files(root, "proc/asound/cards", "proc/asound/pcm", "proc/asound/version"),
    )
    yield "units.txt", _units
    yield "system.txt", lambda: _system(root)
    if facts.has_journal:
        yield "journal.txt", lambda: _journal(quotes=_quotes(facts))
        if _quotes(facts):
            missing.append(
                "journal.txt, status.json, doctor.txt: texts, because `log.transcripts` is, or may be, `journal`"
            )
    else:
        missing.append("journal.txt: you have no permission to read the journal (use sudo)")
    if facts.doctor is not None and not _quotes(facts):
        yield "doctor.txt", facts.doctor


# -- what must not be in it ----------------------------------------------------------------------------------


def _secrets(loaded: Loaded | None, env: Mapping[str, str], missing: list[str]) -> Iterator[str]:
    """Every secret that this process can find, so that it is masked wherever it is."""
    if loaded is not None:
        yield from secrets(loaded.config)
        for header in loaded.config.provider.headers.values():
            yield from (header.reveal(), *header.reveal().split())
        for name, value in loaded.config.provider.query.items():
            if name not in KNOWN_QUERY and len(value) >= LEAST:  # a short one may be a word of any text
                yield value
        with suppress(ConfigError):  # the problems of the configuration say so
            key = resolve_key(loaded.config, env)
            yield key.reveal() if key is not None else ""
        provider, companion = loaded.config.provider, loaded.config.companion
        for named in (
            *(provider.azure.token_file, provider.api_key_file),
            *(companion.page.token_file, companion.mqtt.password_file, companion.mqtt.key_file),
        ):
            yield from _content(Path(named)) if named else ()
    for name, value in env.items():
        if is_secret(name) and name not in ("PWD", "OLDPWD"):
            yield value
        if "proxy" in name.lower():
            with suppress(ValueError):
                yield urlsplit(value).password or ""
    for folder in (CREDENTIALS, Path(env.get("CREDENTIALS_DIRECTORY", "/nowhere"))):
        yield from _credentials(folder, missing)


def _credentials(folder: Path, missing: list[str]) -> Iterator[str]:
    try:
        files = sorted(folder.iterdir())
    except PermissionError:
        missing.append(f"{folder} cannot be read, so a key is masked only by its form (use sudo)")
    except OSError:
        return
    else:
        for file in files:
            yield from _content(file)


def _content(file: Path) -> Iterator[str]:
    """A file with a key, whole and line by line."""
    with suppress(OSError):
        text = beginning(file, _MOST_BYTES).decode(errors="replace").strip()
        yield text
        yield from text.splitlines()
        yield from (line.partition("=")[2].strip("'\" ") for line in text.splitlines())


def _names(loaded: Loaded | None, root: Path) -> Iterator[tuple[str, str]]:
    """Words that name this machine, its owner or its network, and what is shown in their place."""
    host = socket.gethostname()
    for each in {host, host.partition(".")[0], *_domain(root)} - {"localhost", "", "edged"}:
        yield each, "<host>"
    for name in {os.environ.get(each, "") for each in ("SUDO_USER", "USER", "LOGNAME")} - {
        "root",
        "",
        "edged",
    }:
        yield name, "<user>"
    serials = ["etc/machine-id", "proc/device-tree/serial-number", "sys/class/dmi/id/product_serial"]
    serials += ["proc/sys/kernel/random/boot_id"]
    found = [*(root / each for each in serials), *(root / "sys/bus/usb/devices").glob("*/serial")]
    for text in map(_text, found):
        # A serial number such as 7 or "USB Audio" is found in any text; `usb:…` is masked in any case.
        if len(text) >= LEAST_NAME and any(map(str.isdigit, text)):
            yield text, "<serial>"
            yield text.replace("-", ""), "<serial>"
    if loaded is not None:
        known = {urlsplit(row.url).hostname for row in PROVIDERS.values()}
        provider = loaded.config.provider
        for name, url in {
            "provider.url": provider.url,
            "provider.proxy": provider.proxy.reveal(),
            "provider.portkey.custom_host": provider.portkey.custom_host,
            "companion.mqtt.broker": loaded.config.companion.mqtt.broker,
        }.items():
            with suppress(ValueError):
                at = urlsplit(url).hostname or ""
                if at and at not in known and not is_loopback(at):
                    yield at, f"<host of {name}>"
        companion = loaded.config.companion
        for name, word in {
            "companion.name": companion.name,
            "companion.site": companion.site,
            "companion.page.host": companion.page.host,
            "companion.mqtt.user": companion.mqtt.user,
        }.items():
            if len(word) >= LEAST_NAME:
                yield word, f"<{name}>"


def _domain(root: Path) -> Iterator[str]:
    for line in _text(root / "etc/resolv.conf").splitlines():
        if line.startswith(("search ", "domain ")):
            yield from line.split()[1:]


# -- what is in it -------------------------------------------------------------------------------------------


def _configuration(loaded: Loaded, env: Mapping[str, str]) -> object:
    """The values in force and where each comes from. Of texts for the model only the length is shown."""
    found = json.loads(show(loaded, env, origin=True, as_json=True))
    found["origins"] = {name: origin for name, origin in found["origins"].items() if origin != "default"}
    for name in PROSE:
        place = found["config"]
        *groups, last = name.split(".")
        for group in groups:
            place = place[group]
        place[last] = _counted(place[last])
    query = found["config"]["provider"]["query"]
    query |= {name: MASK for name in query if name not in KNOWN_QUERY}
    for button in found["config"]["buttons"]:
        button["instructions"] = _counted(button.get("instructions"))
    return found


def _counted(text: object) -> object:
    return f"<a text of {len(text)} characters>" if isinstance(text, str) and text else text


def _devices(config: Config, facts: ReportFacts, env: Mapping[str, str]) -> str:
    rates = {"microphone": input_format(config).rate_hz, "speaker": PCM16.rate_hz}
    running = (facts.snapshot or {}).get("devices") or {}
    kept = card_names.kept(state_dir(config.state.dir, env))
    return "\n".join(lines(DeviceReport(config, rates, running, kept=kept).all()))


def _units() -> str:
    if shutil.which("systemctl") is None:
        raise ValueError("this machine has no systemctl")
    return _output(["systemctl", "show", "--no-pager", f"--property={SHOWN}", *UNITS])


def _system(root: Path) -> str:
    rows = []
    for folder in FOLDERS:
        with suppress(OSError):
            usage = shutil.disk_usage(folder)
            rows.append(
                f"disk {folder}: {usage.used * 100 // max(1, usage.total)} % of {usage.total >> 20} MiB used"
            )
    mounts = [line.split() for line in _text(root / "proc/mounts").splitlines()]
    rows += [
        f"mount {each[1]}: {each[2]} {each[3][:40]}" for each in mounts if each[1:2] in (["/"], ["/var/log"])
    ]
    for name in ("proc/uptime", "proc/loadavg", "sys/class/thermal/thermal_zone0/temp"):
        if text := _text(root / name):
            rows.append(f"{name.rpartition('/')[2]}: {text}")
    rows += _text(root / "proc/meminfo").splitlines()[:3]
    set_ = (root / "run/systemd/timesync/synchronized").exists()
    return "\n".join([*rows, f"clock: {'set' if set_ else 'not set by systemd-timesyncd'}"])


def _journal(*, quotes: bool) -> str:
    """The last lines of the service. `quotes`: their texts may quote a visitor, so only their subjects are shown."""
    if shutil.which("journalctl") is None:
        raise ValueError("this machine has no journalctl")
    units = [f"--unit={unit}" for unit in UNITS]
    text = _output(["journalctl", "--no-pager", "--output=json", f"--lines={JOURNAL_LINES}", *units])
    entries = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    return "\n".join(filter(None, (_line(entry, quotes=quotes) for entry in entries)))


def _quotes(facts: ReportFacts) -> bool:
    """Whether edged leaves what was said in its texts now, or may do so."""
    return facts.loaded is None or facts.loaded.config.log.transcripts == "journal"


def _without_texts(value: Any) -> Any:
    """A snapshot without the texts that may quote a service, and so a visitor."""
    if isinstance(value, Mapping):
        return {
            name: "<left out>" if name == "text" and each else _without_texts(each)
            for name, each in value.items()
        }
    return [_without_texts(each) for each in value] if isinstance(value, list | tuple) else value


def _line(entry: Mapping[str, Any], *, quotes: bool) -> str:
    if int(entry.get("PRIORITY", NOTICE)) > NOTICE:
        return ""
    when = int(entry.get("__REALTIME_TIMESTAMP", 0)) / 1e6
    message = entry.get("MESSAGE") or ""
    text = bytes(message).decode(errors="replace") if isinstance(message, list) else str(message)
    ours = entry.get("SYSLOG_IDENTIFIER") in (IDENTIFIER, COMPANION)
    if ours and (quotes or QUOTES in entry or entry.get("MESSAGE_ID") == SAID):
        about = {
            name: each
            for name, each in entry.items()
            if name in ("EDGED_CAUSE", "EDGED_DEVICE", "EDGED_OUTCOME")
        }
        text = " ".join([_IDS.get(entry.get("MESSAGE_ID", ""), "a line"), *map(str, about.values())])
    return f"{_time(when)} {entry.get('SYSLOG_IDENTIFIER', '')} <{entry.get('PRIORITY', NOTICE)}> {text}"


def _time(when_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when_s))


def _files(root: Path, *names: str) -> str:
    found = ((name, _text(root / name)) for name in names)
    return "\n".join(f"== /{name}\n{text}" for name, text in found if text)


def _output(words: list[str]) -> str:
    # No shell runs this, and all words are ours.
    done = subprocess.run(  # noqa: S603
        words,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=PROGRAM_S,
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode != 0 and not done.stdout:
        raise ValueError(f"{words[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def _text(path: Path) -> str:
    try:
        return beginning(path, _MOST_BYTES).decode(errors="replace").strip("\0\n ")
    except OSError:
        return ""
