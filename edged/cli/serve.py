"""`edged serve`: the embedded speech service, on loopback."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edged.errors import ConfigError
from edged.files import read

if TYPE_CHECKING:
    from edged.local.server import LocalServer

MOST_BYTES = 2**20  # of keys or of a script; more would be some other file
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("serve", help="the embedded speech service, for trying edged without a key")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1; others need --key-file")
    parser.add_argument(
        "--port", type=_whole(0, 65_535), default=8765, help="default: 8765; 0: any that is free"
    )
    _add_answers(parser)
    _add_faults(parser)
    parser.add_argument(
        "--speaks",
        choices=("both", "ga", "beta", "none"),
        default="both",
        help="refuse clients of another dialect",
    )
    parser.add_argument(
        "--refuse-by",
        choices=("event", "close", "bare", "http"),
        default="event",
        help="how they are told: error and close, a close alone, one without a word, HTTP 400; default: event",
    )
    parser.add_argument(
        "--session-s",
        type=_number(0.1, 1e6),
        default=3600,
        metavar="S",
        help="a session's longest life; default: 3600",
    )
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="accept these keys only, one a line")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="serve only this, repeatable"
    )
    parser.add_argument("--prefix", default="", help="what model names begin with, such as openai/")
    parser.set_defaults(run=run)


def _add_answers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--voice", choices=("listen", "parrot"), default="listen", help="say how long it listened, or what"
    )
    parser.add_argument(
        "--pace",
        type=_number(0, 1000),
        default=4.0,
        metavar="X",
        help="answers at X times real time; 0: all at once",
    )
    parser.add_argument(
        "--delta-ms",
        type=_whole(1, 10_000),
        default=200,
        metavar="MS",
        help="sound in one event; default: 200",
    )
    parser.add_argument(
        "--think-ms",
        type=_number(0, 600_000),
        default=150,
        metavar="MS",
        help="before an answer; default: 150",
    )
    parser.add_argument(
        "--script", type=Path, metavar="FILE", help="what to answer, see docs/local-server.md"
    )


def _add_faults(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="such as drop@response.done#2, repeatable",
    )
    parser.add_argument(
        "--url-faults", action="store_true", help="clients may ask for faults too: ?fault=drop in the URL"
    )


def run(args: argparse.Namespace) -> int:
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import setup

    setup("warning")  # what the library says of a connection may quote its headers
    return ExitDoor(ProcessExit()).run(_serve(_server(args)))


async def _serve(server: "LocalServer") -> int:
    from edged.cli.serving import until_stopped

    await until_stopped(server, "serving")
    return 0


def _server(args: argparse.Namespace) -> "LocalServer":
    from edged.local import script
    from edged.local.http import Admission
    from edged.local.server import LocalServer
    from edged.local.synthesiser import speech
    from edged.local.voice import ListenVoice, ParrotVoice
    from edged.wire import Dialect

    voice = ParrotVoice() if args.voice == "parrot" else ListenVoice()
    keys = _keys(args.key_file) if args.key_file else ()
    if args.host not in LOOPBACK and not keys:
        raise ConfigError([f"--host {args.host}: whoever reaches it could talk to it; give --key-file too"])
    answers = script.Script()
    if args.script:
        answers = script.parse(_read(args.script), str(args.script), speech)
    speaks = tuple(each for each in Dialect if args.speaks in ("both", each.value))
    try:
        return LocalServer(
            voice=voice,
            planner=lambda: answers.planner(voice),
            host=args.host,
            port=args.port,
            pace=args.pace,
            delta_ms=args.delta_ms,
            think_ms=args.think_ms,
            session_s=args.session_s,
            door=Admission(
                keys=keys,
                models=tuple(args.model),
                prefix=args.prefix,
                speaks=speaks,
                refuses_by=args.refuse_by,
            ),
            fault_lines=(*answers.faults, *args.fault),
            url_faults=args.url_faults,
        )
    except ValueError as error:
        raise ConfigError([f"--fault: {error}"]) from error


def _keys(path: Path) -> tuple[str, ...]:
    """One a line; blank lines and comments are none."""
    from edged.system.redactor import REDACTOR

    lines = [(number, line.strip()) for number, line in enumerate(_read(path).splitlines(), 1)]
    keys = [(number, line) for number, line in lines if line and not line.startswith("#")]
    problems = [f"{path}:{number}: a key has no blanks" for number, key in keys if len(key.split()) > 1]
    REDACTOR.add(key for _, key in keys)
    if problems or not keys:
        raise ConfigError(problems or [f"{path}: it holds no key (make one: openssl rand -hex 16 > {path})"])
    return tuple(key for _, key in keys)


def _read(path: Path) -> str:
    try:
        return read(path, MOST_BYTES).decode()
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8 (save the file as UTF-8)"]) from error


def _whole(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} to {most}")
        return value

    return convert


def _number(least: float, most: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:  # nan is in no range
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number from {least:g} to {most:g}")
        return value

    return convert
