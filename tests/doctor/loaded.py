"""edged in a process of its own that has loaded its modules already: a test waits for the part, not for the imports.

Each process is a fork of one that has done nothing but import. A test that changes what a process is before it begins
(its limits, its namespaces, the libraries that it preloads) starts a new interpreter; `Bench` sees to that.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import MappingProxyType

from edged.app import doctor_line
from edged.audio.devices import present
from edged.cli import main

LOADED = (
    *("edged.cli.config", "edged.cli.doctor", "edged.cli.serve", "edged.app.doctor_steps"),
    *("edged.local.server", "edged.system.exit", "edged.system.control_client", "tests.doctor.loaded"),
)
IN_TIME_S = 60.0
LOOK_S = 0.01


def begin(
    words: list[str],
    env: dict[str, str],
    out: Path,
    errors: Path,
    trees: tuple[Path, ...] = (),
    patience: Mapping[str, float] = MappingProxyType({}),
) -> ForkServerProcess:
    """Run a command line of edged. `trees`: of a machine's cards, in place of /proc/asound and /sys/class/sound.

    `patience`: how long the doctor waits for what does not come, by the name in doctor_line.py.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    process = context.Process(target=_edged, args=(words, env, str(out), str(errors), trees, dict(patience)))
    process.start()
    return process


def first_line(process: ForkServerProcess, out: Path) -> str:
    until_s = time.monotonic() + IN_TIME_S
    while time.monotonic() < until_s:
        if out.exists() and "\n" in (text := out.read_text()):
            return text.splitlines()[0]
        assert process.is_alive(), out.with_suffix(".errors")
        time.sleep(LOOK_S)
    raise AssertionError("it has said nothing")


def _edged(
    words: list[str],
    env: dict[str, str],
    out: str,
    errors: str,
    trees: tuple[Path, ...],
    patience: dict[str, float],
) -> None:
    for name, seconds in patience.items():
        setattr(doctor_line, name, seconds)
    for number, path in ((1, out), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.chdir("/")
    os.environ.clear()
    os.environ.update(env)
    if trees:
        present.cards.__defaults__ = (*trees, *present.cards.__defaults__[len(trees) :])
    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
