"""Which module may know which: the rooms, their one direction, and facts that only one place knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "edged"

LEAVES = frozenset(
    {
        "arrays",
        "pcm",
        "wire",
        "causes",
        "contact_kinds",
        "c_stderr",
        "errors",
        "endings",
        "files",
        "folders",
        "hangs",
        "header",
        "hosts",
        "input_keys",
        "last_resort",
        "listener",
        "lobby",
        "machine_causes",
        "origin",
        "phrases",
        "places",
        "hours",
        "resample",
        "retry",
        "seen",
        "spelling",
        "tls",
    }
)
ROOMS = frozenset(
    {"audio", "doctor", "ledger", "link", "realtime", "panel", "system", "local", "relay", "transcripts"}
)
APPLIANCE = frozenset(
    {
        *("appliance", "announcer", "complaints", "departure", "dialogue", "effects"),
        *("gate_facts", "publisher", "shown_light", "timeline"),
    }
)
MOVED = LEAVES | ROOMS | {"dial", "turn", "keeper"}
MAY_IMPORT = {
    **dict.fromkeys(LEAVES | ROOMS | {"turn", "keeper", "config"}, LEAVES),
    **dict.fromkeys(("link", "realtime", "relay"), LEAVES | {"dial"}),
    "dial": LEAVES,
    **dict.fromkeys(APPLIANCE, MOVED | APPLIANCE),
    "app": MOVED | APPLIANCE | {"config"},
    "talk": MOVED | APPLIANCE | {"config", "app"},  # a program around a kiosk, its own or another
    "companion": LEAVES
    | {"config", "system"},  # a program of its own, which knows a kiosk by its control socket only
    "cli": MOVED | APPLIANCE | {"config", "app", "talk", "companion"},
    "__main__": frozenset({"cli"}),
}
"""What a part of edged may import besides itself. A new part is a decision: it gets a row here."""

WITHIN = {
    "audio/ports": frozenset(),
    "audio/capture": frozenset({"audio/ports"}),
    "audio/playout": frozenset(),
    "audio/dsp": frozenset({"audio/ports"}),
    "audio/devices": frozenset({"audio/ports", "audio/dsp"}),
    "link/session": frozenset({"link/liveness", "link/ports"}),
}
"""What a room within a room may import of its own house."""

FOREIGN = {
    "aiohttp": ("companion/page/http.py",),
    "aiomqtt": ("companion/mqtt/broker.py",),
    "evdev": ("panel/evdev_devices.py", "panel/evdev_panel.py", "panel/key_search.py"),
    "gpiod": ("panel/gpiod_lines.py", "panel/gpiod_panel.py", "panel/gpiod_search.py"),
    "gpiozero": ("panel/gpiozero_panel.py", "panel/gpiozero_factory.py"),
    "livekit": ("audio/dsp/echo_livekit.py",),
    "httpx": ("realtime/http.py",),
    "msgspec": ("config/", "local/script.py", "wire/"),
    "paho": ("companion/mqtt/broker.py",),
    "numpy": ("arrays.py", "resample.py", "audio/dsp/probe.py", "audio/dsp/volume.py", "local/sounds.py"),
    "prometheus_client": ("companion/metrics/exposition.py",),
    "pyaudio": ("audio/devices/portaudio.py",),
    "questionary": ("cli/setup_menus.py",),
    "sounddevice": ("audio/devices/desktop.py",),
    "textual": ("talk/terminal_driver.py", "talk/tui.py"),
    "websockets": (
        "local/connection.py",
        "local/refusing.py",
        "local/server.py",
        "local/talk.py",
        "realtime/asynchronous.py",
        "realtime/sockets.py",
        "realtime/synchronous.py",
        "dial/transport.py",
        "dial/websocket.py",
        "relay/server.py",
        "relay/sockets.py",
    ),
    "yaml": ("config/", "local/script_yaml.py"),
}
"""Which files know a library that is not Python's own: its adapter, or the room it serves throughout."""

