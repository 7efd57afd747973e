"""`edged demo`: complete turns without a Pi, a key or a sound card.

It runs the daemon's own composition (`app.App`) with simulated devices: this script presses the button, the
microphone hears a recorded question, and the speaker writes a WAV file. The service is the embedded one on
loopback, unless `--upstream` names another. Everything between them is the code that runs in a kiosk.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edged.config import Loaded

ANSWER = "demo-answer.wav"


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "demo",
        help="Try complete turns without a Pi, a key or a sound card",
        description="Try complete turns without a Pi, a key or a sound card. A script presses the button and asks "
        "two recorded questions; the embedded service answers.",
    )
    parser.add_argument(
        "--keyboard", action="store_true", help="press the button yourself: hold or tap the space bar"
    )
    parser.add_argument(
        "--upstream", metavar="PROVIDER", help="use a real service: openai, azure, portkey, a15t or custom"
    )
    parser.add_argument(
        "--voice",
        choices=("listen", "parrot"),
        default="listen",
        help="answer of the embedded service: how long it listened, or what it heard (default: listen)",
    )
    parser.add_argument(
        "--answer",
        type=Path,
        metavar="FILE",
        help=f"write the sound of the speaker to this file (default: {ANSWER} in this folder, or in /tmp)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, for example provider.model=x; repeatable",
    )
    parser.add_argument("--verbose", action="store_true", help="show the daemon's log lines too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from edged.system.journal import setup

    setup("info" if args.verbose else "error")
    if args.answer is None:
        args.answer = (Path.cwd() if os.access(Path.cwd(), os.W_OK) else Path(tempfile.gettempdir())) / ANSWER
    if args.keyboard and not sys.stdin.isatty():
        print("edged demo: --keyboard needs a terminal", file=sys.stderr)
        return 64
    return asyncio.run(_main(args))


async def _main(args: argparse.Namespace) -> int:
    from edged.local.server import LocalServer
    from edged.local.voice import ListenVoice, ParrotVoice

    if args.upstream:
        return await _with(args, None)
    voice = ParrotVoice() if args.voice == "parrot" else ListenVoice()
    async with LocalServer(voice=voice) as server:
        return await _with(args, server)


async def _with(args: argparse.Namespace, server: "object | None") -> int:
    import asyncio

    from edged.app import App, devices, machine
    from edged.audio.devices.pace import ThreadPace
    from edged.cli.demo_script import DemoScript, Visitor
    from edged.config import resolve_key
    from edged.system.exit import ProcessExit

    loaded = _config(args, getattr(server, "url", None))
    config = loaded.config
    script = DemoScript(sys.stdout)
    app = App(
        config,
        key=resolve_key(config, os.environ),
        ports=machine(config),
        front=devices(config, ThreadPace),
        listeners=(script.heard,),
    )
    kiosk = asyncio.create_task(app.live(ProcessExit()))
    visitor = Visitor(app, script)
    try:
        problem = await (visitor.at_the_keyboard() if args.keyboard else visitor.play())
    finally:
        app.stop()
        await kiosk
    bill = [entry.status for entry in getattr(server, "bill", [])] if server else None
    return script.summary(problem, args.answer if config.speaker.backend == "wav" else None, bill)


def _config(args: argparse.Namespace, url: str | None) -> "Loaded":
    """The configuration of the demo, with simulated devices where there are no real ones."""
    from edged.config import load

    sets = ["control.socket=", "state.dir=", "light.backend=none"]
    if url:
        sets += ["provider.name=local", f"provider.url={url}"]
    else:
        sets += [f"provider.name={args.upstream}"]
    real = args.keyboard and _has_sound()
    sets += ["button.backend=" + ("keyboard" if args.keyboard else "none")]
    sets += ["microphone.backend=" + ("auto" if real else "wav")]
    sets += ["speaker.backend=" + ("auto" if real else "wav"), f"speaker.file={args.answer}"]
    return load(None, env=os.environ, sets=[*sets, *args.set])


def _has_sound() -> bool:
    """Whether this machine has a real microphone and a real speaker."""
    from edged.app.sound import is_real

    return is_real()
