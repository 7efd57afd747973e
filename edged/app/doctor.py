"""`edged doctor`: looks at everything that a kiosk needs, and names the root cause of what is wrong first. Blocks.

Rules:
1. The checks are in the room `doctor`, with their order and what each needs. This module runs them with what is here:
   the configuration, the devices, a running edged, the service.
2. A check that raises, or takes longer than `CHECK_S`, does not stop the others. One that is late has said nothing
   about the kiosk, so this is a warning, and never comes first. What needs it is not looked at.
3. A running edged keeps its devices and its link. It is asked what it knows: its troubles, its open devices, the level
   of its microphone.
4. Whatever comes from devices, from files or from the service is one bounded line, without secrets.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edged.config import Config, Loaded, Secret, read_text, resolve_key
from edged.doctor import machine, reading
from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding, NotLookedAtError
from edged.doctor.daemon import DaemonFacts
from edged.doctor.order import BY_ID, CHECKS, LATE, in_order
from edged.doctor.permissions import User
from edged.doctor.starved import Starved
from edged.doctor.units import Shown
from edged.errors import DeviceError, EdgedError
from edged.system.journal import safe
from edged.system.offload import Aside
from edged.system.redactor import REDACTOR

CHECK_S = 9.5
MOST_TEXT = 400
OF_SOUND = ("microphone", "speaker", "speaker_heard", "button")
"""A check of these that does not end has met a driver that hangs."""


class Asker(Protocol):
    """Somebody at the terminal."""

    def yes(self, question: str) -> bool | None:
        """What the person answers; None: skipped."""
        ...

    def say(self, text: str) -> None:
        """Show a line."""


@dataclass(slots=True)
class Case:
    """What is examined. `snapshot`: of a running edged that answers. `asker`: None without a terminal.

    `is_forbidden`: an edged is there, and this user may not ask it.
    `links`: whether the service may be contacted. `plays`: whether a sound may be played.
    `unit`: what systemd says about the service, if this is about it. `read`: how a file with a key is read.
    """

    loaded: Loaded | None
    env: Mapping[str, str]
    config_path: Path | None = None
    problems: tuple[str, ...] = ()
    snapshot: Mapping[str, Any] | None = None
    sockets: tuple[str, ...] = ()
    daemon: DaemonFacts = field(default_factory=DaemonFacts)
    no_daemon: str = ""
    is_forbidden: bool = False
    unit: Shown = field(default_factory=dict)
    asker: Asker | None = None
    links: bool = True
    plays: bool = True
    root: Path = Path("/")
    programs: str = machine.PROGRAMS
    read: Callable[[Path], str] = read_text
    known: dict[str, Any] = field(default_factory=dict)
    """What one check has learnt for the next ones."""

    @property
    def config(self) -> Config:
        """Raises NotLookedAtError."""
        if self.loaded is None:
            raise NotLookedAtError("the configuration cannot be used")
        return self.loaded.config

    def key(self) -> Secret | None:
        """The key of the service. Raises NotLookedAtError or ConfigError."""
        config, origins = self.config, self.loaded.origins if self.loaded else None
        return resolve_key(config, self.env, self.read, origins)

    @property
    def user(self) -> User:
        """Who runs edged."""
        return reading.service_user(self.unit) or reading.this_user()

    def troubles(self, *parts: str) -> list[Mapping[str, str]]:
        """What a running edged reports about these parts."""
        listed = (self.snapshot or {}).get("troubles") or ()
        return [each for each in listed if each["what"].partition(".")[0] in parts]


class Looked(NamedTuple):
    """What a check has found, and what else it has to say."""

    findings: Iterable[DoctorFinding] = ()
    note: str = ""


Step = Callable[[Case], Looked]


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """`skipped`: why the check was not looked at; empty if it was. `broke`: it has failed itself."""

    check: Check
    findings: tuple[DoctorFinding, ...] = ()
    note: str = ""
    skipped: str = ""
    took_s: float = 0.0
    broke: bool = False

    @property
    def outcome(self) -> str:
        if self.skipped:
            return "skipped"
        worst = min((each.gravity is not FAILURE for each in self.findings), default=None)
        return "ok" if worst is None else (WARNING if worst else FAILURE).value


class Examination(NamedTuple):
    verdicts: tuple[CheckVerdict, ...]

    @property
    def findings(self) -> list[DoctorFinding]:
        """Everything that was found, the root cause first."""
        return in_order([each for verdict in self.verdicts for each in verdict.findings])

    @property
    def code(self) -> int:
        """0: healthy; 1: warnings; 2: failures."""
        found = self.findings
        return 0 if not found else 2 if found[0].gravity is FAILURE else 1


def wanted(only: Iterable[str]) -> tuple[Check, ...]:
    """These checks with all that they need, in order; all checks if none is named."""
    names = set(only)
    if not names:
        return CHECKS
    left = list(names)
    while left:
        for need in BY_ID[left.pop()].needs:
            if need not in names:
                names.add(need)
                left.append(need)
    return tuple(check for check in CHECKS if check.id in names)


def examine(
    case: Case,
    steps: Mapping[str, Step],
    only: Iterable[str] = (),
    began: Callable[[Check], None] = lambda _: None,
) -> Examination:
    """Run the checks. `steps` says what each does, by its id. `began` is called with each one, from any thread."""
    todo, done = wanted(only), dict[str, CheckVerdict]()

    def run(lane: str) -> None:
        for check in (each for each in todo if each.lane == lane):
            began(check)
            done[check.id] = _judged(check, steps[check.id], case, done)

    run("machine")
    others = ("sound", "panel", "line")
    if case.asker is not None:  # a person can do one thing at a time
        for lane in others:
            run(lane)
    else:
        threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return Examination(tuple(done[check.id] for check in todo if check.id in done))


def _judged(check: Check, step: Step, case: Case, done: Mapping[str, CheckVerdict]) -> CheckVerdict:
    if hidden := _hidden(check, done):
        return CheckVerdict(check, skipped=hidden)
    began_s = time.monotonic()
    findings: tuple[DoctorFinding, ...] = ()
    note = skipped = ""
    broke = False
    try:
        found = _bounded(check, step, case)
    except NotLookedAtError as error:
        skipped = line(str(error))
    except (OSError, EdgedError, ValueError, KeyError, TypeError) as error:
        # What a machine says may have any form; that must not cost the other checks.
        broke = True
        findings = (check.found(LATE, f"the check itself has failed: {error!r}", gravity=WARNING),)
    else:
        findings, note = tuple(found.findings), line(found.note)
    return CheckVerdict(check, tuple(map(_clean, findings)), note, skipped, time.monotonic() - began_s, broke)


def _bounded(check: Check, step: Step, case: Case) -> Looked:
    """The result of a step, within its time. A step that still runs then is left alone."""

    def whole() -> Looked:
        found = step(case)
        return Looked(tuple(found.findings), found.note)

    raised: list[BaseException] = []

    def noted() -> Looked:
        try:
            return whole()
        except BaseException as error:
            raised.append(error)
            raise

    noted.__qualname__ = f"the check {check.id}"
    limit_s = CHECK_S if case.asker is None else 10 * CHECK_S
    starved = Starved()
    try:
        return Aside()(noted, within_s=limit_s)
    except DeviceError:
        if raised:
            raise
        text = f"the check has not ended after {limit_s:g} s"
        if check.id in OF_SOUND and not starved.is_so():
            return Looked((check.found("device_hung", text),))
        return Looked((check.found(LATE, text, gravity=WARNING),))


def _hidden(check: Check, done: Mapping[str, CheckVerdict]) -> str:
    """Why a check cannot say anything: one that it needs has failed or is late, or was itself not looked at."""
    for need in check.needs:
        verdict = done.get(need)
        if verdict is None:
            continue
        failed = [each for each in verdict.findings if each.gravity is FAILURE or each.cause == LATE]
        if failed and not verdict.broke:
            return f"because of {need} ({failed[0].cause})"
        if verdict.skipped.startswith("because of "):
            return verdict.skipped
    return ""


def _clean(found: DoctorFinding) -> DoctorFinding:
    return DoctorFinding(found.check, found.cause, line(found.text), found.gravity, line(found.remedy, 1000))


def line(text: str, limit: int = MOST_TEXT) -> str:
    """Foreign text on one bounded line, without secrets."""
    return safe(REDACTOR.redacted(text), limit)
