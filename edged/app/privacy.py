"""Lists what is kept about visitors on this machine, and what leaves it: for `edged privacy`. Blocks for a moment.

Rules:
1. It reads names and sizes of files, and nothing in them.
2. What this user may not look at is named, and the rest goes on.
3. What the service keeps is not known here: its operator has to say it.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edged.config import Config
from edged.config.companion import CompanionConfig
from edged.dial.providers import PROVIDERS
from edged.folders import state_dir
from edged.hosts import is_loopback
from edged.ledger import retention
from edged.transcripts.folder import TranscriptFolder
from edged.transcripts.ports import TranscriptsError

JOURNAL = "sudo journalctl --rotate --vacuum-time=1s"
OF_LEDGER = "usage.db"


@dataclass(frozen=True, slots=True)
class KeptThing:
    """A row. `is_speech`: it holds what somebody said, as text or as sound."""

    what: str
    where: str
    amount: str
    how_long: str
    is_speech: bool


@dataclass(frozen=True, slots=True)
class PrivacyReport:
    kept: tuple[KeptThing, ...]
    leaves: Mapping[str, str]
    """What leaves the machine and for where."""
    unseen: tuple[str, ...]
    """What this user may not look at."""

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "kept": [asdict(each) for each in self.kept],
            "leaves": dict(self.leaves),
            "unseen": list(self.unseen),
        }


def report(config: Config, env: Mapping[str, str]) -> PrivacyReport:
    """What is kept by a kiosk with this configuration, and what leaves it."""
    folder = state_dir(config.state.dir, env)
    unseen: list[str] = []
    rows = [_transcripts(config, folder, unseen), _journal(config)]
    rows += _state(folder, unseen)
    rows += _recordings(config)
    minutes = config.turn.forget_after_s / 60
    until = f"until a visitor has been quiet for {minutes:g} minutes" if minutes else "until edged ends"
    rows.append(
        KeptThing(
            "sound and the last lines of a conversation",
            "memory of the process",
            f"{config.microphone.preroll_ms} ms while nobody speaks",
            f"the question until it is sent; lines and the last answer {until}",
            is_speech=True,
        )
    )
    return PrivacyReport(tuple(rows), _leaves(config), tuple(unseen))


def _transcripts(config: Config, folder: str, unseen: list[str]) -> KeptThing:
    wanted, days = config.log.transcripts, config.log.transcripts_days
    files = TranscriptFolder(Path(folder)) if folder else None
    amount = "none"
    if files is not None:
        try:
            if found := files.files():
                oldest = next((each.day for each in found if each.day), "without a date")
                n_bytes = sum(each.n_bytes for each in found)
                amount = f"{len(found)} files, {size(n_bytes)}, the oldest {oldest}"
        except TranscriptsError as error:
            amount = "unknown"
            unseen.append(str(error))
    written = "written now" if wanted == "file" else "none are written now"
    return KeptThing(
        f"transcripts in files ({written})",
        files.place if files is not None else "nowhere: `state.dir` names no folder",
        amount,
        f"{days} days (`log.transcripts_days`)",
        is_speech=True,
    )


def _journal(config: Config) -> KeptThing:
    has = config.log.transcripts == "journal"
    return KeptThing(
        f"the journal ({'with' if has else 'without'} transcripts, as it is set now)",
        "the journal of the system",
        "`journalctl --disk-usage` shows it",
        "as long as journald keeps it; what was written under an earlier setting is in it, too",
        is_speech=has,
    )


def _state(folder: str, unseen: list[str]) -> list[KeptThing]:
    if not folder:
        return []
    try:
        sizes = {each.name: each.stat().st_size for each in sorted(Path(folder).iterdir()) if each.is_file()}
    except FileNotFoundError:
        return []
    except OSError as error:
        unseen.append(f"{folder}: {error.strerror or error}")
        return []
    books = {name: n for name, n in sizes.items() if name.startswith(OF_LEDGER)}
    others = {name: n for name, n in sizes.items() if name not in books}
    rows = []
    if books:
        long = f"the latest {retention.MOST_ENTRIES} answers with their time and visitor, then sums of days and months"
        rows.append(
            KeptThing(
                "the usage: times and counts of answers, no words",
                f"{folder}/{OF_LEDGER}",
                size(sum(books.values())),
                long,
                is_speech=False,
            )
        )
    if others:
        rows.append(
            KeptThing(
                f"switches, volume and what edged learnt of devices and services ({', '.join(others)})",
                folder,
                size(sum(others.values())),
                "until they change",
                is_speech=False,
            )
        )
    return rows


def _recordings(config: Config) -> list[KeptThing]:
    rows = []
    if config.speaker.backend == "wav" and config.speaker.file:
        rows.append(
            KeptThing(
                "the sound of the answers (`speaker.backend: wav`)",
                config.speaker.file,
                _size_of(config.speaker.file),
                "until somebody deletes it",
                is_speech=True,
            )
        )
    if config.speaker.arrivals:
        rows.append(
            KeptThing(
                "when the parts of each answer arrived (`speaker.arrivals`)",
                config.speaker.arrivals,
                "at most 8 MB",
                "until newer ones replace them",
                is_speech=False,
            )
        )
    return rows


def _leaves(config: Config) -> dict[str, str]:
    provider, row = config.provider, PROVIDERS[config.provider.name]
    address = urlsplit(provider.url or row.url)
    host = address.hostname or "not set"
    found = {
        "to": host,
        "provider": provider.name,
        "model": provider.query.get("model") or provider.model or row.model or "the service's own",
        "what": "the sound of each question, and `provider.instructions`",
        "transcribed there": f"yes, by {provider.transcription}"
        if provider.transcription
        else "not asked for",
        "encrypted": "yes (TLS)" if address.scheme == "wss" else "no",
        "kept there": "only the provider can say it",
    }
    if is_loopback(host):
        found["what"] += "; it stays on this machine, unless that service passes it on"
    if provider.proxy.reveal():
        found["through"] = urlsplit(provider.proxy.reveal()).hostname or "a proxy"
    if shown := "; ".join(_shown(config.companion, words=config.log.transcripts != "off")):
        found["companion"] = f"what the kiosk does, for {shown}"
    return found


def _shown(companion: CompanionConfig, *, words: bool) -> Iterator[str]:
    """To whom the companion shows the kiosk, if it runs. `words`: programs at the control socket hear what was said."""
    page = companion.page
    if page.listen:
        yield f"the page at {page.listen}" + (", also what was said" if words and page.transcripts else "")
    if companion.metrics.textfile:
        yield f"the file {companion.metrics.textfile}"
    if companion.mqtt.broker:
        yield f"the MQTT broker {urlsplit(companion.mqtt.broker).hostname}"


def _size_of(path: str) -> str:
    try:
        return size(os.stat(path).st_size)  # noqa: PTH116 one call, and the path may be odd
    except (OSError, ValueError):
        return "none"


def size(n_bytes: int) -> str:
    """A size for a person."""
    if n_bytes < 1024:
        return f"{n_bytes} bytes"
    return f"{n_bytes / 1024:.0f} KB" if n_bytes < 2**20 else f"{n_bytes / 2**20:.1f} MB"
