"""What `edged devices` reports: the cards, what they can do, and which of them the configuration chooses and why.

Rules:
1. A device is opened for a moment, in the way in which edged opens it. So the report says what really happens.
2. A device that the running edged has open is not opened: what that edged says about it is reported.
3. A device that does not answer costs `ASKED_FOR_S` and one thread, and the report goes on with the next one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from edged.app.sound import chosen, portaudio_package
from edged.audio.devices.alsa_open import BUFFER_MS, described, first_of
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.alsa_probe import MOST_CHANNELS, probe
from edged.audio.devices.default_card import kind
from edged.audio.devices.ladder import AFTER_OTHERS, TriedNames, is_same
from edged.audio.devices.late import DEVICE_S, Late
from edged.audio.devices.name_memory import NameMemory, is_in_place
from edged.audio.devices.names import best_name, opened_name
from edged.audio.devices.opening import OpenStream
from edged.audio.devices.present import PROC, Card, cards, users
from edged.audio.devices.wav import read_wav
from edged.audio.opened import described as shown
from edged.audio.opened import layout
from edged.audio.ports import ALONE, Companion, OpenDevice
from edged.causes import CAUSES
from edged.config import Config
from edged.config.edit import in_yaml
from edged.config.model import MicrophoneConfig, SpeakerConfig
from edged.config.part import names_of
from edged.errors import DeviceError
from edged.system.offload import Aside

T = TypeVar("T")

WAYS = ("microphone", "speaker")
PERIOD_MS = 20
ASKED_FOR_S = 10.0
SIMULATED = ("wav", "null")
PORTAUDIO = ("pyaudio", "sounddevice")


class DeviceReport:
    """Asks each card, and opens and closes the devices that the configuration names. Blocks."""

    def __init__(
        self,
        config: Config,
        rates_hz: Mapping[str, int],
        running: Mapping[str, Any] | None = None,
        present: list[Card] | None = None,
        kept: Mapping[str, Any] | None = None,
        proc: Path = PROC,
    ) -> None:
        """`rates_hz`: the rates of edged's sound. `running`: the devices that the running edged has open.

        `present`: the machine's cards. `kept`: what a running edged has kept about the names. `proc`: the kernel's
        folder about the cards.
        """
        self._config, self._rates_hz, self._running, self._proc = config, rates_hz, running or {}, proc
        self._present = cards() if present is None else present
        self._hung: dict[str, set[str]] = {what: set() for what in WAYS}
        self._memories = {what: NameMemory(names_of(getattr(config, what).device)) for what in WAYS}
        for what, memory in self._memories.items():
            memory.recall((kept or {}).get(what, {}))
        seen = [card for memory in self._memories.values() for card in memory.cards()]
        # What is recommended must also be certain when a card that is known comes back.
        self._known = [*self._present, *(card for card in seen if not _is_among(card, self._present))]

    def all(self) -> dict[str, Any]:
        """The whole report."""
        config = self._config
        listed: dict[str, Any] = {"cards": self.cards()}
        microphone = self._chosen("microphone", config.microphone, ALONE)
        companion = Companion(names_of(config.microphone.device), microphone.get("card_id") or "")
        speaker = self._chosen("speaker", config.speaker, companion)
        for backend in {microphone["backend"], speaker["backend"]} & set(PORTAUDIO):
            with suppress(DeviceError):  # the choice says why
                listed |= {"portaudio": portaudio_names(backend)}
        hung = sorted(set[str]().union(*self._hung.values()))
        return {**listed, "microphone": microphone, "speaker": speaker, "hung": hung}

    # -- the cards -----------------------------------------------------------------------------------

    def cards(self) -> list[dict[str, Any]]:
        """What each card can do."""
        return [self._card(card) for card in self._present]

    def _card(self, card: Card) -> dict[str, Any]:
        about: dict[str, Any] = {"id": card.id, "name": card.name, "kind": kind(card)}
        for what in WAYS:
            about[what] = self._able(what, card) if card.devices(what) else None
        return about

    def _able(self, what: str, card: Card) -> dict[str, Any]:
        name = opened_name(what, card)
        about: dict[str, Any] = {
            "device": best_name(what, card, self._known),
            "devices": list(card.devices(what)),
        }
        if using := users(what, card, self._proc):
            about |= {"users": [each._asdict() for each in using]}
        if (held := self._held(what, name)) is not None:
            return about | {"in_use": layout(held)}
        try:
            able = _asked(lambda: probe(what, name))
        except (DeviceError, OSError) as error:  # OSError: libasound is not installed
            if isinstance(error, DeviceError) and error.cause == "device_hung":
                self._hung[what].add(name)
            return about | {"error": str(error)}
        return about | {
            "formats": list(able.formats),
            "rates": list(able.rates),
            "channels": list(able.channels),
        }

    def _held(self, what: str, name: str) -> Mapping[str, Any] | None:
        """What the running edged says about this device, if it has it open."""
        about = self._running.get(what)
        return about if about is not None and is_same(name, about["name"]) else None

    # -- the choice ----------------------------------------------------------------------------------

    def _chosen(
        self, what: str, wanted: MicrophoneConfig | SpeakerConfig, companion: Companion
    ) -> dict[str, Any]:
        backend = chosen(wanted.backend)
        about: dict[str, Any] = {"configured": list(names_of(wanted.device)), "backend": backend}
        held = self._running.get(what)
        try:
            if backend == "alsa":
                opened, in_use = self._by_alsa(what, names_of(wanted.device), companion)
            elif held is not None and held["backend"] == backend:
                opened, in_use = dict(held), True
            elif backend in PORTAUDIO:
                opened = shown(_asked(lambda: self._by_portaudio(backend, what, companion)))
                in_use = False
            else:
                opened, in_use = shown(_simulated(backend, what, wanted, self._rates_hz[what])), False
        except DeviceError as error:
            return about | {
                "opened": None,
                "cause": error.cause,
                "error": str(error),
                "remedy": CAUSES[error.cause].remedy,
            }
        name, by = opened.pop("name"), opened.pop("configured")
        return about | {"opened": name, "by": by, "in_use": in_use} | opened

    def _by_alsa(
        self, what: str, wanted: tuple[str, ...], companion: Companion
    ) -> tuple[dict[str, Any], bool]:
        """What ALSA opens first, and whether the running edged has it open."""

        def open_one(name: str) -> Pcm | Mapping[str, Any]:
            held = self._held(what, name)
            channel = self._config.microphone.channel if what == "microphone" else None
            return held or Pcm(
                what,
                name,
                period_ms=PERIOD_MS,
                buffer_ms=BUFFER_MS[what],
                channel=channel,
                rate_hz=self._rates_hz[what],
                late=Late(DEVICE_S),
            )

        def open_first() -> tuple[dict[str, Any], bool]:
            choice, of = first_of(
                what,
                wanted,
                open_one,
                self._present,
                memory=self._memories[what],
                companion=companion,
                late=Late(),
                tries=tries,
            )
            if isinstance(choice.device, Pcm):
                choice.device.close()
                return shown(described(choice.device, choice, of, self._present)), False
            tried = [{"name": name, "error": reason} for name, reason in choice.tried]
            return {**choice.device, "configured": of.wanted, "why": of.why, "tried": tried}, True

        hung = self._hung[what]
        behind = self._behind(what)
        while True:
            tries = TriedNames(lambda: frozenset(hung), lambda: behind)
            try:
                return _asked(open_first)
            except DeviceError as error:
                if error.cause != "device_hung" or not tries.trying or tries.trying in hung:
                    raise
                hung.add(tries.trying)

    def _behind(self, what: str) -> dict[str, str]:
        """The names that the running edged tries after all others, each with the reason: opening them shows nothing."""
        tried = (self._running.get(what) or {}).get("tried", ())
        found = ((each["name"], str(each["error"]).partition(f"{AFTER_OTHERS}: ")) for each in tried)
        return {name: reason for name, (_, mark, reason) in found if mark}

    def _by_portaudio(self, backend: str, what: str, companion: Companion) -> OpenDevice:
        names = names_of(getattr(self._config, what).device)
        least = (self._config.microphone.channel or 0) + 1 if what == "microphone" else 1
        stream = OpenStream(
            portaudio_package(backend),
            what,
            names,
            lambda: None,
            lambda _: {},
            least,
            self._rates_hz[what],
            companion,
            self._memories[what],
        )
        stream.close()
        return stream.about


def _asked(call: Callable[[], T]) -> T:
    """What `call` returns. Raises what it raises, and DeviceError (device_hung) if it does not return in time."""
    raised: list[DeviceError] = []

    def noted() -> T:
        try:
            return call()
        except DeviceError as error:
            raised.append(error)
            raise

    try:
        return Aside()(noted, within_s=ASKED_FOR_S)
    except DeviceError as error:
        if raised:
            raise
        raise DeviceError(f"it does not answer within {ASKED_FOR_S:g} s", "device_hung") from error


def _is_among(card: Card, present: list[Card]) -> bool:
    return any(is_in_place(card, each) for each in present)


def _simulated(backend: str, what: str, wanted: MicrophoneConfig | SpeakerConfig, rate_hz: int) -> OpenDevice:
    """What stands in for a device. Raises DeviceError where a file cannot be read."""
    if backend == "null":
        return OpenDevice("null", "silence" if what == "microphone" else "nothing", rate_hz)
    if what == "microphone" and wanted.file:
        read_wav(Path(wanted.file))
    return OpenDevice("wav", wanted.file or "silence", rate_hz)


def portaudio_names(backend: str) -> dict[str, list[str]]:
    """The devices that PortAudio lists, by the names to write. Raises DeviceError."""
    package = portaudio_package(backend)
    hold = package.hold("speaker", lambda: None)
    try:
        ways = {"microphone": "input", "speaker": "output"}
        return {what: list(package.named(hold.library, way)) for what, way in ways.items()}
    finally:
        package.listing.release(hold)


# -- for a person ------------------------------------------------------------------------------------


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The report as lines for a person."""
    if not found["cards"]:
        yield "no sound cards (/proc/asound lists none)"
    for card in found["cards"]:
        yield f"{card['id']}: {card['name']} ({card['kind']})"
        for what in WAYS:
            if card[what] is not None:
                yield f"  {what}.device: {in_yaml(card[what]['device'])}"
                yield f"    {_abilities(card[what])}"
                yield from _users(card[what])
    for what, names in (found.get("portaudio") or {}).items():
        yield f"{what}s that PortAudio lists:"
        yield from (f"  {what}.device: {in_yaml(name)}" for name in names)
    for what in WAYS:
        yield from _choice(what, found[what])