OPTIONAL = ("evdev", "gpiod", "gpiozero", "livekit", "pyaudio", "questionary", "sounddevice", "textual")
"""Libraries a machine may lack or be slow to load: their adapters are imported when the config names them."""

WORLDLY = frozenset({"asyncio", "logging", "random", "socket", "threading", "time"})
DRIVERS = (
    "announcer.py",
    "app/",
    "appliance.py",
    "arrays.py",
    "audio/devices/alsa.py",
    "audio/devices/alsa_handle.py",
    "audio/devices/alsa_open.py",
    "audio/devices/alsa_reports.py",
    "audio/devices/thread_watchdog.py",
    "audio/devices/blocking.py",
    "audio/devices/desktop.py",
    "audio/dsp/echo.py",
    "audio/dsp/still_sounding.py",
    "audio/capture/intake.py",
    "audio/devices/capture_thread.py",
    "audio/devices/jack_watch.py",
    "audio/devices/late.py",
    "audio/devices/listing.py",
    "audio/devices/null.py",
    "audio/devices/pace.py",
    "audio/playout/playout.py",
    "audio/devices/portaudio.py",
    "audio/ports.py",
    "c_stderr.py",
    "audio/devices/playback_thread.py",
    "audio/devices/wav.py",
    "cli/",
    "companion/",
    "complaints.py",
    "departure.py",
    "dialogue.py",
    "doctor/machine.py",
    "keeper.py",
    "last_resort.py",
    "listener.py",
    "lobby.py",
    "local/connection.py",
    "local/refusing.py",
    "local/server.py",
    "local/synthesiser.py",
    "local/talk.py",
    "local/voice.py",
    "panel/driver.py",
    "panel/evdev_devices.py",
    "panel/evdev_reader.py",
    "panel/gpiod_panel.py",
    "panel/gpiod_search.py",
    "panel/gpiozero_factory.py",
    "panel/gpiozero_panel.py",
    "panel/keyboard.py",
    "panel/lamp_driver.py",
    "panel/lamp_thread.py",
    "panel/null.py",
    "panel/ports.py",
    "realtime/asynchronous.py",
    "realtime/synchronous.py",
    "realtime/threads_tls.py",
    "link/goodbyes.py",
    "link/pump.py",
    "link/handover.py",
    "link/live_session.py",
    "link/link.py",
    "link/opener.py",
    "dial/race.py",
    "dial/send_queue.py",
    "link/ports.py",
    "link/acknowledgements.py",
    "dial/transport.py",
    "dial/websocket.py",
    "relay/bridge.py",
    "relay/opening.py",
    "relay/server.py",
    "relay/sockets.py",
    "retry.py",
    "system/",
    "announcer.py",
    "talk/attached.py",
    "talk/own.py",
    "talk/tui.py",
    "transcripts/folder.py",
    "turn/driver.py",
)
"""Files that may know of loops, threads, sockets, clocks, logs and chance. All others are pure."""

SOUND = (
    "announcer.py",
    "app/",
    "appliance.py",
    "audio/",
    "cli/",
    "complaints.py",
    "dialogue.py",
    "effects.py",
    "link/",
    "local/",
    "realtime/",
    "timeline.py",
)
LONGEST_MODULE = 400  # from 300 on, ask whether it does two things


class Import(NamedTuple):
    file: str
    line: int
    module: str
    lazy: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


