"""The steps of `edged setup`, one after the other. setup.py has its rules."""

import argparse
import errno
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli import setup_panel
from edged.cli.setup import LANGUAGES, MODES, is_system
from edged.cli.setup_ask import Asker, Option, asker, say
from edged.errors import EXIT_OK, CommandError, ConfigError, EdgedError, UsageError
from edged.files import NotAFileError

if TYPE_CHECKING:
    from edged.app.setup_plan import Plan
    from edged.config import Config, Secret, Value
    from edged.system.units import Unit

FAILED = 1
_REMEDIES = {
    errno.EROFS: "the disk is read-only: docs/install.md, A read-only card",
    errno.ENOSPC: "free space on the disk",
    errno.EACCES: "use sudo",
}


class Setup:
    """One set-up."""

    def __init__(self, args: argparse.Namespace, unit: "Unit | None") -> None:
        self._args, self._unit = args, unit
        self._asker: Asker = asker(plain=args.plain)
        self._settings: dict[str, Value] = {}
        self._notes: dict[str, str] = {}
        self._key: Secret | None = None
        self._refused = ""
        self._title = ""  # of the microphone
        self._stopped = False

    def run(self) -> int:
        self._by_flags()
        if not self._asker.is_person and not (self._args.yes or self._args.dry_run):
            raise UsageError("there is no terminal to ask whether to write: add --yes, or --dry-run")
        if self._asker.is_person:
            self._greet()
        self._sound()
        self._panel()
        self._service()
        self._choices()
        plan = self._planned()
        if not self._agreed(plan):
            return EXIT_OK
        self._write(plan)
        return self._finish(plan)

    # -- answers -------------------------------------------------------------------------------------

    def _by_flags(self) -> None:
        """What the options say. Raises UsageError."""
        from edged.config import flat, presets

        args = self._args
        if args.preset:
            known = presets()
            if args.preset not in known:
                raise UsageError(f"there is no preset {args.preset!a} (known presets: {', '.join(known)})")
            self._settings |= {
                name: value
                for name, value in flat(known[args.preset], args.preset).items()
                if name != "version"
            }
        for what in ("microphone", "speaker"):
            if (name := getattr(args, what)) is not None:
                self._settings[f"{what}.device"] = name
        for part in ("button", "light"):
            if (where := getattr(args, part)) is not None:
                self._settings |= setup_panel.of_flag(where, part)
        if args.language:
            self._settings["visitor.languages"] = self._language(args.language)
        if args.mode:
            self._settings["mode"] = args.mode
        self._settings |= _given(args.set)
        self._config()

    def _config(self, more: "Mapping[str, Value] | None" = None) -> "Config":
        """The configuration as it would be. Raises ConfigError."""
        from edged.app.setup_plan import plan

        return plan(self._args.config, {**self._settings, **(more or {})}, os.environ).config

    def _greet(self) -> None:
        say(
            "This sets up the kiosk. Nothing is changed before you have seen the whole change. Ctrl+C ends it."
        )

    def _sound(self) -> None:
        from edged.cli import setup_sound

        config = self._config()
        if not self._asker.is_person:
            self._check_sound(config)
            return
        if "microphone.device" not in self._settings:
            self._need_devices()
            if found := setup_sound.microphone(config, self._asker, plain=self._args.plain):
                self._settings["microphone.device"], self._title = found.device, found.title
                self._notes["microphone.device"] = _note(found.title)
        if "speaker.device" not in self._settings:
            self._need_devices()
            if found := setup_sound.speaker(config, self._asker, self._title):
                self._settings["speaker.device"] = found.device
                self._notes["speaker.device"] = _note(found.title)

    def _check_sound(self, config: "Config") -> None:
        """Without a person, the devices that the configuration names must be there. Raises UsageError."""
        from edged.cli.setup_sound import opened

        for what in ("microphone", "speaker"):
            if getattr(config, what).backend in ("wav", "null"):
                continue
            self._need_devices()
            print(f"{what}: {opened(config, what)}", flush=True)

    def _panel(self) -> None:
        if not self._asker.is_person:
            return
        if not any(name.startswith("button.") for name in self._settings):
            self._need_devices()
            found = setup_panel.button(self._config(), self._asker)
            self._settings |= found or {}
        if not any(name.startswith("light.") for name in self._settings):
            self._need_devices()
            self._settings |= setup_panel.light(self._config(), self._asker) or {}

    def _service(self) -> None:
        from edged.cli.setup_service import KEY_FILE, ServiceStep

        args = self._args
        key_file = args.config.absolute().parent / "credentials" / KEY_FILE
        step = ServiceStep(self._config, key_file, self._asker, tries=not args.no_try)
        if args.provider or args.key_file or args.url or args.model:
            chosen = step.by_flags(
                args.provider or "", args.url or "", args.model or "", args.key_file or "", self._settings
            )
            if chosen.refused and not args.dry_run:
                raise EdgedError(f"nothing was changed: {chosen.refused}")
        elif self._asker.is_person:
            if (asked := step.ask()) is None:
                return
            chosen = asked
        else:
            return
        self._settings |= chosen.settings
        self._key, self._refused = chosen.key, chosen.refused
        self._key_file = key_file

    def _choices(self) -> None:
        if not self._asker.is_person:
            return
        config = self._config()
        if "visitor.languages" not in self._settings:
            from edged.config.part import names_of

            present = names_of(config.visitor.languages)
            options = [Option(code, f"{code}: {name}") for code, name in LANGUAGES.items()]
            question = "Which language do most visitors speak?"
            code = self._asker.choose(question, options, "--language CODE", present[0])
            if code != present[0]:
                self._settings["visitor.languages"] = code
        if "mode" not in self._settings:
            options = [Option(mode, f"{mode}: {text}") for mode, text in MODES.items()]
            self._settings["mode"] = self._asker.choose(
                "How do visitors use the button?", options, "--mode MODE", config.mode
            )

    def _language(self, given: str) -> "Value":
        codes = tuple(code.strip() for code in given.split(","))
        if unknown := [code for code in codes if code not in LANGUAGES]:
            raise UsageError(f"--language {unknown[0]}: known are {', '.join(LANGUAGES)}")
        return codes[0] if len(codes) == 1 else codes

    # -- writing -------------------------------------------------------------------------------------

    def _planned(self) -> "Plan":
        from edged.app.setup_plan import plan

        return plan(self._args.config, self._settings, os.environ, self._notes)

    def _agreed(self, plan: "Plan") -> bool:
        """Show the change, and ask. False: nothing is to be written."""
        lines = list(plan.diff())
        print("\n".join(lines) if lines else f"{self._args.config}: nothing changes", flush=True)
        if self._key is not None:
            say(f"The key goes into {self._key_file}, which only its owner can read.")
        if self._args.dry_run:
            return False
        if not (lines or self._key) or self._args.yes:
            return True
        if self._asker.confirm("Write this?", "--yes"):
            return True
        say("Nothing was changed.")
        return False

    def _write(self, plan: "Plan") -> None:
        """All or nothing: Ctrl+C counts after it."""
        from edged.cli.setup_service import key_saved

        old = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        try:
            with key_saved(self._key_file, self._key) if self._key is not None else nullcontext():
                backups = plan.write(time.strftime("%Y%m%dT%H%M%S"))
            _hand_over(plan, self._args.config)
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, "use sudo, or free space")
            said = "" if isinstance(error, NotAFileError) else f" ({remedy})"
            raise EdgedError(f"cannot write {error.filename}: {error.strerror}{said}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)
        for backup in backups:
            say(f"The file as it was: {backup}")

    # -- the end -------------------------------------------------------------------------------------

    def _finish(self, plan: "Plan") -> int:
        """Start the kiosk with the new settings, and make a turn."""
        how = self._args.turn or ("wait" if self._asker.is_person else "skip")
        if how == "wait" and plan.config.button.backend in ("none", "keyboard"):
            how = "press"  # nobody could
        if plan.config.button.backend == "evdev" and self._unit is not None and self._unit.is_there:
            say(
                "The service may use input devices only after you have allowed it: docs/inputs.md, Input devices."
            )
        wrong = ""
        if self._unit is not None and self._unit.is_there and (why := self._unit.start(again=True)):
            wrong = f"the service does not start: {why}. Run `sudo edged logs`"
        elif how != "skip":
            wrong = self._turn(plan, presses=how == "press")
        if wrong:
            print(f"edged setup: {wrong}", file=sys.stderr)
        if self._refused:
            print(f"edged setup: the service refuses the key: {self._refused}", file=sys.stderr)
        say("The settings are written." if wrong or self._refused else "The kiosk is set up.")
        if self._unit is None or not self._unit.is_there:
            say(f"Start it with: edged run --config {self._args.config}")
        else:
            say("What the kiosk does: sudo edged status")
        return FAILED if wrong or self._refused else EXIT_OK

    def _turn(self, plan: "Plan", *, presses: bool) -> str:
        from edged.cli import setup_turn
        from edged.folders import control_sockets

        if self._unit is not None and self._unit.is_there:
            sockets = control_sockets(plan.config.control.socket, os.environ)
            return setup_turn.make(sockets, plan.config, presses=presses)
        with setup_turn.for_this_turn(self._args.config) as socket:
            return setup_turn.make((socket,), plan.config, presses=presses)

    def _need_devices(self) -> None:
        """Stop the running kiosk. Raises CommandError if one runs that is no service."""
        from edged.folders import control_sockets
        from edged.system.control_client import ControlClient

        if self._stopped:
            return
        self._stopped = True
        try:
            if self._unit is not None and self._unit.stop():
                say("The kiosk is stopped meanwhile. It starts again when this ends.")
        except OSError as error:
            raise EdgedError(f"the kiosk cannot be stopped: {error.strerror} (use sudo)") from error
        try:
            with ControlClient(*control_sockets(self._config().control.socket, os.environ)) as client:
                raise EdgedError(f"another edged runs (at {client.path}) and uses the devices: stop it first")
        except CommandError:
            pass


def _hand_over(plan: "Plan", config: Path) -> None:
    """Let the service read a file that is new: it runs as another user. Raises OSError."""
    import shutil

    for change in plan.changes:
        if change.before is None and is_system(config):
            try:
                shutil.chown(change.path, group="edged")
            except LookupError:  # edged is not installed here
                continue
            change.path.chmod(0o640)


def _given(sets: list[str]) -> "dict[str, Value]":
    """The settings of `--set`, as values. Raises ConfigError."""
    from edged.config import load
    from edged.config.keys import KEYS

    config = load(None, env={}, sets=sets).config
    found: dict[str, Any] = {}
    for text in sets:
        name = text.partition("=")[0].strip()
        if tuple(name.split(".")) not in KEYS:
            raise ConfigError([f"--set {name}: setup writes single settings only (use an editor)"])
        value = KEYS[tuple(name.split("."))].of(config)
        if not isinstance(value, str | int | float | bool | tuple | None):
            raise ConfigError([f"--set {name}: setup does not write this setting (use an editor)"])
        found[name] = value
    return found


def _note(title: str) -> str:
    """A title as a comment."""
    return "".join(each for each in title if each.isprintable())[:60]
