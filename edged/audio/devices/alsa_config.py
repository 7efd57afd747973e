"""ALSA's configuration: whether it can be read, what is wrong with it, and what it says about a name.

Rules:
1. ALSA reads alsa.conf, the files in /etc/alsa/conf.d, asound.conf and ~/.asoundrc as one text. After a mistake in one
   of them, it knows no name at all, not even `hw:`. Then edged opens cards with ALSA's own definitions, from alsa.conf
   alone.
2. A name leads to another name, and at last to a card, a sound server or something else. That end decides what an
   error means.
3. ALSA does not read a changed asound.conf again, except after a failure.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_long, c_void_p
from functools import cache
from typing import NamedTuple

from edged.audio.devices.alsa_reports import reports
from edged.audio.devices.libasound import library, said

SHARING = frozenset({"dmix", "dsnoop", "dshare"})
SERVERS = {"pulse": "PulseAudio", "pipewire": "PipeWire", "jack": "JACK"}
_PLACE = re.compile(r"(?P<file>.*?):(?P<line>[0-9]+):(?P<column>[0-9]+):(?P<what>.+)")
_FILE = re.compile(r"(?P<file>.+) may be old or corrupted")
_FILES = "ALSA_CONFIG_PATH"
_MOST_HOPS = 16


class End(NamedTuple):
    """What a name leads to: the type of the device, as ALSA names it, and the card of a `hw`, as it is written.

    `is_shared`: several programs may use it at once (dmix, dsnoop).
    """

    kind: str = ""
    card: str = ""
    is_shared: bool = False

    @property
    def server(self) -> str:
        """The sound server, or empty."""
        return SERVERS.get(self.kind, "")


def fault() -> str:
    """Why ALSA cannot read its configuration, with file and line where it knows them; empty: it can."""
    lib = library()
    if lib.snd_config_update() >= 0:
        return ""
    with reports() as found:
        code = int(lib.snd_config_update())
    return (placed(found) or said(code)) if code < 0 else ""


def placed(found: Sequence[str]) -> str:
    """The first mistake that ALSA reports, with its file and line. Pure."""
    for at, each in enumerate(found):
        place = _PLACE.fullmatch(each)
        if place is None:
            continue
        files = (_FILE.match(later) for later in found[at + 1 :])
        named = place["file"] if place["file"].startswith("/") else ""
        file = named or next((match["file"] for match in files if match), "its configuration")
        before = f" ({found[at - 1]})" if at else ""
        return f"{file}, line {place['line']}, column {place['column']}: {place['what'].strip()}{before}"
    return found[0] if found else ""


def is_defined(name: str) -> bool:
    """Whether the configuration defines a device of this name."""
    found = c_void_p()
    return bool(library().snd_config_search(_top(), b"pcm." + name.encode(), byref(found)) >= 0)


def has_default() -> bool:
    """Whether somebody has configured a default device (asound.conf, .asoundrc, a sound server, the environment).

    ALSA's own default is card 0, and so depends on the order in which the cards start.
    """
    if os.environ.get("ALSA_CARD") or os.environ.get("ALSA_PCM_CARD"):
        return True
    lib, top, found, text = library(), _top(), c_void_p(), c_char_p()
    if lib.snd_config_search(top, b"pcm.default", byref(found)) < 0:
        return False
    if lib.snd_config_get_string(found, byref(text)) < 0 or text.value != b"cards.pcm.default":
        return True
    number = c_long()
    if lib.snd_config_search(top, b"defaults.pcm.card", byref(found)) < 0:
        return False
    return bool(lib.snd_config_get_integer(found, byref(number)) < 0 or number.value != 0)


def end(what: str, name: str) -> End:
    """Where a name leads; empty if nothing is defined under it, or the definition ends in no single device."""
    return _named("pcm", name, what, _MOST_HOPS)


def _named(base: str, name: str, what: str, hops: int) -> End:
    lib, node = library(), c_void_p()
    if not hops or lib.snd_config_search_definition(_top(), base.encode(), name.encode(), byref(node)) < 0:
        return End()
    try:
        return _end(node, what, hops - 1)
    finally:
        lib.snd_config_delete(node)


def _end(node: c_void_p, what: str, hops: int) -> End:
    """Where a definition leads: a name, or a device with a slave, or a device. A slave has no type, but a device."""
    if name := _text(node):
        return _named("pcm", name, what, hops)
    kind = _text(_child(node, "type"))
    way = "capture" if what == "microphone" else "playback"
    key = "pcm" if not kind else way if kind == "asym" else "slave"
    inner = _child(node, key)
    if inner is None or not hops:
        return End(kind, _text(_child(node, "card")))
    name = _text(inner) if key == "slave" else ""
    found = _named("pcm_slave", name, what, hops) if name else _end(inner, what, hops - 1)
    return found._replace(is_shared=found.is_shared or kind in SHARING)


def _child(node: c_void_p | None, key: str) -> c_void_p | None:
    found = c_void_p()
    if node is None or library().snd_config_search(node, key.encode(), byref(found)) < 0:
        return None
    return found


def _text(node: c_void_p | None) -> str:
    """A string or a number as it is written; empty for anything else."""
    text, number = c_char_p(), c_long()
    if node is None:
        return ""
    if library().snd_config_get_string(node, byref(text)) >= 0:
        return (text.value or b"").decode(errors="replace")
    return str(number.value) if library().snd_config_get_integer(node, byref(number)) >= 0 else ""


def own_part() -> c_void_p | None:
    """ALSA's own definitions, if its whole configuration cannot be read; else None."""
    return None if library().snd_config_update() >= 0 else _own(os.environ.get(_FILES, ""))


def _top() -> c_void_p:
    return own_part() or c_void_p.in_dll(library(), "snd_config")


@cache
def _own(files: str) -> c_void_p:
    """ALSA's own definitions, without the files of the machine. They are never freed: open devices may use them."""
    lib, top = library(), c_void_p()
    lib.snd_config_top(byref(top))
    for file in files.split(":") if files else [f"{_folder()}/alsa.conf"]:
        with _empty() as alone:
            is_sound = _load(alone, file)
        if is_sound:
            _load(top, file)
    if (hooks := _child(top, "@hooks")) is not None:  # they would read the files of the machine
        lib.snd_config_delete(hooks)
    return top


def _folder() -> str:
    folder = library().snd_config_topdir()
    return str((folder or b"/usr/share/alsa").decode(errors="replace"))


@contextmanager
def _empty() -> Iterator[c_void_p]:
    top = c_void_p()
    library().snd_config_top(byref(top))
    try:
        yield top
    finally:
        library().snd_config_delete(top)


def _load(top: c_void_p, file: str) -> bool:
    lib, source = library(), c_void_p()
    if lib.snd_input_stdio_open(byref(source), os.fsencode(file), b"r") < 0:
        return False
    try:
        return bool(lib.snd_config_load(top, source) >= 0)
    finally:
        lib.snd_input_close(source)