@cache
def sources() -> dict[str, str]:
    """Return the text of each module, by its path below edged/."""
    return {str(path.relative_to(PACKAGE)): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def trees() -> dict[str, ast.Module]:
    return {file: ast.parse(text) for file, text in sources().items()}


@cache
def nodes() -> dict[str, tuple[ast.AST, ...]]:
    """Return all nodes of each tree; walking the trees is what takes time here."""
    return {file: tuple(ast.walk(tree)) for file, tree in trees().items()}


def part_of(file: str) -> str:
    """Return what a file belongs to: a room or a single module. The package's own __init__ belongs to none."""
    return file.split("/", maxsplit=1)[0].removesuffix(".py")


@cache
def is_module(name: str) -> bool:
    stem = PACKAGE.parent.joinpath(*name.split("."))
    return stem.with_suffix(".py").exists() or stem.is_dir()


def named(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    module = node.module or ""
    for alias in node.names:
        inner = f"{module}.{alias.name}"
        yield inner if module.startswith("edged") and is_module(inner) else module


@cache
def imports() -> tuple[Import, ...]:
    found = []
    for file, all_nodes in nodes().items():
        functions = [
            range(node.lineno, (node.end_lineno or node.lineno) + 1)
            for node in all_nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
        for node in all_nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                lazy = any(node.lineno in function for function in functions)
                found += [Import(file, node.lineno, module, lazy) for module in named(node)]
    return tuple(found)


@cache
def spelled() -> tuple[tuple[str, int, str], ...]:
    """Yield each string that is a value, with its file and line. A string that stands alone as a statement is prose."""
    found = []
    for file, all_nodes in nodes().items():
        prose = {node.value for node in all_nodes if isinstance(node, ast.Expr)}
        found += [
            (file, node.lineno, node.value)
            for node in all_nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose
        ]
    return tuple(found)


def within(file: str, places: tuple[str, ...]) -> bool:
    return any(file == place or (place.endswith("/") and file.startswith(place)) for place in places)


@pytest.mark.slow
def test_the_checkout_is_what_is_read():
    assert {"pcm.py", "causes.py", "turn/tables.py"} <= sources().keys()
    assert any(found.module == "edged.causes" for found in imports())


def test_every_part_has_a_place_in_the_order():
    parts = {part_of(file) for file in sources()} - {"__init__"}
    assert parts <= MAY_IMPORT.keys()


def test_imports_point_one_way():
    wrong = []
    for found in imports():
        # The latter is `from edged import __version__`.
        if found.module.split(".")[0] != "edged" or found.module == "edged":
            continue
        other, part = found.module.split(".")[1], part_of(found.file)
        if other != part and other not in MAY_IMPORT.get(part, LEAVES):
            wrong.append(str(found))
    assert not wrong


def test_rooms_within_a_room_know_each_other_as_little():
    wrong = []
    for found in imports():
        room = "/".join(found.file.removesuffix(".py").split("/")[:2])
        _, _, path = found.module.replace(".", "/").partition("/")
        other = "/".join(path.split("/")[:2])
        same_house = found.module.startswith("edged.") and other.split("/")[0] == room.split("/")[0]
        if room in WITHIN and same_house and other != room and other not in WITHIN[room]:
            wrong.append(str(found))
    assert not wrong


def test_nothing_is_imported_relative_to_itself():
    """Each module has one spelling in imports, so that the other tests here can read it."""
    relative = [
        f"{file}:{node.lineno}"
        for file, all_nodes in nodes().items()
        for node in all_nodes
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_a_foreign_library_is_known_to_its_adapter_only():
    wrong = [
        str(found)
        for found in imports()
        if (library := found.module.split(".")[0]) not in sys.stdlib_module_names | {"edged"}
        and not within(found.file, FOREIGN.get(library, ()))
    ]
    assert not wrong


def test_adapters_of_optional_libraries_are_imported_late():
    files = {place for library in OPTIONAL for place in FOREIGN[library]}
    adapters = {f"edged.{place[:-3].replace('/', '.')}" for place in files}
    early = [
        str(found)
        for found in imports()
        if found.module in adapters and not found.lazy and found.file not in files
    ]
    assert not early


def test_the_daemon_does_not_load_the_client_for_programs():
    """Neither the client nor its dependencies: threads of `websockets.sync`, and httpx, which only a call loads."""
    client = "edged.realtime"
    early = [
        str(found)
        for found in imports()
        if found.module.startswith(client) and not found.file.startswith("realtime/")
    ]
    assert not early
    asked = "import sys, edged.app.service, edged.link.link; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert not {client, "websockets.sync.client", "httpx"} & set(loaded.split())


def test_pure_modules_know_no_loop_thread_socket_clock_log_or_chance():
    wrong = [
        str(found)
        for found in imports()
        if found.module.split(".")[0] in WORLDLY and not within(found.file, DRIVERS)
    ]
    assert not wrong


def test_event_names_are_spelled_in_wire_only():
    names = {
        text
        for file, _, text in spelled()
        if file.startswith("wire/") and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", text)
    }
    assert "input_audio_buffer.append" in names
    assert not [each for each in spelled() if each[2] in names and not each[0].startswith("wire/")]


def test_the_words_of_a_handshake_are_spelled_in_wire_only():
    words = ("realtime=v1", "openai-beta.", "openai-insecure-api-key", "OpenAI-Beta")
    found = {f"{file} {word}" for file, _, text in spelled() for word in words if word in text}
    # The journal masks the text after it, and no command should load all of wire for that.
    assert {each for each in found if not each.startswith("wire/names.py ")} == {
        "system/journal.py openai-insecure-api-key"
    }
    assert len(found) == 5


def test_the_width_of_a_sample_is_known_to_pcm_only():
    """Code that handles sound never multiplies by, divides by or rounds to two."""
    wrong = [
        f"{file}:{node.lineno} {ast.unparse(node)}"
        for file, all_nodes in nodes().items()
        if within(file, SOUND)
        for node in all_nodes
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, (ast.Mult, ast.FloorDiv, ast.Mod))
        and isinstance(node.right, ast.Constant)
        and node.right.value == 2
    ]
    assert not wrong


def test_a_module_is_short_enough_to_be_read():
    long = {file: lines for file, text in sources().items() if (lines := text.count("\n")) > LONGEST_MODULE}
    assert not long


def test_no_module_is_named_after_nothing():
    vague = {"utils", "util", "helpers", "common", "base", "misc"}
    assert not [file for file in sources() if Path(file).stem in vague]


def test_no_two_classes_have_one_name():
    classes: dict[str, list[str]] = {}
    for file, all_nodes in nodes().items():
        for node in all_nodes:
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append(f"{file}:{node.lineno}")
    assert not {name: places for name, places in classes.items() if len(places) > 1}


def names_in(node: ast.AST) -> Iterator[str | None]:
    """Yield what a node names: a variable, a field, a parameter, an attribute, a function, a class."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.MatchAs(name=name) | ast.MatchStar(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield from (name, other)


def test_nothing_is_named_told():
    """The word names no thing: whatever was reported has a name of its own."""
    found = [
        f"{file}:{getattr(node, 'lineno', '?')} {name}"
        for file, all_nodes in nodes().items()
        for node in all_nodes
        for name in names_in(node)
        if (name or "").strip("_").lower() == "told"
    ]
    assert not found


OF_MEMORY = "tls.py"  # gives OpenSSL a file that it has made itself


def test_files_are_opened_in_one_place():
    """Opening an unknown path may hang (files.py)."""
    opens = {
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "load_verify_locations",
    }
    found = []
    for file, all_nodes in nodes().items():
        for node in all_nodes:
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            plain = isinstance(called, ast.Name) and called.id == "open"
            of_path = (
                isinstance(called, ast.Attribute) and called.attr in opens and called.attr != "read_text"
            )
            text = isinstance(called, ast.Attribute) and called.attr == "read_text" and not node.args
            by_name = any(keyword.arg in {"cafile", "capath"} for keyword in node.keywords)
            by_name = by_name or (isinstance(called, ast.Attribute) and called.attr == "load_cert_chain")
            if plain or of_path or text or (by_name and file != OF_MEMORY):
                found.append(f"{file}:{node.lineno}")
    assert not found
