"""`edged talk`: talk to a kiosk in a terminal, and see what it does. The extra `tui` brings the screen."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edged.errors import EXIT_USAGE, UsageError

if TYPE_CHECKING:
    from edged.config import Config, Loaded
    from edged.talk.ports import TalkPartner
    from edged.talk.terminal_exit import TerminalExit

ANY = ""  # --attach without a path
DUMB = "this terminal cannot move its cursor (TERM=dumb): use another one, or run edged demo --keyboard"
WITHOUT_TEXTUAL = "the package textual is missing: run {}"


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "talk",
        help="Talk in this terminal, and see each turn, its times and what it costs",
        description="Talk in this terminal: hold K or the space bar while you speak, or press it before and after, if"
        " the terminal cannot report when a key comes up. Without options, the embedded service answers, and recorded"
        " questions are heard if this machine has no sound. docs/talk.md explains the screen.",
    )
    parser.add_argument(
        "--attach",
        nargs="?",
        const=ANY,
        metavar="SOCKET",
        help="talk to the running daemon, through its control socket (default: the configured one)",
    )
    parser.add_argument(
        "--upstream", metavar="PROVIDER", help="use a real service: openai, azure, portkey, a15t or custom"
    )
    parser.add_argument(
        "--in",
        dest="heard",
        type=Path,
        metavar="FILE",
        help="hear this WAV file at each press, or the WAV files in this folder one after the other",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the sound of the speaker to this WAV file"
    )
    parser.add_argument(
        "--voice",
        choices=("listen", "parrot"),
        default="listen",
        help="answer of the embedded service: how long it listened, or what it heard (default: listen)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="use the service and the sound devices of this configuration; with --attach: find its control socket",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, for example provider.model=x; repeatable",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio
    from importlib.util import find_spec

    from edged.c_stderr import keep_apart
    from edged.origin import how_to_add
    from edged.system.journal import setup
    from edged.talk.terminal_exit import TerminalExit

    if args.attach is not None and (args.upstream or args.heard or args.out):
        raise UsageError(
            "--attach uses the service and the devices of the daemon: leave out --upstream, --in and --out"
        )
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print("edged talk: it needs a terminal", file=sys.stderr)
        return EXIT_USAGE
    if os.environ.get("TERM") == "dumb":
        print(f"edged talk: {DUMB}", file=sys.stderr)
        return EXIT_USAGE
    if find_spec("textual") is None:
        print(f"edged talk: {WITHOUT_TEXTUAL.format(how_to_add('tui'))}", file=sys.stderr)
        return 1
    keep_apart()
    leave = TerminalExit(sys.stdin, sys.stderr)
    setup("warning", leave.log)
    try:
        code = asyncio.run(_attached(args) if args.attach is not None else _main(args, leave))
    finally:
        leave.restore()
    return code


async def _attached(args: argparse.Namespace) -> int:
    from edged.cli.status import socket_paths
    from edged.config import load
    from edged.talk.attached import AttachedKiosk

    args.socket = args.attach or None
    kiosk = AttachedKiosk(*socket_paths(args))
    await kiosk.connect()
    config = load(args.config, env=os.environ, sets=args.set).config if args.config else None
    return await _shown(f"the daemon at {kiosk.path}", kiosk, config)


async def _main(args: argparse.Namespace, leave: "TerminalExit") -> int:
    from edged.local.server import LocalServer
    from edged.local.voice import ListenVoice, ParrotVoice

    if args.upstream or args.config:
        return await _with(args, leave, "")
    voice = ParrotVoice() if args.voice == "parrot" else ListenVoice()
    async with LocalServer(voice=voice) as server:
        return await _with(args, leave, server.url)


async def _with(args: argparse.Namespace, leave: "TerminalExit", url: str) -> int:
    from edged.files import to_write
    from edged.local import clips
    from edged.talk.own import OwnKiosk
    from edged.talk.recordings import recordings

    if args.out:
        try:
            to_write(args.out, append=True).close()
        except OSError as error:
            raise UsageError(f"--out: cannot write {args.out}: {error.strerror or error}") from error
    loaded = _config(args, url)
    config = loaded.config
    sounds: list[bytes] = []
    if config.microphone.backend == "wav" and not config.microphone.file:
        paths = [args.heard] if args.heard else [clips("question.wav"), clips("question2.wav")]
        sounds = [sound for path in paths for sound in recordings(path)]
    source = (
        "the embedded service"
        if url
        else " ".join(filter(None, (config.provider.name, config.provider.model)))
    )
    return await _shown(f"{source}, {_sound(config)}", OwnKiosk(config, leave, sounds), config)


def _config(args: argparse.Namespace, url: str) -> "Loaded":
    """The configuration, with the terminal as the button, and with simulated devices where there are no real ones."""
    from edged.app.sound import is_real
    from edged.config import load

    sets = [
        "control.socket=",
        "state.dir=",
        "light.backend=none",
        "button.backend=none",
        "log.transcripts=true",
    ]
    if args.config is None:
        sets += ["mode=hybrid", *_devices(is_real())]
    if url:
        sets += ["provider.name=local", f"provider.url={url}", "provider.transcription=edged"]
    elif args.upstream:
        sets += [f"provider.name={args.upstream}"]
    if args.heard:
        sets += ["microphone.backend=wav", "microphone.file="]
    if args.out:
        sets += ["speaker.backend=wav", f"speaker.file={args.out}"]
    return load(args.config, env=os.environ, sets=[*sets, *args.set])


def _devices(is_real: bool) -> list[str]:  # noqa: FBT001 a fact of this machine
    return [
        f"microphone.backend={'auto' if is_real else 'wav'}",
        f"speaker.backend={'auto' if is_real else 'null'}",
    ]


def _sound(config: "Config") -> str:
    """Whom the kiosk hears and who hears it, in words."""
    heard = "recorded questions" if config.microphone.backend == "wav" else "this microphone"
    return heard if config.speaker.backend != "null" else f"{heard}, no loudspeaker"


async def _shown(source: str, kiosk: "TalkPartner", config: "Config | None") -> int:
    """Show the kiosk. Its prices follow from the configuration, if that is known."""
    import asyncio
    import signal

    from edged.app.usage_cost import cost_so_far
    from edged.talk.terminal_driver import TalkDriver
    from edged.talk.tui import TalkScreen, shown
    from edged.talk.view import TalkView

    price = cost_so_far(config) if config is not None else None
    loop, screen = asyncio.get_running_loop(), TalkScreen(TalkView(source, price), kiosk)
    TalkDriver.out = sys.stderr
    TalkDriver.gone = lambda: loop.call_soon_threadsafe(screen.action_leave)  # type: ignore[assignment]
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, screen.action_leave)
    return await shown(screen, kiosk)
