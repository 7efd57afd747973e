"""Runs the commands of a page in its order, as a reader pastes them into terminals."""

import contextlib
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType

from tests.pages.blocks import Command, commands
from tests.pages.decisions import LASTING, ON_A_TERMINAL, SAYS_HOW_IT_IS, filled, lasting, reason

MACHINE = re.compile(r"(^|[|&(;]\s*)(sudo|sudoedit|systemctl|journalctl|(\S*/)?edged logs)\b")
"""A command like this needs a machine with systemd, or its owner's rights."""

INTO_THE_FOLDER = re.compile(r"git clone |cd edged$")
"""A command that takes the reader into the edged folder."""

BEFORE = """cd "$HOME/edged"
for each in env cwd; do ! [ -e "$HOME/.pasted-$each" ] || . "$HOME/.pasted-$each"; done
"""
AFTER = """
export -p >"$HOME/.pasted-env"
printf 'cd %q\\n' "$PWD" >"$HOME/.pasted-cwd"
"""
LONGEST_S = 300.0
QUIET_S = 1.0  # a service that printed nothing for this long has finished its start


def for_machine(page_commands: Sequence[Command]) -> frozenset[Command]:
    """The commands that run on a kiosk.

    If the first command of a page needs a kiosk, the whole page does. Otherwise each section decides for itself.
    """
    run = [command for command in page_commands if not reason(command.bare)]
    begun = [command for command in run if not INTO_THE_FOLDER.match(command.bare)]
    there = {command for command in run if MACHINE.search(command.bare)}
    if begun and begun[0] in there:
        return frozenset(run)
    return frozenset(command for command in run if command.section in {each.section for each in there})


def on_machine(page: Path) -> list[Command]:
    kiosk = for_machine(commands(page))
    return [command for command in commands(page) if command in kiosk]


def on_laptop(page: Path) -> list[Command]:
    kiosk = for_machine(commands(page))
    return [command for command in commands(page) if command not in kiosk and not reason(command.bare)]


class Terminal:
    """A terminal of its own for a command that runs until stopped, asks a question or edits."""

    def __init__(self, words: Sequence[str], script: str) -> None:
        self.said = ""
        self._heard = time.monotonic()
        inner = shlex.join(["bash", "-ec", script])
        self._process = subprocess.Popen(
            [*words, "script", "-qefc", inner, "/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := self._process.stdout.read1():
            self.said += data.decode(errors="replace")
            self._heard = time.monotonic()

    def type(self, keys: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(keys.encode())
            self._process.stdin.flush()

    def serves(self, sign: str) -> bool:
        """Waits for the sign in the output, or two seconds without one. False if the command ends before that."""
        until = time.monotonic() + (30 if sign else 2)
        while time.monotonic() < until:
            if self._process.poll() is not None:
                return False
            if sign and re.search(sign, self.said) and time.monotonic() - self._heard > QUIET_S:
                return True
            time.sleep(0.05)
        return not sign

    def is_over(self) -> bool:
        return self._process.poll() is not None

    def ends(self, within_s: float) -> int | None:
        """Waits for the end and returns the exit code. None if the command had to be killed."""
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(within_s)
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._reader.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


class Desk:
    """A reader at a machine, inside a `with`. `faults` says which commands failed, and how.

    A command that runs until stopped keeps running beside the next ones. The reader stops it before the next command
    of its kind, and at the end. Each section begins in the edged folder, or in the folder above if it has a command
    that enters the edged folder.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """`words` go before a command and run it on that machine as the ordinary user, with that user's environment."""
        self._words = list(words)
        self._beside: dict[str, tuple[Command, Terminal]] = {}
        self.faults: list[str] = []

    def __enter__(self) -> "Desk":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in list(self._beside):
            self._stop(each)

    def follow(self, page_commands: Iterable[Command]) -> None:
        """Pastes the commands in order. A failure does not stop it."""
        for _, each in groupby(page_commands, key=lambda command: command.section):
            section = list(each)
            above = any(INTO_THE_FOLDER.match(command.bare) for command in section)
            self._run("echo cd >~/.pasted-cwd" if above else "rm -f ~/.pasted-cwd")
            for command in section:
                self.paste(command)

    def paste(self, command: Command) -> None:
        kind = lasting(command.bare)
        if kind is not None:
            self._start(kind, command)
        elif re.search(ON_A_TERMINAL, command.bare):
            terminal = Terminal(self._words, BEFORE + filled(command.text) + AFTER)
            terminal.type("y\n")
            self._judge(command, terminal.ends(LONGEST_S), terminal.said)
        else:
            done = self._run(BEFORE + filled(command.text) + AFTER)
            self._judge(command, done.returncode, done.stdout)
        for beside in list(self._beside):
            started, terminal = self._beside[beside]
            if terminal.is_over():
                self._judge(started, None, terminal.said, "ended on its own")
                del self._beside[beside]
                terminal.ends(0)

    def _run(self, script: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self._words, "bash", "-ec", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=LONGEST_S,
        )

    def _start(self, kind: str, command: Command) -> None:
        if kind in self._beside:
            self._stop(kind)
        terminal = Terminal(self._words, BEFORE + filled(command.text))
        if terminal.serves(LASTING[kind]):
            self._beside[kind] = command, terminal
        else:
            terminal.type("\x03")
            self._judge(command, terminal.ends(10), terminal.said, "does not serve")

    def _stop(self, kind: str) -> None:
        """Presses Ctrl-C. The command must end with 0 or 130."""
        command, terminal = self._beside.pop(kind)
        terminal.type("\x03")
        code = terminal.ends(15)
        if code not in {0, 130}:
            self._judge(command, code, terminal.said, "does not end well at Ctrl-C")

    def _judge(self, command: Command, code: int | None, said: str, what: str = "") -> None:
        fine = next((each for kind, each in SAYS_HOW_IT_IS.items() if re.search(kind, command.bare)), {0})
        if code not in fine or what:
            tail = "\n".join(f"    {line}" for line in said.strip().splitlines()[-12:])
            beside = "".join(
                f"\n  beside it {each.bare}:\n    {terminal.said.strip()[-400:]}"
                for each, terminal in self._beside.values()
            )
            self.faults.append(f"{command}\n  {what or f'exit code {code}'}\n{tail}{beside}")
