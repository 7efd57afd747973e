"""`edged devices --record`, `--play` and `--meter`: hears and plays with the devices that the daemon would open."""

import argparse
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.causes import CAUSES
from edged.cli.options import load_config
from edged.cli.status import daemon, printable
from edged.errors import EXIT_OK, CommandError, DeviceError

if TYPE_CHECKING:
    from edged.audio.ports import OpenDevice
    from edged.config import Config

FAILED = 1
LONGEST_S = 600.0
RECORDING = Path("edged-recording.wav")
TONE = "tone"
EXCLUSIVE = re.compile(r"(plug)?hw:|hdmi:|iec958:|front:|sysdefault:|surround")
"""Names of ALSA that only one program can have open."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--record",
        type=_seconds,
        metavar="SECONDS",
        help=f"record from the microphone, as edged hears it, into a WAV file (default: {RECORDING} in this folder)",
    )
    what.add_argument("--play", metavar="FILE", help="play a WAV file on the speaker; `tone` plays a tone")
    what.add_argument(
        "--meter",
        action="store_true",
        help="show the level of the microphone, its peak and the noise floor, until Ctrl+C",
    )
    parser.add_argument("--device", metavar="NAME", help="use this device in place of the configured one")
    parser.add_argument("--to", type=Path, metavar="FILE", help="write the recording to this file")
    parser.add_argument(
        "--for", type=_seconds, metavar="SECONDS", dest="for_s", help="end --meter after this time"
    )


def is_wanted(args: argparse.Namespace) -> bool:
    return args.record is not None or args.play is not None or args.meter


def run(args: argparse.Namespace) -> int:
    """Exit code 1: a device cannot be used; the cause and the remedy are printed."""
    from edged.app import card_names
    from edged.folders import state_dir
    from edged.system.exit import leave
    from edged.system.journal import setup
    from edged.system.offload import calls_left

    setup("error")
    os.umask(0o077)  # a recording is for nobody else
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    what = "speaker" if args.play is not None else "microphone"
    if args.device is not None:
        quoted = args.device.replace("'", "''")
        args.set = [*args.set, f"{what}.device='{quoted}'"]
    config = load_config(args).config
    held = None if args.device is not None else _held(args, what)
    try:
        if held is not None and args.meter:
            return _lent(args, held)
        if held is not None and held["backend"] == "alsa" and EXCLUSIVE.match(held["name"]):
            raise DeviceError(_in_use(what, held), "device_busy")  # noqa: TRY301
        code = _tried(args, config, card_names.kept(state_dir(config.state.dir, os.environ)))
    except DeviceError as error:
        remedy = "" if error.cause == "device_busy" and held is not None else CAUSES[error.cause].remedy
        words = f"edged devices: {error.cause}: {error}. {remedy}".rstrip()
        print(printable(words), file=sys.stderr)
        code = FAILED
    if calls_left():
        leave(code)
    return code


def _tried(args: argparse.Namespace, config: "Config", kept: Mapping[str, Any]) -> int:
    from edged.app import sound_trial

    if args.play is not None:
        clip = sound_trial.tone() if args.play == TONE else sound_trial.recorded(Path(args.play))
        sound_trial.play(config, clip, kept, lambda device: _say("playing on", device))
        return EXIT_OK
    with sound_trial.ear(config, kept) as ear:
        return _metered(args, ear) if args.meter else _recorded(args, config, ear)


def _metered(args: argparse.Namespace, ear: Any) -> int:
    from edged.audio.capture.level_meter import LevelMeter
    from edged.cli.meter import Meter

    _say("listening to", ear.opened)
    levels = LevelMeter(ear.fmt)
    with Meter(as_json=args.json) as meter:
        try:
            for block in ear.blocks(args.for_s):
                meter.show(levels.feed(block))
        except KeyboardInterrupt:
            return EXIT_OK
    return EXIT_OK


def _recorded(args: argparse.Namespace, config: "Config", ear: Any) -> int:
    """Record, and judge the recording as the daemon judges a question."""
    import json

    from edged.app.settings import fitness
    from edged.app.sound_trial import record
    from edged.audio.capture.health import Health
    from edged.audio.capture.level_meter import LevelHistory, LevelMeter

    _say(f"recording {args.record:g} s from", ear.opened)
    sound = b"".join(ear.blocks(args.record))
    path = args.to or RECORDING
    record(path, sound, ear.fmt)
    history, health = LevelHistory(), Health(fitness(config), ear.fmt)
    for level in LevelMeter(ear.fmt).feed(sound):
        history.add(level)
    health.begin()
    health.hear(sound)
    verdict = health.verdict()
    causes = [verdict.refused] if verdict.refused else list(verdict.faults)
    found = {
        "file": str(path.resolve()),
        "loudest_dbfs": history.loudest_dbfs,
        "floor_dbfs": history.floor_dbfs,
    }
    if args.json:
        print(json.dumps({**found, "causes": causes}, indent=2))
    else:
        print(
            f"{path}: {args.record:g} s, loudest {history.loudest_dbfs:.1f} dBFS,"
            f" noise floor {history.floor_dbfs:.1f} dBFS"
        )
    for cause in causes:
        print(f"edged devices: {cause}: {CAUSES[cause].remedy}", file=sys.stderr)
    return EXIT_OK


def _lent(args: argparse.Namespace, held: Mapping[str, Any]) -> int:
    """Show the level that a running edged lends: it has the microphone open."""
    import time

    from edged.audio.capture.level_meter import SoundLevel
    from edged.audio.opened import sentence
    from edged.cli.meter import Meter

    until_s = time.monotonic() + (args.for_s or float("inf"))
    with daemon(args) as client, Meter(as_json=args.json) as meter:
        print(
            printable(f"edged devices: edged lends the level of {sentence(held)}"),
            file=sys.stderr,
            flush=True,
        )
        client.command("levels")
        try:
            while (left_s := until_s - time.monotonic()) > 0:
                for event in client.events(min(1.0, left_s)):
                    if event["event"] == "level":
                        meter.show([SoundLevel(event["rms_dbfs"], event["peak_dbfs"], event["clipped"])])
                    elif event["event"] == "device" and event["name"] == "microphone" and not event["up"]:
                        raise DeviceError("the microphone of the running edged was lost", event["cause"])
                    if time.monotonic() > until_s:
                        break
        except KeyboardInterrupt:
            return EXIT_OK
    return EXIT_OK


def _held(args: argparse.Namespace, what: str) -> Mapping[str, Any] | None:
    """What the running edged says about this device, if it has it open."""
    try:
        with daemon(args) as client:
            found: Mapping[str, Any] | None = (client.snapshot.get("devices") or {}).get(what)
            return found
    except CommandError:
        return None


def _in_use(what: str, held: Mapping[str, Any]) -> str:
    meter = ", or watch its level with `edged devices --meter`" if what == "microphone" else ""
    return (
        f"a running edged is using the {what} {held['name']!r}, and no other program can use it at the same"
        f" time:"
        f" run `sudo systemctl stop edged`, try again, and then run `sudo systemctl start edged`{meter}"
    )


def _say(what: str, device: "OpenDevice | None") -> None:
    from edged.audio.opened import described, sentence

    text = sentence(described(device)) if device is not None else "the device"
    print(printable(f"edged devices: {what} {text}"), file=sys.stderr, flush=True)


def _seconds(text: str) -> float:
    seconds = float(text.removesuffix("s"))
    if not 0 < seconds <= LONGEST_S:
        raise ValueError
    return seconds


_seconds.__name__ = "time in seconds"  # argparse shows it
