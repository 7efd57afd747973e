"""`edged setup`: find the devices with a person, choose a service, write the configuration, and make one turn.

Rules:
1. Each answer is also an option, so no terminal is needed. Without a terminal, what no option gives stays as it is.
2. Nothing is written before the whole change was shown and agreed to. The change is checked as a whole.
   If a file cannot be written, all of them are as before.
3. A running kiosk is stopped only while its devices are needed, and it is started again whatever happens.
"""

import argparse
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edged.cli.options import SYSTEM_CONFIG
from edged.errors import EdgedError

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ko": "한국어"}
MODES = {
    "hold": "Visitors hold the button while they speak",
    "toggle": "One press starts, the next press ends",
    "hybrid": "A tap works like toggle, a longer press like hold",
    "conversation": "A press starts a conversation",
    "handset": "Lifting a receiver starts a conversation, hanging up ends it",
}


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "setup",
        help="Set up this kiosk: find its devices, choose a service, and try one turn",
        description="Set up this kiosk, as root. It finds the microphone by hearing you, the speaker and the light by"
        " asking you, and the button by your press. It tries the key at once, shows what it would change, writes the"
        " configuration with a backup, and makes one turn. Each answer is also an option: without a terminal, what"
        " no option gives stays as it is. The exit code is 1 if the service refuses the key, or if the turn fails.",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=SYSTEM_CONFIG,
        metavar="FILE",
        help=f"file to write (default: {SYSTEM_CONFIG})",
    )
    parser.add_argument(
        "--preset", metavar="NAME", help="settings of a known board (`edged config preset` lists them)"
    )
    parser.add_argument(
        "--microphone", metavar="NAME", help="name of the microphone, as `edged devices` shows it"
    )
    parser.add_argument("--speaker", metavar="NAME", help="name of the speaker")
    parser.add_argument(
        "--button", metavar="WHERE", help="gpio:17 (a GPIO number), evdev:DEVICE/KEY, keyboard or none"
    )
    parser.add_argument("--light", metavar="WHERE", help="gpio:27, sysfs:LED or none")
    parser.add_argument("--provider", metavar="NAME", help="service, such as openai (docs/providers.md)")
    parser.add_argument("--url", metavar="URL", help="address of the service, if the provider has none")
    parser.add_argument("--model", metavar="NAME", help="model or deployment, if it is not the usual one")
    parser.add_argument("--key-file", metavar="FILE", help="file with the API key; it is copied")
    parser.add_argument(
        "--language", metavar="CODE", help=f"language of the visitors: {', '.join(LANGUAGES)}"
    )
    parser.add_argument("--mode", choices=tuple(MODES), help="what a press of the button does")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="write this setting, too; repeatable"
    )
    parser.add_argument(
        "--turn",
        choices=("wait", "press", "skip"),
        help="the turn at the end: `wait` for a person who presses (usual with a terminal), `press` without the"
        " button and listen for three seconds, or `skip` it (usual without a terminal)",
    )
    parser.add_argument(
        "--no-try", action="store_true", help="do not ask the service whether it accepts the key"
    )
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="ask in plain lines of text, for a screen reader or a simple terminal",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1: the service refuses the key, or the turn has failed."""
    if is_system(args.config) and os.geteuid() != 0:
        raise EdgedError("this needs root: run it with sudo")
    from edged.cli.setup_steps import Setup
    from edged.system.journal import setup
    from edged.system.units import Unit

    setup("error")
    os.umask(0o077)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as left:
        left.enter_context(_alone(args.config))
        left.callback(_uninterrupted)
        unit = left.enter_context(Unit()) if is_system(args.config) else None
        left.callback(_uninterrupted)  # before the unit is started again
        return Setup(args, unit).run()


@contextmanager
def _alone(config: Path) -> Iterator[None]:
    """Two at once would take the devices from each other, and write the same files. Raises EdgedError."""
    try:
        folder = os.open(config.absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # it is not there yet, or may not be read: that has its own error later
        yield
        return
    with ExitStack() as left:
        left.callback(os.close, folder)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EdgedError(f"another `edged setup` is at work on {config}: wait for its end") from None
        yield


def _uninterrupted() -> None:
    """Let nothing interrupt what puts the machine right."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def is_system(config: Path) -> bool:
    return config.absolute() == SYSTEM_CONFIG
