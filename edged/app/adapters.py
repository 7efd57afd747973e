"""Makes the adapters for a configuration: those that touch the machine, and those that touch the world.

An adapter is imported here, and only if the configuration names it.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from edged.app import lamps, panel, sound
from edged.app.settings import input_format
from edged.audio.dsp.echo import EchoCanceller
from edged.audio.ports import Jacks, Microphone, NullJacks, Pace, Speaker
from edged.config import Config
from edged.folders import control_socket, state_dir
from edged.ledger.memory_books import MemoryBooks
from edged.ledger.ports import Books, NullSlate, Slate
from edged.panel.ports import Contact, Lamp
from edged.pcm import PCM16, Format
from edged.system.clock import Clock
from edged.system.heap import Heap, NullHeap
from edged.system.netwatch import Netwatch, NullWatch
from edged.system.notify import Manager, NullManager, manager, watchdog_s
from edged.system.offload import Bounded, Offload, OneAtATime, at_once
from edged.system.passed import passed
from edged.system.power import NullPower, Power, RequestFile
from edged.system.realtime import RealtimePriority
from edged.system.resolver import HostResolver
from edged.system.routes import in_network
from edged.system.store import Store
from edged.system.unit_notes import NoteFiles, Notes, NullNotes
from edged.transcripts.ports import NoTranscriptFiles, TranscriptFiles


@dataclass(frozen=True, slots=True)
class Ports:
    """The parts of the machine that edged uses."""

    clock: Clock
    resolver: HostResolver
    netwatch: Netwatch
    store: Store
    offload: Offload
    rng: Random
    manager: Manager = field(default_factory=NullManager)
    watchdog_s: float | None = None  # how long the manager waits for a sign of life
    control: socket.socket | None = None  # a socket for control that already listens
    realtime: RealtimePriority | None = None  # for the threads that hand sound over
    heap: Heap = field(default_factory=NullHeap)  # the heap of the whole process
    plugwatch: Netwatch = field(default_factory=NullWatch)  # reports new sound cards
    jacks: Callable[[], Jacks] = NullJacks  # makes what reports headsets that are plugged in and out
    boot: str = ""  # names this start of the machine; empty if it is not known
    aside: Callable[[], Bounded] = lambda: at_once  # makes calls for a thread that must not wait forever
    in_kernel: Callable[[], frozenset[int]] = frozenset  # the threads that the kernel holds
    in_network: Callable[[], bool] = in_network  # whether this machine is in a network at all
    power: Power = field(default_factory=NullPower)
    notes: Notes = field(default_factory=NullNotes)
    books: Books = field(default_factory=MemoryBooks)  # of the ledger
    slate: Slate = field(default_factory=NullSlate)
    transcripts: TranscriptFiles = field(default_factory=NoTranscriptFiles)
    disk: Offload = field(init=False)  # runs the calls of `store`, `books` and `transcripts`

    def __post_init__(self) -> None:
        object.__setattr__(self, "disk", OneAtATime(self.offload))


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices that the visitor meets."""

    microphone: Microphone
    speaker: Speaker
    button: Contact
    lamp: Lamp
    echo: EchoCanceller | None = None
    heard: Format = PCM16  # what the microphone delivers and the echo canceller works in
    buttons: tuple[Contact, ...] = ()  # the further ones, in the order of the configuration
    recording: Lamp | None = None  # the recording light, if it is a lamp of its own


def machine(config: Config) -> Ports:
    """Return the real machine. Call it on the loop."""
    from edged.ledger.sqlite_books import SqliteBooks
    from edged.system.clock import SystemClock
    from edged.system.heap import ProcessHeap
    from edged.system.in_kernel import boot_id, in_kernel
    from edged.system.netwatch import NetlinkWatch, PlugWatch
    from edged.system.offload import Aside, ThreadOffload
    from edged.system.resolver import SystemResolver
    from edged.system.store import FileStore, MemoryStore
    from edged.transcripts.folder import TranscriptFolder

    clock = SystemClock()
    folder = state_dir(config.state.dir, os.environ)
    runtime = os.environ.get("RUNTIME_DIRECTORY", "")
    store = FileStore(Path(folder)) if folder else MemoryStore()
    return Ports(
        clock,
        SystemResolver(),
        NetlinkWatch(asyncio.get_running_loop()),
        store,
        ThreadOffload(),
        SystemRandom(),
        manager(os.environ),
        watchdog_s(os.environ),
        passed(os.environ, "control"),
        # A service has the right to real-time priority; a user of a laptop does not.
        RealtimePriority() if "NOTIFY_SOCKET" in os.environ else None,
        ProcessHeap(),
        PlugWatch(asyncio.get_running_loop()),
        boot=boot_id(),
        aside=Aside,
        in_kernel=in_kernel,
        jacks=_jacks,
        power=RequestFile(Path(runtime)) if runtime else NullPower(),
        notes=NoteFiles(runtime, os.environ.get("STATE_DIRECTORY", "")),
        books=SqliteBooks(Path(folder)) if folder else MemoryBooks(),
        slate=_slate(config) if folder else NullSlate(),
        transcripts=TranscriptFolder(Path(folder)) if folder else NoTranscriptFiles(),
    )


def _slate(config: Config) -> Slate:
    """The slate beside the control socket, if that folder is in memory: an SD card is not written every second."""
    from edged.ledger.slate_file import SlateFile

    folder = Path(control_socket(config.control.socket, os.environ)).parent
    is_in_memory = folder.is_relative_to("/run") or folder.is_relative_to("/dev/shm")  # noqa: S108 no file is made
    return SlateFile(folder) if config.control.socket and is_in_memory else NullSlate()


def _jacks() -> Jacks:
    from edged.audio.devices.jack_watch import JackWatch
    from edged.audio.devices.jacks import CardJacks

    return JackWatch(CardJacks())


def devices(config: Config, pace: Callable[[str], Pace]) -> Devices:
    """Make the devices that the configuration names, without opening them. `pace` drives simulated ones."""
    panel.tell(config)
    fmt = input_format(config)
    return Devices(
        sound.microphone(config.microphone, pace, fmt),
        sound.speaker(config.speaker, pace),
        panel.button(config),
        lamps.lamp(config),
        sound.echo_canceller(config.microphone, fmt),
        fmt,
        panel.buttons(config),
        lamps.recording_lamp(config),
    )


def lamp(config: Config) -> Lamp:
    """Make the light alone."""
    return lamps.lamp(config)


def recording_lamp(config: Config) -> Lamp | None:
    """Make the recording light alone, if there is one."""
    return lamps.recording_lamp(config)


def renewed(present: Devices, config: Config, pace: Callable[[str], Pace], parts: frozenset[str]) -> Devices:
    """Make the devices of `parts` (microphone, speaker, button, light, recording_light) again, and keep the others."""
    panel.tell(config, parts)
    fmt = input_format(config)
    return Devices(
        sound.microphone(config.microphone, pace, fmt) if "microphone" in parts else present.microphone,
        sound.speaker(config.speaker, pace) if "speaker" in parts else present.speaker,
        panel.button(config) if "button" in parts else present.button,
        lamps.lamp(config) if "light" in parts else present.lamp,
        sound.echo_canceller(config.microphone, fmt) if fmt != present.heard else present.echo,
        fmt,
        present.buttons,
        lamps.recording_lamp(config) if "recording_light" in parts else present.recording,
    )
