"""`edged serve`: run the embedded speech service."""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from edged.cli import serve_tls
from edged.errors import ConfigError
from edged.files import read

if TYPE_CHECKING:
    import ssl

    from edged.local.server import LocalServer

MOST_BYTES = 2**20  # the largest key file or script; a larger file is something else
LIKE = (
    "openai",
    "azure",
    "azure-voice-live",
    "portkey",
    "a15t",
    "xai",
    "qwen",
    "inworld",
    "cloudflare",
    "litellm",
    "localai",
    "speaches",
    "speech-to-speech",
)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "serve",
        help="Run the embedded speech service, to try edged without a key",
        description="Run the embedded speech service: a realtime service on this machine that needs no key and no "
        "network. docs/local-server.md explains scripts, faults and the services that it can imitate.",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1); any address except loopback (this machine only) needs "
        "--key-file",
    )
    parser.add_argument(
        "--port",
        type=_whole(0, 65_535),
        default=8765,
        help="port to listen on (default: 8765; 0: any free port)",
    )
    parser.add_argument(
        "--like",
        choices=LIKE,
        default="",
        metavar="NAME",
        help=f"behave like this service: {', '.join(LIKE)}. It sets the path, the dialect, the session object, the "
        "errors and the limits; the options below take precedence. docs/local-server.md says what it imitates, and "
        "which parts are guesses",
    )
    _add_answers(parser)
    _add_faults(parser)
    parser.add_argument(
        "--speaks",
        choices=("both", "ga", "beta", "none"),
        help="dialect that clients may speak; others are refused (default: both, or as the service of --like)",
    )
    parser.add_argument(
        "--refuse-by",
        choices=("event", "close", "bare", "http"),
        help="how a client with another dialect is refused: event (error and close), close (close with a reason), "
        "bare (close without a reason) or http (HTTP 400); default: event",
    )
    parser.add_argument(
        "--session-s",
        type=_number(0.1, 1e6),
        metavar="S",
        help="end each session after S seconds (default: 3600, or as the service of --like)",
    )
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="accept only clients that send one of the API keys in FILE, one on each line",
    )
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="serve only this model; repeatable"
    )
    parser.add_argument(
        "--prefix", default="", metavar="TEXT", help="begin each model name with TEXT, such as openai/"
    )
    serve_tls.add(parser)
    parser.set_defaults(run=run)


def _add_answers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--voice",
        choices=("listen", "parrot"),
        default="listen",
        help="say how long it listened, or repeat what it heard (default: listen)",
    )
    parser.add_argument(
        "--pace",
        type=_number(0, 1000),
        default=4.0,
        metavar="X",
        help="send answers at X times real time (default: 4; 0: all at once)",
    )
    parser.add_argument(
        "--delta-ms",
        type=_whole(1, 10_000),
        default=200,
        metavar="MS",
        help="send MS milliseconds of sound in one event (default: 200)",
    )
    parser.add_argument(
        "--think-ms",
        type=_number(0, 600_000),
        default=150,
        metavar="MS",
        help="wait MS milliseconds before an answer (default: 150)",
    )
    parser.add_argument("--script", type=Path, metavar="FILE", help="answer from this script (YAML)")


def _add_faults(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="make an error on purpose, for example drop@response.done#2; repeatable",
    )
    parser.add_argument(
        "--url-faults", action="store_true", help="let clients ask for faults in the URL: ?fault=drop"
    )


def run(args: argparse.Namespace) -> int:
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import setup

    setup("warning")  # at INFO the library may log the headers of a connection, with a key in them
    with ExitStack() as until_end:
        tls, about = serve_tls.context(args, until_end)
        return ExitDoor(ProcessExit()).run(_serve(_server(args, tls), about))


async def _serve(server: "LocalServer", about: str) -> int:
    from edged.cli.serving import until_stopped

    await until_stopped(server, "serving", about)
    return 0


def _server(args: argparse.Namespace, tls: "ssl.SSLContext | None") -> "LocalServer":
    from edged.local import script
    from edged.local.http import Admission
    from edged.local.server import LocalServer
    from edged.local.synthesiser import speech
    from edged.local.voice import ListenVoice, ParrotVoice
    from edged.wire import Dialect

    voice = ParrotVoice() if args.voice == "parrot" else ListenVoice()
    keys = _keys(args.key_file) if args.key_file else ()
    if args.host not in LOOPBACK and not keys:
        raise ConfigError(
            [f"--host {args.host}: everybody who reaches this address could use the service; add --key-file"]
        )
    answers = script.Script()
    if args.script:
        answers = script.parse(_read(args.script), str(args.script), speech)
    speaks = tuple(each for each in Dialect if args.speaks in ("both", each.value)) if args.speaks else None
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
            tls=tls,
            like=args.like,
        )
    except ValueError as error:
        raise ConfigError([f"--fault: {error}"]) from error


def _keys(path: Path) -> tuple[str, ...]:
    """The keys in a file, one on each line; blank lines and lines that begin with # do not count."""
    from edged.system.redactor import REDACTOR

    lines = [(number, line.strip()) for number, line in enumerate(_read(path).splitlines(), 1)]
    keys = [(number, line) for number, line in lines if line and not line.startswith("#")]
    problems = [
        f"{path}:{number}: a key must not contain spaces" for number, key in keys if len(key.split()) > 1
    ]
    REDACTOR.add(key for _, key in keys)
    if problems or not keys:
        raise ConfigError(
            problems or [f"{path}: the file contains no key (make one: openssl rand -hex 16 > {path})"]
        )
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
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {least} to {most}")
        return value

    return convert


def _number(least: float, most: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:  # nan is in no range
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number from {least:g} to {most:g}")
        return value

    return convert
