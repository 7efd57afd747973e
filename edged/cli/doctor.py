"""`edged doctor`: look at everything that a kiosk needs, and name the root cause first."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edged.cli import doctor_health, doctor_person
from edged.cli.options import SYSTEM_CONFIG, add_config, is_there, load_config
from edged.cli.status import printable, socket_paths
from edged.errors import CommandError, ConfigError, UsageError

if TYPE_CHECKING:
    from edged.app.doctor import Case, CheckVerdict, Examination

MOST_SHORT = 5


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "doctor",
        help="Find out what keeps this kiosk from working, and what helps",
        description="Look at everything that a kiosk needs: the machine, the configuration, the devices, the way to the"
        " service. What is found first is the root cause. A running edged is asked, and keeps its devices. Without one,"
        " the devices are opened, a short sound is played, and one session is opened at the service; nothing is said in"
        " it, but some providers bill each minute of a connection (--no-link leaves it out). The exit code is 0 if all"
        " is well, 1 if there are warnings only, 2 if something keeps the kiosk from working. docs/doctor.md lists the"
        " checks.",
    )
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print everything as JSON")
    shown.add_argument("--short", action="store_true", help="print only what was found, on a few lines")
    shown.add_argument("--list", action="store_true", help="list the checks, and look at nothing")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID",
        help="run this check and those that it needs; repeatable",
    )
    parser.add_argument("--no-link", action="store_true", help="do not contact the service")
    parser.add_argument("--no-sound", action="store_true", help="play nothing on the speaker")
    parser.add_argument("--no-ask", action="store_true", help="ask nothing at the terminal")
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="stop the service meanwhile, and use its devices (needs root)",
    )
    parser.add_argument(
        "--fix", action="store_true", help="mend what is safe to mend and can be undone (needs root)"
    )
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask before each change")
    doctor_health.add(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edged.system.exit import leave
    from edged.system.offload import calls_left

    if args.health:
        return doctor_health.run(args)
    if args.within is not None:
        raise UsageError("--within needs --health")
    if args.list:
        return _list()
    _check_names(args)
    code = _examined(args)
    if calls_left():
        leave(code)
    return code


def _examined(args: argparse.Namespace) -> int:
    from edged.app.doctor import examine
    from edged.app.doctor_steps import STEPS
    from edged.system.journal import setup

    setup("critical")  # what the parts of edged log is reported as a finding
    case = the_case(args)
    if not (args.json or args.short or args.no_ask) and doctor_person.is_there():
        case.asker = doctor_person.Person()
    with _taken_over(args, case):
        found = examine(case, STEPS, args.only)
    if args.json:
        print(json.dumps(as_json(found), indent=2))
    else:
        print("\n".join(map(printable, short(found) if args.short else lines(found))))
    if args.fix:
        _fix(args, found)
    return found.code


@contextmanager
def _taken_over(args: argparse.Namespace, case: "Case") -> Iterator[None]:
    """With --take-over: the service is stopped meanwhile, so that the doctor can use its devices. Raises UsageError."""
    if not args.take_over or case.snapshot is None:
        yield
        return
    from edged.app.doctor_fix import stopped
    from edged.doctor.daemon import DaemonFacts

    if os.geteuid() != 0 or case.unit.get("ActiveState") != "active":
        raise UsageError("--take-over stops the service, so it needs root (sudo) and a running service")
    case.snapshot, case.daemon, case.no_daemon = None, DaemonFacts(), "it is stopped meanwhile (--take-over)"
    with stopped():
        yield


def _fix(args: argparse.Namespace, found: "Examination") -> None:
    """Mend what is safe to mend. Raises UsageError."""
    from edged.app.doctor_fix import carry_out
    from edged.doctor.fixes import fix_of

    if os.geteuid() != 0:
        raise UsageError("--fix changes the machine, so it needs root: use sudo")
    if not (args.yes or doctor_person.is_there()):
        raise UsageError("--fix asks before each change: add --yes where there is no terminal")
    fixes = {each.does: each for finding in found.findings if (each := fix_of(finding))}
    if not fixes:
        print("edged doctor: nothing of this can be mended without a person", file=sys.stderr)
    for does, fix in fixes.items():
        if not args.yes and not doctor_person.Person().yes(f"{does[:1].upper()}{does[1:]}?"):
            continue
        try:
            carry_out(fix)
        except CommandError as error:
            print(printable(f"edged doctor: not done: {does}: {error}"), file=sys.stderr)
        else:
            print(f"edged doctor: done: {does} (to undo it: {fix.undo})", file=sys.stderr)


def the_case(args: argparse.Namespace) -> "Case":
    """What is to be examined."""
    from edged.app.doctor import Case

    path = args.config or (SYSTEM_CONFIG if is_there(SYSTEM_CONFIG) else None)
    case = Case(None, dict(os.environ), path, links=not args.no_link, plays=not args.no_sound)
    _of_service(case)
    try:
        case.loaded = load_config(args)
    except ConfigError as error:
        case.problems = tuple(error.problems)
    _ask_daemon(args, case)
    return case


def _of_service(case: "Case") -> None:
    """If this is about the service, look at it with the environment and the credentials that systemd gives it."""
    import shlex

    from edged.app import doctor_key
    from edged.doctor import reading

    if case.config_path not in (None, SYSTEM_CONFIG) or not reading.has_systemd(case.root):
        return
    case.unit = reading.unit("edged.service", case.programs)
    if case.unit.get("LoadState", "not-found") == "not-found" or os.geteuid() != 0:
        return
    given = shlex.split(case.unit.get("Environment", ""))
    case.env = {**case.env, **dict(each.split("=", 1) for each in given if "=" in each)}
    os.environ.update(case.env)
    doctor_key.find(case)


def _ask_daemon(args: argparse.Namespace, case: "Case") -> None:
    """Ask the running edged for its state, if there is one."""
    from edged.doctor import reading
    from edged.doctor.daemon import DaemonFacts
    from edged.system.control_client import ControlClient, NoAnswerError, NoDaemonError, NonsenseError

    processes = reading.running(case.root, case.config_path, SYSTEM_CONFIG)
    case.daemon = DaemonFacts(processes=processes)
    if case.unit.get("ActiveState", "active") in ("inactive", "failed"):
        return  # its socket still listens, and would start it
    try:
        case.sockets = socket_paths(args)
        with ControlClient(*case.sockets) as client:
            case.snapshot = client.snapshot
            volume = client.snapshot.get("volume")
            case.daemon = DaemonFacts(
                str(client.path),
                others=tuple(client.others()),
                processes=processes,
                volume=volume if not client.snapshot.get("quiet_hours") else None,
            )
    except NoDaemonError as error:
        case.is_forbidden = error.is_forbidden
        case.no_daemon = str(error) if error.is_forbidden else ""
    except (NoAnswerError, NonsenseError):
        case.daemon = DaemonFacts(", ".join(case.sockets), is_hung=True, processes=processes)
    except (CommandError, ConfigError):
        pass


def _check_names(args: argparse.Namespace) -> None:
    from edged.doctor.order import BY_ID

    unknown = [name for name in args.only if name not in BY_ID]
    if unknown:
        raise UsageError(f"there is no check {unknown[0]!a}; known are {', '.join(BY_ID)}")


# -- what is shown ---------------------------------------------------------------------------------------------


def lines(found: "Examination") -> Iterator[str]:
    """A table for a person: what was looked at, then what was found, the root cause first."""
    for verdict in found.verdicts:
        word = {"failure": "FAILURE", "warning": "warning", "skipped": "--"}.get(
            verdict.outcome, verdict.outcome
        )
        yield f"{word:8} {verdict.check.id:14} {_about(verdict)}".rstrip()
    yield ""
    for each in found.findings:
        yield f"{each.gravity.value}: {each.cause}: {each.text}"
        yield f"  {each.remedy}"
    yield _sum(found)


def short(found: "Examination") -> Iterator[str]:
    """What was found, on a few lines."""
    shown = found.findings[:MOST_SHORT]
    yield from (f"{each.cause}: {each.text}. {each.remedy}" for each in shown)
    left = len(found.findings) - len(shown)
    if left:
        yield f"and {left} more: run `edged doctor`"
    if not shown:
        yield _sum(found)


def as_json(found: "Examination") -> dict[str, Any]:
    """Everything, for programs."""
    findings = found.findings
    return {
        "verdict": ("healthy", "warnings", "failures")[found.code],
        "first": findings[0].cause if findings else None,
        "findings": [
            {
                "id": each.cause,
                "check": each.check,
                "gravity": each.gravity.value,
                "text": each.text,
                "remedy": each.remedy,
            }
            for each in findings
        ],
        "checks": [
            {
                "id": each.check.id,
                "looks_at": each.check.looks_at,
                "outcome": each.outcome,
                "note": each.note,
                "skipped": each.skipped,
                "took_s": round(each.took_s, 2),
            }
            for each in found.verdicts
        ],
    }


def _about(verdict: "CheckVerdict") -> str:
    if verdict.skipped:
        return f"not looked at: {verdict.skipped}"
    if verdict.findings:
        return ", ".join(dict.fromkeys(each.cause for each in verdict.findings))
    return verdict.note


def _sum(found: "Examination") -> str:
    looked = sum(not each.skipped for each in found.verdicts)
    failures = sum(each.gravity.value == "failure" for each in found.findings)
    warnings = len(found.findings) - failures
    if not found.findings:
        return f"healthy: {looked} checks have found nothing"
    words = [f"{failures} failure{'s' if failures != 1 else ''}"] if failures else []
    words += [f"{warnings} warning{'s' if warnings != 1 else ''}"] if warnings else []
    return f"{' and '.join(words)}, the root cause first"


def _list() -> int:
    from edged.doctor.order import CHECKS

    for check in CHECKS:
        print(f"{check.id:14} {check.looks_at}")
    return 0
