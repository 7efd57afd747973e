"""`edged serve`: the embedded speech service, on loopback."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edged.local.server import LocalServer

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("serve", help="the embedded speech service, for trying edged without a key")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1; others need --key-file")
    parser.add_argument("--port", type=int, default=8765, help="default: 8765; 0: any free one")
    parser.add_argument(
        "--voice", choices=("listen", "parrot"), default="listen", help="say how long it listened, or what"
    )
    parser.add_argument(
        "--pace", type=float, default=4.0, metavar="X", help="answers at X times real time; 0: all at once"
    )
    parser.add_argument(
        "--delta-ms", type=int, default=200, metavar="MS", help="sound in one event; default: 200"
    )
    parser.add_argument(
        "--think-ms", type=float, default=150, metavar="MS", help="before an answer; default: 150"
    )
    parser.add_argument(
        "--script", type=Path, metavar="FILE", help="what to answer, see docs/local-server.md"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="such as drop@response.done#2, repeatable",
    )
    parser.add_argument(
        "--speaks", choices=("both", "ga", "beta"), default="both", help="refuse clients of the other dialect"
    )
    parser.add_argument("--session-s", type=float, default=3600, metavar="S", help="a session's longest life")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="accept these keys only, one a line")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="serve only this, repeatable"
    )
    parser.add_argument("--prefix", default="", help="what model names begin with, such as openai/")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_serve(args))


async def _serve(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with _server(args) as server:
        print(f"serving {server.url}", flush=True)
        await ended.wait()
    return 0


def _server(args: argparse.Namespace) -> "LocalServer":
    from edged.errors import ConfigError
    from edged.local import script
    from edged.local.http import Door
    from edged.local.server import LocalServer
    from edged.local.synthesiser import speech
    from edged.local.voice import ListenVoice, ParrotVoice
    from edged.wire import Dialect

    voice = ParrotVoice() if args.voice == "parrot" else ListenVoice()
    keys = tuple(_read(args.key_file).split()) if args.key_file else ()
    if args.host not in LOOPBACK and not keys:
        raise ConfigError([f"--host {args.host}: whoever reaches it could talk to it; give --key-file too"])
    told = script.Script()
    if args.script:
        told = script.parse(_read(args.script), str(args.script), speech)
    speaks = tuple(Dialect) if args.speaks == "both" else (Dialect(args.speaks),)
    try:
        return LocalServer(
            voice=voice,
            planner=lambda: told.planner(voice),
            host=args.host,
            port=args.port,
            pace=args.pace,
            delta_ms=args.delta_ms,
            think_ms=args.think_ms,
            session_s=args.session_s,
            door=Door(keys=keys, models=tuple(args.model), prefix=args.prefix, speaks=speaks),
            fault_lines=(*told.faults, *args.fault),
        )
    except ValueError as error:
        raise ConfigError([f"--fault: {error}"]) from error


def _read(path: Path) -> str:
    from edged.errors import ConfigError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: {error}"]) from error