def _abilities(about: Mapping[str, Any]) -> str:
    if "error" in about:
        return str(about["error"])
    if "in_use" in about:
        return f"edged is using it at {about['in_use']}"
    formats = ", ".join(about["formats"]) or "no format that edged can use directly"
    channels = about["channels"]
    if not channels:
        return f"{', '.join(map(str, about['rates']))} Hz; more than {MOST_CHANNELS} channels; {formats}"
    counts = f"{channels[0]} to {channels[-1]}" if len(channels) > 2 else " or ".join(map(str, channels))
    plural = "" if channels == [1] else "s"
    return f"{', '.join(map(str, about['rates']))} Hz; {counts} channel{plural}; {formats}"


def _users(about: Mapping[str, Any]) -> Iterator[str]:
    """The programs that use a card, without the edged that has said so itself."""
    others = [
        f"{each['program'] or 'a program'} ({each['pid']})"
        for each in about.get("users", ())
        if not (each["is_edged"] and "in_use" in about)
    ]
    if others:
        yield f"    in use by {', '.join(others)}"


def _choice(what: str, about: Mapping[str, Any]) -> Iterator[str]:
    wanted = (
        ", ".join(map(repr, about["configured"])) if about["backend"] not in SIMULATED else about["backend"]
    )
    if about["opened"] is None:
        yield f"{what} {wanted}: cannot be opened: {about['error']}"
        yield f"  {about['remedy']}"
        return
    card = f" ({about['card']})" if about["card"] else ""
    does = "is using" if about["in_use"] else "opens"
    yield f"{what} {wanted}: edged {does} {about['opened']!r}{card} at {layout(about)}"
    if about["why"]:
        yield f"  why: {about['by']!r} is {about['why']}"
    for each in about["tried"]:
        yield f"  tried before: {each['error']}"
